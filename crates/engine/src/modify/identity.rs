//! By what a row that is changed is found again.
use medley_analyze::tree::Change;
use medley_catalog::objects::Column;
use medley_diagnostic::SqlState;
use medley_fdw::{Family, RowIdentity};
use medley_foreign::Remote;
use medley_types::PgType;

use super::table::Table;
use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::lower::Hidden;

/// By what, in terms of the foreign table.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// Something that is no column of it.
    Hidden(Hidden),
    /// Columns of it: their numbers, types, and names at the remote.
    Columns(Vec<(i16, PgType, String)>),
}

impl Identity {
    /// Without asking, where that is enough: PostgreSQL's rows have a ctid.
    pub fn known(table: &Table) -> Result<Option<Self>> {
        Ok(match table.family()? {
            Family::Postgres => Some(Self::of(table, RowIdentity::CTID)?),
            Family::MySql | Family::Sqlite => None,
        })
    }

    /// As the remote says.
    pub async fn find(context: &QueryContext, table: &Table, remote: &Remote) -> Result<Self> {
        if let Some(known) = Self::known(table)? {
            return Ok(known);
        }
        let name = table.remote_name()?;
        let (_, identity) = context.access.row_identity(remote, &name).await?;
        Self::of(table, identity)
    }

    fn of(table: &Table, identity: RowIdentity) -> Result<Self> {
        match identity {
            RowIdentity::System { name, pg_type } => Ok(Self::Hidden(Hidden {
                relation: table.relation.oid,
                column: Column::new(name, Hidden::NUMBER, pg_type),
            })),
            RowIdentity::Columns(names) if !names.is_empty() => {
                let columns = names.iter().map(|name| Self::column(table, name));
                columns.collect::<Result<_>>().map(Self::Columns)
            }
            RowIdentity::Columns(_) | RowIdentity::None => Err(Error::at(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!(
                    "rows of foreign table \"{}\" cannot be told apart at the remote",
                    table.relation.name
                ),
                None,
            )
            .with_hint("The remote table needs a primary key.")),
        }
    }

    fn column(table: &Table, remote: &str) -> Result<(i16, PgType, String)> {
        for column in table.relation.live_columns() {
            if table.plain_remote_column(column)? == remote {
                return Ok((column.number, column.pg_type, table.remote_column(column)?));
            }
        }
        let message = format!(
            "foreign table \"{}\" lacks column \"{remote}\" of the remote's primary key",
            table.relation.name
        );
        Err(Error::at(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message, None))
    }

    /// The keys, as columns of range [`Change::TABLE`].
    pub fn columns(&self) -> Vec<(i16, PgType)> {
        debug_assert_eq!(Change::TABLE, 0);
        match self {
            Self::Hidden(hidden) => vec![(hidden.column.number, hidden.column.pg_type)],
            Self::Columns(columns) => columns.iter().map(|(number, t, _)| (*number, *t)).collect(),
        }
    }

    /// Their names in the remote's SQL.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Hidden(hidden) => vec![hidden.column.name.clone()],
            Self::Columns(columns) => columns.iter().map(|(.., name)| name.clone()).collect(),
        }
    }

    /// What is read besides the table's columns.
    pub fn hidden(&self) -> Option<&Hidden> {
        match self {
            Self::Hidden(hidden) => Some(hidden),
            Self::Columns(_) => None,
        }
    }

    /// The keys of a row that was changed still find it.
    pub fn finds_changed_rows(&self) -> bool {
        !matches!(self, Self::Hidden(hidden) if hidden.column.name == "ctid")
    }
}
