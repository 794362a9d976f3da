use sqlparser::ast;

use super::{Name, QueryStatement, Statement, TypeName};

/// `PREPARE name [(types)] AS statement`.
#[derive(Debug)]
pub struct Prepare {
    /// The statement's name.
    pub name: Name,
    /// Of the parameters, as far as they are given.
    pub types: Vec<TypeName>,
    /// What is prepared.
    pub statement: QueryStatement,
}

/// `EXECUTE name [(arguments)]`.
#[derive(Debug)]
pub struct Execute {
    /// The statement's name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<ast::Expr>,
}

/// `EXPLAIN`.
#[derive(Debug)]
pub struct Explain {
    /// As written; the old form's `ANALYZE VERBOSE` are two without value.
    pub options: Vec<ExplainOption>,
    /// A query, a change of rows, EXECUTE, DECLARE CURSOR, or what is not supported.
    pub statement: Box<Statement>,
}

/// One option of EXPLAIN: a word that the planner knows or refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainOption {
    /// Folded: `analyze`, `costs`, `format`.
    pub name: Name,
    /// `None` where only the name is written.
    pub value: Option<String>,
    /// Of its first character: characters from 1.
    pub position: usize,
}
