//! Calls of functions and aggregates.
use datafusion::functions::core::expr_fn as core;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, FunctionArg, FunctionArgExpr, FunctionArguments};
use medley_sql::span::position;
use medley_types::PgType;

use super::operator::binary_expr;
use super::scope::{Clause, Scope};
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::resolve::{Failure, Resolved, resolve_function};
use crate::semantics::{aggregate, call_function};

/// The arguments of a call, taken apart.
pub(super) struct Arguments<'q> {
    pub list: Vec<&'q ast::Expr>,
    /// `f(*)`
    pub star: bool,
    pub distinct: bool,
    pub order_by: Vec<&'q ast::OrderByExpr>,
}

impl Binder<'_> {
    pub(super) fn function(&self, scope: &Scope<'_>, function: &ast::Function) -> Result<Typed> {
        let (name, at) = self.function_name(&function.name)?;
        if let FunctionArguments::Subquery(query) = &function.args {
            return match name.as_str() {
                "array" => self.array_subquery(scope, query),
                _ => Err(Error::unsupported("a subquery as arguments").or_at(at)),
            };
        }
        if matches!(function.args, FunctionArguments::None)
            && let Some(found) = self.sql_value_function(&name, at)?
        {
            return Ok(found);
        }
        let arguments = arguments(function).map_err(|error| error.or_at(at))?;
        if function.over.is_some() {
            return self.window_function(scope, function, &name, &arguments, at);
        }
        if let Some(found) = self.sql_function(scope, &name, &arguments, at)? {
            return Ok(found);
        }
        if arguments.star {
            return self.count_star(scope, function, &name, at);
        }
        let values = arguments.list.iter().map(|argument| self.expr(scope, argument));
        let values = values.collect::<Result<Vec<_>>>()?;
        let found = match self.resolve(&name, &values, at)? {
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
                let message = format!("window function {name} requires an OVER clause");
                Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
            }
            _ => {
                plain_only(function, &arguments, &name, at)?;
                self.plain_call(&found, values, at)
            }
        }
    }

    pub(super) fn function_name(&self, name: &ast::ObjectName) -> Result<(String, Option<usize>)> {
        let parts: Vec<&ast::Ident> = name
            .0
            .iter()
            .map(|part| match part {
                ast::ObjectNamePart::Identifier(ident) => ident,
                ast::ObjectNamePart::Function(function) => &function.name,
            })
            .collect();
        let at = parts.first().and_then(|part| position(part.span));
        match parts.as_slice() {
            [name] => Ok((name.value.clone(), at)),
            [schema, name] if schema.value == "pg_catalog" => Ok((name.value.clone(), at)),
            [schema, name] => match self.context.snapshot.schema_named(&schema.value) {
                Some(_) => {
                    let message =
                        format!("function {}.{}() does not exist", schema.value, name.value);
                    Err(Error::at(SqlState::UNDEFINED_FUNCTION, message, at))
                }
                None => {
                    let message = format!("schema \"{}\" does not exist", schema.value);
                    Err(Error::at(SqlState::INVALID_SCHEMA_NAME, message, at))
                }
            },
            _ => Err(Error::unsupported("a function of another database").or_at(at)),
        }
    }

    fn resolve(&self, name: &str, values: &[Typed], at: Option<usize>) -> Result<Meaning> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        match resolve_function(name, &types) {
            Ok(found) => Ok(Meaning::Function(found)),
            Err(failure) => {
                let named = medley_types::types().iter().find(|t| t.name == name);
                match (values.len(), named) {
                    (1, Some(t)) => Ok(Meaning::Cast(PgType::plain(t.oid.0))),
                    _ => Err(no_function(failure, name, &types, at)),
                }
            }
        }
    }

    /// A function by its name, as SQL's own spellings call it.
    pub(super) fn call(&self, name: &str, values: Vec<Typed>) -> Result<Typed> {
        let at = values.iter().find_map(|value| value.position);
        match self.resolve(name, &values, at)? {
            Meaning::Function(found) => self.plain_call(&found, values, at),
            Meaning::Cast(_) => Err(Error::unsupported(format_args!("function {name}"))),
        }
    }

    pub(super) fn named_call(
        &self,
        scope: &Scope<'_>,
        name: &str,
        arguments: &[&ast::Expr],
    ) -> Result<Typed> {
        let values = arguments.iter().map(|argument| self.expr(scope, argument));
        self.call(name, values.collect::<Result<_>>()?)
    }

    fn plain_call(&self, found: &Resolved, values: Vec<Typed>, at: Option<usize>) -> Result<Typed> {
        if found.function.returns_set {
            let message = "set-returning functions are not supported here";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        let arguments = self.coerce_arguments(values, found)?;
        let expr = call_function(found, arguments, &self.env).map_err(|error| error.or_at(at))?;
        Ok(Typed::new(expr, found.result, at))
    }

    fn count_star(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        name: &str,
        at: Option<usize>,
    ) -> Result<Typed> {
        if name != "count" {
            let message = format!("{name}(*) specified, but {name} is not an aggregate function");
            return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at));
        }
        aggregate_allowed(scope, at)?;
        let filter = self.aggregate_filter(scope, function)?;
        let count = datafusion::functions_aggregate::count::count_udaf();
        let call = AggregateFunction::new_udf(count, vec![lit(1i64)], false, filter, vec![], None);
        Ok(Typed::new(Expr::AggregateFunction(call), PgType::INT8, at))
    }

    fn aggregate_filter(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
    ) -> Result<Option<Box<Expr>>> {
        let Some(filter) = &function.filter else { return Ok(None) };
        let condition = self.inside_aggregate(scope, |inner| self.expr(inner, filter))?;
        Ok(Some(Box::new(self.boolean(condition, "FILTER")?)))
    }

    /// Aggregates do not nest.
    fn inside_aggregate<T>(
        &self,
        scope: &Scope<'_>,
        bind: impl FnOnce(&Scope<'_>) -> Result<T>,
    ) -> Result<T> {
        let inner = Scope::new(scope.surroundings, scope.tables.clone(), Clause::Aggregate);
        bind(&inner)
    }

    fn aggregate(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        found: &Resolved,
        values: Vec<Typed>,
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Typed> {
        aggregate_allowed(scope, at)?;
        if !function.within_group.is_empty() {
            return Err(Error::unsupported("WITHIN GROUP").or_at(at));
        }
        // Bound again where aggregates may not stand.
        self.inside_aggregate(scope, |inner| {
            arguments.list.iter().try_for_each(|argument| self.expr(inner, argument).map(drop))
        })?;
        let filter = self.aggregate_filter(scope, function)?;
        let values = self.coerce_arguments(values, found)?;
        let types: Vec<_> = values.iter().map(|(_, t)| *t).collect();
        let mut exprs: Vec<_> = values.into_iter().map(|(expr, _)| expr).collect();
        let order = self.inside_aggregate(scope, |inner| {
            arguments
                .order_by
                .iter()
                .map(|item| self.sort_item(inner, item))
                .collect::<Result<Vec<_>>>()
        })?;
        if arguments.distinct && order.iter().any(|(value, _)| !exprs.contains(&value.expr)) {
            let message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in \
                           argument list";
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at));
        }
        let keys: Vec<_> = order.iter().map(|(value, sorting)| (value.t, *sorting)).collect();
        exprs.extend(order.into_iter().map(|(value, _)| value.expr));
        let function = aggregate::aggregate(found, &types, arguments.distinct, &keys, &self.env)
            .map_err(|error| error.or_at(at))?;
        let call = AggregateFunction::new_udf(function, exprs, false, filter, vec![], None);
        Ok(Typed::new(Expr::AggregateFunction(call), found.result, at))
    }

    /// What SQL's grammar knows by name and resolves by rules of its own.
    fn sql_function(
        &self,
        scope: &Scope<'_>,
        name: &str,
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Option<Typed>> {
        let values =
            || arguments.list.iter().map(|a| self.expr(scope, a)).collect::<Result<Vec<_>>>();
        Ok(Some(match name {
            "coalesce" => {
                let (values, t) = self.to_common(values()?, "COALESCE")?;
                let values = values.into_iter().map(|value| value.expr).collect();
                Typed::new(core::coalesce(values), t, at)
            }
            "nullif" if arguments.list.len() == 2 => self.null_if(values()?, at)?,
            "greatest" | "least" if !arguments.list.is_empty() => {
                self.extreme(name == "greatest", values()?, at)?
            }
            "grouping" | "xmlelement" | "json_object" | "json_array" | "json_value"
            | "json_query" | "json_exists" => {
                return Err(Error::unsupported(name.to_ascii_uppercase()).or_at(at));
            }
            _ => return Ok(None),
        }))
    }

    fn null_if(&self, mut values: Vec<Typed>, at: Option<usize>) -> Result<Typed> {
        let second = values.remove(1);
        let first = self.settle(values.remove(0))?;
        let t = first.t;
        let equal = self.operate("=", first.clone(), second)?;
        let null = super::coerce::scalar(&crate::semantics::null(t))?;
        let case = datafusion::logical_expr::expr::Case::new(
            None,
            vec![(Box::new(equal.expr), Box::new(null))],
            Some(Box::new(first.expr)),
        );
        Ok(Typed::new(Expr::Case(case), t, at))
    }

    /// GREATEST and LEAST ignore NULLs.
    fn extreme(&self, greatest: bool, values: Vec<Typed>, at: Option<usize>) -> Result<Typed> {
        let what = if greatest { "GREATEST" } else { "LEAST" };
        let (values, t) = self.to_common(values, what)?;
        let op = if greatest { ">=" } else { "<=" };
        let mut all = values.into_iter();
        let first = all.next().ok_or_else(|| Error::Internal("no arguments".to_owned()))?;
        all.try_fold(first, |best, next| {
            let better = self.operate(op, best.clone(), next.clone())?.expr;
            let alone = Expr::IsNull(Box::new(next.expr.clone()));
            let either = binary_expr(alone, datafusion::logical_expr::Operator::Or, better);
            let case = datafusion::logical_expr::expr::Case::new(
                None,
                vec![(Box::new(either), Box::new(best.expr))],
                Some(Box::new(next.expr)),
            );
            Ok(Typed::new(Expr::Case(case), t, at))
        })
    }

    /// `current_user` and its like; `None` for any other word.
    pub(super) fn sql_value_function(
        &self,
        name: &str,
        at: Option<usize>,
    ) -> Result<Option<Typed>> {
        let role = |role| self.context.snapshot.role_name(role);
        let name_literal = |text: String| Typed::new(lit(text), PgType::NAME, at);
        let now = || -> Result<Typed> {
            let micros = Some(self.env.transaction_time);
            let value = ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()));
            Ok(Typed::new(lit(value), PgType::TIMESTAMPTZ, at))
        };
        Ok(Some(match name {
            "current_user" | "current_role" | "user" => name_literal(role(self.context.role)),
            "session_user" => name_literal(role(self.context.session_user)),
            "current_catalog" => name_literal(self.context.facts.database().to_owned()),
            "current_schema" => self.call("current_schema", vec![])?,
            "current_timestamp" => now()?,
            "localtimestamp" => self.cast_to(now()?, PgType::TIMESTAMP)?,
            "current_date" => self.cast_to(now()?, PgType::DATE)?,
            "localtime" => self.cast_to(now()?, PgType::TIME)?,
            _ => return Ok(None),
        }))
    }
}

