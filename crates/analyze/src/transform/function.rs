//! Calls of functions and aggregates.
use std::ops::ControlFlow;

use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, FunctionArg, FunctionArgExpr, FunctionArguments};
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::coerce::untyped;
use super::scope::{Clause, Scope};
use crate::builtin::{self, AggregateKind};
use crate::error::{Error, Result};
use crate::resolve::{Call, Failure, Resolved, resolve_call, resolve_function};
use crate::tree::{
    Aggregate, AggregateKey, CallForm, Expr, ExprKind, FunctionCall, Node, SqlValue, visit_expr,
};

/// What a call calls.
pub(super) struct FunctionName {
    pub name: String,
    /// A schema that is not PostgreSQL's own, in which there are no functions.
    pub schema: Option<String>,
    pub at: Option<usize>,
}

impl FunctionName {
    fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The arguments of a call, taken apart.
pub(super) struct Arguments<'q> {
    pub list: Vec<Argument<'q>>,
    /// The names of the last of them.
    pub names: Vec<String>,
    /// VARIADIC: the last one is the array itself.
    pub is_array: bool,
    /// `f(*)`
    pub star: bool,
    pub distinct: bool,
    pub order_by: Vec<&'q ast::OrderByExpr>,
}

/// An argument.
pub(super) enum Argument<'q> {
    Expr(&'q ast::Expr),
    /// `t.*`
    WholeRow(&'q ast::ObjectName),
}

/// What a call means.
enum Meaning {
    Function(Resolved),
    Cast(PgType),
}

impl Analyser<'_> {
    pub(super) fn function(&self, scope: &Scope<'_>, function: &ast::Function) -> Result<Expr> {
        let name = self.function_name(&function.name)?;
        let at = name.at;
        if super::operator::is_row(&function.name) {
            return self.row_call(scope, function, at);
        }
        if let FunctionArguments::Subquery(query) = &function.args {
            return match name.name.as_str() {
                "array" => self.array_subquery(scope, query, at),
                _ => Err(Error::unsupported("a subquery as arguments").or_at(at)),
            };
        }
        if matches!(function.args, FunctionArguments::None)
            && let Some(found) = sql_value(&name.name, at)
        {
            return Ok(found);
        }
        let arguments = arguments(function).map_err(|error| error.or_at(at))?;
        if let Some(found) = sql_value_with_precision(&name.name, &arguments, at) {
            return Ok(found);
        }
        if name.schema.is_none() && name.name == "grouping" {
            return self.grouping(scope, &arguments, at);
        }
        let values = arguments.list.iter().map(|argument| self.argument(scope, argument));
        let mut values = values.collect::<Result<Vec<_>>>()?;
        if function.over.is_some() {
            return self.window_function(scope, function, &name, &arguments, values);
        }
        if name.schema.is_none() && is_sql_function(&name.name) {
            return self.sql_function(&name.name, values, at);
        }
        let direct = values.len();
        for item in &function.within_group {
            values.push(self.expr(scope, &item.expr)?);
        }
        let found = match self.resolve(&name, &values, &arguments)? {
            Meaning::Function(found) => found,
            Meaning::Cast(t) => {
                let value = values.into_iter().next();
                let value = value.ok_or_else(|| Error::Internal("a cast of nothing".to_owned()))?;
                return self.cast_to(value, t);
            }
        };
        match found.function.kind {
            'a' if !function.within_group.is_empty() => {
                self.ordered_set(scope, function, &found, (values, direct), &arguments, at)
            }
            'a' => self.aggregate(scope, function, &found, values, &arguments, at),
            'w' => {
                let message = format!("window function {} requires an OVER clause", name.name);
                Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
            }
            _ => {
                plain_only(function, &arguments, &name.name, at)?;
                let call = self.plain_call(scope, &found, CallForm::Call, values, at)?;
                Ok(with_names(call, arguments))
            }
        }
    }

    fn argument(&self, scope: &Scope<'_>, argument: &Argument<'_>) -> Result<Expr> {
        match argument {
            Argument::Expr(expr) => self.expr(scope, expr),
            Argument::WholeRow(name) => self.whole_row(scope, name),
        }
    }

    pub(super) fn function_name(&self, name: &ast::ObjectName) -> Result<FunctionName> {
        let parts: Vec<&ast::Ident> = name.0.iter().map(ident).collect();
        let at = parts.first().and_then(|part| position(part.span));
        let (schema, name) = match parts.as_slice() {
            [name] => (None, name),
            [schema, name] => (Some(&schema.value), name),
            _ => return Err(Error::unsupported("a function of another database").or_at(at)),
        };
        let schema = schema.filter(|schema| *schema != "pg_catalog").cloned();
        if let Some(schema) = &schema
            && self.context.snapshot.schema_named(schema).is_none()
        {
            let message = format!("schema \"{schema}\" does not exist");
            return Err(Error::at(SqlState::INVALID_SCHEMA_NAME, message, at));
        }
        Ok(FunctionName { name: name.value.clone(), schema, at })
    }

    fn resolve(
        &self,
        name: &FunctionName,
        values: &[Expr],
        arguments: &Arguments<'_>,
    ) -> Result<Meaning> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        if name.schema.is_some() {
            return Err(no_function(Failure::Undefined, name, &types));
        }
        let call = Call {
            name: &name.name,
            given: &types,
            names: &arguments.names,
            is_array: arguments.is_array,
        };
        match resolve_call(&call) {
            Ok(found) => Ok(Meaning::Function(found)),
            Err(failure) => {
                let named = medley_types::types().iter().find(|t| t.name == name.name);
                match (values.len(), named) {
                    (1, Some(t)) => Ok(Meaning::Cast(PgType::plain(t.oid.0))),
                    _ => Err(no_function(failure, name, &types)),
                }
            }
        }
    }

    /// The function that a call means, which is no cast.
    pub(super) fn resolve_function(
        &self,
        name: &FunctionName,
        values: &[Expr],
    ) -> Result<Resolved> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        let found = match &name.schema {
            Some(_) => Err(Failure::Undefined),
            None => resolve_function(&name.name, &types),
        };
        found.map_err(|failure| no_function(failure, name, &types))
    }

    /// A function by its name, as SQL's own spellings call it.
    pub(super) fn call(
        &self,
        scope: &Scope<'_>,
        name: &str,
        form: CallForm,
        values: Vec<Expr>,
    ) -> Result<Expr> {
        let at = values.iter().find_map(|value| value.position);
        let name = FunctionName { name: name.to_owned(), schema: None, at };
        let found = self.resolve_function(&name, &values)?;
        self.plain_call(scope, &found, form, values, at)
    }

    fn plain_call(
        &self,
        scope: &Scope<'_>,
        found: &Resolved,
        form: CallForm,
        values: Vec<Expr>,
        at: Option<usize>,
    ) -> Result<Expr> {
        if found.function.returns_set && scope.clause.get() != Clause::Select {
            return Err(no_set_here(scope.clause.get(), at));
        }
        self.resolved_call(found, form, values, at)
    }

    pub(super) fn resolved_call(
        &self,
        found: &Resolved,
        form: CallForm,
        values: Vec<Expr>,
        at: Option<usize>,
    ) -> Result<Expr> {
        let arguments = self.coerce_arguments(values, found)?;
        let (function, variadic_from) = (found.function.oid, found.variadic_from);
        let names = Vec::new();
        let call =
            FunctionCall { function, arguments, variadic_from, form, names, is_array: false };
        Ok(Expr::new(ExprKind::Function(call), found.result, at))
    }

    fn aggregate(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        found: &Resolved,
        values: Vec<Expr>,
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Expr> {
        let name = found.function.name;
        if values.is_empty() && !arguments.star {
            let message =
                format!("{name}(*) must be used to call a parameterless aggregate function");
            return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at));
        }
        if builtin::aggregate_kind(found.function.oid) != AggregateKind::Normal {
            let message = format!("WITHIN GROUP is required for ordered-set aggregate {name}");
            return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at));
        }
        let filter = self.filter_of(scope, function)?;
        let arguments_given = self.coerce_arguments(values, found)?;
        let order_by = arguments.order_by.iter().map(|item| self.aggregate_key(scope, item));
        let order_by = order_by.collect::<Result<Vec<_>>>()?;
        if arguments.distinct && order_by.iter().any(|key| !arguments_given.contains(&key.expr)) {
            let message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in \
                           argument list";
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at));
        }
        let call = Aggregate {
            function: found.function.oid,
            direct: Vec::new(),
            within_group: false,
            arguments: arguments_given,
            is_array: arguments.is_array,
            star: arguments.star,
            distinct: arguments.distinct,
            order_by,
            filter,
            variadic_from: found.variadic_from,
        };
        self.placed_aggregate(scope, call, found.result, at)
    }

    /// An aggregate's call, which belongs to this query.
    fn placed_aggregate(
        &self,
        scope: &Scope<'_>,
        call: Aggregate,
        t: PgType,
        at: Option<usize>,
    ) -> Result<Expr> {
        let call = Expr::new(ExprKind::Aggregate(Box::new(call)), t, at);
        check_aggregate_arguments(&call)?;
        aggregate_allowed(scope, at)?;
        scope.has_aggregates.set(true);
        Ok(call)
    }

    /// An aggregate WITHIN GROUP; `direct` of the values are direct arguments, the others its keys.
    fn ordered_set(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        found: &Resolved,
        (values, direct): (Vec<Expr>, usize),
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Expr> {
        let name = found.function.name;
        let refused = |state, message: String| Err(Error::at(state, message, at));
        if arguments.distinct {
            let message = "cannot use DISTINCT with WITHIN GROUP".to_owned();
            return refused(SqlState::SYNTAX_ERROR, message);
        }
        let kind = builtin::aggregate_kind(found.function.oid);
        let takes = match kind {
            AggregateKind::Normal => {
                let message = format!(
                    "{name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"
                );
                return refused(SqlState::WRONG_OBJECT_TYPE, message);
            }
            AggregateKind::OrderedSet(takes) => takes,
            AggregateKind::Hypothetical => values.len() / 2,
        };
        if takes != direct || (kind == AggregateKind::Hypothetical && values.len() % 2 != 0) {
            let types: Vec<_> = values.iter().map(|value| value.t).collect();
            let name = FunctionName { name: name.to_owned(), schema: None, at };
            return Err(no_function(Failure::Undefined, &name, &types));
        }
        let filter = self.filter_of(scope, function)?;
        let mut values = self.coerce_arguments(values, found)?;
        let mut keys = values.split_off(direct);
        if kind == AggregateKind::Hypothetical {
            for (value, key) in values.iter_mut().zip(&mut keys) {
                let pair = vec![value.clone(), key.clone()];
                let (pair, _) = self.to_common(pair, "WITHIN GROUP")?;
                (*value, *key) = (pair[0].clone(), pair[1].clone());
            }
        }
        let keys = keys.into_iter().map(|key| self.settle(key)).collect::<Result<Vec<_>>>()?;
        let order_by = keys.iter().zip(&function.within_group).map(|(key, item)| {
            let (descending, nulls_first) = super::target::sorting(&item.options);
            AggregateKey { expr: key.clone(), descending, nulls_first }
        });
        let call = Aggregate {
            function: found.function.oid,
            direct: values,
            within_group: true,
            order_by: order_by.collect(),
            arguments: keys,
            is_array: arguments.is_array,
            star: false,
            distinct: false,
            filter,
            variadic_from: None,
        };
        self.placed_aggregate(scope, call, found.result, at)
    }

    /// GROUPING; what its arguments may be is seen once GROUP BY is known.
    fn grouping(
        &self,
        scope: &Scope<'_>,
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Expr> {
        const MOST: usize = 31;
        if arguments.list.len() > MOST {
            let message = "GROUPING must have fewer than 32 arguments";
            return Err(Error::at(SqlState::from_remote("54023"), message, at));
        }
        let values = arguments.list.iter().map(|argument| self.argument(scope, argument));
        let values = values.collect::<Result<Vec<_>>>()?;
        match scope.clause.get() {
            Clause::Select | Clause::Having | Clause::OrderBy | Clause::DistinctOn => {}
            clause => {
                let message = format!("grouping operations are not allowed in {}", clause.name());
                return Err(Error::at(SqlState::GROUPING_ERROR, message, at));
            }
        }
        scope.has_aggregates.set(true);
        Ok(Expr::new(ExprKind::Grouping(values), PgType::INT4, at))
    }

    fn aggregate_key(&self, scope: &Scope<'_>, item: &ast::OrderByExpr) -> Result<AggregateKey> {
        let expr = self.settle(self.expr(scope, &item.expr)?)?;
        let (descending, nulls_first) = super::target::sorting(&item.options);
        Ok(AggregateKey { expr, descending, nulls_first })
    }

    /// FILTER
    pub(super) fn filter_of(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
    ) -> Result<Option<Expr>> {
        let Some(filter) = &function.filter else { return Ok(None) };
        let condition = scope.within(Clause::Filter, |scope| self.expr(scope, filter))?;
        self.boolean(condition, "FILTER").map(Some)
    }

    /// What SQL's grammar knows by name and resolves by rules of its own.
    fn sql_function(&self, name: &str, mut values: Vec<Expr>, at: Option<usize>) -> Result<Expr> {
        let wrap: fn(Vec<Expr>) -> ExprKind = match name {
            "coalesce" => ExprKind::Coalesce,
            "greatest" => ExprKind::Greatest,
            "least" => ExprKind::Least,
            "nullif" => {
                let [left, right] = <[Expr; 2]>::try_from(values)
                    .map_err(|_| Error::unsupported("NULLIF of other than two").or_at(at))?;
                return self.null_if(left, right, at);
            }
            _ => return Err(Error::unsupported(name.to_ascii_uppercase()).or_at(at)),
        };
        if values.is_empty() {
            let message = "syntax error at or near \")\"";
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        let t;
        (values, t) = self.to_common(values, &name.to_ascii_uppercase())?;
        Ok(Expr::new(wrap(values), t, at))
    }
}

fn is_sql_function(name: &str) -> bool {
    matches!(
        name,
        "coalesce"
            | "nullif"
            | "greatest"
            | "least"
            | "xmlelement"
            | "json_object"
            | "json_array"
            | "json_value"
            | "json_query"
            | "json_exists"
    )
}

/// `current_user` and its like; `None` for any other word.
pub(super) fn sql_value(name: &str, at: Option<usize>) -> Option<Expr> {
    const TIMETZ: PgType = PgType::plain(1266);
    let (value, t) = match name {
        "current_role" => (SqlValue::CurrentRole, PgType::NAME),
        "current_user" => (SqlValue::CurrentUser, PgType::NAME),
        "user" => (SqlValue::User, PgType::NAME),
        "session_user" => (SqlValue::SessionUser, PgType::NAME),
        "current_catalog" => (SqlValue::CurrentCatalog, PgType::NAME),
        "current_schema" => (SqlValue::CurrentSchema, PgType::NAME),
        "current_timestamp" => (SqlValue::CurrentTimestamp, PgType::TIMESTAMPTZ),
        "localtimestamp" => (SqlValue::LocalTimestamp, PgType::TIMESTAMP),
        "current_date" => (SqlValue::CurrentDate, PgType::DATE),
        "current_time" => (SqlValue::CurrentTime, TIMETZ),
        "localtime" => (SqlValue::LocalTime, PgType::TIME),
        _ => return None,
    };
    Some(Expr::new(ExprKind::SqlValue(value), t, at))
}

/// `current_timestamp(3)` and its like.
fn sql_value_with_precision(
    name: &str,
    arguments: &Arguments<'_>,
    at: Option<usize>,
) -> Option<Expr> {
    const MAX_PRECISION: i32 = 6;
    if !matches!(name, "current_timestamp" | "localtimestamp" | "current_time" | "localtime") {
        return None;
    }
    let [Argument::Expr(ast::Expr::Value(value))] = arguments.list.as_slice() else { return None };
    let ast::Value::Number(digits, _) = &value.value else { return None };
    let precision: i32 = digits.parse().ok()?;
    let mut found = sql_value(name, at)?;
    found.t = found.t.with_typmod(precision.min(MAX_PRECISION));
    Some(found)
}

fn ident(part: &ast::ObjectNamePart) -> &ast::Ident {
    match part {
        ast::ObjectNamePart::Identifier(ident) => ident,
        ast::ObjectNamePart::Function(function) => &function.name,
    }
}

/// Takes a call's arguments apart.
fn arguments(function: &ast::Function) -> Result<Arguments<'_>> {
    let mut found = Arguments {
        list: Vec::new(),
        names: Vec::new(),
        is_array: false,
        star: false,
        distinct: false,
        order_by: Vec::new(),
    };
    if !matches!(function.parameters, FunctionArguments::None) {
        return Err(Error::unsupported("a call with parameters"));
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(found) };
    found.distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
    for argument in &list.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => found.star = true,
            FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => {
                found.list.push(Argument::WholeRow(name));
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                if !found.names.is_empty() {
                    let message = "positional argument cannot follow named argument";
                    let at = super::operator::begin(expr);
                    return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
                }
                found.list.push(Argument::Expr(expr));
            }
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                match medley_sql::construct(name) {
                    Some(_) => found.is_array = true,
                    None => found.names.push(name.value.clone()),
                }
                found.list.push(Argument::Expr(expr));
            }
            _ => return Err(Error::unsupported("this kind of argument")),
        }
    }
    for clause in &list.clauses {
        match clause {
            ast::FunctionArgumentClause::OrderBy(items) => found.order_by.extend(items),
            other => return Err(Error::unsupported(format_args!("{other} in a call"))),
        }
    }
    Ok(found)
}

