//! What FROM names: PostgreSQL's range table and join tree.
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_types::PgType;

use super::expr::Expr;
use super::query::Query;

/// An entry of a query's range table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// What it is.
    pub kind: RangeKind,
    /// The alias as it was written.
    pub alias: Option<Alias>,
    /// What its columns may be qualified with: the alias, else the relation's or function's name;
    /// none for a subquery, join or VALUES without an alias.
    pub name: Option<String>,
    /// Its columns as the query names them, after the alias; of a relation those that live.
    pub columns: Vec<RangeColumn>,
    /// It may name columns of what stands before it: LATERAL was said.
    pub lateral: bool,
    /// It stands in FROM; not the leaf of a set operation, nor the rows of VALUES alone.
    pub in_from: bool,
}

impl Range {
    /// The column of this number.
    pub fn column(&self, number: i16) -> Option<&RangeColumn> {
        self.columns.iter().find(|column| column.number == number)
    }
}

/// `AS name (columns)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The names given to the first columns.
    pub columns: Vec<String>,
}

/// A column of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeColumn {
    /// As the query names it.
    pub name: String,
    /// Its number from 1: of a relation `attnum`, so that dropped ones leave gaps.
    pub number: i16,
    /// Its type.
    pub t: PgType,
}

/// What a range is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeKind {
    /// A foreign table, a view, a relation of the system.
    Relation(RelationRange),
    /// A subquery.
    Subquery(Box<Query>),
    /// A function.
    Function(FunctionRange),
    /// Rows of VALUES.
    Values(ValuesRange),
    /// A CTE by its name.
    Cte(CteRange),
    /// A join of other ranges.
    Join(JoinRange),
    /// What a change of rows in WITH returns, by its place among them.
    Changed(usize),
}

impl RangeKind {
    /// How messages call a range without a name.
    pub fn unnamed(&self) -> &'static str {
        match self {
            Self::Join(_) => "unnamed_join",
            _ => "unnamed_subquery",
        }
    }
}

/// A relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRange {
    /// Which.
    pub oid: RelationOid,
    /// What it is.
    pub kind: RelationKind,
    /// The role whose privileges count: of a relation inside an expanded view, the view's owner.
    pub check_as: RoleOid,
    /// A view's query, once views are expanded. Its columns come in the order of its targets.
    pub view: Option<Box<Query>>,
    /// Where its name stands in the text: of the view that names it, if that is expanded.
    pub place: Place,
}

/// Bytes of a text, if they are known. All places are equal: where something stands makes no
/// difference to what it is.
#[derive(Clone, Debug, Default)]
pub struct Place(pub Option<std::ops::Range<usize>>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// What kind of relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// A foreign table.
    ForeignTable,
    /// A view.
    View,
    /// One of `pg_catalog` or `information_schema`.
    System,
}

/// A function in FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRange {
    /// Several in ROWS FROM, whose rows go side by side.
    pub functions: Vec<RangeFunction>,
    /// WITH ORDINALITY: its last column is the row's number.
    pub with_ordinality: bool,
}

/// One of the functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeFunction {
    /// The call: a [`FunctionCall`](super::FunctionCall).
    pub call: Expr,
    /// How many of the range's columns are its own.
    pub columns: usize,
    /// The names and types of its columns, where the query says what they are.
    pub definitions: Option<Vec<(String, PgType)>>,
}

/// Rows of VALUES; all are of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesRange {
    /// The rows.
    pub rows: Vec<Vec<Expr>>,
}

/// A CTE by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CteRange {
    /// Its name.
    pub name: String,
    /// How many queries further out its WITH is; 0 for this query's own.
    pub levels_up: usize,
    /// Its index there.
    pub index: usize,
}

/// A join's entry in the range table: its columns are those that USING merged, then what the left
/// side shows, then what the right side does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRange {
    /// Which.
    pub kind: JoinKind,
    /// How many of the columns are merged: the names of USING, or those that NATURAL found.
    pub merged: usize,
    /// What each column is, by the columns of the two sides.
    pub columns: Vec<JoinColumn>,
}

/// A column of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinColumn {
    /// Its value: a column of a side; of a merged one that of the side that has no NULLs of the
    /// join's making, converted to their common type, else COALESCE of both.
    pub value: Expr,
    /// The columns that were merged, if it is merged.
    pub sides: Option<Box<(Expr, Expr)>>,
}

/// Which join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// INNER, and CROSS JOIN, which has no condition.
    Inner,
    /// LEFT.
    Left,
    /// RIGHT.
    Right,
    /// FULL.
    Full,
}

/// A part of FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromItem {
    /// A range that is no join, by its index.
    Range(usize),
    /// A join.
    Join(Box<Join>),
}

/// A join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Which.
    pub kind: JoinKind,
    /// The left side.
    pub left: FromItem,
    /// The right side.
    pub right: FromItem,
    /// USING: the names that are merged, those that NATURAL found as well.
    pub using: Vec<String>,
    /// `USING (…) AS name`
    pub using_alias: Option<String>,
    /// NATURAL was said.
    pub natural: bool,
    /// ON, or what USING comes to: equality of each pair.
    pub on: Option<Expr>,
    /// The alias of the whole, as it was written.
    pub alias: Option<Alias>,
    /// The index of its own range.
    pub range: usize,
}
