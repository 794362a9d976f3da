//! Who may do what with mappings, and who sees their options: the matrices, cell by cell.
use medley_catalog::acl::{Acl, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic, SchemaOid, ServerOid, UserMappingOid};
use medley_catalog::objects::{
    DefaultAclKind, Membership, OptionValue, Options, Relation, Role, Server, UserMapping,
};
use medley_catalog::{Actor, Snapshot, Transaction};
use medley_secret::{Keyring, MasterKey, Place, Secret};

use crate::fixture::{Fixture, Make, SUPERUSER, acl};

const NONE: Privileges = Privileges::NONE;
const USAGE: Privileges = Privileges::USAGE;

/// A server `s` of `owner`, roles of every relation to it, and a mapping of each.
struct Cast {
    fixture: Fixture,
    server: ServerOid,
}

/// Each actor; `group` and `closed_group` may use the server.
const ACTORS: [&str; 12] = [
    "super",
    "owner",
    "owner_without_usage",
    "inheriting_owner_member",
    "noinherit_owner_member",
    "user",
    "user_with_grant_option",
    "user_by_group",
    "user_by_closed_group",
    "member_of_mapped_role",
    "creator",
    "nobody",
];

impl Cast {
    fn new() -> Self {
        let fixture = Fixture::new();
        let server = fixture.run(|tx| {
            ACTORS.iter().for_each(|name| _ = tx.role(name));
            let [group, closed_group, mapped] =
                ["group", "closed_group", "mapped"].map(|name| tx.role(name));
            let role = |tx: &mut Transaction, name| tx.snapshot().role_named(name).unwrap().oid;
            for (name, group, inherit) in [
                ("inheriting_owner_member", "owner", true),
                ("noinherit_owner_member", "owner", false),
                ("user_by_group", "group", true),
                ("user_by_closed_group", "closed_group", false),
                ("member_of_mapped_role", "mapped", true),
            ] {
                let (group, member) = (role(tx, group), role(tx, name));
                tx.member(group, member, inherit);
            }
            set_role(tx, "super", |role| role.superuser = true);
            set_role(tx, "creator", |role| role.create_role = true);
            let owner = role(tx, "owner");
            let server = tx.server("s", owner);
            let users = [role(tx, "user"), group, closed_group];
            let given = users.map(|role| (RoleOrPublic::Role(role), owner, USAGE, NONE));
            let grantor = role(tx, "user_with_grant_option");
            let mut items = vec![
                (RoleOrPublic::Role(owner), owner, USAGE, NONE),
                (RoleOrPublic::Role(grantor), owner, USAGE, USAGE),
            ];
            items.extend(given);
            set_acl(tx, server, acl(&items));
            for name in ACTORS {
                let role = role(tx, name);
                tx.mapping(role, server, &[("user", name)]);
            }
            tx.mapping(mapped, server, &[("user", "mapped")]);
            tx.mapping(RoleOrPublic::Public, server, &[("user", "public")]);
            server
        });
        Self { fixture, server }
    }

    fn mapping(&self, snapshot: &Snapshot, name: &str) -> UserMappingOid {
        let user = match name {
            "public" => RoleOrPublic::Public,
            name => RoleOrPublic::Role(snapshot.role_named(name).unwrap().oid),
        };
        snapshot.mapping_for(self.server, user).unwrap().oid
    }
}

fn set_role(tx: &mut Transaction, name: &str, set: impl FnOnce(&mut Role)) {
    let old = tx.snapshot().role_named(name).cloned().unwrap();
    let mut new = Role::clone(&old);
    set(&mut new);
    tx.update(&old, new).unwrap();
}

fn set_acl(tx: &mut Transaction, server: ServerOid, acl: Acl) {
    let old = tx.snapshot().server(server).cloned().unwrap();
    tx.update(&old, Server { acl: Some(acl), ..Server::clone(&old) }).unwrap();
}

fn actor<'a>(snapshot: &'a Snapshot, name: &str) -> Actor<'a> {
    snapshot.actor(snapshot.role_named(name).unwrap().oid)
}

