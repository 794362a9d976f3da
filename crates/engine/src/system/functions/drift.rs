//! `medley_check_drift`: foreign tables beside what they are at their remote.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::objects::Relation;
use medley_fdw::drift::Drift;
use medley_types::PgType;

use super::mappings::server_named;
use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};
use crate::system::mappings::of_catalog;
use crate::system::value::{NULL, text};

pub const SET_FUNCTIONS: SetTable = &[SetFunction {
    source: "medley_check_drift",
    columns: &[
        ("table_schema", PgType::TEXT),
        ("table_name", PgType::TEXT),
        ("column_name", PgType::TEXT),
        ("drift", PgType::TEXT),
        ("declared", PgType::TEXT),
        ("remote", PgType::TEXT),
    ],
    rows: check,
}];

/// Of the server's tables that the role may read, asked as the role's account.
fn check<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let snapshot = &session.snapshot;
    let server = server_named(session, args[0].text()?)?;
    let actor = snapshot.actor(session.role);
    actor.check(server.oid.address(), Privileges::USAGE).map_err(of_catalog)?;
    let is_there = |relation: &&Arc<Relation>| {
        relation.foreign_table().is_some_and(|table| table.server == server.oid)
    };
    let readable =
        |relation: &&Arc<Relation>| actor.has_on_some_column(relation, Privileges::SELECT);
    let relations = snapshot.relations().filter(is_there).filter(readable);
    let mut relations: Vec<_> = relations.cloned().collect();
    let schema = |relation: &Relation| {
        snapshot.schema(relation.schema).map(|it| it.name.clone()).unwrap_or_default()
    };
    relations.sort_by_key(|it| (schema(it), it.name.clone()));
    if relations.is_empty() {
        return Ok(Vec::new());
    }
    let drifts = session.facts.drift(server.oid, session.role, &relations)?;
    let rows = relations.iter().zip(drifts).flat_map(|(relation, drifts)| {
        let schema = schema(relation);
        drifts.into_iter().map(move |drift| row(&schema, &relation.name, drift))
    });
    Ok(rows.collect())
}

fn row<'a>(schema: &str, table: &str, drift: Drift) -> Vec<Datum<'a>> {
    let printed = |t: PgType| Datum::of_text(t.to_string());
    let (column, what, declared, remote) = match drift {
        Drift::Gone => (NULL, "table missing", NULL, NULL),
        Drift::Added(there) => {
            (Datum::of_text(there.name), "column added", NULL, Datum::of_text(there.type_name))
        }
        Drift::Missing(here) => {
            (Datum::of_text(here.name), "column missing", printed(here.pg_type), NULL)
        }
        Drift::Changed(here, there) => (
            Datum::of_text(here.name),
            "type changed",
            printed(here.pg_type),
            Datum::of_text(there.type_name),
        ),
    };
    let [schema, table] = [schema, table].map(|name| Datum::of_text(name.to_owned()));
    vec![schema, table, column, text(what), declared, remote]
}
