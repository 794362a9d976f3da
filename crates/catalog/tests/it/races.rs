//! Two sessions: what the second one gets at its own statement, once the first has ended.
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use medley_catalog::acl::Behavior;
use medley_catalog::ids::{RoleOid, RoleOrPublic, ServerOid, UserMappingOid};
use medley_catalog::objects::{Role, Server, UserMapping};
use medley_catalog::{Backend, Catalog, Error, LockMode, Result, Snapshot, Transaction};
use medley_diagnostic::{Diagnostic, Report};

use crate::fixture::{Fixture, Make, SUPERUSER, no_path, options, server_of};

/// Long enough for the other thread to come to its wait.
const MOMENT: Duration = Duration::from_millis(60);

/// What locks know the second session by.
const SECOND: u32 = 2;

#[derive(Clone, Copy)]
enum End {
    Commit,
    Rollback,
}

/// Runs `a`, then `b` in another session, which must wait for `a`'s end and is then told the
/// outcome of.
fn race<T: Send + 'static>(
    fixture: &Fixture,
    a: impl FnOnce(&mut Transaction),
    end: End,
    b: impl FnOnce(&mut Transaction) -> Result<T> + Send + 'static,
) -> Result<T, Report> {
    let mut first = fixture.begin();
    a(&mut first);
    let catalog = Arc::clone(&fixture.catalog);
    let second = thread::spawn(move || {
        let mut tx = catalog.begin(Backend { process_id: SECOND, ..Backend::default() });
        let result = b(&mut tx).and_then(|value| tx.commit().map(|_| value));
        result.map_err(|error| error.report())
    });
    while fixture.catalog.blocking(SECOND).is_empty() {
        assert!(!second.is_finished(), "the second session did not wait");
        thread::sleep(Duration::from_millis(1));
    }
    match end {
        End::Commit => drop(first.commit().unwrap()),
        End::Rollback => first.rollback(),
    }
    let result = second.join().unwrap();
    fixture.snapshot().check_all().unwrap();
    result
}

fn check<T: Debug>(result: Result<T, Report>, code: &str, message: &str) {
    let report = result.expect_err("it must fail");
    assert_eq!((report.sqlstate.code(), report.message.as_str()), (code, message));
}

fn new_server(tx: &mut Transaction, name: &str) -> Result<()> {
    let oid = ServerOid(tx.allocate_oid()?);
    let server = server_of(tx, oid, name, SUPERUSER);
    tx.create(server)
}

fn new_mapping(tx: &mut Transaction, user: RoleOrPublic, server: ServerOid) -> Result<()> {
    let oid = UserMappingOid(tx.allocate_oid()?);
    tx.create(UserMapping { oid, server, user, epoch: None, options: options(&[]), accepted: true })
}

fn set_version(tx: &mut Transaction, server: ServerOid, version: &str) -> Result<()> {
    let old = tx.snapshot().server(server).cloned().unwrap();
    tx.update(&old, Server { version: Some(version.into()), ..Server::clone(&old) })
}

fn set_options(tx: &mut Transaction, mapping: UserMappingOid, value: &str) -> Result<()> {
    let old = tx.snapshot().user_mapping(mapping)?.unwrap();
    tx.update(&old, UserMapping { options: options(&[("user", value)]), ..(*old).clone() })
}

fn drop_server(tx: &mut Transaction, name: &'static str, behavior: Behavior) -> Result<()> {
    let path = no_path(&tx.snapshot());
    let find = move |snapshot: &Snapshot| {
        snapshot.find_server(name).map(|server| Some(server.oid.address()))
    };
    let Some(server) = tx.lock_resolved(LockMode::Exclusive, find)? else { return Ok(()) };
    tx.drop_objects(&[server], behavior, &path).map(drop)
}

fn drop_role(tx: &mut Transaction, role: RoleOid) -> Result<()> {
    let path = no_path(&tx.snapshot());
    tx.drop_roles(&[role], &path)
}