enum Meaning {
    Function(Resolved),
    Cast(PgType),
}

/// Takes a call's arguments apart.
pub(super) fn arguments(function: &ast::Function) -> Result<Arguments<'_>> {
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
    let what = if arguments.distinct {
        "DISTINCT"
    } else if !function.within_group.is_empty() {
        "WITHIN GROUP"
    } else if !arguments.order_by.is_empty() {
        "ORDER BY"
    } else if function.filter.is_some() {
        "FILTER"
    } else {
        return Ok(());
    };
    let message = format!("{what} specified, but {name} is not an aggregate function");
    Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
}

pub(super) fn aggregate_allowed(scope: &Scope<'_>, at: Option<usize>) -> Result<()> {
    let place = match scope.clause {
        Clause::Select | Clause::Having | Clause::OrderBy | Clause::Window => return Ok(()),
        Clause::Aggregate => {
            let message = "aggregate function calls cannot be nested";
            return Err(Error::at(SqlState::GROUPING_ERROR, message, at));
        }
        Clause::Where => "WHERE",
        Clause::JoinOn => "JOIN conditions",
        Clause::GroupBy => "GROUP BY",
        Clause::From => "functions in FROM",
        Clause::Values => "VALUES",
        Clause::Limit => "LIMIT",
    };
    let message = format!("aggregate functions are not allowed in {place}");
    Err(Error::at(SqlState::GROUPING_ERROR, message, at))
}

pub(super) fn no_function(
    failure: Failure,
    name: &str,
    types: &[PgType],
    at: Option<usize>,
) -> Error {
    let types: Vec<_> = types.iter().map(|t| PgType::plain(t.oid.0).to_string()).collect();
    let signature = format!("{name}({})", types.join(", "));
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
    report.position = at;
    report.into()
}
