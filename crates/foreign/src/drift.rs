//! What foreign tables and their remotes have come to differ in, found by describing the remote
//! tables as IMPORT FOREIGN SCHEMA does.
use std::collections::BTreeMap;
use std::sync::Arc;

use medley_catalog::objects::Relation;
use medley_diagnostic::{Diagnostic, SqlState};
use medley_fdw::drift::{self, DeclaredColumn, Drift};
use medley_fdw::{Handler, ImportSchema, Options, Restriction, TableDef};

use crate::{Access, Remote, Result};

/// The table option of files.
const FILE_NAME: &str = "filename";

/// Where a foreign table's remote table is described.
struct Place {
    /// What IMPORT FOREIGN SCHEMA would name.
    schema: String,
    /// The remote table's name, or its file's.
    table: String,
}

impl Access {
    /// The differences of each of these foreign tables of one server.
    pub async fn drift(
        &self,
        remote: &Remote,
        relations: &[Arc<Relation>],
    ) -> Result<Vec<Vec<Drift>>> {
        let handler = remote.handler();
        let mut by_schema: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for (index, relation) in relations.iter().enumerate() {
            let place = self.place(handler, relation);
            by_schema.entry(place.schema).or_default().push((index, place.table));
        }
        let mut drifts = vec![Vec::new(); relations.len()];
        for (schema, tables) in by_schema {
            let found = self.described(remote, &schema, &tables).await?;
            for (index, table) in tables {
                let found = found.iter().find(|it| name_of(handler, &schema, it) == table);
                let declared = declared(handler, &relations[index]);
                drifts[index] = drift::drift(declared, found, |column| match handler {
                    Handler::Sql(wrapper) => drift::remote_column(wrapper.as_ref(), column),
                    _ => column_name(&column.name, &drift::options(&column.options)),
                });
            }
        }
        Ok(drifts)
    }

    /// The remote's tables of a schema: none if it is not there.
    async fn described(
        &self,
        remote: &Remote,
        schema: &str,
        tables: &[(usize, String)],
    ) -> Result<Vec<TableDef>> {
        let restriction = match remote.handler() {
            Handler::Sql(_) => {
                Restriction::LimitTo(tables.iter().map(|(_, table)| table.clone()).collect())
            }
            // Of files the option is compared, and not the name.
            _ => Restriction::None,
        };
        let options = Options::default();
        let wanted = ImportSchema { remote_schema: schema.to_owned(), restriction, options };
        match self.import(remote, &wanted).await {
            Err(error) if error.sqlstate() == SqlState::FDW_SCHEMA_NOT_FOUND => Ok(Vec::new()),
            found => found,
        }
    }

    fn place(&self, handler: &Handler, relation: &Relation) -> Place {
        let options = plain(relation.foreign_table().map(|table| &table.options));
        match handler {
            Handler::Sql(wrapper) => {
                let schema = self.snapshot().schema(relation.schema);
                let schema = schema.map_or("", |schema| schema.name.as_str());
                let name = wrapper.remote_table(schema, &relation.name, &options);
                Place { schema: name.schema.unwrap_or_default(), table: name.table }
            }
            _ => {
                let file = options.text(FILE_NAME).unwrap_or_default();
                let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                Place { schema: folder.to_owned(), table: file.to_owned() }
            }
        }
    }
}

/// The remote table, or file, that a definition is of.
fn name_of(handler: &Handler, schema: &str, found: &TableDef) -> String {
    let options = drift::options(&found.options);
    match handler {
        Handler::Sql(wrapper) => wrapper.remote_table(schema, &found.name, &options).table,
        _ => options.text(FILE_NAME).unwrap_or(&found.name).to_owned(),
    }
}

/// The columns that come from the remote: what is computed here does not.
fn declared(handler: &Handler, relation: &Relation) -> Vec<DeclaredColumn> {
    let columns = relation.live_columns().filter(|it| it.virtual_expression().is_none());
    let declared = columns.map(|column| {
        let options = plain(Some(&column.options));
        let remote_name = match handler {
            Handler::Sql(wrapper) => wrapper.remote_column(&column.name, &options),
            _ => column_name(&column.name, &options),
        };
        DeclaredColumn { name: column.name.clone(), remote_name, pg_type: column.pg_type }
    });
    declared.collect()
}

fn column_name(name: &str, options: &Options) -> String {
    options.text("column_name").unwrap_or(name).to_owned()
}

/// The options that are no secrets.
fn plain(given: Option<&medley_catalog::objects::Options>) -> Options {
    let mut options = Options::default();
    for (name, value) in given.into_iter().flat_map(|given| given.iter()) {
        if let Some(value) = value.text() {
            options.set(name, value);
        }
    }
    options
}
