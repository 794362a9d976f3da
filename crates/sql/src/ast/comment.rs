use super::{Name, ObjectKind, QualifiedName};

/// `COMMENT ON object IS 'text' | NULL`.
#[derive(Debug)]
pub struct Comment {
    /// On what.
    pub object: CommentObject,
    /// `None` for NULL; empty is as good as `None`.
    pub text: Option<String>,
}

/// What a comment is on.
#[derive(Debug)]
pub enum CommentObject {
    /// An object with a name.
    Object {
        /// What it is said to be.
        kind: ObjectKind,
        /// The object.
        name: QualifiedName,
    },
    /// `COLUMN relation.column`.
    Column {
        /// The relation.
        relation: QualifiedName,
        /// The column.
        column: Name,
    },
    /// `CONSTRAINT name ON [DOMAIN] relation`.
    Constraint {
        /// The constraint.
        name: Name,
        /// Its table (or domain).
        relation: QualifiedName,
    },
    /// A kind that Medley does not have: its words.
    Other(&'static str),
}

/// `SECURITY LABEL`.
#[derive(Debug)]
pub struct SecurityLabel {
    /// FOR.
    pub provider: Option<String>,
    /// On what.
    pub object: CommentObject,
    /// `None` for NULL.
    pub label: Option<String>,
}
