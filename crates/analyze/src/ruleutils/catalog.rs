//! What relations are called, for whom.
use std::borrow::Cow;

use medley_catalog::ids::{RelationOid, SchemaOid};
use medley_catalog::objects::Column;
use medley_catalog::{SearchPath, Snapshot};
use medley_sql::quote_identifier;
use medley_types::{PgType, Style};

use crate::resolve::is_composite;
use crate::system;
use crate::transform::restyled;

/// The snapshot that says what relations and columns are called, and whether they need their
/// schema.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    snapshot: &'a Snapshot,
    path: Option<&'a SearchPath>,
    style: Option<&'a Style>,
}

impl<'a> Names<'a> {
    /// With their schema where this path does not find them without.
    pub fn visible(snapshot: &'a Snapshot, path: &'a SearchPath) -> Self {
        Self { snapshot, path: Some(path), style: None }
    }

    /// With their schema always: what is stored, which means the same under every path.
    pub fn qualified(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, path: None, style: None }
    }

    /// With constants under this style, not the default one.
    pub fn with_style(self, style: &'a Style) -> Self {
        Self { style: Some(style), ..self }
    }

    /// A constant's text under the style that is wanted.
    pub(super) fn constant<'t>(&self, t: PgType, text: &'t str) -> Cow<'t, str> {
        let shown = |style| restyled(text, t, &Style::default(), style).ok();
        let styled = self.style.filter(|_| has_styles(t)).and_then(shown);
        styled.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Whether it is for storing.
    pub(super) fn is_qualified(&self) -> bool {
        self.path.is_none()
    }

    /// Where the names come from.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// A relation's own name.
    pub(super) fn relation_name(&self, oid: RelationOid) -> Option<&'a str> {
        let stored = self.snapshot.relation(oid).map(|relation| relation.name.as_str());
        stored.or_else(|| system::relation_by_oid(oid.0).map(|relation| relation.name))
    }

    fn schema(&self, oid: RelationOid) -> Option<SchemaOid> {
        let stored = self.snapshot.relation(oid).map(|relation| relation.schema);
        stored.or_else(|| system::relation_by_oid(oid.0).map(|relation| relation.schema_oid()))
    }

    /// The columns that a stored relation has now, by number.
    pub(super) fn relation_columns(&self, oid: RelationOid) -> Option<Vec<(i16, String)>> {
        let relation = self.snapshot.relation(oid)?;
        let column = |it: &Column| (it.number, it.name.clone());
        Some(relation.live_columns().map(column).collect())
    }

    /// A type as a query writes it: of a relation's rows it is the relation's name.
    pub fn type_text(&self, t: PgType) -> String {
        let row = is_composite(t.oid).then(|| self.row_text(t)).flatten();
        row.unwrap_or_else(|| t.to_string())
    }

    fn row_text(&self, t: PgType) -> Option<String> {
        let stored = self.snapshot.relations().find(|relation| relation.row_type == t.oid.0);
        let system = || system::relations().iter().find(|relation| relation.row_type == t.oid.0);
        let oid = stored.map(|relation| relation.oid);
        let oid = oid.or_else(|| Some(RelationOid(system()?.oid)))?;
        Some(self.relation_text(oid, |_| false))
    }

    /// What a query writes for it; `hidden` if something else in the query has its name.
    pub(super) fn relation_text(&self, oid: RelationOid, hidden: impl Fn(&str) -> bool) -> String {
        let (Some(name), Some(schema)) = (self.relation_name(oid), self.schema(oid)) else {
            return oid.0.to_string();
        };
        let quoted = quote_identifier(name);
        if !hidden(name) && self.sees(schema, name) {
            return quoted.into_owned();
        }
        let schema = self.snapshot.schema(schema).map_or("", |schema| schema.name.as_str());
        format!("{}.{quoted}", quote_identifier(schema))
    }

    /// Whether the bare name means the relation of this schema.
    fn sees(&self, schema: SchemaOid, name: &str) -> bool {
        let has = |schema: &&SchemaOid| {
            self.snapshot.relation_named(**schema, name).is_some() || is_system(**schema, name)
        };
        let found = self.path.and_then(|path| path.schemas().iter().find(has));
        found == Some(&schema)
    }
}

/// Whether how its values look is a matter of settings.
fn has_styles(t: PgType) -> bool {
    let element = t.element().unwrap_or(t).oid;
    [PgType::DATE, PgType::TIMESTAMP, PgType::TIMESTAMPTZ, PgType::INTERVAL, PgType::BYTEA]
        .iter()
        .any(|styled| styled.oid == element)
}

fn is_system(schema: SchemaOid, name: &str) -> bool {
    match schema {
        SchemaOid::PG_CATALOG => system::relation_by_name("pg_catalog", name).is_some(),
        SchemaOid::INFORMATION_SCHEMA => {
            system::relation_by_name("information_schema", name).is_some()
        }
        _ => false,
    }
}