#[test]
fn both_create_a_server() {
    let fixture = Fixture::new();
    let a = |tx: &mut Transaction| new_server(tx, "n").unwrap();
    race(&fixture, a, End::Rollback, |tx| new_server(tx, "n")).unwrap();
    fixture.run(|tx| drop_server(tx, "n", Behavior::Restrict).unwrap());
    let result = race(&fixture, a, End::Commit, |tx| new_server(tx, "n"));
    assert_eq!(
        result.as_ref().unwrap_err().detail.as_deref(),
        Some("Key (srvname)=(n) already exists.")
    );
    let text = "duplicate key value violates unique constraint \"pg_foreign_server_name_index\"";
    check(result, "23505", text);
}

#[test]
fn both_create_a_role_or_a_mapping() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let new_role = |tx: &mut Transaction| {
        let oid = RoleOid(tx.allocate_oid()?);
        tx.create(Role::new(oid, "r"))
    };
    let text = "duplicate key value violates unique constraint \"pg_authid_rolname_index\"";
    check(race(&fixture, |tx| new_role(tx).unwrap(), End::Commit, new_role), "23505", text);

    let mapping = move |tx: &mut Transaction| new_mapping(tx, RoleOrPublic::Public, server);
    let text =
        "duplicate key value violates unique constraint \"pg_user_mapping_user_server_index\"";
    check(race(&fixture, |tx| mapping(tx).unwrap(), End::Commit, mapping), "23505", text);
}

#[test]
fn a_rename_and_a_creation_meet() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("a", SUPERUSER));
    let rename = |tx: &mut Transaction| {
        let old = tx.snapshot().server(server).cloned().unwrap();
        tx.update(&old, Server { name: "n".into(), ..Server::clone(&old) }).unwrap();
    };
    let text = "duplicate key value violates unique constraint \"pg_foreign_server_name_index\"";
    check(race(&fixture, rename, End::Commit, |tx| new_server(tx, "n")), "23505", text);
}

#[test]
fn tables_meet_in_one_index_and_renamed_ones_in_another() {
    let fixture = Fixture::new();
    let (server, table) = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        (server, tx.table("a", server))
    });
    let create = move |tx: &mut Transaction| _ = tx.view("v", &[]);
    let rename = move |tx: &mut Transaction| {
        let old = tx.snapshot().relation(table).cloned().unwrap();
        let mut new = (*old).clone();
        new.name = "v".into();
        tx.update(&old, new)
    };
    let text = "duplicate key value violates unique constraint \"pg_class_relname_nsp_index\"";
    let result = race(&fixture, create, End::Commit, rename);
    assert_eq!(
        result.as_ref().unwrap_err().detail.as_deref(),
        Some("Key (relname, relnamespace)=(v, 2200) already exists.")
    );
    check(result, "23505", text);
    let again = race(
        &fixture,
        |tx| _ = tx.table("t", server),
        End::Commit,
        move |tx| {
            let mut other = tx.snapshot().relation(table).map(|it| (**it).clone()).unwrap();
            other.oid = medley_catalog::ids::RelationOid(tx.allocate_oid()?);
            other.name = "t".into();
            tx.create(other)
        },
    );
    let text = "duplicate key value violates unique constraint \"pg_type_typname_nsp_index\"";
    check(again, "23505", text);
}

#[test]
fn both_alter() {
    let fixture = Fixture::new();
    let (server, mapping) = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        (server, tx.mapping(SUPERUSER, server, &[]))
    });
    let text = "tuple concurrently updated";
    let a = |tx: &mut Transaction| set_version(tx, server, "a").unwrap();
    check(race(&fixture, a, End::Commit, move |tx| set_version(tx, server, "b")), "XX000", text);
    race(&fixture, a, End::Rollback, move |tx| set_version(tx, server, "b")).unwrap();
    let a = |tx: &mut Transaction| set_options(tx, mapping, "a").unwrap();
    check(race(&fixture, a, End::Commit, move |tx| set_options(tx, mapping, "b")), "XX000", text);
    check(race(&fixture, a, End::Commit, move |tx| tx.remove(mapping.address())), "XX000", text);
}

