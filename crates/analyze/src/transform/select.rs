//! SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY.
use ast::Spanned as _;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SelectItem};
use medley_sql::span::position;

use super::Analyser;
use super::output::output_name;
use super::query::{Around, order_items};
use super::scope::{Clause, Scope};
use super::target::Targets;
use super::window::named_windows;
use crate::error::{Error, Result};
use crate::tree::{Distinct, Query, SortKey, Target};

impl Analyser<'_> {
    /// A SELECT with what stands around it.
    pub(super) fn select(
        &self,
        mut scope: Scope<'_>,
        select: &ast::Select,
        around: &Around<'_>,
    ) -> Result<Query> {
        refuse_foreign_clauses(select)?;
        scope.windows.replace(named_windows(select)?);
        let from = self.from(&mut scope, &select.from)?;
        let scope = scope;
        let mut targets =
            Targets { list: self.outputs(&scope, &select.projection)?, closed: false };
        let filter = self.condition(&scope, select.selection.as_ref(), Clause::Where)?;
        let having = self.condition(&scope, select.having.as_ref(), Clause::Having)?;
        let items = order_items(around.query)?;
        let order_by = self.order_by(&scope, &items, &mut targets)?;
        let groups = self.group_by(&scope, &select.group_by, &mut targets)?;
        let distinct = self.distinct_of(&scope, select, &order_by, &mut targets)?;
        let (limit, offset) = self.limit(&scope, around.query)?;
        let windows = self.windows(&scope, &mut targets)?;
        let mut query = Query {
            ctes: scope.ctes,
            ranges: scope.ranges,
            from,
            filter,
            targets: targets.list,
            group_by: groups.targets,
            grouping_sets: groups.sets,
            group_distinct: groups.distinct,
            having,
            windows,
            has_aggregates: scope.has_aggregates.get(),
            distinct,
            order_by,
            limit,
            offset,
            ..Query::default()
        };
        if around.settle {
            self.settle_outputs(&mut query)?;
        }
        super::grouping::check(&query)?;
        Ok(query)
    }

    pub(super) fn condition(
        &self,
        scope: &Scope<'_>,
        condition: Option<&ast::Expr>,
        clause: Clause,
    ) -> Result<Option<crate::tree::Expr>> {
        let Some(condition) = condition else { return Ok(None) };
        let condition = scope.within(clause, |scope| self.expr(scope, condition))?;
        self.boolean(condition, clause.name()).map(Some)
    }

    fn distinct_of(
        &self,
        scope: &Scope<'_>,
        select: &ast::Select,
        order_by: &[SortKey],
        targets: &mut Targets,
    ) -> Result<Option<Distinct>> {
        match &select.distinct {
            None | Some(ast::Distinct::All) => Ok(None),
            Some(ast::Distinct::On(items)) => {
                self.distinct_on(scope, items, order_by, targets).map(Distinct::On).map(Some)
            }
            Some(ast::Distinct::Distinct) => {
                let junk = order_by.iter().map(|key| &targets.list[key.target]);
                match junk.into_iter().find(|target| target.junk) {
                    None => Ok(Some(Distinct::Rows)),
                    Some(target) => {
                        let message = "for SELECT DISTINCT, ORDER BY expressions must appear in \
                                       select list";
                        let at = target.expr.position;
                        Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at))
                    }
                }
            }
        }
    }

    pub(super) fn outputs(&self, scope: &Scope<'_>, items: &[SelectItem]) -> Result<Vec<Target>> {
        let mut outputs = Vec::with_capacity(items.len());
        let target = |name, expr| Target { name, expr, junk: false };
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => match self.starred(scope, expr)? {
                    Some(row) => {
                        let fields = self.fields(scope, &row)?.into_iter();
                        outputs.extend(fields.map(|(name, expr)| target(name, expr)));
                    }
                    None => outputs.push(target(output_name(expr), self.expr(scope, expr)?)),
                },
                SelectItem::ExprWithAlias { expr, alias } => {
                    outputs.push(target(alias.value.clone(), self.expr(scope, expr)?));
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
        outputs: &mut Vec<Target>,
    ) -> Result<()> {
        let wanted = name.map(|name| name.0.iter().map(part_of).collect::<Vec<_>>());
        let at = position(item.span());
        let mut found = false;
        for table in &scope.tables {
            let chosen = match wanted.as_deref() {
                None => table.bare,
                Some([name]) => table.name.as_ref() == Some(name),
                Some([schema, name]) => {
                    table.name.as_ref() == Some(name) && table.schema.as_ref() == Some(schema)
                }
                Some(_) => false,
            };
            if !chosen {
                continue;
            }
            found = true;
            for column in &table.columns {
                let expr = column.value.clone().at(at);
                outputs.push(Target { name: column.name.clone(), expr, junk: false });
            }
        }
        match (found, wanted) {
            (true, _) => Ok(()),
            (false, None) => {
                let message = "SELECT * with no tables specified is not valid";
                Err(Error::at(SqlState::SYNTAX_ERROR, message, at))
            }
            (false, Some(wanted)) => {
                let name = wanted.last().cloned().unwrap_or_default();
                Err(self.missing_from(scope, None, &name, at))
            }
        }
    }
}

fn part_of(part: &ast::ObjectNamePart) -> String {
    match part {
        ast::ObjectNamePart::Identifier(ident) => ident.value.clone(),
        ast::ObjectNamePart::Function(function) => function.name.value.clone(),
    }
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
