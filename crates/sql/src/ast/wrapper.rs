use super::{Name, OptionItem, QualifiedName};

/// `CREATE FOREIGN DATA WRAPPER`.
#[derive(Debug)]
pub struct CreateForeignDataWrapper {
    /// The wrapper.
    pub name: Name,
    /// As written: a function of one kind given twice is for the command to refuse, in its order
    /// of checks (see [`SyntaxError::ConflictingOptions`](crate::SyntaxError)).
    pub clauses: Vec<WrapperClause>,
    /// In the form of CREATE.
    pub options: Vec<OptionItem>,
}

/// `ALTER FOREIGN DATA WRAPPER` with functions, options or both.
#[derive(Debug)]
pub struct AlterForeignDataWrapper {
    /// The wrapper.
    pub name: Name,
    /// As written.
    pub clauses: Vec<WrapperClause>,
    /// In the form of ALTER; `None` if there is no OPTIONS clause.
    pub options: Option<Vec<OptionItem>>,
}

/// `HANDLER f`, `NO HANDLER` and so on.
#[derive(Debug)]
pub struct WrapperClause {
    /// Which of the functions.
    pub kind: WrapperFunction,
    /// `None` for the NO form.
    pub function: Option<QualifiedName>,
    /// Of the clause: characters from 1.
    pub position: usize,
}

/// The functions of a wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapperFunction {
    /// HANDLER.
    Handler,
    /// VALIDATOR.
    Validator,
    /// CONNECTION, of PostgreSQL 19.
    Connection,
}
