//! Calls of functions and aggregates.
use std::ops::ControlFlow;

use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, FunctionArg, FunctionArgExpr, FunctionArguments};
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::coerce::untyped;
use super::scope::{Clause, Scope};
use crate::error::{Error, Result};
use crate::resolve::{Failure, Resolved, resolve_function};
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
    pub list: Vec<&'q ast::Expr>,
    /// `f(*)`
    pub star: bool,
    pub distinct: bool,
    pub order_by: Vec<&'q ast::OrderByExpr>,
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
            return Err(Error::unsupported("a row constructor here").or_at(at));
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
        if !function.within_group.is_empty() {
            return Err(Error::unsupported("WITHIN GROUP").or_at(at));
        }
        if let Some(found) = sql_value_with_precision(&name.name, &arguments, at) {
            return Ok(found);
        }
        let values = arguments.list.iter().map(|argument| self.expr(scope, argument));
        let values = values.collect::<Result<Vec<_>>>()?;
        if function.over.is_some() {
            return self.window_function(scope, function, &name, &arguments, values);
        }
        if name.schema.is_none() && is_sql_function(&name.name) {
            return self.sql_function(&name.name, values, at);
        }
        let found = match self.resolve(&name, &values)? {
            Meaning::Function(found) => found,
            Meaning::Cast(t) => {
                let value = values.into_iter().next();
                let value = value.ok_or_else(|| Error::Internal("a cast of nothing".to_owned()))?;
                return self.cast_to(value, t);
            }
        };
        match found.function.kind {
            'a' => self.aggregate(scope, function, &found, values, &arguments, at),
            'w' => {
                let message = format!("window function {} requires an OVER clause", name.name);
                Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
            }
            _ => {
                plain_only(function, &arguments, &name.name, at)?;
                self.plain_call(scope, &found, CallForm::Call, values, at)
            }
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

    fn resolve(&self, name: &FunctionName, values: &[Expr]) -> Result<Meaning> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        if name.schema.is_some() {
            return Err(no_function(Failure::Undefined, name, &types));
        }
        match resolve_function(&name.name, &types) {
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
        let call = FunctionCall { function, arguments, variadic_from, form };
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
            arguments: arguments_given,
            star: arguments.star,
            distinct: arguments.distinct,
            order_by,
            filter,
            variadic_from: found.variadic_from,
        };
        let call = Expr::new(ExprKind::Aggregate(Box::new(call)), found.result, at);
        check_aggregate_arguments(&call)?;
        aggregate_allowed(scope, at)?;
        scope.has_aggregates.set(true);
        Ok(call)
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
            | "grouping"
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
    let [ast::Expr::Value(value)] = arguments.list.as_slice() else { return None };
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
    let mut found =
        Arguments { list: Vec::new(), star: false, distinct: false, order_by: Vec::new() };
    if !matches!(function.parameters, FunctionArguments::None) {
        return Err(Error::unsupported("a call with parameters"));
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(found) };
    found.distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
    for argument in &list.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => found.list.push(expr),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => found.star = true,
            _ => return Err(Error::unsupported("a named or whole-row argument")),
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
