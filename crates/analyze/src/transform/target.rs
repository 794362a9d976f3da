//! Targets: the select list, and what ORDER BY, GROUP BY and DISTINCT find or add in it.
use std::ops::ControlFlow;

use ast::Spanned as _;
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::scope::{Clause, Scope};
use crate::error::{Error, Result};
use crate::tree::{Expr, ExprKind, GroupingSet, Node, SortKey, Target, visit_expr};

/// The targets of a query while clauses add to them.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub list: Vec<Target>,
    /// There is no FROM that expressions could be over: of a set operation.
    pub closed: bool,
}

/// What GROUP BY comes to.
#[derive(Debug, Default)]
pub(super) struct GroupBy {
    /// All that is grouped by, as indexes of targets.
    pub targets: Option<Vec<usize>>,
    /// The grouping sets, if there are any.
    pub sets: Vec<GroupingSet>,
    /// GROUP BY DISTINCT.
    pub distinct: bool,
}

impl Targets {
    /// The target that an expression is, one that does not come out if there is none.
    pub fn find_or_add(&mut self, expr: Expr) -> usize {
        if let Some(index) = self.list.iter().position(|target| target.expr == expr) {
            return index;
        }
        self.list.push(Target { name: "?column?".to_owned(), expr, junk: true });
        self.list.len() - 1
    }

    fn outputs(&self) -> impl Iterator<Item = (usize, &Target)> {
        self.list.iter().enumerate().filter(|(_, target)| !target.junk)
    }

    /// The output of a number, from 1.
    fn numbered(&self, text: &str, clause: Clause, at: Option<usize>) -> Result<usize> {
        let index = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match index.filter(|index| *index < self.outputs().count()) {
            Some(index) => Ok(index),
            None => {
                let message = format!("{} position {text} is not in select list", clause.name());
                Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at))
            }
        }
    }

    /// The output of a name.
    fn named(&self, name: &ast::Ident, clause: Clause) -> Result<Option<usize>> {
        let mut named = self.outputs().filter(|(_, target)| target.name == name.value);
        let Some((index, first)) = named.next() else { return Ok(None) };
        if named.any(|(_, other)| other.expr != first.expr) {
            let message = format!("{} \"{}\" is ambiguous", clause.name(), name.value);
            return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)));
        }
        Ok(Some(index))
    }
}

