//! IMPORT FOREIGN SCHEMA from a remote that is always the same.
use medley_commands::{Context, Outcome, Result, apply_import, plan_import};
use medley_fdw::{ColumnDef, TableDef};
use medley_sql::ImportForeignSchema;
use medley_types::PgType;

pub fn import(ctx: &mut Context<'_>, statement: ImportForeignSchema) -> Result<Outcome> {
    let plan = plan_import(ctx, statement)?;
    let tables = ["t1", "t2", "odd"].map(|name| table(&plan.request.remote_schema, name));
    apply_import(ctx, plan, tables.into())
}

/// `odd` has a column of a type that exists at the remote only.
fn table(schema: &str, name: &str) -> TableDef {
    let odd = name == "odd";
    let mut columns = vec![column("a", "integer", Some(PgType::INT4))];
    columns[0].not_null = true;
    match odd {
        true => columns.push(column("m", "public.mood", None)),
        false => {
            columns.push(column("b", "text", Some(PgType::TEXT)));
            columns[1].collation = Some("pg_catalog.\"C\"".to_owned());
        }
    }
    let options = vec![("schema_name", schema.to_owned()), ("table_name", name.to_owned())];
    TableDef { name: name.to_owned(), columns, options }
}

fn column(name: &str, type_name: &str, pg_type: Option<PgType>) -> ColumnDef {
    ColumnDef {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        pg_type,
        collation: None,
        not_null: false,
        default: None,
        generated: None,
        options: vec![("column_name", name.to_owned())],
    }
}
