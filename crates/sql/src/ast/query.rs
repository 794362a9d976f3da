use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast;

/// SELECT, VALUES, TABLE, with or without WITH.
#[derive(Debug)]
pub struct Query {
    /// What sqlparser made of it, names folded, spans ours (see [`crate::span`]).
    pub ast: Box<ast::Query>,
    /// Its bytes in the text that was parsed, without a semicolon.
    pub span: Range<usize>,
    /// Where it begins in that text: characters from 1.
    pub position: usize,
    /// As it was written: those bytes. Never to be logged.
    pub text: Arc<str>,
}

impl Query {
    /// Whether its WITH changes rows.
    pub fn changes_rows(&self) -> bool {
        use ast::SetExpr;
        let changes = |cte: &ast::Cte| {
            let body = cte.query.body.as_ref();
            matches!(
                body,
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            )
        };
        self.ast.with.as_ref().is_some_and(|with| with.cte_tables.iter().any(changes))
    }
}

/// What can be planned: a query, or a change of rows.
#[derive(Debug)]
pub enum QueryStatement {
    /// SELECT, VALUES, TABLE.
    Select(Query),
    /// INSERT; WITH before it, if any, apart.
    Insert {
        /// WITH before INSERT.
        with: Option<Box<ast::With>>,
        /// The rest.
        ast: Box<ast::Insert>,
        /// Its bytes, WITH included.
        span: Range<usize>,
    },
    /// UPDATE.
    Update {
        /// WITH before UPDATE.
        with: Option<Box<ast::With>>,
        /// The rest.
        ast: Box<ast::Update>,
        /// Its bytes, WITH included.
        span: Range<usize>,
    },
    /// DELETE.
    Delete {
        /// WITH before DELETE.
        with: Option<Box<ast::With>>,
        /// The rest.
        ast: Box<ast::Delete>,
        /// Its bytes, WITH included.
        span: Range<usize>,
    },
    /// MERGE.
    Merge {
        /// WITH before MERGE.
        with: Option<Box<ast::With>>,
        /// The rest.
        ast: Box<ast::Merge>,
        /// Its bytes, WITH included.
        span: Range<usize>,
    },
}

impl QueryStatement {
    /// Its bytes in the text that was parsed.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Select(query) => query.span.clone(),
            Self::Insert { span, .. }
            | Self::Update { span, .. }
            | Self::Delete { span, .. }
            | Self::Merge { span, .. } => span.clone(),
        }
    }

    /// Whether rows are changed: by itself, or in its WITH.
    pub fn changes_rows(&self) -> bool {
        match self {
            Self::Select(query) => query.changes_rows(),
            Self::Insert { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::Merge { .. } => true,
        }
    }

    /// Whether rows come out: it is a query, or has RETURNING.
    pub fn returns_rows(&self) -> bool {
        match self {
            Self::Select(_) => true,
            Self::Insert { ast, .. } => ast.returning.is_some(),
            Self::Update { ast, .. } => ast.returning.is_some(),
            Self::Delete { ast, .. } => ast.returning.is_some(),
            Self::Merge { .. } => false,
        }
    }

    /// `SELECT`, `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Select(_) => "SELECT",
            Self::Insert { .. } => "INSERT",
            Self::Update { .. } => "UPDATE",
            Self::Delete { .. } => "DELETE",
            Self::Merge { .. } => "MERGE",
        }
    }
}

/// An expression inside DDL: DEFAULT, CHECK, GENERATED.
#[derive(Clone, Debug)]
pub struct Expression {
    /// As it was written, without what encloses it.
    pub text: String,
    /// What sqlparser made of it.
    pub ast: Box<ast::Expr>,
    /// Of its first character: characters from 1.
    pub position: usize,
}
