//! Functions in FROM.
use medley_diagnostic::SqlState;
use medley_sql::Construct;
use medley_sql::query_ast::{self as ast, FunctionArg, FunctionArgExpr};
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::join::Side;
use super::relation::range;
use super::scope::{Clause, Scope};
use crate::builtin;
use crate::error::{Error, Result};
use crate::resolve::{Call, Resolved, is_composite, resolve_call};
use crate::tree::{CallForm, Expr, ExprKind, FunctionRange, RangeColumn, RangeFunction, RangeKind};
use crate::type_name;

/// Names and types of columns.
type Columns = Vec<(String, PgType)>;

/// A call in FROM.
pub(super) struct RangeCall<'a> {
    name: &'a ast::ObjectName,
    args: Vec<(Option<&'a ast::Ident>, &'a ast::Expr)>,
}

/// The calls of a range: those in ROWS FROM, and one of each array of unnest.
pub(super) fn calls<'a>(
    name: &'a ast::ObjectName,
    args: &'a [FunctionArg],
) -> Result<Vec<RangeCall<'a>>> {
    let args = args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok((None, expr)),
        FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => Ok((Some(name), expr)),
        _ => Err(Error::unsupported("this kind of argument in FROM")),
    });
    let args = args.collect::<Result<Vec<_>>>()?;
    let last = name.0.last().and_then(|part| part.as_ident());
    if let Some((Construct::RowsFrom, _)) = last.and_then(medley_sql::construct) {
        return args.into_iter().map(|(_, expr)| inner_call(expr)).collect();
    }
    if args.len() > 1 && last.is_some_and(|last| last.value == "unnest") {
        return Ok(args.into_iter().map(|arg| RangeCall { name, args: vec![arg] }).collect());
    }
    Ok(vec![RangeCall { name, args }])
}

/// unnest of arrays.
pub(super) fn unnests<'a>(
    name: &'a ast::ObjectName,
    arrays: &'a [ast::Expr],
) -> Vec<RangeCall<'a>> {
    arrays.iter().map(|array| RangeCall { name, args: vec![(None, array)] }).collect()
}

fn inner_call(expr: &ast::Expr) -> Result<RangeCall<'_>> {
    let refused = || Error::unsupported("what is no function in ROWS FROM");
    let ast::Expr::Function(function) = expr else { return Err(refused()) };
    let args: &[FunctionArg] = match &function.args {
        ast::FunctionArguments::List(list) => &list.args,
        ast::FunctionArguments::None => &[],
        ast::FunctionArguments::Subquery(_) => return Err(refused()),
    };
    let mut calls = calls(&function.name, args)?;
    match (calls.pop(), calls.is_empty()) {
        (Some(call), true) => Ok(call),
        _ => Err(refused()),
    }
}

