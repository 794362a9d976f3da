//! The analysed query tree: what a query means, with every name found and every type settled.
//!
//! It is PostgreSQL's own (`parsenodes.h`, `primnodes.h`), so that what its `ruleutils.c` prints
//! can be printed from it, its planner's questions can be asked of it, and an engine can lower it.
//! A [`Query`] has a table of [`Range`]s, all that its FROM names; a [`ColumnRef`] in an
//! expression names one of their columns by number, never by name. Functions and operators are
//! named by their oids in [`builtin`](crate::builtin).
//!
//! Invariants:
//! - no type is `unknown`, but of arguments that PostgreSQL itself passes so;
//! - each conversion is a [`Coerce`], or a constant that was read as its type;
//! - a view is the relation that it is until its query is set beside it;
//! - equality of expressions does not look at where they stand in a text.
mod change;
mod expr;
mod query;
mod range;
mod substitute;
mod walk;

pub use change::{Change, ChangeKind, Right, ViewCheck};
pub use expr::{
    Aggregate, AggregateKey, ArrayComparison, BoolOp, Bounds, CallForm, Case, CastForm, Coerce,
    ColumnRef, Conversion, Expr, ExprKind, FunctionCall, OperatorCall, RowComparison, SqlValue,
    SubqueryKind, SubqueryLink, TruthTest, When, WindowCall,
};
pub use query::{
    Cte, Distinct, Frame, FrameBound, FrameExclusion, FrameUnits, GroupingSet, Query, SetLeaf,
    SetNode, SetOperation, SetOperator, SortKey, Target, Window,
};
pub use range::{
    Alias, CteRange, FromItem, FunctionRange, Join, JoinColumn, JoinKind, JoinRange, Place, Range,
    RangeColumn, RangeFunction, RangeKind, RelationKind, RelationRange, ValuesRange,
};
pub(crate) use substitute::{each_in, each_in_query, moved, replace_columns};
pub use walk::{Node, UsedColumn, columns_of_table, used_columns, visit_expr, visit_query};
