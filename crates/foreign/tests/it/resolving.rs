use medley_catalog::ids::RoleOrPublic;
use medley_fdw::ShapedBy;
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::{FEW, World};

#[tokio::test]
async fn a_role_uses_its_own_mapping_else_publics_else_none() {
    let world = World::new(Fake::default(), FEW);
    let (alice, carol) = (world.role("alice"), world.role("carol"));
    world.map(alice, "ann");
    let missing = "42704 user mapping not found for user \"carol\", server \"s\"";
    assert_eq!(world.run(carol, "rows").await, missing);
    world.map(RoleOrPublic::Public, "guest");
    assert_eq!(world.run(alice, "rows").await, "ann");
    assert_eq!(world.run(carol, "rows").await, "guest");
}

#[tokio::test]
async fn a_changed_mapping_counts_from_the_next_statement_on() {
    let world = World::new(Fake::default(), FEW);
    let alice = world.role("alice");
    let mapping = world.map(alice, "ann");
    assert_eq!(world.run(alice, "rows").await, "ann");
    world.remap(mapping, "anna");
    assert_eq!(world.run(alice, "rows").await, "anna");
    world.unmap(mapping);
    assert!(world.run(alice, "rows").await.starts_with("42704"));
    // Nothing that was opened as an account of old waits for anybody.
    let log = world.log.take();
    assert_eq!(log.iter().filter(|line| line.ends_with("close")).count(), 2, "{log:?}");
    assert_eq!(world.foreign.pool().counts(), (0, 0));
}

#[tokio::test]
async fn a_connection_is_lent_again_to_its_own_mapping_only() {
    let world = World::new(Fake::default(), FEW);
    let (alice, bob) = (world.role("alice"), world.role("bob"));
    world.map(alice, "ann");
    world.map(bob, "ben");
    for (role, account) in [(alice, "ann"), (bob, "ben"), (alice, "ann"), (bob, "ben")] {
        assert_eq!(world.run(role, "rows").await, account);
    }
    let connects: Vec<_> =
        world.log.take().into_iter().filter(|line| line.contains("connect")).collect();
    assert_eq!(connects, ["1 connect ann", "2 connect ben"]);
}

#[tokio::test]
async fn people_who_share_a_mapping_share_connections_unless_these_tell_them_apart() {
    for (shaped_by, expected) in [
        (ShapedBy::default(), 1),
        (ShapedBy { role: true, ..ShapedBy::default() }, 2),
        (ShapedBy { superuser: true, ..ShapedBy::default() }, 1),
    ] {
        let world = World::new(Fake { shaped_by, ..Fake::default() }, FEW);
        let (alice, bob) = (world.role("alice"), world.role("bob"));
        world.map(RoleOrPublic::Public, "guest");
        assert_eq!(world.run(alice, "rows").await, "guest");
        assert_eq!(world.run(bob, "rows").await, "guest");
        let connects = world.log.take().iter().filter(|it| it.contains("connect")).count();
        assert_eq!(connects, expected, "{shaped_by:?}");
    }
}

#[tokio::test]
async fn a_superusers_connection_is_not_lent_to_others() {
    let shaped_by = ShapedBy { superuser: true, ..ShapedBy::default() };
    let world = World::new(Fake { shaped_by, ..Fake::default() }, FEW);
    let alice = world.role("alice");
    world.map(RoleOrPublic::Public, "guest");
    world.run(medley_catalog::ids::RoleOid::BOOTSTRAP, "rows").await;
    world.run(alice, "rows").await;
    assert_eq!(world.log.take().iter().filter(|it| it.contains("connect")).count(), 2);
}

#[tokio::test]
async fn what_is_not_committed_is_never_pooled() {
    use medley_catalog::Backend;
    let world = World::new(Fake::default(), FEW);
    let alice = world.role("alice");
    let mapping = world.map(alice, "ann");
    let mut tx = world.catalog.begin(Backend::default());
    let old = tx.snapshot().user_mapping(mapping).unwrap().unwrap();
    tx.update(&old, (*old).clone()).unwrap();
    let person_sees = tx.snapshot();
    let access = medley_foreign::Access::new(
        std::sync::Arc::clone(&world.foreign),
        person_sees,
        medley_foreign::Person {
            session_user: alice,
            session_user_name: "alice".into(),
            application_name: "".into(),
            session: 1,
            session_id: "".into(),
            via: "".into(),
            scram_keys: None,
        },
        None,
        CancellationToken::new(),
    );
    let remote = access.resolve(world.server, alice).unwrap();
    assert_eq!(remote.key().epoch(), None);
    assert_eq!(crate::world::read(crate::world::query(&access, remote, "rows")).await, "ann");
    assert_eq!(world.foreign.pool().counts(), (0, 0));
    assert_eq!(world.log.take(), ["1 connect ann", "1 query", "1 close"]);
}

/// One mapping for everybody, as themselves. Who takes over a name does not take over what was
/// opened under it, nor does who gave it up keep it.
#[tokio::test]
async fn a_name_that_changes_hands_takes_no_connection_along() {
    for (shaped_by, account) in [
        (ShapedBy { role: true, ..ShapedBy::default() }, "{role}"),
        (ShapedBy { session_user: true, ..ShapedBy::default() }, "{session_user}"),
    ] {
        let world = World::new(Fake { shaped_by, ..Fake::default() }, FEW);
        let (alice, mallory) = (world.role("alice"), world.role("mallory"));
        world.map(RoleOrPublic::Public, account);
        let run = async |role| {
            let access = world.access_of(role, None, CancellationToken::new());
            crate::world::run(&access, world.server, role, "rows").await
        };
        assert_eq!(run(alice).await, "alice");
        assert_eq!(run(mallory).await, "mallory");
        world.rename(alice, "alice_was");
        world.rename(mallory, "alice");
        assert_eq!(run(mallory).await, "alice", "as whom the remote now sees this role");
        assert_eq!(run(alice).await, "alice_was");
        world.rename(mallory, "mallory");
        assert_eq!(run(mallory).await, "mallory");
        // What was opened for the name and role that are again as they were serves again.
        let connects: Vec<_> =
            world.log.take().into_iter().filter(|it| it.contains("connect")).collect();
        let expected =
            ["1 connect alice", "2 connect mallory", "3 connect alice", "4 connect alice_was"];
        assert_eq!(connects, expected);
    }
}
