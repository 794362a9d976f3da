//! What goes with what, in PostgreSQL's order and words.
use medley_catalog::acl::{Acl, AclKind, Behavior, Grant, Privileges};
use medley_catalog::ids::{ExtensionOid, ObjectAddress, RoleOrPublic, SchemaOid};
use medley_catalog::objects::{Extension, Schema, Server};
use medley_catalog::{Snapshot, Transaction};
use medley_diagnostic::{Diagnostic, Report};

use crate::fixture::{Fixture, Make, SUPERUSER, no_path, public_path};

/// w -> s1 (mappings of r, PUBLIC; table t1 with view v1), s2 (table t2).
fn tree(tx: &mut Transaction) -> ObjectAddress {
    let wrapper = tx.snapshot().wrapper_named("w").unwrap().oid;
    let role = tx.role("r");
    let s1 = tx.server("s1", SUPERUSER);
    tx.mapping(role, s1, &[]);
    let t1 = tx.table("t1", s1);
    tx.view("v1", &[t1.address().column(1), t1.address().column(2)]);
    let s2 = tx.server("s2", SUPERUSER);
    tx.mapping(RoleOrPublic::Public, s1, &[]);
    tx.table("T 2", s2);
    wrapper.address()
}

fn drop_all(
    fixture: &Fixture,
    targets: &[ObjectAddress],
    behavior: Behavior,
) -> Result<Option<Report>, Report> {
    let mut tx = fixture.begin();
    let path = public_path(&tx.snapshot());
    let dropped = tx.drop_objects(targets, behavior, &path).map_err(|error| error.report())?;
    tx.commit().unwrap();
    fixture.snapshot().check_all().unwrap();
    Ok(dropped.notice)
}

#[test]
fn restrict_lists_what_depends_in_the_order_of_creation() {
    let fixture = Fixture::new();
    let wrapper = fixture.run(tree);
    let error = drop_all(&fixture, &[wrapper], Behavior::Restrict).unwrap_err();
    assert_eq!(error.sqlstate.code(), "2BP01");
    assert_eq!(
        error.message,
        "cannot drop foreign-data wrapper w because other objects depend on it"
    );
    assert_eq!(
        error.detail.unwrap().lines().collect::<Vec<_>>(),
        [
            "server s1 depends on foreign-data wrapper w",
            "user mapping for r on server s1 depends on server s1",
            "foreign table t1 depends on server s1",
            "view v1 depends on foreign table t1",
            "user mapping for public on server s1 depends on server s1",
            "server s2 depends on foreign-data wrapper w",
            "foreign table \"T 2\" depends on server s2",
        ]
    );
    assert_eq!(
        error.hint.as_deref(),
        Some("Use DROP ... CASCADE to drop the dependent objects too.")
    );
}

/// The lists are PostgreSQL's own for these objects.
#[test]
fn what_is_reached_in_two_ways_is_listed_where_it_was_first_met() {
    let fixture = Fixture::new();
    let wrapper = fixture.run(tree);
    let snapshot = fixture.snapshot();
    let relation = |name| {
        let found = snapshot.relation_named(SchemaOid::PUBLIC, name).unwrap();
        found.oid.address()
    };
    let (t1, v1, t2) = (relation("t1"), relation("v1"), relation("T 2"));
    fixture.run(|tx| {
        tx.view("v2", &[v1.column(1)]);
        let v3 = tx.view("v3", &[v1.column(1), t1]).address();
        tx.view("v0", &[t2.column(1), v3]);
    });
    let lines = |target| {
        let error = drop_all(&fixture, &[target], Behavior::Restrict).unwrap_err();
        error.detail.unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(wrapper)[2..],
        [
            "foreign table t1 depends on server s1",
            "view v1 depends on foreign table t1",
            "view v2 depends on view v1",
            "view v3 depends on foreign table t1",
            "user mapping for public on server s1 depends on server s1",
            "server s2 depends on foreign-data wrapper w",
            "foreign table \"T 2\" depends on server s2",
            "view v0 depends on foreign table \"T 2\"",
        ]
    );
    let of_v1 =
        ["view v2 depends on view v1", "view v3 depends on view v1", "view v0 depends on view v3"];
    assert_eq!(lines(v1), of_v1);
    let of_a = lines(t1.column(1));
    assert_eq!(of_a[0], "view v1 depends on column a of foreign table t1");
    assert_eq!(of_a[1..], of_v1);
}