impl Analyser<'_> {
    pub(super) fn functions(
        &self,
        scope: &mut Scope<'_>,
        calls: &[RangeCall<'_>],
        with_ordinality: bool,
        lateral: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Side> {
        let mut alias = alias.cloned();
        let definitions = definitions(alias.as_ref())?;
        let first = alias.as_ref().and_then(|alias| alias.columns.first());
        let definitions_at = first.and_then(|column| position(column.name.span));
        if alias.as_ref().is_some_and(|it| medley_sql::construct(&it.name).is_some()) {
            alias = None;
        }
        if definitions.is_some() && (calls.len() > 1 || with_ordinality) {
            let message = match calls.len() > 1 {
                true => "ROWS FROM() with multiple functions cannot have a column definition list",
                false => "WITH ORDINALITY cannot be used with a column definition list",
            };
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, definitions_at));
        }
        let mut functions = Vec::with_capacity(calls.len());
        let mut columns = Vec::new();
        let mut own_name = None;
        for call in calls {
            let shown = alias.as_ref().map(|it| it.name.value.as_str()).filter(|_| calls.len() < 2);
            let (name, function, own) =
                self.range_function(scope, call, shown, (definitions.as_ref(), definitions_at))?;
            own_name.get_or_insert(name);
            functions.push(function);
            columns.extend(own);
        }
        if with_ordinality {
            columns.push(("ordinality".to_owned(), PgType::INT8));
        }
        let columns = (1..).zip(columns);
        let columns = columns.map(|(number, (name, t))| RangeColumn { name, number, t });
        let lateral = lateral || functions.iter().any(|function| function.call.has_columns());
        let kind = RangeKind::Function(FunctionRange { functions, with_ordinality });
        let range = crate::tree::Range { lateral, ..range(kind, own_name, columns.collect()) };
        if let (Some(alias), true) = (&mut alias, definitions.is_some()) {
            alias.columns.clear();
        }
        self.add(scope, range, alias.as_ref(), None)
    }

    /// A function with its name and its columns.
    fn range_function(
        &self,
        scope: &Scope<'_>,
        call: &RangeCall<'_>,
        shown: Option<&str>,
        (definitions, definitions_at): (Option<&Columns>, Option<usize>),
    ) -> Result<(String, RangeFunction, Columns)> {
        let name = self.function_name(call.name)?;
        let at = name.at;
        let values = scope.within(Clause::FromFunction, |scope| {
            let values = call.args.iter().map(|(_, expr)| self.expr(scope, expr));
            values.collect::<Result<Vec<Expr>>>()
        })?;
        let found = self.found_in_from(&name, call, &values)?;
        let shown = shown.unwrap_or(&name.name);
        let columns = match definitions {
            Some(definitions) => defined_columns(&found, definitions),
            None => self.function_columns(&found, shown),
        };
        let columns = columns.map_err(|error| match definitions {
            Some(_) => error.or_at(definitions_at),
            None => error.or_at(at),
        })?;
        let value = self.resolved_call(&found, CallForm::Call, values, at)?;
        let function = RangeFunction {
            call: named(value, call),
            columns: columns.len(),
            definitions: definitions.cloned(),
        };
        Ok((name.name, function, columns))
    }

    fn found_in_from(
        &self,
        name: &super::function::FunctionName,
        call: &RangeCall<'_>,
        values: &[Expr],
    ) -> Result<Resolved> {
        let (names, is_array) = names(call);
        if names.is_empty() && !is_array {
            return self.resolve_function(name, values);
        }
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        let call = Call { name: &name.name, given: &types, names: &names, is_array };
        resolve_call(&call).map_err(|failure| super::function::no_function(failure, name, &types))
    }

    /// A function with one column calls it as the function is called.
    fn function_columns(&self, found: &Resolved, shown: &str) -> Result<Columns> {
        if found.function.kind != 'f' {
            return Err(Error::unsupported(format_args!("{} in FROM", found.function.name)));
        }
        let columns = builtin::out_columns(found.function.oid);
        match columns {
            [] if found.result.oid == super::row::RECORD.oid => {
                let message =
                    "a column definition list is required for functions returning \"record\"";
                Err(Error::at(SqlState::SYNTAX_ERROR, message, None))
            }
            [] if is_composite(found.result.oid) => self
                .composite(found.result)
                .ok_or_else(|| Error::unsupported(format_args!("{} in FROM", found.function.name))),
            [] => Ok(vec![(shown.to_owned(), found.result)]),
            [(name, _)] => Ok(vec![((*name).to_owned(), found.result)]),
            columns => {
                let columns = columns.iter();
                Ok(columns.map(|(name, t)| ((*name).to_owned(), PgType::plain(t.0))).collect())
            }
        }
    }
}

fn names(call: &RangeCall<'_>) -> (Vec<String>, bool) {
    let named = call.args.iter().filter_map(|(name, _)| *name);
    let names = named.clone().filter(|name| medley_sql::construct(name).is_none());
    let is_array = named.clone().any(|name| medley_sql::construct(name).is_some());
    (names.map(|name| name.value.clone()).collect(), is_array)
}

fn named(mut value: Expr, call: &RangeCall<'_>) -> Expr {
    if let ExprKind::Function(function) = &mut value.kind {
        (function.names, function.is_array) = names(call);
    }
    value
}

/// `(a integer, b text)` behind an alias, or behind AS alone.
fn definitions(alias: Option<&ast::TableAlias>) -> Result<Option<Columns>> {
    let Some(alias) = alias else { return Ok(None) };
    if alias.columns.iter().all(|column| column.data_type.is_none()) {
        return Ok(None);
    }
    let columns = alias.columns.iter().map(|column| {
        let Some(t) = &column.data_type else {
            return Err(Error::unsupported("a column definition without a type"));
        };
        Ok((column.name.value.clone(), type_name::resolve(t)?))
    });
    columns.collect::<Result<_>>().map(Some)
}

/// What a function that returns records returns here.
fn defined_columns(found: &Resolved, definitions: &[(String, PgType)]) -> Result<Columns> {
    let state = SqlState::SYNTAX_ERROR;
    if !builtin::out_columns(found.function.oid).is_empty() {
        let message = "a column definition list is redundant for a function with OUT parameters";
        return Err(Error::at(state, message, None));
    }
    if found.result.oid != super::row::RECORD.oid {
        let message = "a column definition list is only allowed for functions returning \"record\"";
        return Err(Error::at(state, message, None));
    }
    Ok(definitions.to_vec())
}
