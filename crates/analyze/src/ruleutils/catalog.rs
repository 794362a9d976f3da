//! What relations are called, for whom.
use medley_catalog::ids::RelationOid;
use medley_catalog::{SearchPath, Snapshot};
use medley_sql::quote_identifier;

/// The snapshot that says what relations and columns are called, and whether they need their
/// schema.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    snapshot: &'a Snapshot,
    path: Option<&'a SearchPath>,
}

impl<'a> Names<'a> {
    /// With their schema where this path does not find them without.
    pub fn visible(snapshot: &'a Snapshot, path: &'a SearchPath) -> Self {
        Self { snapshot, path: Some(path) }
    }

    /// With their schema always: what is stored, which means the same under every path.
    pub fn qualified(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, path: None }
    }

    /// A relation's own name.
    pub(super) fn relation_name(&self, oid: RelationOid) -> Option<String> {
        self.snapshot.relation(oid).map(|relation| relation.name.clone())
    }

    /// The columns that a stored relation has now, by number.
    pub(super) fn relation_columns(&self, oid: RelationOid) -> Option<Vec<(i16, String)>> {
        let relation = self.snapshot.relation(oid)?;
        let column = |it: &medley_catalog::objects::Column| (it.number, it.name.clone());
        Some(relation.live_columns().map(column).collect())
    }

    /// What a query writes for it; `hidden` if something else in the query has its name.
    pub(super) fn relation_text(&self, oid: RelationOid, hidden: impl Fn(&str) -> bool) -> String {
        let Some(relation) = self.snapshot.relation(oid) else { return format!("{}", oid.0) };
        let seen = self.path.is_some_and(|path| path.sees(self.snapshot, oid));
        let name = quote_identifier(&relation.name);
        match seen && !hidden(&relation.name) {
            true => name.into_owned(),
            false => {
                let schema = self.snapshot.schema(relation.schema);
                let schema = schema.map_or("", |schema| schema.name.as_str());
                format!("{}.{name}", quote_identifier(schema))
            }
        }
    }
}