#[test]
fn cascade_says_what_goes() {
    let fixture = Fixture::new();
    let wrapper = fixture.run(tree);
    let notice = drop_all(&fixture, &[wrapper], Behavior::Cascade).unwrap().unwrap();
    assert_eq!(notice.message, "drop cascades to 7 other objects");
    let detail = notice.detail.unwrap();
    assert_eq!(detail.lines().next(), Some("drop cascades to server s1"));
    assert_eq!(detail.lines().last(), Some("drop cascades to foreign table \"T 2\""));
    let snapshot = fixture.snapshot();
    assert_eq!(snapshot.wrappers().count(), 0);
    assert_eq!((snapshot.mapping_count(), snapshot.relations().count()), (0, 0));
}

#[test]
fn one_dependent_is_named_and_none_is_not_mentioned() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        tx.mapping(RoleOrPublic::Public, server, &[]);
        server.address()
    });
    let notice = drop_all(&fixture, &[server], Behavior::Cascade).unwrap().unwrap();
    assert_eq!(notice.message, "drop cascades to user mapping for public on server s");
    assert_eq!(notice.detail, None);
    let server = fixture.run(|tx| tx.server("s", SUPERUSER).address());
    assert_eq!(drop_all(&fixture, &[server], Behavior::Restrict), Ok(None));
}

#[test]
fn what_is_named_itself_does_not_count_as_a_dependent() {
    let fixture = Fixture::new();
    fixture.run(tree);
    let snapshot = fixture.snapshot();
    let server = |name| snapshot.server_named(name).unwrap().oid.address();
    let (s1, s2) = (server("s1"), server("s2"));
    let error = drop_all(&fixture, &[s1, s2], Behavior::Restrict).unwrap_err();
    assert_eq!(error.message, "cannot drop desired object(s) because other objects depend on them");
    let relations: Vec<_> = snapshot.relations().map(|it| it.oid.address()).collect();
    assert_eq!(drop_all(&fixture, &relations, Behavior::Restrict), Ok(None));
    let public =
        snapshot.mapping_for(snapshot.server_named("s1").unwrap().oid, RoleOrPublic::Public);
    let error = drop_all(&fixture, &[s1, s2, public.unwrap().oid.address()], Behavior::Restrict);
    assert_eq!(
        error.unwrap_err().detail.as_deref(),
        Some("user mapping for r on server s1 depends on server s1")
    );
}

#[test]
fn at_most_a_hundred_lines_are_listed() {
    let fixture = Fixture::new();
    let server = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        for number in 0..102 {
            tx.table(&format!("t{number}"), server);
        }
        server.address()
    });
    let error = drop_all(&fixture, &[server], Behavior::Restrict).unwrap_err();
    let detail = error.detail.unwrap();
    assert_eq!(detail.lines().count(), 101);
    assert_eq!(detail.lines().last(), Some("and 2 other objects (see server log for list)"));
    let notice = drop_all(&fixture, &[server], Behavior::Cascade).unwrap().unwrap();
    assert_eq!(notice.message, "drop cascades to 102 other objects");
}

#[test]
fn a_column_takes_the_views_that_use_it() {
    let fixture = Fixture::new();
    let table = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        let table = tx.table("t", server).address();
        tx.view("uses_a", &[table.column(1)]);
        tx.view("uses_b", &[table.column(2)]);
        table
    });
    let error = drop_all(&fixture, &[table.column(1)], Behavior::Restrict).unwrap_err();
    assert_eq!(
        error.message,
        "cannot drop column a of foreign table t because other objects depend on it"
    );
    assert_eq!(error.detail.as_deref(), Some("view uses_a depends on column a of foreign table t"));
    let notice = drop_all(&fixture, &[table.column(1)], Behavior::Cascade).unwrap().unwrap();
    assert_eq!(notice.message, "drop cascades to view uses_a");
    let snapshot = fixture.snapshot();
    let names: Vec<_> = snapshot.relations().map(|it| it.name.clone()).collect();
    assert_eq!(names, ["t", "uses_b"]);
}

