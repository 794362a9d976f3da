//! The foreign table whose rows are changed.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_analyze::tree::{Change, ChangeKind};
use medley_catalog::ids::{RelationOid, RoleOid, ServerOid};
use medley_catalog::objects::{Column, OptionValue, Relation};
use medley_diagnostic::SqlState;
use medley_fdw::{Family, Handler, SqlWrapper, TableName};
use medley_foreign::Remote;

use super::statement::Writing;
use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::scan::plain_options;
use crate::ship::RemoteTable;

/// A foreign table at the wrapper that changes its rows.
#[derive(Clone)]
pub(super) struct Table {
    pub relation: Arc<Relation>,
    pub schema: String,
    pub server: ServerOid,
    pub check_as: RoleOid,
    handler: Handler,
}

impl Table {
    /// The table; what nobody handles is refused.
    pub fn find(context: &QueryContext, oid: RelationOid, check_as: RoleOid) -> Result<Self> {
        let relation = context.snapshot.relation(oid).cloned();
        let relation = relation.ok_or_else(|| Error::Internal(format!("no relation {oid}")))?;
        let server = relation.foreign_table().map(|table| table.server);
        let server = server
            .ok_or_else(|| Error::Internal(format!("\"{}\" is no foreign table", relation.name)))?;
        let handler = context.access.handler(server)?.clone();
        let schema = context.snapshot.schema(relation.schema);
        let schema = schema.map(|schema| schema.name.clone()).unwrap_or_default();
        Ok(Self { relation, schema, server, check_as, handler })
    }

    /// `CheckValidResultRel`: whether its wrapper changes rows, and its options let it.
    pub fn check_changes(&self, context: &QueryContext, kind: ChangeKind) -> Result<()> {
        let (verb, noun) = match kind {
            ChangeKind::Insert => ("insert into", "inserts"),
            ChangeKind::Update => ("update", "updates"),
            ChangeKind::Delete => ("delete from", "deletes"),
        };
        let name = &self.relation.name;
        if self.writer().is_none() {
            let message = format!("cannot {verb} foreign table \"{name}\"");
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, None));
        }
        self.check_option(context, "updatable", noun)
    }

    /// The same for TRUNCATE.
    pub fn check_truncates(&self, context: &QueryContext) -> Result<()> {
        if self.writer().is_none() {
            let message = format!("cannot truncate foreign table \"{}\"", self.relation.name);
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, None));
        }
        self.check_option(context, "truncatable", "truncates")
    }

    fn check_option(&self, context: &QueryContext, option: &str, noun: &str) -> Result<()> {
        if self.flag(context, option) {
            return Ok(());
        }
        let message = format!("foreign table \"{}\" does not allow {noun}", self.relation.name);
        Err(Error::at(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message, None))
    }

    /// What the table says, else the server; true where neither does.
    fn flag(&self, context: &QueryContext, option: &str) -> bool {
        let said = self.option(context, option);
        !matches!(
            said.map(|text| text.to_ascii_lowercase()).as_deref(),
            Some("false" | "off" | "no" | "0" | "f" | "n")
        )
    }

    /// `batch_size`
    pub fn batch_size(&self, context: &QueryContext) -> usize {
        let said = self.option(context, "batch_size").and_then(|text| text.parse().ok());
        said.filter(|rows| *rows > 0).unwrap_or(1)
    }

    fn option(&self, context: &QueryContext, name: &str) -> Option<String> {
        let of_table = plain_options(&self.relation).text(name).map(str::to_owned);
        let server = || {
            let server = context.snapshot.server(self.server)?;
            match server.options.get(name)? {
                OptionValue::Plain(text) => Some(text.clone()),
                _ => None,
            }
        };
        of_table.or_else(server)
    }

    fn writer(&self) -> Option<&Arc<dyn SqlWrapper>> {
        match &self.handler {
            Handler::Sql(wrapper) if wrapper.modifies() => Some(wrapper),
            Handler::Sql(_) | Handler::Scan(_) | Handler::File(_) => None,
        }
    }

    fn wrapper(&self) -> Result<&dyn SqlWrapper> {
        let writer = self.writer().map(AsRef::as_ref);
        writer.ok_or_else(|| Error::Internal("a wrapper that changes no rows".to_owned()))
    }

    /// As the remote knows it.
    pub fn remote_table(&self) -> Result<RemoteTable<'_>> {
        let wrapper = self.wrapper()?;
        let (relation, schema_name) = (self.relation.as_ref(), self.schema.as_str());
        Ok(RemoteTable { relation, wrapper, schema_name, hidden: None })
    }

    /// How its remote writes things.
    pub fn writing(&self) -> Result<Writing> {
        let table = self.remote_table()?;
        Ok(Writing { family: table.dialect().family, table: table.table() })
    }

    pub fn family(&self) -> Result<Family> {
        Ok(self.wrapper()?.dialect().family)
    }

    /// What the remote calls it.
    pub fn remote_name(&self) -> Result<TableName> {
        Ok(self.remote_table()?.remote_name())
    }

    /// A column's name as it is written in the remote's SQL.
    pub fn remote_column(&self, column: &Column) -> Result<String> {
        let table = self.remote_table()?;
        let known = table.remote_column(&column.name).map(|(sql, _)| sql);
        known.ok_or_else(|| Error::Internal(format!("no column \"{}\"", column.name)))
    }

    /// The same without quotes.
    pub fn plain_remote_column(&self, column: &Column) -> Result<String> {
        let options = crate::scan::plain(&column.options);
        Ok(self.wrapper()?.remote_column(&column.name, &options))
    }

    pub fn column(&self, number: i16) -> Result<&Column> {
        let mut columns = self.relation.live_columns();
        let found = columns.find(|column| column.number == number);
        found.ok_or_else(|| Error::Internal(format!("no column {number}")))
    }

    /// The columns of these numbers, in the table's order.
    pub fn columns(&self, numbers: &BTreeSet<i16>) -> Vec<&Column> {
        let columns = self.relation.live_columns();
        columns.filter(|column| numbers.contains(&column.number)).collect()
    }

    /// The mapping that counts.
    pub fn resolve(&self, context: &QueryContext) -> Result<Remote> {
        let remote = context.access.resolve(self.server, self.check_as)?;
        Ok(remote.reading([format!("{}.{}", self.schema, self.relation.name)]))
    }

    /// Of a change.
    pub fn of(context: &QueryContext, change: &Change) -> Result<Self> {
        Self::find(context, change.relation, change.check_as)
    }
}
