//! SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY.
use std::sync::Arc;

use ast::Spanned as _;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan};
use medley_catalog::quote_identifier;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, GroupByExpr, SelectItem};
use medley_sql::span::position;

use super::output::output_name;
use super::query::{output_index, sorting};
use super::scope::{Clause, Scope, Surroundings};
use super::{Binder, Bound, BoundColumn, Star, Typed};
use crate::error::{Error, Result};
use crate::semantics::aggregate::Sorting;

/// The expressions that are computed over groups, or over rows if there is no grouping.
pub(super) struct Computed {
    pub outputs: Vec<(String, Typed)>,
    pub order: Vec<(Typed, Sorting)>,
    pub having: Option<Expr>,
}

impl Computed {
    /// Each of them, to be rewritten.
    pub fn exprs(&mut self) -> impl Iterator<Item = &mut Expr> {
        let outputs = self.outputs.iter_mut().map(|(_, value)| &mut value.expr);
        let order = self.order.iter_mut().map(|(value, _)| &mut value.expr);
        outputs.chain(order).chain(&mut self.having)
    }
}

impl Binder<'_> {
    pub(super) fn select(
        &self,
        around: &Surroundings<'_>,
        select: &ast::Select,
        order_by: &[&ast::OrderByExpr],
    ) -> Result<Bound> {
        refuse_foreign_clauses(select)?;
        let (mut plan, tables) = self.from(around, &select.from)?;
        let mut scope = Scope::new(around, tables, Clause::Where);
        if let Some(condition) = &select.selection {
            let condition = self.expr(&scope, condition)?;
            plan = self.filter(plan, condition, "WHERE")?;
        }
        scope.windows = named_windows(select);
        scope.clause = Clause::GroupBy;
        let groups = self.group_by(&scope, select)?;
        scope.clause = Clause::Select;
        let outputs = self.outputs(&scope, &select.projection)?;
        scope.clause = Clause::OrderBy;
        let order = self.order_by(&scope, &outputs, order_by)?;
        scope.clause = Clause::Having;
        let having = match &select.having {
            Some(condition) => {
                let condition = self.expr(&scope, condition)?;
                Some(self.boolean(condition, "HAVING")?)
            }
            None => None,
        };
        let mut computed = Computed { outputs, order, having };
        plan = self.grouped(&scope, plan, groups, &mut computed)?;
        plan = self.windowed(plan, &mut computed)?;
        self.finish_select(plan, computed, select.distinct.as_ref())
    }

    pub(super) fn filter(
        &self,
        plan: LogicalPlan,
        condition: Typed,
        clause: &str,
    ) -> Result<LogicalPlan> {
        let condition = self.boolean(condition, clause)?;
        Ok(LogicalPlan::Filter(Filter::try_new(condition, Arc::new(plan))?))
    }

    fn outputs(&self, scope: &Scope<'_>, items: &[SelectItem]) -> Result<Vec<(String, Typed)>> {
        let mut outputs = Vec::with_capacity(items.len());
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    outputs.push((output_name(expr), self.expr(scope, expr)?));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    outputs.push((alias.value.clone(), self.expr(scope, expr)?));
                }
                SelectItem::Wildcard(_) => self.star(scope, item, None, &mut outputs)?,
                SelectItem::QualifiedWildcard(
                    ast::SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => self.star(scope, item, Some(name), &mut outputs)?,
                SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                    return Err(Error::unsupported("this kind of output column"));
                }
            }
        }
        Ok(outputs)
    }

    /// `*` and `t.*`
    fn star(
        &self,
        scope: &Scope<'_>,
        item: &SelectItem,
        name: Option<&ast::ObjectName>,
        outputs: &mut Vec<(String, Typed)>,
    ) -> Result<()> {
        let mut columns_of_star = Vec::new();
        let wanted = name.map(|name| name.0.iter().map(part_of).collect::<Vec<_>>());
        let mut found = false;
        for table in &scope.tables {
            let chosen = match wanted.as_deref() {
                None => true,
                Some([alias]) => table.alias.as_ref() == Some(alias),
                Some([schema, alias]) => {
                    table.alias.as_ref() == Some(alias) && table.schema.as_ref() == Some(schema)
                }
                Some(_) => false,
            };
            if !chosen {
                continue;
            }
            found = true;
            let columns = table.columns.iter().filter(|column| !column.system);
            for column in columns.filter(|column| wanted.is_some() || !column.merged) {
                let ident = ast::Ident::new(column.name.clone());
                let value = self.use_column(scope, table.alias.as_deref(), column, &ident);
                outputs.push((column.name.clone(), value));
                columns_of_star.push(reference(table.alias.as_deref(), &column.name));
            }
        }
        match (found, wanted) {
            (true, _) => {
                self.note_star(item, &columns_of_star);
                Ok(())
            }
            (false, None) => Err(Error::at(
                SqlState::SYNTAX_ERROR,
                "SELECT * with no tables specified is not valid",
                None,
            )),
            (false, Some(wanted)) => {
                let alias = wanted.last().cloned().unwrap_or_default();
                let message = format!("missing FROM-clause entry for table \"{alias}\"");
                let at = name.and_then(|name| position(name.span()));
                Err(Error::at(SqlState::UNDEFINED_TABLE, message, at))
            }
        }
    }

    /// Keeps what a `*` of the query's own text stands for: CREATE VIEW writes it out.
    fn note_star(&self, item: &SelectItem, columns: &[String]) {
        let span = medley_sql::span::bytes(item.span()).filter(|_| self.view_depth.get() == 0);
        if let Some(span) = span {
            let star = Star { span: span.clone(), columns: columns.join(", ") };
            self.stars.borrow_mut().insert(span.start, star);
        }
    }

    /// By number, by output name, else by expression over the input.
    fn order_by(
        &self,
        scope: &Scope<'_>,
        outputs: &[(String, Typed)],
        items: &[&ast::OrderByExpr],
    ) -> Result<Vec<(Typed, Sorting)>> {
        let columns = outputs.iter().map(|(name, value)| BoundColumn {
            name: name.clone(),
            t: value.t,
            expr: value.expr.clone(),
            open: value.open.clone(),
        });
        let plan = LogicalPlan::default();
        let as_bound = Bound { plan, columns: columns.collect() };
        items
            .iter()
            .map(|item| {
                let value = match output_index(&as_bound, &item.expr)? {
                    Some(index) => outputs[index].1.clone(),
                    None => self.expr(scope, &item.expr)?,
                };
                Ok((self.settle(value)?, sorting(&item.options)))
            })
            .collect()
    }

    fn finish_select(
        &self,
        plan: LogicalPlan,
        computed: Computed,
        distinct: Option<&ast::Distinct>,
    ) -> Result<Bound> {
        let Computed { outputs, order, .. } = computed;
        match distinct {
            None | Some(ast::Distinct::All) => self.project_sorted(plan, outputs, order),
            Some(ast::Distinct::Distinct) => self.project_distinct(plan, outputs, order),
            Some(ast::Distinct::On(_)) => Err(Error::unsupported("SELECT DISTINCT ON")),
        }
    }

    /// Sort keys that are no output columns are computed beside them, and dropped again.
    fn project_sorted(
        &self,
        plan: LogicalPlan,
        mut outputs: Vec<(String, Typed)>,
        order: Vec<(Typed, Sorting)>,
    ) -> Result<Bound> {
        let visible = outputs.len();
        let mut keys = Vec::with_capacity(order.len());
        for (value, sorting) in order {
            let index = match outputs.iter().position(|(_, output)| output.expr == value.expr) {
                Some(index) => index,
                None => {
                    outputs.push(("sort".to_owned(), value.clone()));
                    outputs.len() - 1
                }
            };
            keys.push((index, value, sorting));
        }
        let bound = self.project(plan, outputs)?;
        let keys = keys.into_iter().map(|(index, value, sorting)| {
            (Typed { expr: bound.columns[index].expr.clone(), ..value }, sorting)
        });
        let plan = self.sort(bound.plan.clone(), keys.collect())?;
        if bound.columns.len() == visible {
            return Ok(Bound { plan, ..bound });
        }
        let kept = bound.columns.into_iter().take(visible).map(|column| {
            let value = Typed::new(column.expr, column.t, None);
            (column.name, Typed { open: column.open, ..value })
        });
        self.project(plan, kept.collect())
    }

    fn project_distinct(
        &self,
        plan: LogicalPlan,
        outputs: Vec<(String, Typed)>,
        order: Vec<(Typed, Sorting)>,
    ) -> Result<Bound> {
        let mut keys = Vec::with_capacity(order.len());
        for (value, sorting) in order {
            let index = outputs.iter().position(|(_, output)| output.expr == value.expr);
            let index = index.ok_or_else(|| {
                let message =
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
                Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, value.position)
            })?;
            keys.push((index, sorting));
        }
        let bound = self.settle_outputs(self.project(plan, outputs)?)?;
        let bound = self.distinct_rows(bound)?;
        let keys = keys.into_iter().map(|(index, sorting)| {
            let column = &bound.columns[index];
            (Typed::new(column.expr.clone(), column.t, None), sorting)
        });
        let plan = self.sort(bound.plan.clone(), keys.collect())?;
        Ok(Bound { plan, ..bound })
    }

    fn group_by(&self, scope: &Scope<'_>, select: &ast::Select) -> Result<Option<Vec<Typed>>> {
        let GroupByExpr::Expressions(items, modifiers) = &select.group_by else {
            return Err(Error::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(Error::unsupported("GROUPING SETS"));
        }
        if items.is_empty() {
            return Ok(None);
        }
        let mut groups = Vec::new();
        for item in items {
            match item {
                ast::Expr::Tuple(parts) if parts.is_empty() => {}
                ast::Expr::Tuple(parts) => {
                    for part in parts {
                        groups.push(self.group_item(scope, select, part)?);
                    }
                }
                item => groups.push(self.group_item(scope, select, item)?),
            }
        }
        Ok(Some(groups))
    }

    /// By number, by a column of the input, else by output name or expression.
    fn group_item(
        &self,
        scope: &Scope<'_>,
        select: &ast::Select,
        item: &ast::Expr,
    ) -> Result<Typed> {
        let at = position(item.span());
        let value = match item {
            ast::Expr::Value(value) => {
                let ast::Value::Number(text, _) = &value.value else {
                    let message = "non-integer constant in GROUP BY";
                    return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
                };
                let index = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                let chosen = index.and_then(|index| output_expr(select, index));
                let chosen = chosen.ok_or_else(|| {
                    let message = format!("GROUP BY position {text} is not in select list");
                    Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at)
                })?;
                self.expr(scope, chosen)?
            }
            ast::Expr::Identifier(name) => match self.expr(scope, item) {
                Ok(found) => found,
                Err(error) => match aliased(select, &name.value) {
                    Some(expr) => self.expr(scope, expr)?,
                    None => return Err(error),
                },
            },
            item => self.expr(scope, item)?,
        };
        self.settle(value)
    }
}