#[test]
fn a_mapping_is_dropped_and() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let mapping = fixture.run(|tx| tx.mapping(SUPERUSER, server, &[]));
    let a = |tx: &mut Transaction| tx.remove(mapping.address()).unwrap();
    race(&fixture, a, End::Rollback, move |tx| set_options(tx, mapping, "b")).unwrap();
    check(
        race(&fixture, a, End::Commit, move |tx| set_options(tx, mapping, "b")),
        "XX000",
        "tuple concurrently deleted",
    );
    let mapping = fixture.run(|tx| tx.mapping(SUPERUSER, server, &[]));
    let text = format!("cache lookup failed for user mapping {mapping}");
    check(
        race(
            &fixture,
            |tx| tx.remove(mapping.address()).unwrap(),
            End::Commit,
            move |tx| tx.remove(mapping.address()),
        ),
        "XX000",
        &text,
    );
}

#[test]
fn both_drop_a_server() {
    let fixture = Fixture::new();
    fixture.run(|tx| tx.server("s", SUPERUSER));
    let a = |tx: &mut Transaction| drop_server(tx, "s", Behavior::Restrict).unwrap();
    let b = |tx: &mut Transaction| drop_server(tx, "s", Behavior::Restrict);
    check(race(&fixture, a, End::Commit, b), "42704", "server \"s\" does not exist");
}

#[test]
fn a_mapping_comes_to_a_server_that_goes() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let map = move |tx: &mut Transaction| new_mapping(tx, SUPERUSER.into(), server);
    let drop_it = |tx: &mut Transaction| drop_server(tx, "s", Behavior::Restrict);
    check(
        race(&fixture, |tx| map(tx).unwrap(), End::Commit, drop_it),
        "2BP01",
        "cannot drop server s because other objects depend on it",
    );
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let map = move |tx: &mut Transaction| new_mapping(tx, SUPERUSER.into(), server);
    check(
        race(&fixture, |tx| drop_it(tx).unwrap(), End::Commit, map),
        "42704",
        "referenced server was concurrently dropped",
    );
}

#[test]
fn a_mapping_comes_to_a_role_that_goes() {
    let fixture = Fixture::new();
    let (server, role) = fixture.run(|tx| (tx.server("s", SUPERUSER), tx.role("r")));
    let map = move |tx: &mut Transaction| new_mapping(tx, role.into(), server);
    let drop_it = move |tx: &mut Transaction| drop_role(tx, role);
    let report = race(&fixture, |tx| drop_it(tx).unwrap(), End::Rollback, map);
    report.unwrap();
    fixture.run(|tx| {
        let mapping = tx.snapshot().mapping_for(server, role.into()).unwrap();
        tx.remove(mapping.oid.address()).unwrap();
    });
    let result = race(&fixture, |tx| map(tx).unwrap(), End::Commit, drop_it);
    let detail = result.as_ref().unwrap_err().detail.clone();
    assert_eq!(detail.as_deref(), Some("owner of user mapping for r on server s"));
    check(result, "2BP01", "role \"r\" cannot be dropped because some objects depend on it");
    fixture.run(|tx| {
        let mapping = tx.snapshot().mapping_for(server, role.into()).unwrap();
        tx.remove(mapping.oid.address()).unwrap();
    });
    let text = format!("role {role} was concurrently dropped");
    check(race(&fixture, |tx| drop_it(tx).unwrap(), End::Commit, map), "42704", &text);
}

#[test]
fn alter_and_a_new_mapping_do_not_disturb_each_other() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let mut first = fixture.begin();
    set_version(&mut first, server, "2").unwrap();
    fixture.run(|tx| new_mapping(tx, SUPERUSER.into(), server).unwrap());
    first.commit().unwrap();
    fixture.snapshot().check_all().unwrap();
}

