//! The database is an object: it has an owner, privileges, and keeps roles that it names.
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{DATABASE_NAME, DatabaseOid, RoleOid, RoleOrPublic};
use medley_catalog::objects::Database;
use medley_catalog::{Catalog, STORE_FILE, SearchPath, Transaction};
use redb::TableDefinition;

use crate::fixture::{Fixture, Make, SUPERUSER, acl};

const MEDLEY: DatabaseOid = DatabaseOid::MEDLEY;

fn change(tx: &mut Transaction, change: impl FnOnce(&mut Database)) {
    let old = tx.snapshot().database(MEDLEY).cloned().unwrap();
    let mut new = Database::clone(&old);
    change(&mut new);
    tx.update(&old, new).unwrap();
}

#[test]
fn a_new_catalog_has_one() {
    let snapshot = Fixture::new().snapshot();
    let all: Vec<_> = snapshot.databases().map(|it| it.name.as_str()).collect();
    assert_eq!(all, [DATABASE_NAME]);
    assert_eq!(snapshot.database_named(DATABASE_NAME).unwrap().owner, SUPERUSER);
}

#[test]
fn a_change_of_it_lasts() {
    let fixture = Fixture::new();
    let owner = fixture.run(|tx| {
        let owner = tx.role("owner");
        change(tx, |it| (it.owner, it.connection_limit) = (owner, 3));
        owner
    });
    let fixture = fixture.reopened();
    let snapshot = fixture.snapshot();
    let database = snapshot.database(MEDLEY).unwrap();
    assert_eq!((database.owner, database.connection_limit), (owner, 3));
    snapshot.check_all().unwrap();
}

#[test]
fn its_owner_is_the_member_of_pg_database_owner() {
    let fixture = Fixture::new();
    let owner = fixture.run(|tx| tx.role("owner"));
    let is_member = |role: RoleOid| {
        fixture.snapshot().actor(role).privilege_roles().contains(&RoleOid::DATABASE_OWNER)
    };
    assert!(is_member(SUPERUSER) && !is_member(owner));
    fixture.run(|tx| change(tx, |it| it.owner = owner));
    assert!(is_member(owner) && !is_member(SUPERUSER));
}

#[test]
fn everybody_may_connect_and_its_acl_may_say_otherwise() {
    let fixture = Fixture::new();
    let alice = fixture.run(|tx| tx.role("alice"));
    let may = |privileges| fixture.snapshot().actor(alice).has_all(MEDLEY.address(), privileges);
    assert!(may(Privileges::CONNECT) && may(Privileges::CREATE_TEMP) && !may(Privileges::CREATE));
    let only = acl(&[(RoleOrPublic::Role(alice), SUPERUSER, Privileges::CREATE, Privileges::NONE)]);
    fixture.run(|tx| change(tx, |it| it.acl = Some(only)));
    assert!(!may(Privileges::CONNECT) && may(Privileges::CREATE));
}

#[test]
fn it_keeps_its_owner_and_whom_it_names() {
    let fixture = Fixture::new();
    let path = SearchPath::clone(&fixture.snapshot().search_path(&["public"], SUPERUSER));
    let refusal = |fixture: &Fixture, role| {
        let snapshot = fixture.snapshot();
        let error = snapshot.check_role_is_free(role, &path).unwrap_err();
        medley_diagnostic::Diagnostic::detail(&error).unwrap()
    };
    let (owner, named) = fixture.run(|tx| {
        let (owner, named) = (tx.role("owner"), tx.role("named"));
        let given = [(RoleOrPublic::Role(named), owner, Privileges::CONNECT, Privileges::NONE)];
        change(tx, |it| (it.owner, it.acl) = (owner, Some(acl(&given))));
        (owner, named)
    });
    assert_eq!(refusal(&fixture, owner), "owner of database medley");
    assert_eq!(refusal(&fixture, named), "privileges for database medley");
}

#[test]
fn a_store_that_lacks_it_gets_it_when_it_is_opened() {
    let fixture = Fixture::new();
    let role = fixture.run(|tx| tx.role("kept"));
    let version = fixture.snapshot().version();
    let Fixture { folder, catalog } = fixture;
    drop(catalog);
    to_format_1(&folder.path().join(STORE_FILE));
    let catalog = Catalog::open(folder.path()).unwrap();
    let fixture = Fixture { folder, catalog };
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.version(), version);
    assert_eq!(snapshot.database(MEDLEY).unwrap().owner, SUPERUSER);
    fixture.run(|tx| change(tx, |it| it.owner = role));
    let fixture = fixture.reopened();
    assert_eq!(fixture.snapshot().database(MEDLEY).unwrap().owner, role);
    fixture.snapshot().check_all().unwrap();
}

/// As the first version wrote it.
fn to_format_1(path: &std::path::Path) {
    const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");
    const DATABASES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("database");
    let database = redb::Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    assert!(write.delete_table(DATABASES).unwrap());
    let format = 1_u32.to_be_bytes();
    write.open_table(META).unwrap().insert(&b"format"[..], &format[..]).unwrap();
    write.commit().unwrap();
}
