use std::sync::{Arc, Mutex};

use medley_catalog::ids::RoleOrPublic;
use medley_catalog::objects::{Role, Server, UserMapping};
use medley_catalog::{Catalog, Error, Retired};
use medley_diagnostic::Diagnostic;

use crate::fixture::{Fixture, Make, SUPERUSER, options};

#[test]
fn changes_are_seen_by_their_transaction_alone_until_commit() {
    let fixture = Fixture::new();
    let mut tx = fixture.begin();
    tx.role("r");
    assert!(tx.snapshot().role_named("r").is_some());
    assert!(fixture.snapshot().role_named("r").is_none());
    tx.commit().unwrap();
    assert!(fixture.snapshot().role_named("r").is_some());
}

#[test]
fn a_transaction_that_ends_otherwise_changes_nothing() {
    let fixture = Fixture::new();
    let version = fixture.snapshot().version();
    let mut tx = fixture.begin();
    tx.role("r");
    tx.rollback();
    fixture.begin().commit().unwrap();
    assert!(fixture.snapshot().role_named("r").is_none());
    assert_eq!(fixture.snapshot().version(), version);
    fixture.run(|tx| tx.role("r"));
}

#[test]
fn a_transaction_sees_what_others_commit_meanwhile() {
    let fixture = Fixture::new();
    let mut tx = fixture.begin();
    let own = tx.role("own");
    fixture.run(|other| other.role("other"));
    let snapshot = tx.snapshot();
    assert!(snapshot.role_named("other").is_some());
    assert_eq!(snapshot.role_named("own").unwrap().oid, own);
    tx.commit().unwrap();
    fixture.snapshot().check_all().unwrap();
}

#[test]
fn a_savepoint_is_gone_back_to_more_than_once() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let mut tx = fixture.begin();
    let oid = tx.mapping(SUPERUSER, server, &[("user", "first")]);
    let savepoint = tx.savepoint();
    for _ in 0..2 {
        let old = tx.snapshot().user_mapping(oid).unwrap().unwrap();
        let new = UserMapping { options: options(&[("user", "second")]), ..(*old).clone() };
        tx.update(&old, new).unwrap();
        let inner = tx.savepoint();
        tx.remove(oid.address()).unwrap();
        assert!(tx.snapshot().mapping(oid).is_none());
        tx.rollback_to(savepoint).unwrap();
        assert!(matches!(tx.rollback_to(inner), Err(Error::NoSavepoint)));
        let mapping = tx.snapshot().user_mapping(oid).unwrap().unwrap();
        assert_eq!(mapping.options.shown(), ["user=first"]);
    }
    tx.release(savepoint).unwrap();
    assert!(matches!(tx.release(savepoint), Err(Error::NoSavepoint)));
    tx.commit().unwrap();
    let mapping = fixture.snapshot().user_mapping(oid).unwrap().unwrap();
    assert_eq!(mapping.options.shown(), ["user=first"]);
}

#[test]
fn a_mapping_can_be_dropped_and_made_again_in_one_transaction() {
    let fixture = Fixture::new();
    let (server, old) = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        (server, tx.mapping(SUPERUSER, server, &[("user", "old")]))
    });
    let new = fixture.run(|tx| {
        tx.remove(old.address()).unwrap();
        tx.mapping(SUPERUSER, server, &[("user", "new")])
    });
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.resolve(server, SUPERUSER).unwrap().mapping, new);
    assert_eq!(snapshot.mapping_count(), 1);
    snapshot.check_all().unwrap();
}

#[test]
fn names_can_be_swapped() {
    let fixture = Fixture::new();
    let (a, b) = fixture.run(|tx| (tx.role("a"), tx.role("b")));
    fixture.run(|tx| {
        for (oid, name) in [(a, "tmp"), (b, "a"), (a, "b")] {
            let old = tx.snapshot().role(oid).cloned().unwrap();
            tx.update(&old, Role { name: name.into(), ..Role::clone(&old) }).unwrap();
        }
    });
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.role_named("a").unwrap().oid, b);
    assert_eq!(snapshot.role_named("b").unwrap().oid, a);
    assert!(snapshot.role_named("tmp").is_none());
    let reopened = fixture.reopened();
    assert_eq!(reopened.snapshot().role_named("a").unwrap().oid, b);
}

#[test]
fn the_own_mapping_counts_before_that_of_public() {
    let fixture = Fixture::new();
    let (server, own, public, alice, bob) = fixture.run(|tx| {
        let (alice, bob) = (tx.role("alice"), tx.role("bob"));
        let server = tx.server("s", SUPERUSER);
        let own = tx.mapping(alice, server, &[]);
        (server, own, tx.mapping(RoleOrPublic::Public, server, &[]), alice, bob)
    });
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.resolve(server, alice).unwrap().mapping, own);
    assert_eq!(snapshot.resolve(server, bob).unwrap().mapping, public);
    fixture.run(|tx| tx.remove(public.address()).unwrap());
    assert_eq!(fixture.snapshot().resolve(server, bob), None);
}

