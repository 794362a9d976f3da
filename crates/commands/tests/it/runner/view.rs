//! CREATE VIEW over `SELECT columns FROM table`: what the engine would say of it.
use medley_catalog::{SearchPath, Snapshot};
use medley_commands::{Context, Outcome, Result, ViewQuery, create_view};
use medley_sql::CreateView;
use medley_sql::query_ast::{Expr, SelectItem, SetExpr, TableFactor};

pub fn create(
    ctx: &mut Context<'_>,
    snapshot: &Snapshot,
    path: &SearchPath,
    statement: CreateView,
) -> Result<Outcome> {
    let SetExpr::Select(select) = &*statement.query.ast.body else { panic!("a plain SELECT") };
    let TableFactor::Table { name, .. } = &select.from[0].relation else { panic!("a table") };
    let table = name.0[0].as_ident().unwrap().value.clone();
    let relation = path.relation(snapshot, &table).unwrap();
    let wanted = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::Wildcard(_) => None,
        other => panic!("a column or *, not {other}"),
    };
    let names: Vec<_> = select.projection.iter().filter_map(wanted).collect();
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