impl Analyser<'_> {
    /// ORDER BY: an output by its name or number, else an expression.
    pub(super) fn order_by(
        &self,
        scope: &Scope<'_>,
        items: &[&ast::OrderByExpr],
        targets: &mut Targets,
    ) -> Result<Vec<SortKey>> {
        let mut keys = Vec::with_capacity(items.len());
        scope.within(Clause::OrderBy, |scope| {
            items
                .iter()
                .try_for_each(|item| self.add_sort_key(scope, item, true, targets, &mut keys))
        })?;
        Ok(keys)
    }

    pub(super) fn add_sort_key(
        &self,
        scope: &Scope<'_>,
        item: &ast::OrderByExpr,
        by_output: bool,
        targets: &mut Targets,
        keys: &mut Vec<SortKey>,
    ) -> Result<()> {
        let found = match by_output {
            true => self.output(scope, &item.expr, targets)?,
            false => None,
        };
        let index = match found {
            Some(index) => index,
            None if targets.closed => return Err(self.not_an_output(&item.expr)),
            None => targets.find_or_add(self.expr(scope, &item.expr)?),
        };
        self.settle_target(targets, index)?;
        let (descending, nulls_first) = sorting(&item.options);
        if keys.iter().all(|key| key.target != index) {
            keys.push(SortKey { target: index, descending, nulls_first });
        }
        Ok(())
    }

    fn settle_target(&self, targets: &mut Targets, index: usize) -> Result<()> {
        let target = &mut targets.list[index];
        if target.expr.t.oid == PgType::UNKNOWN.oid {
            target.expr = self.settle(target.expr.clone())?;
        }
        Ok(())
    }

    /// The output that a number or a bare name means; `None` if it is neither.
    fn output(
        &self,
        scope: &Scope<'_>,
        expr: &ast::Expr,
        targets: &Targets,
    ) -> Result<Option<usize>> {
        let clause = scope.clause.get();
        match expr {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::Number(text, _) if text.parse::<i64>().is_ok() => {
                    targets.numbered(text, clause, position(value.span)).map(Some)
                }
                ast::Value::Placeholder(_) => Ok(None),
                _ => {
                    let message = format!("non-integer constant in {}", clause.name());
                    Err(Error::at(SqlState::SYNTAX_ERROR, message, position(expr.span())))
                }
            },
            // GROUP BY prefers the columns of FROM.
            ast::Expr::Identifier(name)
                if clause == Clause::GroupBy && scope.has_own_column(name)? =>
            {
                Ok(None)
            }
            ast::Expr::Identifier(name) => targets.named(name, clause),
            _ => Ok(None),
        }
    }

    fn not_an_output(&self, expr: &ast::Expr) -> Error {
        let at = position(expr.span());
        if let ast::Expr::Identifier(name) = expr {
            let message = format!("column \"{}\" does not exist", name.value);
            return Error::at(SqlState::UNDEFINED_COLUMN, message, at);
        }
        let message = "invalid UNION/INTERSECT/EXCEPT ORDER BY clause";
        let mut report = medley_diagnostic::Report::error(SqlState::FEATURE_NOT_SUPPORTED, message)
            .with_detail("Only result column names can be used, not expressions or functions.")
            .with_hint(
                "Add the expression/function to every SELECT, or move the UNION into a FROM \
                 clause.",
            );
        report.position = at;
        report.into()
    }

    /// GROUP BY.
    pub(super) fn group_by(
        &self,
        scope: &Scope<'_>,
        clause: &ast::GroupByExpr,
        targets: &mut Targets,
    ) -> Result<GroupBy> {
        let ast::GroupByExpr::Expressions(items, modifiers) = clause else {
            return Err(Error::unsupported("GROUP BY ALL"));
        };
        let mut found = GroupBy::default();
        let items = match items.as_slice() {
            [ast::Expr::Identifier(mark), rest @ ..] if medley_sql::construct(mark).is_some() => {
                found.distinct = true;
                rest
            }
            items => items,
        };
        let modifiers = modifiers.iter().map(|modifier| match modifier {
            ast::GroupByWithModifier::GroupingSets(sets) => Ok(sets),
            _ => Err(Error::unsupported("this form of GROUP BY")),
        });
        let items: Vec<_> = items.iter().map(Ok).chain(modifiers).collect::<Result<_>>()?;
        if items.is_empty() {
            return Ok(found);
        }
        let mut groups = Vec::new();
        let sets = scope.within(Clause::GroupBy, |scope| {
            let sets =
                items.iter().map(|item| self.grouping_set(scope, item, targets, &mut groups));
            sets.collect::<Result<Vec<_>>>()
        })?;
        found.targets = Some(groups);
        let plain = |set: &GroupingSet| matches!(set, GroupingSet::Simple(_) | GroupingSet::Empty);
        if !sets.iter().all(plain) {
            found.sets = sets;
        }
        Ok(found)
    }

    /// An element of GROUP BY, or of what stands in it.
    fn grouping_set(
        &self,
        scope: &Scope<'_>,
        item: &ast::Expr,
        targets: &mut Targets,
        groups: &mut Vec<usize>,
    ) -> Result<GroupingSet> {
        let mut all = |parts: &[Vec<ast::Expr>]| {
            let parts = parts.iter().map(|part| match part.as_slice() {
                [only] => self.grouping_set(scope, only, targets, groups),
                part => self.simple_set(scope, part, targets, groups),
            });
            parts.collect::<Result<Vec<_>>>()
        };
        match item {
            ast::Expr::Rollup(parts) => Ok(GroupingSet::Rollup(all(parts)?)),
            ast::Expr::Cube(parts) => cube(all(parts)?),
            ast::Expr::GroupingSets(parts) => Ok(GroupingSet::Sets(all(parts)?)),
            ast::Expr::Tuple(parts) => self.simple_set(scope, parts, targets, groups),
            ast::Expr::Function(function) => match nested_sets(function) {
                Some((name, parts)) => {
                    let parts: Vec<_> = parts.into_iter().map(|part| vec![part.clone()]).collect();
                    match name {
                        "cube" => cube(all(&parts)?),
                        _ => Ok(GroupingSet::Rollup(all(&parts)?)),
                    }
                }
                None => self.simple_set(scope, std::slice::from_ref(item), targets, groups),
            },
            item => self.simple_set(scope, std::slice::from_ref(item), targets, groups),
        }
    }

    fn simple_set(
        &self,
        scope: &Scope<'_>,
        parts: &[ast::Expr],
        targets: &mut Targets,
        groups: &mut Vec<usize>,
    ) -> Result<GroupingSet> {
        let mut of_set = Vec::with_capacity(parts.len());
        for part in parts {
            self.add_group(scope, part, targets, &mut of_set)?;
        }
        for target in &of_set {
            if !groups.contains(target) {
                groups.push(*target);
            }
        }
        Ok(if of_set.is_empty() { GroupingSet::Empty } else { GroupingSet::Simple(of_set) })
    }

    fn add_group(
        &self,
        scope: &Scope<'_>,
        item: &ast::Expr,
        targets: &mut Targets,
        groups: &mut Vec<usize>,
    ) -> Result<()> {
        let index = match self.output(scope, item, targets)? {
            Some(index) => {
                no_aggregates(&targets.list[index].expr, position(item.span()))?;
                index
            }
            None => targets.find_or_add(self.expr(scope, item)?),
        };
        self.settle_target(targets, index)?;
        if !groups.contains(&index) {
            groups.push(index);
        }
        Ok(())
    }

    /// DISTINCT ON, as indexes of targets.
    pub(super) fn distinct_on(
        &self,
        scope: &Scope<'_>,
        items: &[ast::Expr],
        order_by: &[SortKey],
        targets: &mut Targets,
    ) -> Result<Vec<usize>> {
        let mut chosen = Vec::new();
        for item in items {
            let index = scope.within(Clause::DistinctOn, |scope| {
                match self.output(scope, item, targets)? {
                    Some(index) => Ok(index),
                    None => Ok::<_, Error>(targets.find_or_add(self.expr(scope, item)?)),
                }
            })?;
            self.settle_target(targets, index)?;
            if !chosen.contains(&index) {
                chosen.push(index);
            }
        }
        let leading = order_by.iter().take(chosen.len());
        if leading.clone().any(|key| !chosen.contains(&key.target)) {
            let message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
            let at = items.first().and_then(|item| position(item.span()));
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at));
        }
        Ok(chosen)
    }
}

