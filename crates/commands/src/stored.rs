//! The text of queries and expressions that the catalog keeps: checked and printed when it is
//! stated, and printed anew when what it names is called otherwise.
use std::ops::ControlFlow;

use medley_analyze::ruleutils::{self, Layout, Names};
use medley_analyze::tree::{Expr, ExprKind, Node, Query, visit_expr, visit_query};
use medley_analyze::{stored, system};
use medley_catalog::ids::{Class, DATABASE_NAME, ObjectAddress, RelationOid};
use medley_catalog::objects::{Column, Relation, RelationKind};
use medley_catalog::{LockMode, Snapshot};
use medley_types::PgType;

use crate::Context;
use crate::error::{Error, NameError, Noun, Result};

impl Context<'_> {
    /// What names in a statement's queries and expressions mean.
    pub(crate) fn analysis<'s>(&'s self, snapshot: &'s Snapshot) -> medley_analyze::Context<'s> {
        let (path, role) = (self.search_path, self.current_role);
        medley_analyze::Context::new(snapshot, path, role, self.style, DATABASE_NAME)
    }
}

/// A view's query as it is kept.
pub(crate) fn view_text(snapshot: &Snapshot, query: &Query, columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    ruleutils::view_query(&Names::qualified(snapshot), query, &names, Layout::PLAIN)
}

/// An expression over these columns as it is kept.
pub(crate) fn expression_text(
    snapshot: &Snapshot,
    expr: &Expr,
    relation: &str,
    columns: &[Column],
) -> String {
    let live = columns.iter().filter(|column| !column.dropped);
    let columns: Vec<_> = live.map(|column| (column.number, column.name.as_str())).collect();
    let names = Names::qualified(snapshot);
    ruleutils::expression(&names, expr, relation, &columns, Layout::PLAIN)
}

/// Refuses what a kept text could not follow when it gets another name: relations named in
/// literals. Those of the system keep theirs.
fn check_literal(ctx: &Context<'_>, expr: &Expr) -> Result<()> {
    let ExprKind::Constant(Some(text)) = &expr.kind else { return Ok(()) };
    if expr.t.oid != PgType::REGCLASS.oid || text.parse::<u32>().is_ok() {
        return Ok(());
    }
    let name = medley_sql::parse_type_name(text)?;
    let parts: Vec<_> = name.parts.iter().map(String::as_str).collect();
    let (schema, name) = match *parts.as_slice() {
        [name] => (None, name),
        [schema, name] => (Some(schema), name),
        _ => return Err(Error::unsupported("a literal of this type in a stored definition")),
    };
    let stored = match schema {
        Some(schema) => {
            let schema = ctx.catalog().schema_named(schema);
            schema.and_then(|schema| ctx.catalog().relation_named(schema.oid, name)).is_some()
        }
        None => ctx.path().relation(ctx.catalog(), name).is_some(),
    };
    let is_system = system::relation_by_name(schema.unwrap_or("pg_catalog"), name).is_some();
    match (stored, is_system) {
        (true, _) => Err(Error::unsupported("a relation's name in a literal of a definition")),
        (false, true) => Ok(()),
        (false, false) => Err(NameError::missing(Noun::Relation, text.as_str()).into()),
    }
}

/// The same of all the literals of a query.
pub(crate) fn check_query(ctx: &Context<'_>, query: &Query) -> Result<()> {
    told(visit_query(query, &mut |node, _| check_node(ctx, node)))
}

/// The same of all the literals of an expression.
pub(crate) fn check_expression(ctx: &Context<'_>, expr: &Expr) -> Result<()> {
    told(visit_expr(expr, &mut |node, _| check_node(ctx, node)))
}

fn check_node(ctx: &Context<'_>, node: Node<'_>) -> ControlFlow<Error> {
    let Node::Expr(expr) = node else { return ControlFlow::Continue(()) };
    match check_literal(ctx, expr) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(match expr.position {
            Some(position) => error.at(position),
            None => error,
        }),
    }
}