/// `ok`, or `P` and `O` as the reference abbreviates the two refusals.
fn verdict(actor: &Actor<'_>, server: ServerOid, user: RoleOrPublic) -> &'static str {
    match actor.check_user_mapping(server, user) {
        Ok(()) => "ok",
        Err(error) => match error.to_string().as_str() {
            "permission denied for foreign server s" => "P",
            "must be owner of foreign server s" => "O",
            other => panic!("{other}"),
        },
    }
}

/// Its own, another role's, PUBLIC's: as in the reference's 3.6.
const PERMISSIONS: [(&str, [&str; 3]); 12] = [
    ("super", ["ok", "ok", "ok"]),
    ("owner", ["ok", "ok", "ok"]),
    ("inheriting_owner_member", ["ok", "ok", "ok"]),
    ("noinherit_owner_member", ["P", "O", "O"]),
    ("user", ["ok", "O", "O"]),
    ("user_with_grant_option", ["ok", "O", "O"]),
    ("user_by_group", ["ok", "O", "O"]),
    ("user_by_closed_group", ["P", "O", "O"]),
    ("member_of_mapped_role", ["P", "O", "O"]),
    ("creator", ["P", "O", "O"]),
    ("nobody", ["P", "O", "O"]),
    ("owner_without_usage", ["P", "O", "O"]),
];

#[test]
fn who_may_change_mappings() {
    let cast = Cast::new();
    let snapshot = cast.fixture.snapshot();
    let mapped = snapshot.role_named("mapped").unwrap().oid;
    for (name, expected) in PERMISSIONS {
        let actor = actor(&snapshot, name);
        let targets = [actor.role().into(), RoleOrPublic::Role(mapped), RoleOrPublic::Public];
        let verdicts = targets.map(|target| verdict(&actor, cast.server, target));
        assert_eq!(verdicts, expected, "{name}");
    }
}

#[test]
fn an_owner_without_its_own_usage_is_still_the_owner() {
    let cast = Cast::new();
    cast.fixture.run(|tx| {
        let old = tx.snapshot().server(cast.server).cloned().unwrap();
        let owner = tx.snapshot().role_named("owner_without_usage").unwrap().oid;
        tx.update(&old, Server { acl: Some(Acl::default()), owner, ..Server::clone(&old) })
            .unwrap();
    });
    let snapshot = cast.fixture.snapshot();
    let owner = actor(&snapshot, "owner_without_usage");
    for user in [owner.role().into(), RoleOrPublic::Role(SUPERUSER), RoleOrPublic::Public] {
        assert_eq!(verdict(&owner, cast.server, user), "ok");
    }
    assert!(!owner.has_all(cast.server.address(), USAGE));
    // Who had USAGE when it made its mapping has it no longer.
    let user = actor(&snapshot, "user");
    assert_eq!(verdict(&user, cast.server, user.role().into()), "P");
}

/// Own, another's and PUBLIC's options, and whether `information_schema` lists the rows: as in
/// the reference's 3.10.
const VISIBILITY: [(&str, [bool; 4]); 8] = [
    ("super", [true, true, true, true]),
    ("owner", [true, false, true, true]),
    ("inheriting_owner_member", [true, false, true, true]),
    ("noinherit_owner_member", [false, false, false, false]),
    ("user", [true, false, false, true]),
    ("user_by_group", [true, false, false, true]),
    ("member_of_mapped_role", [false, false, false, false]),
    ("nobody", [false, false, false, false]),
];

#[test]
fn who_sees_the_options_of_mappings() {
    let cast = Cast::new();
    let snapshot = cast.fixture.snapshot();
    for (name, expected) in VISIBILITY {
        let actor = actor(&snapshot, name);
        let shown = |whose| {
            let oid = cast.mapping(&snapshot, whose);
            let options = actor.mapping_options(oid).unwrap();
            let rows = actor.mapping_option_rows(oid).unwrap();
            // The schema shows the names to whoever sees the server, and the same values.
            assert_eq!(!rows.is_empty(), actor.sees_server(cast.server), "{name}");
            for row in rows {
                assert_eq!(row.name, "user");
                assert_eq!(row.value.is_some(), options.is_some(), "{name} {whose}");
            }
            options.is_some_and(|options| options == [format!("user={whose}")])
        };
        let found = [shown(name), shown("mapped"), shown("public"), actor.sees_server(cast.server)];
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_sealed_value_is_masked_for_everybody() {
    let fixture = Fixture::new();
    let master = MasterKey::generate();
    let keyring = Keyring::open(Some(&master), &[Keyring::new_data_key(&master, 1)]);
    let mapping = fixture.run(|tx| {
        let server = tx.server("s", SUPERUSER);
        let oid = UserMappingOid(tx.allocate_oid().unwrap());
        let place = Place { class: 1418, object: oid.0, column: 0, option: "password" };
        let sealed = keyring.sealer().seal(place, &Secret::new("canary".into())).unwrap();
        let options: Options = [
            ("user".to_owned(), OptionValue::Plain("u".into())),
            ("password".to_owned(), OptionValue::Sealed(sealed)),
        ]
        .into_iter()
        .collect();
        let user = SUPERUSER.into();
        tx.create(UserMapping { oid, server, user, epoch: None, options, accepted: true }).unwrap();
        oid
    });
    let snapshot = fixture.snapshot();
    let shown = snapshot.actor(SUPERUSER).mapping_options(mapping).unwrap().unwrap();
    assert_eq!(shown, ["user=u", "password=********"]);
    let rows = snapshot.actor(SUPERUSER).mapping_option_rows(mapping).unwrap();
    assert_eq!(rows[1].value.as_deref(), Some("********"));
    assert!(!format!("{:?}", snapshot.user_mapping(mapping)).contains("canary"));
}

#[test]
fn set_admin_and_inherit_are_three_things() {
    let fixture = Fixture::new();
    let grant = |tx: &mut Transaction, role, member, admin, inherit, set| {
        let oid = medley_catalog::ids::MembershipOid(tx.allocate_oid().unwrap());
        tx.create(Membership { oid, role, member, grantor: SUPERUSER, admin, inherit, set })
            .unwrap();
    };
    let [a, b, c, d] = fixture.run(|tx| {
        let roles = ["a", "b", "c", "d"].map(|name| tx.role(name));
        let [a, b, c, d] = roles;
        grant(tx, b, a, false, true, false);
        grant(tx, c, b, true, false, true);
        grant(tx, d, a, true, false, true);
        roles
    });
    let snapshot = fixture.snapshot();
    let actor = snapshot.actor(a);
    let of = |test: &dyn Fn(RoleOid) -> bool| [a, b, c, d].map(test);
    assert_eq!(of(&|role| actor.has_privileges_of(role)), [true, true, false, false]);
    assert_eq!(of(&|role| actor.is_member_of(role)), [true, true, true, true]);
    assert_eq!(of(&|role| actor.can_set_role(role)), [true, false, false, true]);
    assert_eq!(of(&|role| actor.is_admin_of(role)), [false, false, true, true]);
    assert_eq!(actor.best_admin_of(c), Some(b));
    assert_eq!(actor.best_admin_of(d), Some(a));
    assert!(snapshot.actor(SUPERUSER).has_privileges_of(d));
    assert!(!snapshot.actor(SUPERUSER).is_granted(d));
    assert!(snapshot.actor(SUPERUSER).is_granted(RoleOid::DATABASE_OWNER));
}

#[test]
fn columns_add_to_what_the_table_gives() {
    let fixture = Fixture::new();
    let (role, table) = fixture.run(|tx| {
        let role = tx.role("r");
        let server = tx.server("s", SUPERUSER);
        let table = tx.table("t", server);
        let old = tx.snapshot().relation(table).cloned().unwrap();
        let mut new = Relation::clone(&old);
        new.columns[0].acl = Some(acl(&[(role.into(), SUPERUSER, Privileges::SELECT, NONE)]));
        tx.update(&old, new).unwrap();
        (role, table)
    });
    let snapshot = fixture.snapshot();
    let actor = snapshot.actor(role);
    let relation = snapshot.relation(table).unwrap();
    let select = Privileges::SELECT;
    assert!(!actor.has_any(table.address(), select));
    assert!(actor.has_on_column(relation, 1, select));
    assert!(!actor.has_on_column(relation, 2, select));
    assert!(actor.has_on_some_column(relation, select));
    assert!(actor.sees_relation(relation));
    assert!(!actor.sees_column(relation, &relation.columns[1]));
    let error = actor.check(table.address(), select).unwrap_err();
    assert_eq!(error.to_string(), "permission denied for foreign table t");
}

#[test]
fn predefined_roles_give_what_they_say() {
    let fixture = Fixture::new();
    let (reader, table, server) = fixture.run(|tx| {
        let reader = tx.role("reader");
        tx.member(RoleOid::READ_ALL_DATA, reader, true);
        let server = tx.server("s", SUPERUSER);
        (reader, tx.table("t", server), server)
    });
    let snapshot = fixture.snapshot();
    let actor = snapshot.actor(reader);
    assert!(actor.has_all(table.address(), Privileges::SELECT));
    assert!(!actor.has_any(table.address(), Privileges::INSERT));
    assert!(!actor.has_any(server.address(), USAGE));
    assert!(actor.has_all(SchemaOid::PUBLIC.address(), USAGE));
    assert!(!actor.has_any(SchemaOid::PUBLIC.address(), Privileges::CREATE));
}

#[test]
fn new_objects_start_with_the_default_privileges() {
    use medley_catalog::ids::DefaultAclOid;
    use medley_catalog::objects::DefaultAcl;
    let fixture = Fixture::new();
    let role = fixture.run(|tx| {
        let role = tx.role("r");
        let oid = DefaultAclOid(tx.allocate_oid().unwrap());
        let acl = acl(&[(role.into(), SUPERUSER, Privileges::SELECT, NONE)]);
        let (kind, schema) = (DefaultAclKind::Relation, Some(SchemaOid::PUBLIC));
        tx.create(DefaultAcl { oid, role: SUPERUSER, schema, kind, acl }).unwrap();
        role
    });
    let snapshot = fixture.snapshot();
    let of = |schema| snapshot.acl_of_new(DefaultAclKind::Relation, SUPERUSER, Some(schema));
    let shown = of(SchemaOid::PUBLIC).unwrap().shown(|role| Some(snapshot.role_name(role)));
    assert_eq!(shown, ["postgres=arwdDxtm/postgres", "r=r/postgres"]);
    assert_eq!(of(SchemaOid::PG_CATALOG), None);
    assert_eq!(snapshot.acl_of_new(DefaultAclKind::Relation, role, None), None);
}
