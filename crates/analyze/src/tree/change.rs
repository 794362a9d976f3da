//! Changes of rows.
use std::collections::BTreeSet;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_types::Column;

use super::expr::Expr;
use super::query::Query;

/// INSERT, UPDATE or DELETE, down to the foreign table whose rows are changed: views are seen
/// through.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which.
    pub kind: ChangeKind,
    /// The foreign table.
    pub relation: RelationOid,
    /// The role whose mapping counts: of a table that is changed through a view, its owner.
    pub check_as: RoleOid,
    /// What the statement calls the table, where that is not its name.
    pub alias: Option<String>,
    /// What yields rows: each output is the new value of the column in `columns` at its place. Of
    /// UPDATE and DELETE the table is range [`Change::TABLE`], and WHERE is its filter.
    pub source: Query,
    /// The columns that get a value, by number.
    pub columns: Vec<i16>,
    /// Generated columns that UPDATE sets to DEFAULT, which is all that it may.
    pub to_default: Vec<i16>,
    /// ON CONFLICT DO NOTHING.
    pub skips_conflicts: bool,
    /// RETURNING, as a query without FROM: its ranges are those of `source` for UPDATE and DELETE,
    /// of INSERT the table, and behind them [`Change::old_row`] and [`Change::new_row`].
    pub returning: Option<Query>,
    /// What views want of new rows, over range [`Change::TABLE`]; the view named last first.
    pub checks: Vec<ViewCheck>,
    /// What the statement must be allowed to do to the table and the views before it.
    pub rights: Vec<Right>,
    /// It stands in the text through a view.
    pub is_of_view: bool,
}

impl Change {
    /// The range that is the table.
    pub const TABLE: usize = 0;

    /// The range of RETURNING that is the row before.
    pub fn old_row(returning: &Query) -> usize {
        returning.ranges.len().saturating_sub(2)
    }

    /// The range of RETURNING that is the row after.
    pub fn new_row(returning: &Query) -> usize {
        returning.ranges.len().saturating_sub(1)
    }

    /// What RETURNING returns.
    pub fn output(&self) -> Vec<Column> {
        self.returning.as_ref().map(Query::columns).unwrap_or_default()
    }
}

/// Which change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl ChangeKind {
    /// Its word.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The privilege that it needs.
    pub fn privilege(self) -> Privileges {
        match self {
            Self::Insert => Privileges::INSERT,
            Self::Update => Privileges::UPDATE,
            Self::Delete => Privileges::DELETE,
        }
    }
}

/// A view's condition on new rows: WITH CHECK OPTION.
#[derive(Clone, Debug)]
pub struct ViewCheck {
    /// The view that has the option.
    pub view: String,
    /// What must not be false.
    pub condition: Expr,
}

/// A privilege on a relation, or on some columns of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The relation.
    pub relation: RelationOid,
    /// Who must have it.
    pub check_as: RoleOid,
    /// Which.
    pub needs: Privileges,
    /// On these columns; without any, on some column.
    pub columns: BTreeSet<i16>,
}
