//! One query of several tables of a remote, while it grows.
use std::sync::Arc;

use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, LogicalPlan};
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_catalog::objects::Relation;
use medley_fdw::{Dialect, Family, TableName};
use medley_types::PgType;

use super::super::deparse::{RemoteTable, Select, limit_clause};
use super::super::expr::{Scope, Sql, condition};
use super::super::keys::KeyColumn;
use super::super::whole::{NotShipped, Shippable};

/// Where a query goes: tables of one server that are read with the privileges of one role come
/// under one user mapping, whichever it is when the query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub server: ServerOid,
    pub check_as: RoleOid,
}

/// A table of a query.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub relation: Arc<Relation>,
    pub schema_name: String,
    /// What the remote calls it.
    pub name: TableName,
    /// Its columns that are read: what they are called there, and what they are here.
    pub columns: Vec<(String, PgType)>,
}

/// What a query does to the rows of what it reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// What rows are grouped by.
    pub groups: Option<Vec<String>>,
    pub distinct: bool,
    pub order: Vec<String>,
    pub limit: Option<usize>,
    pub offset: usize,
}

impl Shape {
    /// Its rows are the rows of what it reads that fulfil its conditions.
    fn is_plain(&self) -> bool {
        self.groups.is_none()
            && !self.distinct
            && self.order.is_empty()
            && self.limit.is_none()
            && self.offset == 0
    }
}

/// A query in the remote's SQL that has the columns of a plan.
#[derive(Clone, Debug)]
pub(crate) struct RemoteQuery {
    pub place: Place,
    pub dialect: &'static Dialect,
    pub sources: Vec<Source>,
    pub(super) from: String,
    /// FROM is of several tables, so that it needs parentheses beside others.
    pub(super) is_joined: bool,
    pub(super) conditions: Vec<String>,
    /// What the plan's columns are; those that the remote cannot compute are to be left out
    /// further up.
    pub(super) columns: Vec<Shippable<Sql>>,
    pub(super) shape: Shape,
    /// How many nodes of the plan are in it that a scan of a table has not.
    pub(super) steps: usize,
    /// It has rows of one table beside each of another: more than were to be read of both.
    pub(super) multiplies: bool,
    /// The remote may be told what the other side of a join has.
    pub takes_keys: bool,
}

/// A scan of one table, as the plan has it.
pub(crate) struct TableRead<'a> {
    pub table: RemoteTable<'a>,
    pub relation: &'a Arc<Relation>,
    pub place: Place,
    pub alias: String,
    pub columns: Vec<&'a str>,
    pub filters: &'a [Expr],
    pub fetch: Option<usize>,
    pub takes_keys: bool,
}

impl TableRead<'_> {
    fn columns_read(&self) -> Vec<(String, PgType)> {
        let of_filters = self.filters.iter().flat_map(Expr::column_refs);
        let names = self.columns.iter().copied().chain(of_filters.map(|it| it.name.as_str()));
        names.filter_map(|name| self.table.named_column(name)).collect()
    }
}

impl Scope for TableRead<'_> {
    fn dialect(&self) -> &'static Dialect {
        RemoteTable::dialect(&self.table)
    }

    fn column(&self, column: &Column) -> Shippable<Sql> {
        let sql = Scope::column(&self.table, column)?;
        Ok(Sql { text: format!("{}.{}", self.alias, sql.text), ..sql })
    }
}

impl RemoteQuery {
    /// Of one table; none if a filter of the scan is none of the remote's.
    pub fn of_table(read: &TableRead<'_>) -> Option<Self> {
        let column = |name: &&str| read.column(&Column::new_unqualified(*name));
        let conditions = read.filters.iter().map(|filter| condition(read, filter).ok());
        let source = Source {
            relation: Arc::clone(read.relation),
            schema_name: read.table.schema_name.to_owned(),
            name: read.table.remote_name(),
            columns: read.columns_read(),
        };
        Some(Self {
            place: read.place,
            dialect: read.dialect(),
            sources: vec![source],
            from: format!("{} {}", read.table.table(), read.alias),
            is_joined: false,
            conditions: conditions.collect::<Option<_>>()?,
            columns: read.columns.iter().map(column).collect(),
            shape: Shape { limit: read.fetch, ..Shape::default() },
            steps: 0,
            multiplies: false,
            takes_keys: read.takes_keys,
        })
    }

    /// The query where it can be part of a larger one: joined, filtered, grouped.
    pub fn plain(self, alias: impl FnOnce() -> String) -> Shippable<Self> {
        match self.shape.is_plain() {
            true => Ok(self),
            false => self.nested(alias()),
        }
    }

    /// The query as a table of another, that it is nothing but columns of.
    pub fn nested(self, alias: String) -> Shippable<Self> {
        let name = |index: usize| format!("c{}", index + 1);
        let items = self.columns.iter().enumerate().filter_map(|(index, column)| {
            Some(format!("{} AS {}", column.as_ref().ok()?.text, name(index)))
        });
        let items: Vec<_> = items.collect();
        let select = self.select(&items)?;
        let columns = self.columns.into_iter().enumerate().map(|(index, column)| {
            let text = format!("{alias}.{}", name(index));
            column.map(|column| Sql { text, t: column.t, is_column: true })
        });
        Ok(Self {
            from: format!("({}) {alias}", select.sql(&[])),
            is_joined: false,
            conditions: Vec::new(),
            columns: columns.collect(),
            shape: Shape::default(),
            ..self
        })
    }

