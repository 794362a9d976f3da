//! A session's temporary relations.
use medley_catalog::acl::{Acl, Privileges};
use medley_catalog::ids::{DatabaseOid, RelationOid, RoleOid, SchemaOid};
use medley_catalog::objects::{Database, Relation};
use medley_catalog::{Backend, Snapshot, TEMP_SCHEMA, Transaction};

use crate::fixture::{Fixture, Make, SUPERUSER};

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.run(|tx| tx.server("s", SUPERUSER));
    fixture
}

fn session(fixture: &Fixture, process_id: u32) -> Transaction {
    fixture.catalog.begin(Backend { process_id, ..Backend::default() })
}

/// A temporary foreign table of this session's.
fn make(tx: &mut Transaction, name: &str) -> RelationOid {
    let server = tx.snapshot().server_named("s").unwrap().oid;
    let (table, schema) = (tx.table("elsewhere", server), tx.make_temp_schema().unwrap());
    let old = tx.snapshot().relation(table).cloned().unwrap();
    let name = name.to_owned();
    tx.update(&old, Relation { schema, name, ..Relation::clone(&old) }).unwrap();
    table
}

fn found(snapshot: &Snapshot, path: &[&str], name: &str) -> Option<RelationOid> {
    snapshot.search_path(path, SUPERUSER).relation(snapshot, name).map(|it| it.oid)
}

fn temp_schemas(snapshot: &Snapshot) -> Vec<SchemaOid> {
    snapshot.schemas().map(|it| it.oid).filter(|oid| snapshot.is_temp_schema(*oid)).collect()
}

#[test]
fn they_are_found_first_and_by_their_session_alone() {
    let fixture = fixture();
    let server = fixture.snapshot().server_named("s").unwrap().oid;
    let public = fixture.run(|tx| tx.table("t", server));
    let mut tx = session(&fixture, 7);
    let own = make(&mut tx, "t");
    tx.commit().unwrap();

    let snapshot = session(&fixture, 7).snapshot();
    assert_eq!(found(&snapshot, &["public"], "t"), Some(own));
    assert_eq!(found(&snapshot, &["public", TEMP_SCHEMA], "t"), Some(public));
    assert_eq!(found(&snapshot, &[TEMP_SCHEMA, "public"], "t"), Some(own));
    let schema = snapshot.own_temp_schema().unwrap();
    assert_eq!(snapshot.schema_named(TEMP_SCHEMA).unwrap().oid, schema);
    assert!(!snapshot.is_other_temp_schema(schema));

    let others = session(&fixture, 8).snapshot();
    assert_eq!(found(&others, &["public"], "t"), Some(public));
    assert_eq!((others.own_temp_schema(), others.schema_named(TEMP_SCHEMA)), (None, None));
    assert!(others.is_other_temp_schema(schema));
}

#[test]
fn new_relations_are_temporary_where_pg_temp_stands_first() {
    let fixture = fixture();
    let mut tx = session(&fixture, 7);
    let creates = |snapshot: &Snapshot, path: &[&str]| {
        snapshot.search_path(path, SUPERUSER).creates_temporary()
    };
    for _ in 0..2 {
        let snapshot = tx.snapshot();
        assert!(creates(&snapshot, &[TEMP_SCHEMA, "public"]));
        assert!(creates(&snapshot, &["nosuch", TEMP_SCHEMA]));
        assert!(!creates(&snapshot, &["public", TEMP_SCHEMA]));
        assert!(!creates(&snapshot, &[]));
        make(&mut tx, "t");
        tx.drop_own_temp_schema().unwrap();
    }
}

#[test]
fn they_go_with_a_savepoint_and_with_the_session() {
    let fixture = fixture();
    let mut tx = session(&fixture, 7);
    let savepoint = tx.savepoint();
    make(&mut tx, "t");
    tx.rollback_to(savepoint).unwrap();
    assert_eq!(tx.snapshot().own_temp_schema(), None);
    let table = make(&mut tx, "t");
    tx.view("v", &[table.address()]);
    tx.commit().unwrap();

    let mut end = session(&fixture, 7);
    end.drop_own_temp_schema().unwrap();
    assert_eq!(end.snapshot().own_temp_schema(), None);
    end.commit().unwrap();
    let snapshot = fixture.snapshot();
    assert!(temp_schemas(&snapshot).is_empty());
    assert_eq!(snapshot.relations().count(), 0);
    snapshot.check_all().unwrap();
}

#[test]
fn what_a_killed_server_has_left_goes_when_the_catalog_is_opened() {
    let fixture = fixture();
    for process_id in [7, 8] {
        let mut tx = session(&fixture, process_id);
        make(&mut tx, "t");
        tx.commit().unwrap();
    }
    assert_eq!(temp_schemas(&fixture.snapshot()).len(), 2);
    let fixture = fixture.reopened();
    let snapshot = fixture.snapshot();
    assert!(temp_schemas(&snapshot).is_empty());
    assert!(snapshot.server_named("s").is_some());
    assert_eq!(snapshot.relations().count(), 0);
    snapshot.check_all().unwrap();
}

#[test]
fn the_right_to_make_them_is_the_database_s() {
    let fixture = fixture();
    let alice = fixture.run(|tx| tx.role("alice"));
    let mut tx = session(&fixture, 7);
    let schema = tx.make_temp_schema().unwrap();
    tx.commit().unwrap();
    let rights = |process_id, role: RoleOid| {
        let snapshot = session(&fixture, process_id).snapshot();
        snapshot.actor(role).privileges_on(schema.address())
    };
    assert_eq!(rights(7, alice), Privileges::ALL_SCHEMA);
    assert_eq!(rights(8, alice), Privileges::NONE);
    fixture.run(|tx| {
        let old = tx.snapshot().database(DatabaseOid::MEDLEY).cloned().unwrap();
        let acl = Some(Acl::default());
        tx.update(&old, Database { acl, ..Database::clone(&old) }).unwrap();
    });
    assert_eq!(rights(7, alice), Privileges::USAGE);
}