fn told(walked: ControlFlow<Error>) -> Result<()> {
    match walked {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Changes what views name: their queries are understood as they are before, and printed as they
/// are called after. Nobody else changes those views until the transaction ends.
pub(crate) fn keeping_views<T>(
    ctx: &mut Context<'_>,
    named: &[RelationOid],
    change: impl FnOnce(&mut Context<'_>) -> Result<T>,
) -> Result<T> {
    keeping(ctx, |snapshot| views_naming(snapshot, named), change)
}

/// The same for those that name a view which gets another query.
pub(crate) fn keeping_readers<T>(
    ctx: &mut Context<'_>,
    view: RelationOid,
    change: impl FnOnce(&mut Context<'_>) -> Result<T>,
) -> Result<T> {
    let readers = |snapshot: &Snapshot| {
        let mut views = views_naming(snapshot, &[view]);
        views.retain(|reader| *reader != view);
        views
    };
    keeping(ctx, readers, change)
}

fn keeping<T>(
    ctx: &mut Context<'_>,
    views: impl Fn(&Snapshot) -> Vec<RelationOid>,
    change: impl FnOnce(&mut Context<'_>) -> Result<T>,
) -> Result<T> {
    let views = lock_views(ctx, views)?;
    let mut trees = Vec::with_capacity(views.len());
    for oid in views {
        let snapshot = ctx.catalog();
        if let Some(relation) = snapshot.relation(oid)
            && let Some(view) = relation.view()
        {
            trees.push((oid, stored::view(snapshot, relation, view)?));
        }
    }
    let done = change(ctx)?;
    trees.into_iter().try_for_each(|(oid, tree)| print_view(ctx, oid, &tree))?;
    Ok(done)
}

/// Those views, locked.
fn lock_views(
    ctx: &mut Context<'_>,
    wanted: impl Fn(&Snapshot) -> Vec<RelationOid>,
) -> Result<Vec<RelationOid>> {
    loop {
        let views = wanted(ctx.catalog());
        for view in &views {
            ctx.change(|tx| tx.lock_object(view.address(), LockMode::Exclusive))?;
        }
        if wanted(ctx.catalog()) == views {
            return Ok(views);
        }
    }
}

/// The views that name one of these, or are one of these.
fn views_naming(snapshot: &Snapshot, named: &[RelationOid]) -> Vec<RelationOid> {
    let readers = named.iter().flat_map(|oid| snapshot.dependents(oid.address()));
    let readers = readers.filter(|reference| reference.from.class == Class::Relation);
    let all = readers.map(|it| RelationOid(it.from.oid)).chain(named.iter().copied());
    let is_view = |oid: &RelationOid| snapshot.relation(*oid).is_some_and(|it| it.view().is_some());
    let mut views: Vec<_> = all.filter(is_view).collect();
    views.sort_unstable();
    views.dedup();
    views
}

fn print_view(ctx: &mut Context<'_>, oid: RelationOid, query: &Query) -> Result<()> {
    let Some(old) = ctx.catalog().relation(oid).cloned() else { return Ok(()) };
    let text = view_text(ctx.catalog(), query, &old.columns);
    let mut relation = Relation::clone(&old);
    match &mut relation.kind {
        RelationKind::View(view) if view.query != text => view.query = text,
        _ => return Ok(()),
    }
    ctx.update(&old, relation)
}

/// The relations and columns that a query uses, as dependencies: of a relation of which columns
/// are used only those; nothing of the system's own.
pub(crate) fn dependencies(query: &Query) -> Vec<ObjectAddress> {
    let used = medley_analyze::tree::used_columns(query);
    let has_columns = |relation: RelationOid| {
        used.iter().any(|it| it.relation == relation && it.number.is_some())
    };
    let wanted = used.iter().filter(|it| it.number.is_some() || !has_columns(it.relation));
    let addresses = wanted.map(|it| match it.number {
        Some(number) => it.relation.address().column(number),
        None => it.relation.address(),
    });
    addresses.filter(|address| !address.is_pinned()).collect()
}

/// A relation's expressions as trees, from before its columns change.
pub(crate) struct Expressions {
    checks: Vec<Expr>,
    /// By the number of their column.
    defaults: Vec<(i16, Expr)>,
}

impl Expressions {
    /// Understands them.
    pub(crate) fn of(snapshot: &Snapshot, relation: &Relation) -> Result<Self> {
        let tree = |text: &str| stored::expression(snapshot, relation, text);
        let checks = relation.checks.iter().map(|check| tree(&check.expression));
        let generated = relation.live_columns().filter(|column| column.is_generated());
        let mut defaults = Vec::new();
        for column in generated {
            if let Some(default) = &column.default {
                defaults.push((column.number, tree(&default.expression)?));
            }
        }
        Ok(Self { checks: checks.collect::<Result<_, _>>()?, defaults })
    }

    /// Prints them as the relation's columns are called now.
    pub(crate) fn print(&self, snapshot: &Snapshot, relation: &mut Relation) {
        let (name, columns) = (relation.name.clone(), relation.columns.clone());
        let text = |expr: &Expr| expression_text(snapshot, expr, &name, &columns);
        for (check, expr) in relation.checks.iter_mut().zip(&self.checks) {
            check.expression = text(expr);
        }
        for (number, expr) in &self.defaults {
            let mut columns = relation.columns.iter_mut();
            let column = columns.find(|column| column.number == *number);
            if let Some(default) = column.and_then(|column| column.default.as_mut()) {
                default.expression = text(expr);
            }
        }
    }
}