#[test]
fn every_change_to_what_connect_receives_gives_a_new_epoch() {
    let fixture = Fixture::new();
    let (server, mapping) = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        (server, tx.mapping(SUPERUSER, server, &[]))
    });
    let epoch = || fixture.snapshot().resolve(server, SUPERUSER).unwrap().epoch.unwrap();
    let first = epoch();
    fixture.run(|tx| tx.role("somebody else"));
    assert_eq!(epoch(), first);

    let mut tx = fixture.begin();
    let old = tx.snapshot().server(server).cloned().unwrap();
    tx.update(&old, Server { version: Some("2".into()), ..Server::clone(&old) }).unwrap();
    // Not yet committed: nobody may pool a connection made from it.
    assert_eq!(tx.snapshot().resolve(server, SUPERUSER).unwrap().epoch, None);
    assert_eq!(epoch(), first);
    tx.commit().unwrap();
    let second = epoch();
    assert!(second > first);

    fixture.run(|tx| {
        let old = tx.snapshot().user_mapping(mapping).unwrap().unwrap();
        tx.update(&old, UserMapping { options: options(&[("user", "x")]), ..(*old).clone() })
            .unwrap();
    });
    let third = epoch();
    assert!(third > second);

    fixture.run(|tx| {
        let old = tx.snapshot().wrapper_named("w").cloned().unwrap();
        let mut new = (*old).clone();
        new.handler = Some("other".into());
        tx.update(&old, new).unwrap();
    });
    assert!(epoch() > third);
}

#[test]
fn listeners_are_told_what_is_retired() {
    let fixture = Fixture::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    fixture.catalog.subscribe(move |version: u64, retired: &[Retired]| {
        tell.lock().unwrap().push((version, retired.to_vec()));
    });
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    let mapping = fixture.run(|tx| tx.mapping(SUPERUSER, server, &[]));
    fixture.run(|tx| tx.role("nobody"));
    fixture.run(|tx| tx.remove(mapping.address()).unwrap());
    let told: Vec<_> = told.lock().unwrap().iter().map(|(_, retired)| retired.clone()).collect();
    let (server, mapping) = (Retired::Server(server), Retired::UserMapping(mapping));
    assert_eq!(told, [vec![server], vec![mapping], vec![], vec![mapping]]);
}

#[test]
fn a_duplicate_says_which_index_and_key() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| tx.server("s", SUPERUSER));
    fixture.run(|tx| tx.mapping(SUPERUSER, server, &[]));
    let mut tx = fixture.begin();
    let error = tx
        .create(UserMapping {
            oid: medley_catalog::ids::UserMappingOid(99_999),
            server,
            user: SUPERUSER.into(),
            epoch: None,
            options: options(&[]),
            accepted: true,
        })
        .unwrap_err();
    let report = error.report();
    assert_eq!(report.sqlstate.code(), "23505");
    assert_eq!(
        report.message,
        "duplicate key value violates unique constraint \"pg_user_mapping_user_server_index\""
    );
    let detail = format!("Key (umuser, umserver)=(10, {server}) already exists.");
    assert_eq!(report.detail, Some(detail));
    assert_eq!(report.constraint.unwrap().table, "pg_user_mapping");
}

#[test]
fn an_object_read_before_an_own_change_is_out_of_date() {
    let fixture = Fixture::new();
    let oid = fixture.run(|tx| tx.role("r"));
    let mut tx = fixture.begin();
    let old = tx.snapshot().role(oid).cloned().unwrap();
    tx.update(&old, Role { can_login: true, ..Role::clone(&old) }).unwrap();
    let again = tx.update(&old, Role { inherit: false, ..Role::clone(&old) });
    assert!(matches!(again, Err(Error::UpdatedBySelf)));
}

#[test]
fn a_role_goes_with_its_memberships_comments_and_settings() {
    use medley_catalog::objects::{Setting, SettingScope};
    let fixture = Fixture::new();
    let scope = |role| SettingScope { database: None, role: Some(role) };
    let (group, member) = fixture.run(|tx| {
        let (group, member) = (tx.role("g"), tx.role("m"));
        tx.member(group, member, true);
        tx.set_comment(member.address(), "a member").unwrap();
        let values = vec![("search_path".into(), "x".into())];
        tx.create(Setting { scope: scope(member), values }).unwrap();
        (group, member)
    });
    let path = crate::fixture::no_path(&fixture.snapshot());
    fixture.run(|tx| tx.drop_roles(&[member], &path).unwrap());
    let check = |catalog: &Catalog| {
        let snapshot = catalog.snapshot();
        assert!(snapshot.role(member).is_none() && snapshot.role(group).is_some());
        assert_eq!(snapshot.memberships_in_role(group).count(), 0);
        assert_eq!(snapshot.comment(member.address()), None);
        assert!(snapshot.setting(scope(member)).is_none());
        snapshot.check_all().unwrap();
    };
    check(&fixture.catalog);
    check(&fixture.reopened().catalog);
}

#[test]
fn comments_are_set_replaced_and_removed() {
    let fixture = Fixture::new();
    let role = fixture.run(|tx| tx.role("r")).address();
    for (text, shown) in [("one", Some("one")), ("two", Some("two")), ("", None), ("", None)] {
        fixture.run(|tx| tx.set_comment(role, text).unwrap());
        assert_eq!(fixture.snapshot().comment(role), shown);
    }
}
