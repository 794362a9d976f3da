use std::fs;
use std::path::Path;

use medley_catalog::ids::{RoleOid, RoleOrPublic};
use medley_catalog::objects::Server;
use medley_catalog::{Catalog, Error, STORE_FILE};
use medley_diagnostic::Diagnostic;

use crate::fixture::{Fixture, Make, SUPERUSER, bootstrap, options};

/// Fills a catalog and returns the folder's file as it is when closed.
fn filled() -> (Fixture, Vec<u8>) {
    let fixture = Fixture::new();
    fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        let table = tx.table("films", server);
        tx.view("v", &[table.address().column(1)]);
        for number in 0..50 {
            let role = tx.role(&format!("r{number}"));
            tx.mapping(role, server, &[("user", "someone"), ("dbname", "d")]);
        }
        tx.mapping(RoleOrPublic::Public, server, &[]);
        tx.set_comment(server.address(), "a server").unwrap();
    });
    let fixture = fixture.reopened();
    fixture.run(|tx| tx.role("last"));
    let Fixture { folder, catalog } = fixture;
    drop(catalog);
    let bytes = fs::read(folder.path().join(STORE_FILE)).unwrap();
    let catalog = Catalog::open(folder.path()).unwrap();
    (Fixture { folder, catalog }, bytes)
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let (fixture, _) = filled();
    let snapshot = fixture.snapshot();
    snapshot.check_all().unwrap();
    let server = snapshot.server_named("s").unwrap();
    assert_eq!(snapshot.mapping_count(), 51);
    assert_eq!(snapshot.comment(server.oid.address()), Some("a server"));
    let role = snapshot.role_named("r7").unwrap().oid;
    let resolved = snapshot.resolve(server.oid, role).unwrap();
    let mapping = snapshot.user_mapping(resolved.mapping).unwrap().unwrap();
    assert_eq!(mapping.options.shown(), ["user=someone", "dbname=d"]);
    assert_eq!(snapshot.relations().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["films", "v"]);
    let films = snapshot.relations().next().unwrap();
    assert_eq!(films.column("b").unwrap().pg_type.to_string(), "character varying(10)");
}

#[test]
fn oids_and_epochs_go_on_where_they_ended() {
    let fixture = Fixture::new();
    let (oid, epoch) = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        (tx.mapping(SUPERUSER, server, &[]), server)
    });
    let last = fixture.snapshot().resolve(epoch, SUPERUSER).unwrap().epoch;
    let fixture = fixture.reopened();
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.resolve(epoch, SUPERUSER).unwrap().epoch, last);
    assert!(fixture.begin().allocate_oid().unwrap() > oid.0);
    fixture.run(|tx| {
        let old = tx.snapshot().server(epoch).cloned().unwrap();
        let new = Server { options: options(&[("host", "h")]), ..Server::clone(&old) };
        tx.update(&old, new).unwrap();
    });
    assert!(fixture.snapshot().resolve(epoch, SUPERUSER).unwrap().epoch > last);
}

#[test]
fn an_old_snapshot_keeps_its_options() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let oid = fixture.run(|tx| tx.mapping(SUPERUSER, server, &[("user", "old")]));
    let before = fixture.snapshot();
    fixture.run(|tx| {
        let old = tx.snapshot().user_mapping(oid).unwrap().unwrap();
        let mut new = (*old).clone();
        new.options = options(&[("user", "new")]);
        tx.update(&old, new).unwrap();
    });
    let shown = |snapshot: &medley_catalog::Snapshot| {
        snapshot.user_mapping(oid).unwrap().unwrap().options.shown()
    };
    assert_eq!(shown(&before), ["user=old"]);
    assert_eq!(shown(&fixture.snapshot()), ["user=new"]);
}

#[test]
fn a_folder_is_opened_once() {
    let fixture = Fixture::new();
    let error = Catalog::open(fixture.folder.path()).err().unwrap();
    assert!(matches!(error, Error::InUse(_)), "{error}");
    assert_eq!(error.sqlstate().code(), "55006");
}

#[test]
fn a_folder_is_made_once_and_must_be_one() {
    let fixture = Fixture::new();
    let error = Catalog::create(fixture.folder.path(), bootstrap()).err().unwrap();
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    let error = Catalog::open(&fixture.folder.path().join("elsewhere")).err().unwrap();
    assert!(matches!(error, Error::NotADataDirectory(_)), "{error}");
}

