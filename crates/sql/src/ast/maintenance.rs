use super::{DropBehavior, ExplainOption, Name, QualifiedName};

/// `ANALYZE`.
#[derive(Debug)]
pub struct Analyze {
    /// As written; the old form's VERBOSE is one without value.
    pub options: Vec<ExplainOption>,
    /// With columns each; empty: all.
    pub relations: Vec<(QualifiedName, Vec<Name>)>,
}

/// `VACUUM`.
#[derive(Debug)]
pub struct Vacuum {
    /// As written; the old form's words are options without value.
    pub options: Vec<ExplainOption>,
    /// With columns each; empty: all.
    pub relations: Vec<(QualifiedName, Vec<Name>)>,
}

/// `TRUNCATE`.
#[derive(Debug)]
pub struct Truncate {
    /// The tables, and whether ONLY was written.
    pub relations: Vec<(QualifiedName, bool)>,
    /// RESTART IDENTITY.
    pub restart_identity: bool,
    /// What happens to dependents.
    pub behavior: DropBehavior,
}

/// `LOCK TABLE`.
#[derive(Debug)]
pub struct Lock {
    /// The tables, and whether ONLY was written.
    pub relations: Vec<(QualifiedName, bool)>,
    /// ACCESS EXCLUSIVE unless said.
    pub mode: LockMode,
    /// NOWAIT.
    pub nowait: bool,
}

/// The modes of LOCK, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// ACCESS SHARE.
    AccessShare,
    /// ROW SHARE.
    RowShare,
    /// ROW EXCLUSIVE.
    RowExclusive,
    /// SHARE UPDATE EXCLUSIVE.
    ShareUpdateExclusive,
    /// SHARE.
    Share,
    /// SHARE ROW EXCLUSIVE.
    ShareRowExclusive,
    /// EXCLUSIVE.
    Exclusive,
    /// ACCESS EXCLUSIVE.
    AccessExclusive,
}