impl Scope<'_> {
    /// Whether a bare name is a column of this query's FROM.
    fn has_own_column(&self, name: &ast::Ident) -> Result<bool> {
        Ok(self.bare(name)?.is_some())
    }
}

/// CUBE, which PostgreSQL limits.
fn cube(parts: Vec<GroupingSet>) -> Result<GroupingSet> {
    const MOST: usize = 12;
    match parts.len() > MOST {
        false => Ok(GroupingSet::Cube(parts)),
        true => {
            let message = format!("CUBE is limited to {MOST} elements");
            Err(Error::at(SqlState::from_remote("54011"), message, None))
        }
    }
}

/// ROLLUP and CUBE inside GROUPING SETS.
fn nested_sets(function: &ast::Function) -> Option<(&'static str, Vec<&ast::Expr>)> {
    let [ast::ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return None };
    let names = ["cube", "rollup"];
    let name = names.into_iter().find(|it| *it == name.value && name.quote_style.is_none())?;
    let ast::FunctionArguments::List(list) = &function.args else { return None };
    let args = list.args.iter().map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    Some((name, args.collect::<Option<_>>()?))
}

/// DESC, and NULLS FIRST: NULLs sort as if they were above everything.
pub(super) fn sorting(options: &ast::OrderByOptions) -> (bool, bool) {
    let descending = options.asc == Some(false);
    (descending, options.nulls_first.unwrap_or(descending))
}

fn no_aggregates(expr: &Expr, at: Option<usize>) -> Result<()> {
    let walked = visit_expr(expr, &mut |node, around| match node {
        Node::Expr(inner) if around.is_empty() => match inner.kind {
            ExprKind::Aggregate(_) => ControlFlow::Break(("aggregate", SqlState::GROUPING_ERROR)),
            ExprKind::Window(_) => ControlFlow::Break(("window", SqlState::from_remote("42P20"))),
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    match walked {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((kind, state)) => {
            Err(Error::at(state, format!("{kind} functions are not allowed in GROUP BY"), at))
        }
    }
}
