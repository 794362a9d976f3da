use super::{Name, Query};

/// `DECLARE name ... CURSOR ... FOR query`.
#[derive(Debug)]
pub struct DeclareCursor {
    /// The cursor.
    pub name: Name,
    /// BINARY.
    pub binary: bool,
    /// INSENSITIVE (false), ASENSITIVE (true).
    pub asensitive: Option<bool>,
    /// SCROLL (true), NO SCROLL.
    pub scroll: Option<bool>,
    /// Two options that cannot both be.
    pub conflict: Option<(&'static str, &'static str)>,
    /// WITH HOLD.
    pub hold: bool,
    /// What it reads.
    pub query: Query,
}

/// `FETCH` and `MOVE`.
#[derive(Debug)]
pub struct FetchCursor {
    /// MOVE: no rows are sent.
    pub move_only: bool,
    /// Where to.
    pub direction: FetchDirection,
    /// The cursor.
    pub cursor: Name,
}

/// Where a cursor goes, in PostgreSQL's four ways; counts may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchDirection {
    /// NEXT, FORWARD n; ALL is `None`.
    Forward(Option<i64>),
    /// PRIOR, BACKWARD n; ALL is `None`.
    Backward(Option<i64>),
    /// FIRST (1), LAST (-1), ABSOLUTE n.
    Absolute(i64),
    /// RELATIVE n.
    Relative(i64),
}

/// `CLOSE { name | ALL }`.
#[derive(Debug)]
pub struct CloseCursor {
    /// `None` for ALL.
    pub cursor: Option<Name>,
}
