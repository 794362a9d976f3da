//! Which mapping counts, and whether it may be used.
use medley_catalog::ids::{RoleOid, RoleOrPublic};

use crate::fake::Fake;
use crate::world::{FEW, World};

/// alice is in red and blue; red is in north; carol has north's privileges by SET ROLE alone.
struct People {
    alice: RoleOid,
    carol: RoleOid,
    red: RoleOid,
    blue: RoleOid,
    north: RoleOid,
}

fn people(world: &World) -> People {
    let [alice, carol, red, blue, north] =
        ["alice", "carol", "red", "blue", "north"].map(|name| world.role(name));
    world.grant(red, alice, true);
    world.grant(blue, alice, true);
    world.grant(north, red, true);
    world.grant(north, carol, false);
    People { alice, carol, red, blue, north }
}

#[tokio::test]
async fn a_groups_mapping_is_its_members_only_where_the_server_says_so() {
    let world = World::new(Fake::default(), FEW);
    let People { alice, carol, red, north, .. } = people(&world);
    world.map(north, "n");
    world.map(RoleOrPublic::Public, "guest");
    assert_eq!(world.run(alice, "rows").await, "guest");
    world.set_server("mapping_resolution", "inherit");
    assert_eq!(world.run(alice, "rows").await, "n");
    assert_eq!(world.run(carol, "rows").await, "guest", "without the INHERIT option");
    world.map(red, "r");
    assert_eq!(world.run(alice, "rows").await, "r", "the nearer one");
    world.map(alice, "ann");
    assert_eq!(world.run(alice, "rows").await, "ann", "the role's own");
    world.set_server("mapping_resolution", "exact");
    assert_eq!(world.run(carol, "rows").await, "guest");
}

#[tokio::test]
async fn two_mappings_at_one_distance_are_none() {
    let world = World::new(Fake::default(), FEW);
    let People { alice, red, blue, .. } = people(&world);
    world.set_server("mapping_resolution", "inherit");
    world.map(RoleOrPublic::Public, "guest");
    world.map(red, "r");
    world.map(blue, "b");
    let ambiguous = "55000 user mapping for user \"alice\", server \"s\" is ambiguous: \
                     \"blue\" and \"red\" are equally near";
    assert_eq!(world.run(alice, "rows").await, ambiguous);
    assert_eq!(world.run(red, "rows").await, "r");
}

#[tokio::test]
async fn a_role_that_inherits_twice_has_its_mapping_once() {
    let world = World::new(Fake::default(), FEW);
    let People { alice, blue, north, .. } = people(&world);
    world.grant(north, blue, true);
    world.set_server("mapping_resolution", "inherit");
    world.map(north, "n");
    assert_eq!(world.run(alice, "rows").await, "n");
}

#[tokio::test]
async fn what_a_role_has_not_agreed_to_is_an_error_and_no_other_mapping() {
    let world = World::new(Fake::default(), FEW);
    let People { alice, red, .. } = people(&world);
    world.map(RoleOrPublic::Public, "guest");
    world.map_with(red, &[("user", "planted")], false);
    assert_eq!(world.run(red, "rows").await, "planted");
    world.set_server("require_consent", "true");
    world.set_server("mapping_resolution", "inherit");
    let pending = "55000 user mapping for \"red\", server \"s\" has not been accepted";
    assert_eq!(world.run(red, "rows").await, pending);
    assert_eq!(world.run(alice, "rows").await, pending);
    // Nobody in particular is PUBLIC.
    assert_eq!(world.run(RoleOid::BOOTSTRAP, "rows").await, "guest");
}

#[tokio::test]
async fn a_mapping_that_is_over_is_an_error_also_where_a_connection_waits() {
    let world = World::new(Fake::default(), FEW);
    let People { alice, carol, .. } = people(&world);
    world.map(RoleOrPublic::Public, "guest");
    world.map_with(carol, &[("user", "c"), ("valid_until", "2001-01-01")], true);
    let over = "28P01 user mapping for \"carol\", server \"s\" has expired";
    assert_eq!(world.run(carol, "rows").await, over);
    let soon = std::time::SystemTime::now() + std::time::Duration::from_millis(1500);
    let soon = soon.duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let text = text_of(soon as i64);
    world.map_with(alice, &[("user", "a"), ("valid_until", &text)], true);
    assert_eq!(world.run(alice, "rows").await, "a");
    tokio::time::sleep(std::time::Duration::from_millis(1600)).await;
    assert_eq!(
        world.run(alice, "rows").await,
        "28P01 user mapping for \"alice\", server \"s\" has expired"
    );
}

/// A moment as PostgreSQL prints it.
fn text_of(microseconds: i64) -> String {
    use medley_types::{ColumnWriter, PgType, Style};
    let moment = arrow_array::TimestampMicrosecondArray::from(vec![microseconds]);
    let moment: arrow_array::ArrayRef = std::sync::Arc::new(moment.with_timezone("UTC"));
    let writer = ColumnWriter::text(PgType::TIMESTAMPTZ, &moment, &Style::default()).unwrap();
    let mut text = bytes::BytesMut::new();
    writer.write(0, &mut text).unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}
