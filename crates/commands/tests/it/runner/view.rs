//! CREATE VIEW over `SELECT columns FROM table`: what the engine would say of it.
use std::sync::Arc;

use medley_catalog::ids::Class;
use medley_catalog::objects::Relation;
use medley_catalog::{LockMode, SearchPath, Snapshot, Transaction};
use medley_commands::{Context, Error, Outcome, Result, ViewQuery, create_view};
use medley_sql::CreateView;
use medley_sql::query_ast::{Expr, Select, SelectItem, SetExpr, TableFactor};

/// Keeps what the view reads as it is, as the session does for every query.
pub fn lock(
    tx: &mut Transaction,
    path: impl Fn(&Snapshot) -> SearchPath,
    statement: &CreateView,
) -> Result<()> {
    let (_, table) = parts(statement);
    tx.lock_resolved(LockMode::Reference, |snapshot| {
        let relation = find(snapshot, &path(snapshot), &table)?;
        Ok::<_, Error>(Some(relation.oid.address()))
    })?;
    Ok(())
}

fn parts(statement: &CreateView) -> (&Select, String) {
    let SetExpr::Select(select) = &*statement.query.ast.body else { panic!("a plain SELECT") };
    let TableFactor::Table { name, .. } = &select.from[0].relation else { panic!("a table") };
    (select, name.0[0].as_ident().unwrap().value.clone())
}

fn find<'a>(snapshot: &'a Snapshot, path: &SearchPath, name: &str) -> Result<&'a Arc<Relation>> {
    let missing = medley_catalog::Error::Undefined { class: Class::Relation, name: name.into() };
    Ok(path.relation(snapshot, name).ok_or(missing)?)
}

pub fn create(
    ctx: &mut Context<'_>,
    snapshot: &Snapshot,
    path: &SearchPath,
    statement: CreateView,
) -> Result<Outcome> {
    let (select, table) = parts(&statement);
    let relation = find(snapshot, path, &table)?;
    let wanted = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::Wildcard(_) => None,
        other => panic!("a column or *, not {other}"),
    };
    let names: Vec<_> = select.projection.iter().filter_map(wanted).collect();
    if let Some(name) = names.iter().find(|name| relation.column(name).is_none()) {
        let what = format!("column {name} that is not");
        return Err(Error::Unsupported { what, hint: None });
    }
    let is_wanted = |name: &String| names.is_empty() || names.contains(name);
    let columns: Vec<_> =
        relation.live_columns().filter(|column| is_wanted(&column.name)).collect();
    let address = relation.oid.address();
    let query = ViewQuery {
        text: statement.query_text.clone(),
        columns: columns.iter().map(|it| (it.name.clone(), it.pg_type)).collect(),
        references: columns.iter().map(|it| address.column(it.number)).collect(),
    };
    create_view(ctx, statement, query)
}