/// The call with the names that its arguments have, and VARIADIC.
fn with_names(mut call: Expr, arguments: Arguments<'_>) -> Expr {
    if let ExprKind::Function(call) = &mut call.kind {
        call.names = arguments.names;
        call.is_array = arguments.is_array;
    }
    call
}

fn plain_only(
    function: &ast::Function,
    arguments: &Arguments<'_>,
    name: &str,
    at: Option<usize>,
) -> Result<()> {
    let said = [
        (arguments.star, "(*)"),
        (arguments.distinct, "DISTINCT"),
        (!arguments.order_by.is_empty(), "ORDER BY"),
        (function.filter.is_some(), "FILTER"),
    ];
    let message = match said.iter().find(|(said, _)| *said) {
        None => return Ok(()),
        Some((_, "(*)")) => {
            format!("{name}(*) specified, but {name} is not an aggregate function")
        }
        Some((_, what)) => format!("{what} specified, but {name} is not an aggregate function"),
    };
    Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
}

fn no_set_here(clause: Clause, at: Option<usize>) -> Error {
    let message = match clause {
        Clause::OrderBy | Clause::GroupBy | Clause::DistinctOn => {
            "set-returning functions are not supported here".to_owned()
        }
        clause => format!("set-returning functions are not allowed in {}", clause.name()),
    };
    Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at)
}