#[test]
fn built_in_objects_have_their_fixed_oids() {
    let snapshot = Fixture::new().snapshot();
    let oid = |name: &str| snapshot.role_named(name).unwrap().oid;
    assert_eq!(oid("postgres"), RoleOid(10));
    assert_eq!(oid("pg_read_all_data"), RoleOid(6181));
    assert_eq!(snapshot.schema_named("public").unwrap().oid.0, 2200);
    assert_eq!(snapshot.schema_named("pg_catalog").unwrap().oid.0, 11);
    snapshot.check_all().unwrap();
}

/// A folder with all but the store itself.
fn beside(fixture: &Fixture) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let last = "catalog.last";
    fs::copy(fixture.folder.path().join(last), folder.path().join(last)).unwrap();
    folder
}

/// Opens these bytes as a store: either it is damage, said so, or all that was committed is there.
fn open_bytes(folder: &Path, bytes: &[u8], what: &str) -> Result<(), Error> {
    fs::write(folder.join(STORE_FILE), bytes).unwrap();
    let catalog = match Catalog::open(folder) {
        Ok(catalog) => catalog,
        Err(error) => {
            assert!(
                matches!(error, Error::Damaged { .. } | Error::NewerFormat { .. }),
                "{what}: {error:?}"
            );
            assert!(error.hint().is_some());
            return Err(error);
        }
    };
    let snapshot = catalog.snapshot();
    snapshot.check_all().unwrap();
    assert_eq!(snapshot.mapping_count(), 51, "{what}");
    assert!(snapshot.role_named("last").is_some(), "{what}");
    for mapping in snapshot.mappings() {
        assert!(snapshot.user_mapping(mapping.oid).unwrap().is_some(), "{what}");
    }
    Ok(())
}

#[test]
fn a_truncated_store_is_reported() {
    let (fixture, bytes) = filled();
    let folder = beside(&fixture);
    for length in (0..bytes.len()).step_by(bytes.len() / 97).chain([1, 511, 4095, 4096]) {
        let what = format!("cut at {length} of {}", bytes.len());
        open_bytes(folder.path(), &bytes[..length], &what).expect_err(&what);
    }
}

#[test]
fn a_flipped_byte_is_reported_or_does_not_matter() {
    let (fixture, bytes) = filled();
    let folder = beside(&fixture);
    let mut noticed = 0;
    let places = (0..320).chain((320..bytes.len()).step_by(bytes.len() / 400));
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x41;
        let opened = open_bytes(folder.path(), &damaged, &format!("byte {place}"));
        noticed += usize::from(opened.is_err());
    }
    assert!(noticed > 100, "only {noticed} were noticed");
}

#[test]
fn a_store_that_has_lost_a_commit_is_reported() {
    let (fixture, bytes) = filled();
    fixture.run(|tx| tx.role("one more"));
    let folder = beside(&fixture);
    let error = open_bytes(folder.path(), &bytes, "an older copy").unwrap_err();
    assert!(error.to_string().ends_with("commit 3 is not in it, but 2"), "{error}");
    fs::write(folder.path().join("catalog.last"), "damaged").unwrap();
    open_bytes(folder.path(), &bytes, "no number").unwrap();
}

#[test]
fn a_new_store_does_not_answer_for_an_old_one() {
    let (Fixture { folder, catalog }, _) = filled();
    drop(catalog);
    fs::remove_file(folder.path().join(STORE_FILE)).unwrap();
    Catalog::create(folder.path(), bootstrap()).unwrap();
    let catalog = Catalog::open(folder.path()).unwrap();
    assert_eq!(catalog.snapshot().mapping_count(), 0);
}

#[test]
fn a_newer_format_is_refused() {
    use redb::{Database, TableDefinition};
    const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");
    let Fixture { folder, catalog } = Fixture::new();
    drop(catalog);
    let database = Database::open(folder.path().join(STORE_FILE)).unwrap();
    let write = database.begin_write().unwrap();
    let format = 7_u32.to_be_bytes();
    write.open_table(META).unwrap().insert(&b"format"[..], &format[..]).unwrap();
    write.commit().unwrap();
    drop(database);
    let error = Catalog::open(folder.path()).err().unwrap();
    assert!(matches!(error, Error::NewerFormat { found: 7, .. }), "{error}");
    assert!(error.to_string().contains("format 7"), "{error}");
}