fn part_of(part: &ast::ObjectNamePart) -> String {
    match part {
        ast::ObjectNamePart::Identifier(ident) => ident.value.clone(),
        ast::ObjectNamePart::Function(function) => function.name.value.clone(),
    }
}

fn output_expr(select: &ast::Select, index: usize) -> Option<&ast::Expr> {
    // Numbers count columns, so that a star before them shifts them.
    let stars = |item: &SelectItem| {
        matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
    };
    if select.projection.iter().any(stars) {
        return None;
    }
    match select.projection.get(index)? {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn aliased<'q>(select: &'q ast::Select, name: &str) -> Option<&'q ast::Expr> {
    select.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if alias.value == name => Some(expr),
        SelectItem::UnnamedExpr(expr) if output_name(expr) == name => Some(expr),
        _ => None,
    })
}

fn named_windows(select: &ast::Select) -> Vec<(String, ast::NamedWindowExpr)> {
    let windows = select.named_window.iter();
    windows.map(|window| (window.0.value.clone(), window.1.clone())).collect()
}

/// What the parser takes for other databases' sake, or for statements that are no queries.
fn refuse_foreign_clauses(select: &ast::Select) -> Result<()> {
    let refused = [
        (select.into.is_some(), "SELECT INTO"),
        (select.top.is_some(), "TOP"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.qualify.is_some(), "QUALIFY"),
        (select.value_table_mode.is_some(), "SELECT AS STRUCT"),
        (select.exclude.is_some(), "EXCLUDE"),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

/// A column as SQL names it.
fn reference(alias: Option<&str>, column: &str) -> String {
    let column = quote_identifier(column);
    match alias {
        Some(alias) => format!("{}.{column}", quote_identifier(alias)),
        None => column.into_owned(),
    }
}