/// Aggregates do not nest, nor do they belong to a query further out.
fn check_aggregate_arguments(call: &Expr) -> Result<()> {
    let mut nearest: Option<usize> = None;
    let walked = visit_expr(call, &mut |node, around| {
        let Node::Expr(expr) = node else { return ControlFlow::Continue(()) };
        match &expr.kind {
            ExprKind::Aggregate(_) if around.is_empty() && !std::ptr::eq(expr, call) => {
                let message = "aggregate function calls cannot be nested";
                ControlFlow::Break((message, expr.position))
            }
            ExprKind::Window(_) if around.is_empty() => {
                let message = "aggregate function calls cannot contain window function calls";
                ControlFlow::Break((message, expr.position))
            }
            ExprKind::Column(column) => {
                let level = column.levels_up.checked_sub(around.len());
                nearest = level.into_iter().chain(nearest).min();
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    });
    if let ControlFlow::Break((message, at)) = walked {
        return Err(Error::at(SqlState::GROUPING_ERROR, message, at));
    }
    match nearest {
        Some(level) if level > 0 => {
            Err(Error::unsupported("an aggregate of an outer query").or_at(call.position))
        }
        _ => Ok(()),
    }
}

fn aggregate_allowed(scope: &Scope<'_>, at: Option<usize>) -> Result<()> {
    match scope.clause.get() {
        Clause::Select
        | Clause::Having
        | Clause::OrderBy
        | Clause::DistinctOn
        | Clause::WindowDefinition => Ok(()),
        clause => {
            let message = format!("aggregate functions are not allowed in {}", clause.name());
            Err(Error::at(SqlState::GROUPING_ERROR, message, at))
        }
    }
}

pub(super) fn no_function(failure: Failure, name: &FunctionName, types: &[PgType]) -> Error {
    let types: Vec<_> = types.iter().map(|t| untyped(*t).to_string()).collect();
    let signature = format!("{}({})", name.shown(), types.join(", "));
    let (state, message, hint) = match failure {
        Failure::Undefined => (
            SqlState::UNDEFINED_FUNCTION,
            format!("function {signature} does not exist"),
            "No function matches the given name and argument types. You might need to add \
             explicit type casts.",
        ),
        Failure::Ambiguous => (
            SqlState::AMBIGUOUS_FUNCTION,
            format!("function {signature} is not unique"),
            "Could not choose a best candidate function. You might need to add explicit type \
             casts.",
        ),
    };
    let mut report = Report::error(state, message).with_hint(hint);
    report.position = name.at;
    report.into()
}