/// Two transactions change two servers in opposite order: one of them is told so.
#[test]
fn cross_updates_are_a_deadlock() {
    let fixture = Fixture::new();
    let (one, two) = fixture.run(|tx| (tx.server("one", SUPERUSER), tx.server("two", SUPERUSER)));
    let backend = |process_id| Backend { process_id, ..Backend::default() };
    let mut first = fixture.catalog.begin(backend(101));
    set_version(&mut first, one, "a").unwrap();
    let catalog = Arc::clone(&fixture.catalog);
    let second = thread::spawn(move || {
        let mut second = catalog.begin(backend(102));
        set_version(&mut second, two, "b")?;
        set_version(&mut second, one, "b")?;
        second.commit()
    });
    thread::sleep(MOMENT);
    let error = set_version(&mut first, two, "a").unwrap_err();
    assert_eq!(error.sqlstate().code(), "40P01");
    let detail = error.detail().unwrap();
    let lines: Vec<_> = detail.lines().collect();
    assert_eq!(lines.len(), 2, "{detail}");
    assert!(lines[0].starts_with("Process 101 waits for ShareLock on transaction "), "{detail}");
    assert!(lines[0].ends_with("; blocked by process 102."), "{detail}");
    assert!(lines[1].starts_with("Process 102 waits for "), "{detail}");
    first.rollback();
    second.join().unwrap().unwrap();
    assert_eq!(fixture.snapshot().server(one).unwrap().version.as_deref(), Some("b"));
}

#[test]
fn two_that_hold_a_reference_and_want_more_are_a_deadlock() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let mut first = fixture.begin();
    first.lock_referenced(server.address()).unwrap();
    let catalog = Arc::clone(&fixture.catalog);
    let second = thread::spawn(move || {
        let mut second = catalog.begin(Backend::default());
        second.lock_referenced(server.address())?;
        thread::sleep(MOMENT / 2);
        second.lock_for_removal(server.address())
    });
    thread::sleep(MOMENT);
    let error = first.lock_for_removal(server.address()).unwrap_err();
    assert!(matches!(error, Error::Deadlock { .. }));
    first.rollback();
    second.join().unwrap().unwrap();
}

#[test]
fn a_wait_can_be_cut_short() {
    let fixture = Fixture::new();
    let mut first = fixture.begin();
    new_server(&mut first, "n").unwrap();
    let timeout = Backend { lock_timeout: Some(MOMENT), ..Backend::default() };
    let error = new_server(&mut fixture.catalog.begin(timeout), "n").unwrap_err();
    assert_eq!(
        (error.sqlstate().code(), error.to_string().as_str()),
        ("55P03", "canceling statement due to lock timeout")
    );
    let cancel = Arc::new(AtomicBool::new(false));
    let backend = Backend { cancel: Arc::clone(&cancel), ..Backend::default() };
    let catalog: Arc<Catalog> = Arc::clone(&fixture.catalog);
    let waiting = thread::spawn(move || new_server(&mut catalog.begin(backend), "n"));
    thread::sleep(MOMENT);
    cancel.store(true, Ordering::Release);
    let error = waiting.join().unwrap().unwrap_err();
    assert_eq!(error.sqlstate().code(), "57014");
    // Those who gave up do not stand in anybody's way.
    first.rollback();
    fixture.run(|tx| new_server(tx, "n").unwrap());
}

#[test]
fn locks_since_a_savepoint_are_given_back_with_it() {
    let fixture = Fixture::new();
    let mut first = fixture.begin();
    let savepoint = first.savepoint();
    new_server(&mut first, "n").unwrap();
    first.rollback_to(savepoint).unwrap();
    fixture.run(|tx| new_server(tx, "n").unwrap());
    let error = new_server(&mut first, "n").unwrap_err();
    assert_eq!(error.sqlstate().code(), "23505");
}

/// Many sessions add mappings to one server and count: none is lost.
#[test]
fn many_write_at_once() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let worker = |number: usize| {
        let catalog = Arc::clone(&fixture.catalog);
        thread::spawn(move || {
            for turn in 0..10 {
                let mut tx = catalog.begin(Backend::default());
                let role = tx.role(&format!("r{number}_{turn}"));
                new_mapping(&mut tx, role.into(), server).unwrap();
                tx.commit().unwrap();
            }
        })
    };
    let workers: Vec<_> = (0..8).map(worker).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert_eq!(fixture.snapshot().mapping_count(), 80);
    let fixture = fixture.reopened();
    assert_eq!(fixture.snapshot().mapping_count(), 80);
    fixture.snapshot().check_all().unwrap();
}
