//! Queries.
use medley_types::{Column, PgType};

use super::expr::Expr;
use super::range::{FromItem, Range};

/// A query: SELECT, VALUES or a set operation, with what stands around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// WITH, in order. A CTE may name those before it.
    pub ctes: Vec<Cte>,
    /// WITH RECURSIVE.
    pub recursive: bool,
    /// All that FROM names, joins too; of a set operation its leaves, of VALUES its rows.
    pub ranges: Vec<Range>,
    /// FROM: how the ranges are joined. A set operation's leaves are not in it.
    pub from: Vec<FromItem>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// What comes out, and after it what only sorting, grouping or windows need ([`Target::junk`]).
    pub targets: Vec<Target>,
    /// GROUP BY, as indexes of targets; empty for `GROUP BY ()`.
    pub group_by: Option<Vec<usize>>,
    /// GROUP BY as it was written, if it has grouping sets; `group_by` are all targets in it.
    pub grouping_sets: Vec<GroupingSet>,
    /// GROUP BY DISTINCT.
    pub group_distinct: bool,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW, then the definitions that stand in OVER.
    pub windows: Vec<Window>,
    /// There are aggregates of this query.
    pub has_aggregates: bool,
    /// DISTINCT.
    pub distinct: Option<Distinct>,
    /// ORDER BY.
    pub order_by: Vec<SortKey>,
    /// LIMIT, a bigint; NULL for LIMIT ALL.
    pub limit: Option<Expr>,
    /// FETCH FIRST … WITH TIES.
    pub with_ties: bool,
    /// OFFSET, a bigint.
    pub offset: Option<Expr>,
    /// UNION, INTERSECT, EXCEPT. Then `targets` stand for its columns in order, and their
    /// expressions are columns of the first leaf, with the set operation's types.
    pub set_operation: Option<SetOperation>,
}

impl Query {
    /// What comes out, without what is junk.
    pub fn outputs(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| !target.junk)
    }

    /// The columns that come out.
    pub fn columns(&self) -> Vec<Column> {
        let column = |it: &Target| Column { name: it.name.clone(), pg_type: it.expr.t };
        self.outputs().map(column).collect()
    }

    /// Whether it is VALUES alone, without FROM and SELECT.
    pub fn is_values(&self) -> bool {
        matches!(
            self.ranges.as_slice(),
            [Range { kind: super::RangeKind::Values(_), in_from: false, .. }]
        )
    }
}

/// A part of GROUP BY that has grouping sets; what is grouped by is told as indexes of targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupingSet {
    /// `()`
    Empty,
    /// `a`, `(a, b)`
    Simple(Vec<usize>),
    /// ROLLUP, each of them simple.
    Rollup(Vec<GroupingSet>),
    /// CUBE, each of them simple.
    Cube(Vec<GroupingSet>),
    /// GROUPING SETS.
    Sets(Vec<GroupingSet>),
}

impl GroupingSet {
    /// The sets that it comes to.
    pub fn expanded(&self) -> Vec<Vec<usize>> {
        let parts =
            |all: &[Self]| -> Vec<Vec<usize>> { all.iter().flat_map(Self::expanded).collect() };
        match self {
            Self::Empty => vec![Vec::new()],
            Self::Simple(targets) => vec![targets.clone()],
            Self::Sets(all) => parts(all),
            Self::Rollup(all) => {
                let parts = parts(all);
                (0..=parts.len()).rev().map(|length| parts[..length].concat()).collect()
            }
            Self::Cube(all) => {
                let parts = parts(all);
                let chosen = |set: usize| {
                    let in_set = |(at, _): &(usize, &Vec<usize>)| set & (1 << at) != 0;
                    parts.iter().enumerate().filter(in_set).flat_map(|(_, it)| it.clone()).collect()
                };
                (0..1usize << parts.len()).rev().map(chosen).collect()
            }
        }
    }
}

/// An expression of the select list, or one that sorting, grouping or windows need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The column's name; `?column?` if it has none.
    pub name: String,
    /// What it is.
    pub expr: Expr,
    /// It does not come out.
    pub junk: bool,
}

/// A query of WITH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// The names that were given to its columns.
    pub aliases: Vec<String>,
    /// The names of all its columns.
    pub columns: Vec<Column>,
    /// What it is.
    pub query: Box<Query>,
    /// It names itself: a UNION, whose right side is done again with what it has brought.
    pub recursive: bool,
    /// MATERIALIZED or NOT MATERIALIZED, where it is said.
    pub materialized: Option<bool>,
}

impl Cte {
    /// It changes rows without RETURNING.
    pub fn returns_nothing(&self) -> bool {
        let is_changed = |range: &Range| matches!(range.kind, super::RangeKind::Changed(_));
        self.columns.is_empty() && self.query.ranges.iter().any(is_changed)
    }
}

/// SELECT DISTINCT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distinct {
    /// DISTINCT.
    Rows,
    /// DISTINCT ON, as indexes of targets.
    On(Vec<usize>),
}

/// A key to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The index of its target.
    pub target: usize,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, said or by default (which is with DESC).
    pub nulls_first: bool,
}

/// A window's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name in WINDOW; none if it stands in OVER.
    pub name: Option<String>,
    /// The window that it extends.
    pub extends: Option<String>,
    /// PARTITION BY, as indexes of targets; that of the window it extends among them.
    pub partition_by: Vec<usize>,
    /// ORDER BY; that of the window it extends if `extends` has one.
    pub order_by: Vec<SortKey>,
    /// `order_by` is that of the window it extends.
    pub order_inherited: bool,
    /// The frame, where one is said.
    pub frame: Option<Frame>,
}

/// ROWS, RANGE or GROUPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// In what it counts.
    pub units: FrameUnits,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends; CURRENT ROW where BETWEEN is not said.
    pub end: FrameBound,
    /// BETWEEN was said.
    pub between: bool,
    /// EXCLUDE.
    pub exclusion: Option<FrameExclusion>,
}

/// In what a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnits {
    /// ROWS.
    Rows,
    /// RANGE.
    Range,
    /// GROUPS.
    Groups,
}

/// An end of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING.
    UnboundedPreceding,
    /// `n` PRECEDING.
    Preceding(Expr),
    /// CURRENT ROW.
    CurrentRow,
    /// `n` FOLLOWING.
    Following(Expr),
    /// UNBOUNDED FOLLOWING.
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameExclusion {
    /// EXCLUDE CURRENT ROW.
    CurrentRow,
    /// EXCLUDE GROUP.
    Group,
    /// EXCLUDE TIES.
    Ties,
}

/// UNION, INTERSECT or EXCEPT of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOperation {
    /// Which.
    pub operator: SetOperator,
    /// ALL.
    pub all: bool,
    /// The left side.
    pub left: SetNode,
    /// The right side.
    pub right: SetNode,
    /// The types of its columns, to which those of both sides are converted implicitly.
    pub types: Vec<PgType>,
}

/// Which set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// UNION.
    Union,
    /// INTERSECT.
    Intersect,
    /// EXCEPT.
    Except,
}

/// A side of a set operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetNode {
    /// A query, which is a subquery among the ranges.
    Leaf(SetLeaf),
    /// A set operation.
    Operation(Box<SetOperation>),
}

/// A query under a set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLeaf {
    /// The index of its range.
    pub range: usize,
}

impl SetOperator {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Union => "UNION",
            Self::Intersect => "INTERSECT",
            Self::Except => "EXCEPT",
        }
    }
}
