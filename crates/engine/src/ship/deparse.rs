//! A foreign table in its remote's SQL, and queries of it.
use datafusion::common::Column;
use datafusion::logical_expr::Expr;
use medley_catalog::objects::{self, Relation};
use medley_fdw::{Dialect, Family, SqlWrapper, TableName};
use medley_types::PgType;

use super::expr::{self, Scope, Sql};
use super::keys::KeyColumn;
use super::whole::{NotShipped, Shippable};
use crate::scan::plain_options;

/// A foreign table as its remote knows it.
pub(crate) struct RemoteTable<'a> {
    pub relation: &'a Relation,
    pub wrapper: &'a dyn SqlWrapper,
    pub schema_name: &'a str,
    /// What is read of it besides its columns.
    pub hidden: Option<&'a objects::Column>,
}

impl RemoteTable<'_> {
    pub fn dialect(&self) -> &'static Dialect {
        self.wrapper.dialect()
    }

    fn quote(&self, name: &str) -> String {
        let quote = self.dialect().name_quote;
        let doubled: String = [quote, quote].iter().collect();
        format!("{quote}{}{quote}", name.replace(quote, &doubled))
    }

    /// A name, bare where every reading of it is the same.
    fn name(&self, name: &str) -> String {
        match self.dialect().family {
            Family::Postgres => medley_catalog::quote_identifier(name).into_owned(),
            Family::MySql | Family::Sqlite => self.quote(name),
        }
    }

    /// What the remote calls it.
    pub fn remote_name(&self) -> TableName {
        let options = plain_options(self.relation);
        self.wrapper.remote_table(self.schema_name, &self.relation.name, &options)
    }

    /// These columns, as the remote knows them.
    pub fn key_columns(&self, names: &[&str]) -> Vec<Option<KeyColumn>> {
        let key = |name: &&str| self.remote_column(name).map(|(sql, t)| KeyColumn { sql, t });
        names.iter().map(key).collect()
    }

    /// Its name, as it stands in FROM.
    pub fn table(&self) -> String {
        let name = self.remote_name();
        match &name.schema {
            Some(schema) => format!("{}.{}", self.name(schema), self.name(&name.table)),
            None => self.name(&name.table),
        }
    }

    /// A column's name there, and its type here.
    pub fn named_column(&self, name: &str) -> Option<(String, PgType)> {
        let column = self.relation.column(name)?;
        let options = crate::scan::plain(&column.options);
        Some((self.wrapper.remote_column(name, &options), column.pg_type))
    }

    /// A column's name there, as it stands in an expression, and its type here.
    pub fn remote_column(&self, name: &str) -> Option<(String, PgType)> {
        if let Some(hidden) = self.hidden.filter(|hidden| hidden.name == name) {
            return Some((hidden.name.clone(), hidden.pg_type));
        }
        let (name, t) = self.named_column(name)?;
        Some((self.name(&name), t))
    }
}

impl Scope for RemoteTable<'_> {
    fn dialect(&self) -> &'static Dialect {
        self.wrapper.dialect()
    }

    fn column(&self, column: &Column) -> Shippable<Sql> {
        let found = self.remote_column(&column.name);
        let (text, t) = found.ok_or_else(|| NotShipped::because("a column is computed here"))?;
        Ok(Sql { text, t, is_column: true })
    }
}

/// A condition on a table's rows, if the remote would decide it as we do.
pub(crate) fn condition(table: &RemoteTable<'_>, expr: &Expr) -> Option<String> {
    expr::condition(table, expr).ok()
}

/// A query, complete but for the conditions that are known when it runs.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    /// Up to what is read.
    pub(super) from: String,
    pub(super) conditions: Vec<String>,
    /// GROUP BY, ORDER BY.
    pub(super) tail: String,
    /// The first rows only.
    pub(super) limit: Option<String>,
}

impl Select {
    /// The query's text.
    pub fn sql(&self, more: &[String]) -> String {
        let mut sql = self.from.clone();
        let conditions: Vec<_> =
            self.conditions.iter().chain(more).map(|c| format!("({c})")).collect();
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        sql.push_str(&self.tail);
        sql.push_str(self.limit.as_deref().unwrap_or_default());
        sql
    }

    /// Whether it is known by now that some of the table's rows are not wanted.
    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Whether so many rows are enough.
    pub fn has_limit(&self) -> bool {
        self.limit.is_some()
    }
}

/// The query for these columns.
pub(crate) fn select(
    table: &RemoteTable<'_>,
    columns: &[&str],
    conditions: Vec<String>,
    limit: Option<usize>,
) -> Select {
    let items = columns.iter().filter_map(|name| table.remote_column(name));
    let items: Vec<_> = items.map(|(sql, _)| sql).collect();
    let items = if items.is_empty() { "NULL".to_owned() } else { items.join(", ") };
    let from = format!("SELECT {items} FROM {}", table.table());
    let limit = limit.map(|limit| limit_clause(table.dialect(), limit));
    Select { from, conditions, tail: String::new(), limit }
}

/// So many rows.
pub(super) fn limit_clause(dialect: &Dialect, rows: usize) -> String {
    match dialect.family {
        Family::Postgres => format!(" LIMIT {rows}::bigint"),
        Family::MySql | Family::Sqlite => format!(" LIMIT {rows}"),
    }
}