#[test]
fn a_member_goes_with_its_extension_and_not_alone() {
    let fixture = Fixture::new();
    let (extension, wrapper) = fixture.run(|tx| {
        let wrapper = tx.wrapper("hello").address();
        let oid = ExtensionOid(tx.allocate_oid().unwrap());
        let extension = Extension {
            oid,
            name: "hello_ext".into(),
            owner: SUPERUSER,
            schema: SchemaOid::PUBLIC,
            version: "1.0".into(),
            members: vec![wrapper],
        };
        tx.create(extension).unwrap();
        (oid.address(), wrapper)
    });
    let error = drop_all(&fixture, &[wrapper], Behavior::Cascade).unwrap_err();
    assert_eq!(
        error.message,
        "cannot drop foreign-data wrapper hello because extension hello_ext requires it"
    );
    assert_eq!(error.hint.as_deref(), Some("You can drop extension hello_ext instead."));
    assert_eq!(drop_all(&fixture, &[extension], Behavior::Restrict), Ok(None));
    assert!(!fixture.snapshot().contains(wrapper));
}

#[test]
fn a_schema_takes_its_relations() {
    let fixture = Fixture::new();
    let schema = fixture.run(|tx| {
        let schema = SchemaOid(tx.allocate_oid().unwrap());
        let (name, owner) = ("Mixed".to_owned(), SUPERUSER);
        tx.create(Schema { oid: schema, name, owner, acl: None }).unwrap();
        let server = tx.server("s", SUPERUSER);
        let table = tx.table("t", server);
        let old = tx.snapshot().relation(table).cloned().unwrap();
        let mut new = (*old).clone();
        new.schema = schema;
        tx.update(&old, new).unwrap();
        schema.address()
    });
    let error = drop_all(&fixture, &[schema], Behavior::Restrict).unwrap_err();
    assert_eq!(error.detail.as_deref(), Some("foreign table \"Mixed\".t depends on schema Mixed"));
}

#[test]
fn a_role_is_kept_by_what_it_owns_and_what_names_it() {
    let fixture = Fixture::new();
    let role = fixture.run(|tx| {
        let role = tx.role("r");
        let other = tx.role("other");
        let server = tx.server("mine", role);
        tx.mapping(role, server, &[]);
        let shared = tx.server("shared", SUPERUSER);
        let old = tx.snapshot().server(shared).cloned().unwrap();
        let grant =
            Grant { grantee: role.into(), grantor: SUPERUSER, privileges: Privileges::USAGE };
        let acl = Acl::default_for(AclKind::Server, SUPERUSER)
            .grant(SUPERUSER, grant, false, &|one, two| one == two)
            .unwrap();
        tx.update(&old, Server { acl: Some(acl), ..Server::clone(&old) }).unwrap();
        tx.member(role, other, true);
        role
    });
    let snapshot = fixture.snapshot();
    let error = snapshot.check_role_is_free(role, &no_path(&snapshot)).unwrap_err();
    assert_eq!(error.to_string(), "role \"r\" cannot be dropped because some objects depend on it");
    assert_eq!(
        error.detail().unwrap().lines().collect::<Vec<_>>(),
        [
            "owner of server mine",
            "owner of user mapping for r on server mine",
            "privileges for server shared",
        ]
    );
}

#[test]
fn a_name_is_looked_up_in_the_path() {
    let fixture = Fixture::new();
    fixture.run(|tx| {
        let role = tx.role("alice");
        let schema = SchemaOid(tx.allocate_oid().unwrap());
        tx.create(Schema { oid: schema, name: "alice".into(), owner: role, acl: None }).unwrap();
        let closed = SchemaOid(tx.allocate_oid().unwrap());
        tx.create(Schema { oid: closed, name: "closed".into(), owner: SUPERUSER, acl: None })
            .unwrap();
        let server = tx.server("s", SUPERUSER);
        tx.table("t", server);
    });
    let snapshot: &Snapshot = &fixture.snapshot();
    let alice = snapshot.role_named("alice").unwrap().oid;
    let schema = |name| snapshot.schema_named(name).unwrap().oid;
    let elements = ["$user", "closed", "missing", "public", "public"];
    let path = snapshot.search_path(&elements, alice);
    assert_eq!(path.schemas(), [SchemaOid::PG_CATALOG, schema("alice"), SchemaOid::PUBLIC]);
    assert_eq!(path.creation_schema(), Some(schema("alice")));
    assert!(path.relation(snapshot, "t").is_some());
    let path = snapshot.search_path(&elements, SUPERUSER);
    assert_eq!(path.named(), [schema("closed"), SchemaOid::PUBLIC]);
    let path = snapshot.search_path(&["public", "pg_catalog"], alice);
    assert_eq!(path.schemas(), [SchemaOid::PUBLIC, SchemaOid::PG_CATALOG]);
}
