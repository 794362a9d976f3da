//! IMPORT FOREIGN SCHEMA, before and after the remote is asked.
use std::fmt::Write;

use medley_catalog::ids::ServerOid;
use medley_fdw::{ColumnDef, Handler, ImportSchema, Restriction, Scope, TableDef};
use medley_sql::{
    ForeignSchemaTables, ImportForeignSchema, OptionItem, Statement, quote_identifier,
    quote_literal,
};

use crate::error::{Error, ImportError, OptionError, Result};
use crate::options::{self, Judge};
use crate::{Context, Outcome, authorize, foreign_table};

/// What the session asks the remote, and what is done with the answer.
#[derive(Debug)]
pub struct ImportPlan {
    /// The server to ask, by the mapping of the current role.
    pub server: ServerOid,
    /// The server's wrapper, for messages.
    pub wrapper: String,
    /// Its handler: an entry of the registry.
    pub handler: String,
    /// What to ask.
    pub request: ImportSchema,
    server_name: String,
    local_schema: String,
}

/// IMPORT FOREIGN SCHEMA up to where the remote must be asked.
pub fn plan_import(ctx: &mut Context<'_>, statement: ImportForeignSchema) -> Result<ImportPlan> {
    let server = ctx.server_named(&statement.server)?;
    let server = authorize::usage(ctx, server)?.into_inner();
    let schema = ctx.schema_to_create_in(&statement.local_schema)?;
    authorize::create_in(ctx, schema)?;
    let wrapper = ctx.wrapper_of(&server)?;
    let no_handler = || ImportError::NoHandler(wrapper.name.clone());
    let handler = wrapper.handler.clone().ok_or_else(no_handler)?;
    let found = ctx.registry.handler(&handler).ok_or_else(no_handler)?;
    let options = import_options(ctx, found, statement.options)?;
    let remote_schema = statement.remote_schema;
    let request =
        ImportSchema { remote_schema, restriction: restriction(statement.tables), options };
    Ok(ImportPlan {
        server: server.oid,
        wrapper: wrapper.name.clone(),
        handler,
        request,
        server_name: server.name.clone(),
        local_schema: statement.local_schema,
    })
}

/// Makes the foreign tables that the remote's tables come to, all or none.
pub fn apply_import(
    ctx: &mut Context<'_>,
    plan: ImportPlan,
    tables: Vec<TableDef>,
) -> Result<Outcome> {
    for table in tables.iter().filter(|table| plan.request.restriction.admits(&table.name)) {
        let text = table_text(table, &plan.server_name);
        import_table(ctx, &plan, &text).map_err(|source| Error::Importing {
            source: Box::new(source),
            doing: "importing",
            table: table.name.clone(),
            text,
        })?;
    }
    Ok(Outcome { tag: "IMPORT FOREIGN SCHEMA" })
}

/// Import options are judged by the handler, and nothing of them is kept.
fn import_options(
    ctx: &mut Context<'_>,
    handler: &Handler,
    items: Vec<OptionItem>,
) -> Result<medley_fdw::Options> {
    let wrapper = handler.wrapper();
    let judge = Judge::of_import(wrapper);
    let merged = options::last_wins(items);
    let checked = judge.check(Scope::Import, merged, ctx.validator_actor(), ctx.notices)?;
    let mut options = medley_fdw::Options::default();
    checked.plain().for_each(|(name, value)| options.set(name, value));
    Ok(options)
}

fn restriction(tables: ForeignSchemaTables) -> Restriction {
    match tables {
        ForeignSchemaTables::All => Restriction::None,
        ForeignSchemaTables::LimitTo(names) => Restriction::LimitTo(names),
        ForeignSchemaTables::Except(names) => Restriction::Except(names),
    }
}

/// Runs the statement that the table comes to, in the local schema.
fn import_table(ctx: &mut Context<'_>, plan: &ImportPlan, text: &str) -> Result<()> {
    let mut script = medley_sql::parse(text)?;
    match script.statements.pop().map(|parsed| parsed.statement) {
        Some(Statement::CreateForeignTable(mut statement)) if script.statements.is_empty() => {
            statement.name.parts.insert(0, plan.local_schema.clone());
            foreign_table::create(ctx, statement)
        }
        _ => Err(ImportError::NotATable(plan.wrapper.clone()).into()),
    }
}

/// CREATE FOREIGN TABLE as `postgres_fdw` would write it.
fn table_text(table: &TableDef, server: &str) -> String {
    let columns: Vec<_> = table.columns.iter().map(column_text).collect();
    let mut text = format!(
        "CREATE FOREIGN TABLE {} (\n{}\n) SERVER {}",
        quote_identifier(&table.name),
        columns.join(",\n"),
        quote_identifier(server),
    );
    if !table.options.is_empty() {
        let _ = write!(text, "\nOPTIONS ({})", options_text(&table.options));
    }
    text.push(';');
    text
}

/// A column as CREATE FOREIGN TABLE and ADD COLUMN take it.
pub(crate) fn column_text(column: &ColumnDef) -> String {
    let mut text = format!("  {} {}", quote_identifier(&column.name), column.type_name);
    if !column.options.is_empty() {
        let _ = write!(text, " OPTIONS ({})", options_text(&column.options));
    }
    if let Some(collation) = &column.collation {
        let _ = write!(text, " COLLATE {collation}");
    }
    if let Some(default) = &column.default {
        let _ = write!(text, " DEFAULT {default}");
    }
    if let Some(expression) = &column.generated {
        let _ = write!(text, " GENERATED ALWAYS AS ({expression}) STORED");
    }
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    text
}

fn options_text(options: &[(&'static str, String)]) -> String {
    let item = |(name, value): &(&str, String)| {
        format!("{} {}", quote_identifier(name), quote_literal(value))
    };
    options.iter().map(item).collect::<Vec<_>>().join(", ")
}

impl From<medley_fdw::Error> for Error {
    fn from(error: medley_fdw::Error) -> Self {
        Self::Option(OptionError::Refused(error))
    }
}
