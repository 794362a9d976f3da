//! COMMENT ON and SECURITY LABEL ON.
use std::sync::LazyLock;

use medley_diagnostic::SqlState;

use super::object::{FLAT, IN_SCHEMA};
use super::rules::OBJECTS;
use super::synopsis::Synopses;
use super::{Parser, Result};
use crate::SyntaxError;
use crate::ast::{Comment, CommentObject, ObjectKind, QualifiedName, SecurityLabel, Statement};

static OTHERS: LazyLock<Synopses> = LazyLock::new(|| Synopses::new(OBJECTS));

impl Parser<'_> {
    /// Behind COMMENT.
    pub fn comment(&mut self) -> Result<Statement> {
        self.expect("on")?;
        let object = self.described_object()?;
        self.expect("is")?;
        let text = self.string_or_null()?;
        Ok(Statement::Comment(Comment { object, text }))
    }

    /// Behind SECURITY.
    pub fn security_label(&mut self) -> Result<Statement> {
        self.expect("label")?;
        let provider = if self.eat("for") { Some(self.word_or_string()?) } else { None };
        self.expect("on")?;
        let object = self.described_object()?;
        self.expect("is")?;
        let label = self.string_or_null()?;
        Ok(Statement::SecurityLabel(SecurityLabel { provider, object, label }))
    }

    fn described_object(&mut self) -> Result<CommentObject> {
        if self.eat("column") {
            return self.described_column();
        }
        if self.eat("constraint") {
            let name = self.name()?;
            self.expect("on")?;
            self.eat("domain");
            let relation = self.dotted_name()?;
            return Ok(CommentObject::Constraint { name, relation });
        }
        match self.named_object()? {
            Some((kind, name)) => Ok(CommentObject::Object { kind, name }),
            None => self.other_object(),
        }
    }

    fn named_object(&mut self) -> Result<Option<(ObjectKind, QualifiedName)>> {
        const MORE: &[(&str, ObjectKind)] =
            &[("role", ObjectKind::Role), ("database", ObjectKind::Database)];
        if let Some((_, kind)) = FLAT.iter().chain(MORE).find(|(words, _)| self.eat(words)) {
            return Ok(Some((*kind, self.bare_name()?)));
        }
        if let Some((_, kind)) = IN_SCHEMA.iter().find(|(words, _)| self.eat(words)) {
            return Ok(Some((*kind, self.dotted_name()?)));
        }
        Ok(None)
    }

    fn described_column(&mut self) -> Result<CommentObject> {
        let mut relation = self.column_path()?;
        match relation.parts.pop() {
            Some(column) if !relation.parts.is_empty() => {
                Ok(CommentObject::Column { relation, column })
            }
            _ => Err(Box::new(SyntaxError::Refused {
                message: "column name must be qualified".to_owned(),
                position: None,
                sqlstate: SqlState::SYNTAX_ERROR,
                hint: None,
            })),
        }
    }

    fn column_path(&mut self) -> Result<QualifiedName> {
        let position = self.position();
        let mut parts = vec![self.name()?];
        while self.eat_char('.') {
            parts.push(self.label()?);
        }
        Ok(QualifiedName { parts, position })
    }

    /// An object of a kind that Medley does not have.
    fn other_object(&mut self) -> Result<CommentObject> {
        self.find(&OTHERS).map(|found| CommentObject::Other(found.name))
    }

    /// What ALTER EXTENSION adds or drops.
    pub fn extension_member(&mut self) -> Result<Option<(ObjectKind, QualifiedName)>> {
        if let Some(object) = self.named_object()? {
            return Ok(Some(object));
        }
        self.find(&OTHERS).map(|_| None)
    }
}
