use super::{Name, QualifiedName, Query};

/// `CREATE VIEW`.
#[derive(Debug)]
pub struct CreateView {
    /// An existing one is replaced.
    pub or_replace: bool,
    /// TEMPORARY.
    pub temporary: bool,
    /// RECURSIVE.
    pub recursive: bool,
    /// The view.
    pub name: QualifiedName,
    /// Empty: named by the query.
    pub columns: Vec<Name>,
    /// WITH (...).
    pub options: Vec<RelationOption>,
    /// The query.
    pub query: Query,
    /// The query as it was written: what to keep, and to parse again.
    pub query_text: String,
    /// WITH CHECK OPTION.
    pub check_option: Option<CheckOption>,
}

/// How far WITH CHECK OPTION reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOption {
    /// LOCAL.
    Local,
    /// CASCADED; the default.
    Cascaded,
}

/// One storage parameter: `security_invoker = true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationOption {
    /// `toast` in `toast.autovacuum_enabled`.
    pub namespace: Option<Name>,
    /// Folded.
    pub name: Name,
    /// `None` where only the name is written.
    pub value: Option<String>,
}
