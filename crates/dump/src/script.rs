//! The text: statements and comments, names and constants.
use medley_catalog::ids::{RelationOid, RoleOid, RoleOrPublic, SchemaOid};
use medley_catalog::objects::Relation;
use medley_sql::{quote_identifier, quote_literal};

use crate::Dump;

/// What has been written.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<String>);

impl Script {
    /// Adds a statement, without its semicolon.
    pub(crate) fn push(&mut self, statement: impl AsRef<str>) {
        self.0.push(format!("{};", statement.as_ref()));
    }

    /// Adds lines that each begin with `--`.
    pub(crate) fn comment(&mut self, lines: &str) {
        debug_assert!(lines.lines().all(|line| line.starts_with("--")));
        self.0.push(lines.to_owned());
    }

    pub(crate) fn into_statements(self) -> Vec<String> {
        self.0
    }
}

/// A name or a text that cannot end the comment it stands in.
pub(crate) fn in_comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `name` or `"Name"`.
pub(crate) fn name(name: &str) -> String {
    quote_identifier(name).into_owned()
}

/// `'text'` or `E'te\\xt'`.
pub(crate) fn literal(text: &str) -> String {
    quote_literal(text)
}

/// `COMMENT ON object IS 'text'`; without a text, NULL.
pub(crate) fn comment_on(object: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON {object} IS {text}")
}

/// Names of the catalog.
impl Dump<'_> {
    /// A role's name, quoted where it must be.
    pub(crate) fn role_name(&self, role: RoleOid) -> String {
        name(&self.catalog().role_name(role))
    }

    /// The same, or PUBLIC. A role that is called like a keyword of role specifications is quoted
    /// because keywords are.
    pub(crate) fn grantee(&self, grantee: RoleOrPublic) -> String {
        grantee.role().map_or_else(|| "PUBLIC".to_owned(), |role| self.role_name(role))
    }

    pub(crate) fn schema_name(&self, schema: SchemaOid) -> String {
        self.catalog().schema(schema).map(|it| name(&it.name)).unwrap_or_default()
    }

    /// `schema.name`.
    pub(crate) fn relation_name(&self, relation: &Relation) -> String {
        format!("{}.{}", self.schema_name(relation.schema), name(&relation.name))
    }

    /// What names are sorted by.
    pub(crate) fn relation_key(&self, relation: RelationOid) -> (String, String) {
        let relation = self.catalog().relation(relation);
        let key = relation.map(|it| {
            let schema = self.catalog().schema(it.schema).map(|it| it.name.clone());
            (schema.unwrap_or_default(), it.name.clone())
        });
        key.unwrap_or_default()
    }

    /// Adds `COMMENT ON`, if there is a comment.
    pub(crate) fn comment(&mut self, object: &str, text: Option<&str>) {
        if text.is_some() {
            self.script.push(comment_on(object, text));
        }
    }
}
