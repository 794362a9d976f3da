use super::{Expression, Name, QualifiedName, QueryStatement};

/// `COPY`.
#[derive(Debug)]
pub struct Copy {
    /// What is read or filled.
    pub source: CopySource,
    /// Which way.
    pub direction: CopyDirection,
    /// The other end.
    pub end: CopyEnd,
    /// As written; the old form's are brought to the new one's names.
    pub options: Vec<CopyOption>,
    /// WHERE, of COPY FROM.
    pub filter: Option<Expression>,
}

/// What COPY reads or fills.
#[derive(Debug)]
pub enum CopySource {
    /// `table [(columns)]`.
    Table {
        /// The table.
        name: QualifiedName,
        /// Empty: all.
        columns: Vec<Name>,
    },
    /// `(query)`.
    Query(QueryStatement),
}

/// Which way COPY goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyDirection {
    /// Into the table.
    From,
    /// Out of it.
    To,
}

/// The other end of COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyEnd {
    /// STDIN or STDOUT: the client.
    Client,
    /// A file of the server's machine.
    File(String),
    /// PROGRAM: a command of the server's machine.
    Program(String),
}

/// One option of COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOption {
    /// Folded: `format`, `header`.
    pub name: Name,
    /// Empty where only the name is written; `*` is one value.
    pub values: Vec<String>,
    /// Of its first character: characters from 1.
    pub position: usize,
}
