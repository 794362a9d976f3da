//! The system's own relations, which no statement changes: what each statement says of them.
use medley_analyze::system::{self, SystemRelation};
use medley_catalog::ids::{ObjectAddress, RelationOid, SchemaOid};
use medley_sql::{ObjectKind, QualifiedName};

use crate::Context;
use crate::error::{Error, PermissionError};

/// The relation of `pg_catalog` or `information_schema` that a name means.
pub(crate) fn named(ctx: &Context<'_>, name: &QualifiedName) -> Option<&'static SystemRelation> {
    match name.schema() {
        Some(schema) => system::relation_by_name(schema, name.name()),
        None => ctx.path().schemas().iter().find_map(|schema| {
            let schema = match *schema {
                SchemaOid::PG_CATALOG => "pg_catalog",
                SchemaOid::INFORMATION_SCHEMA => "information_schema",
                _ => return None,
            };
            system::relation_by_name(schema, name.name())
        }),
    }
}

/// The system's relation of this oid.
pub(crate) fn of_oid(oid: RelationOid) -> Option<&'static SystemRelation> {
    system::relation_by_oid(oid.0)
}

/// Why it cannot be changed: by most for want of ownership, by superusers on principle.
pub(crate) fn refusal(ctx: &Context<'_>, relation: &SystemRelation) -> Error {
    match ctx.is_superuser() {
        true => PermissionError::SystemCatalog(relation.name.to_owned()).into(),
        false => medley_catalog::Error::MustBeOwner(noun(relation), relation.name.into()).into(),
    }
}

/// Where privileges on it would be kept.
pub(crate) fn address(relation: &SystemRelation) -> ObjectAddress {
    RelationOid(relation.oid).address()
}

/// `table` or `view`.
pub(crate) fn noun(relation: &SystemRelation) -> &'static str {
    if is_view(relation) { "view" } else { "table" }
}

/// Is it a view?
pub(crate) fn is_view(relation: &SystemRelation) -> bool {
    relation.kind == 'v'
}

/// Is it of the kind that a statement names?
pub(crate) fn is_of_kind(kind: ObjectKind, relation: &SystemRelation) -> bool {
    match kind {
        ObjectKind::Table => !is_view(relation),
        ObjectKind::View => is_view(relation),
        _ => false,
    }
}
