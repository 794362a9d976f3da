//! Functions that return sets, in FROM.
use datafusion::common::{Column as PlanColumn, UnnestOptions};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::LogicalPlanBuilder;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, FunctionArg, FunctionArgExpr};
use medley_types::PgType;

use super::function::no_function;
use super::scope::{Clause, Scope, Surroundings, Table};
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::resolve::{Resolved, resolve_function};
use crate::semantics::set_returning::{set_call, set_function};

impl Binder<'_> {
    pub(super) fn function_relation(
        &self,
        around: &Surroundings<'_>,
        name: &ast::ObjectName,
        args: &[&FunctionArg],
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<(LogicalPlan, Table)> {
        let (name, at) = self.function_name(name)?;
        let scope = Scope::new(around, Vec::new(), Clause::From);
        let values = args.iter().map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expr(&scope, expr),
            _ => Err(Error::unsupported("a named argument")),
        });
        let values = values.collect::<Result<Vec<_>>>()?;
        self.set_relation(&name, values, with_ordinality, alias, at)
    }

    pub(super) fn unnest_relation(
        &self,
        around: &Surroundings<'_>,
        arrays: &[ast::Expr],
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<(LogicalPlan, Table)> {
        let scope = Scope::new(around, Vec::new(), Clause::From);
        let values = arrays.iter().map(|array| self.expr(&scope, array));
        let values = values.collect::<Result<Vec<_>>>()?;
        if values.len() != 1 {
            return Err(Error::unsupported("unnest of several arrays"));
        }
        self.set_relation("unnest", values, with_ordinality, alias, None)
    }

    fn set_relation(
        &self,
        name: &str,
        values: Vec<Typed>,
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
        at: Option<usize>,
    ) -> Result<(LogicalPlan, Table)> {
        if with_ordinality {
            return Err(Error::unsupported("WITH ORDINALITY").or_at(at));
        }
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        let found = resolve_function(name, &types)
            .map_err(|failure| no_function(failure, name, &types, at))?;
        if !found.function.returns_set {
            return Err(Error::unsupported(format_args!("function {name} in FROM")).or_at(at));
        }
        let shown = alias.map_or(name, |alias| alias.name.value.as_str()).to_owned();
        let columns = set_columns(&found, &shown).map_err(|error| error.or_at(at))?;
        let arguments = self.coerce_arguments(values, &found)?;
        let plan = self.unnested(&found, arguments, &columns)?;
        let (names, types) = columns.into_iter().unzip();
        let bound = self.of_plan(plan, names, types);
        let (plan, mut table) = self.aliased(bound, Some(shown))?;
        let renamed = alias.map(|alias| alias.columns.as_slice()).unwrap_or_default();
        if renamed.len() > table.columns.len() {
            let message = format!("too many column aliases specified for function {name}");
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at));
        }
        for (column, name) in table.columns.iter_mut().zip(renamed) {
            column.name.clone_from(&name.name.value);
        }
        Ok((plan, table))
    }

    /// Each column as a list of its values, and the lists side by side as rows.
    fn unnested(
        &self,
        found: &Resolved,
        arguments: Vec<(datafusion::logical_expr::Expr, PgType)>,
        columns: &[(String, PgType)],
    ) -> Result<LogicalPlan> {
        let mut exprs = Vec::with_capacity(columns.len());
        let mut names = Vec::with_capacity(columns.len());
        for (index, (name, t)) in columns.iter().enumerate() {
            let internal = self.unique(name);
            let lists = set_call(found, &arguments, index, *t, &self.env)?;
            exprs.push(lists.alias(internal.clone()));
            names.push(PlanColumn::new_unqualified(internal));
        }
        let options = UnnestOptions::new().with_preserve_nulls(false);
        let plan = LogicalPlanBuilder::empty(true)
            .project(exprs)?
            .unnest_columns_with_options(names, options)?
            .build()?;
        Ok(plan)
    }
}

/// A function with one column calls it as the function is called.
fn set_columns(found: &Resolved, shown: &str) -> Result<Vec<(String, PgType)>> {
    let function = set_function(found.function.source).ok_or_else(|| {
        let types: Vec<_> = found.arguments.iter().map(PgType::to_string).collect();
        Error::unsupported(format_args!("function {}({})", found.function.name, types.join(", ")))
    })?;
    Ok(match function.columns {
        [] => vec![(shown.to_owned(), found.result)],
        columns => columns.iter().map(|(name, t)| ((*name).to_owned(), *t)).collect(),
    })
}
