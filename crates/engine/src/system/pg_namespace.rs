//! Schemas.
use medley_catalog::objects::Schema;
use medley_types::PgType;

use super::{Keys, RowSink, Session, SystemColumn, SystemRelation};
use crate::error::Result;
use crate::semantics::{Datum, text_list};

/// `pg_catalog.pg_namespace`.
pub struct PgNamespace;

const COLUMNS: &[SystemColumn] = &[
    SystemColumn::not_null("oid", PgType::OID),
    SystemColumn::not_null("nspname", PgType::NAME),
    SystemColumn::not_null("nspowner", PgType::OID),
    SystemColumn::new("nspacl", PgType::ACLITEM_ARRAY),
];

impl SystemRelation for PgNamespace {
    fn name(&self) -> &'static str {
        "pg_namespace"
    }

    fn oid(&self) -> u32 {
        2615
    }

    fn columns(&self) -> &'static [SystemColumn] {
        COLUMNS
    }

    fn rows(&self, session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
        let admitted = |schema: &&std::sync::Arc<Schema>| {
            keys.admits_oid("oid", schema.oid.0) && keys.admits_text("nspname", &schema.name)
        };
        session.snapshot.schemas().filter(admitted).try_for_each(|it| row(session, it, out))
    }
}

fn row(session: &Session, schema: &Schema, out: &mut RowSink) -> Result<()> {
    let role_name = |role| session.snapshot.role(role).map(|role| role.name.clone());
    let acl = schema.acl.as_ref().map(|acl| acl.shown(role_name));
    out.push(&[
        Datum::Oid(schema.oid.0),
        Datum::of_text(schema.name.as_str()),
        Datum::Oid(schema.owner.0),
        text_list(PgType::ACLITEM_ARRAY, acl.as_deref())?,
    ])
}