    /// The query of all of its columns, or why it has not all of them.
    pub fn whole(&self) -> Shippable<Select> {
        let items = self.columns.iter().map(|column| match column {
            Ok(column) => Ok(column.text.clone()),
            Err(reason) => Err(reason.clone()),
        });
        self.select(&items.collect::<Shippable<Vec<_>>>()?)
    }

    fn select(&self, items: &[String]) -> Shippable<Select> {
        let items = if items.is_empty() { "NULL".to_owned() } else { items.join(", ") };
        let distinct = if self.shape.distinct { "DISTINCT " } else { "" };
        let limit = self.shape.limit.map(|rows| limit_clause(self.dialect, rows));
        let offset = match (self.shape.offset, self.dialect.family) {
            (0, _) => String::new(),
            (rows, Family::Postgres) => format!(" OFFSET {rows}::bigint"),
            (_, _) if limit.is_none() => {
                return Err(NotShipped::because("OFFSET without LIMIT is not known there"));
            }
            (rows, _) => format!(" OFFSET {rows}"),
        };
        let limit = match limit {
            None if offset.is_empty() => None,
            limit => Some(limit.unwrap_or_default() + &offset),
        };
        Ok(Select {
            from: format!("SELECT {distinct}{items} FROM {}", self.from),
            conditions: self.conditions.clone(),
            tail: self.tail(),
            limit,
        })
    }

    fn tail(&self) -> String {
        let mut tail = String::new();
        if let Some(groups) = self.shape.groups.as_ref().filter(|groups| !groups.is_empty()) {
            let groups: Vec<_> = groups.iter().map(|group| not_a_position(group)).collect();
            tail.push_str(&format!(" GROUP BY {}", groups.join(", ")));
        }
        if !self.shape.order.is_empty() {
            tail.push_str(&format!(" ORDER BY {}", self.shape.order.join(", ")));
        }
        tail
    }

    /// What the columns are, as far as the remote has them.
    pub fn types(&self) -> impl Iterator<Item = Option<PgType>> + '_ {
        self.columns.iter().map(|column| column.as_ref().ok().map(|it| it.t))
    }

    /// What the columns are in the remote's SQL, as far as it has them.
    pub fn items(&self) -> Vec<String> {
        self.columns.iter().flatten().map(|column| column.text.clone()).collect()
    }

    /// Schema and name of each foreign table that it reads, in the plan's order.
    pub fn tables(&self) -> Vec<(String, String)> {
        let name = |it: &Source| (it.schema_name.clone(), it.relation.name.clone());
        self.sources.iter().map(name).collect()
    }

    /// The columns that a join's other side can be asked about: a condition on what is grouped by
    /// may as well be one on the rows.
    pub fn keys(&self) -> Vec<Option<KeyColumn>> {
        let is_key = |text: &str| match &self.shape.groups {
            Some(groups) => groups.iter().any(|group| group == text),
            None => true,
        };
        let can = self.shape.limit.is_none() && self.shape.offset == 0;
        let key = |column: &Shippable<Sql>| {
            let column = column.as_ref().ok().filter(|it| can && is_key(&it.text))?;
            Some(KeyColumn { sql: column.text.clone(), t: column.t })
        };
        self.columns.iter().map(key).collect()
    }

    /// Whether the rows of this plan may come from the remote in any order, since the plan sorts
    /// them again.
    fn is_in_plan_order(&self, plan: &LogicalPlan) -> bool {
        self.shape.order.is_empty() || matches!(plan, LogicalPlan::Sort(_))
    }

    /// Whether a part of a plan is to be replaced by this query, or only what is below its top.
    pub fn stands_for(&self, plan: &LogicalPlan) -> bool {
        self.is_in_plan_order(plan) && !self.multiplies
    }

    /// Whether it leaves out rows that fulfil its conditions.
    pub fn has_limit(&self) -> bool {
        self.shape.limit.is_some() || self.shape.offset > 0
    }

    /// How its FROM stands in that of another query.
    pub(super) fn joined_item(&self) -> String {
        match self.is_joined {
            true => format!("({})", self.from),
            false => self.from.clone(),
        }
    }
}

/// The columns of one or two plans, for the expressions over them.
pub(super) struct Columns<'a> {
    pub dialect: &'static Dialect,
    pub sides: Vec<(&'a DFSchema, &'a [Shippable<Sql>])>,
}

impl<'a> Columns<'a> {
    pub fn of(schema: &'a DFSchema, query: &'a RemoteQuery) -> Self {
        Self { dialect: query.dialect, sides: vec![(schema, &query.columns)] }
    }
}

impl Scope for Columns<'_> {
    fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    fn column(&self, column: &Column) -> Shippable<Sql> {
        let found = self.sides.iter().find_map(|(schema, columns)| {
            columns.get(schema.maybe_index_of_column(column)?).cloned()
        });
        found.unwrap_or_else(|| Err(NotShipped::because("a column is computed here")))
    }
}
/// In GROUP BY a bare integer would be the position of a column.
fn not_a_position(group: &str) -> String {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match is_number(group.trim_matches(['(', ')', '-'])) {
        true => format!("({group} + 0)"),
        false => group.to_owned(),
    }
}
