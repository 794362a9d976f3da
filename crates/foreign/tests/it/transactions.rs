use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use medley_catalog::ids::RoleOid;
use medley_fdw::{Capabilities, Isolation};
use medley_foreign::{Access, Batches, RemoteTransactions};
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::{FEW, World, query, run};

const CAN: Capabilities = Capabilities {
    cursors: true,
    transactions: true,
    snapshots: true,
    splits: false,
    modify: false,
    raw_rows: false,
};

fn world() -> World {
    World::new(Fake { can: CAN, ..Fake::default() }, FEW)
}

fn begin() -> Arc<RemoteTransactions> {
    RemoteTransactions::new(Isolation::RepeatableRead, false)
}

/// A statement of the transaction.
fn statement(world: &World, transaction: &Arc<RemoteTransactions>) -> Arc<Access> {
    world.access_in(Some(Arc::clone(transaction)), CancellationToken::new())
}

#[tokio::test]
async fn a_transaction_keeps_the_connection_it_first_used() {
    let world = world();
    let alice = world.role("alice");
    let mapping = world.map(alice, "ann");
    let transaction = begin();
    assert_eq!(run(&statement(&world, &transaction), world.server, alice, "rows").await, "ann");
    world.remap(mapping, "anna");
    assert_eq!(run(&statement(&world, &transaction), world.server, alice, "rows").await, "ann");
    transaction.commit(&world.foreign).await.unwrap();
    let log = world.log.take();
    assert_eq!(log.iter().filter(|line| line.contains("connect")).count(), 1);
    // It was opened as an account of old: nobody is lent it.
    assert_eq!(log[log.len() - 2..], ["1 commit", "1 close"]);
    assert_eq!(world.run(alice, "rows").await, "anna");
}

#[tokio::test]
async fn two_scans_take_turns_on_the_transactions_connection() {
    let world = world();
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = begin();
    let access = statement(&world, &transaction);
    let remote = access.resolve(world.server, alice).unwrap();
    access.reserve(&[(remote.clone(), 1), (remote.clone(), 1)], false).await.unwrap();
    let mut one = query(&access, remote.clone(), "rows");
    let mut two = query(&access, remote, "rows");
    assert!(one.next().await.unwrap().is_ok());
    assert!(two.next().await.unwrap().is_ok());
    assert!(one.next().await.is_none());
    assert!(two.next().await.is_none());
    transaction.commit(&world.foreign).await.unwrap();
    assert_eq!(world.log.take().iter().filter(|line| line.contains("connect")).count(), 1);
}

#[tokio::test]
async fn savepoints_are_mirrored_when_the_remote_is_next_used() {
    let world = world();
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = begin();
    run(&statement(&world, &transaction), world.server, alice, "rows").await;
    world.log.take();
    transaction.savepoint();
    transaction.savepoint();
    assert!(world.log.take().is_empty());
    run(&statement(&world, &transaction), world.server, alice, "rows").await;
    transaction.rollback_to(2).await;
    transaction.release(1).await.unwrap();
    transaction.commit(&world.foreign).await.unwrap();
    let log: Vec<_> = world.log.take();
    let is_mark = |line: &&String| line.contains("savepoint") || line.contains(" s2");
    let marks = log.iter().filter(is_mark);
    let marks: Vec<_> = marks.map(String::as_str).collect();
    assert_eq!(marks, ["1 savepoint s2", "1 savepoint s3", "1 rollback to s2", "1 release s2"]);
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_no_cursor_behind() {
    let world = world();
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = begin();
    let access = statement(&world, &transaction);
    let remote = access.resolve(world.server, alice).unwrap();
    let mut rows = query(&access, remote, "rows");
    rows.next().await.unwrap().unwrap();
    drop(rows);
    world.log.take();
    run(&statement(&world, &transaction), world.server, alice, "rows").await;
    assert_eq!(world.log.take()[..2], ["1 close c1", "1 declare c2"]);
    transaction.rollback().await;
    assert_eq!(world.log.take(), ["1 rollback"]);
    assert_eq!(world.foreign.pool().counts(), (1, 0));
}

/// A statement that has nothing yet from a remote that takes its time.
async fn stuck(access: &Arc<Access>, world: &World, role: RoleOid) -> Batches {
    let remote = access.resolve(world.server, role).unwrap();
    let mut rows = query(access, remote, "stuck");
    let waited = tokio::time::timeout(Duration::from_millis(20), rows.next()).await;
    assert!(waited.is_err(), "it has an answer");
    rows
}

#[tokio::test]
async fn a_statement_that_is_cancelled_stops_at_the_remote_and_leaves_it_usable() {
    let world = world();
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = begin();
    run(&statement(&world, &transaction), world.server, alice, "rows").await;
    transaction.savepoint();
    let cancel = CancellationToken::new();
    let access = world.access_in(Some(Arc::clone(&transaction)), cancel.clone());
    let rows = stuck(&access, &world, alice).await;
    world.log.take();
    cancel.cancel();
    drop(rows);
    transaction.rollback_to(2).await;
    assert_eq!(world.log.take(), ["1 cancel", "1 rollback to s2", "1 release s2"]);
    assert_eq!(run(&statement(&world, &transaction), world.server, alice, "rows").await, "ann");
    transaction.commit(&world.foreign).await.unwrap();
    assert_eq!(world.foreign.pool().counts(), (1, 0));
}

#[tokio::test]
async fn a_rollback_stops_what_runs_for_nobody() {
    let world = world();
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = begin();
    let rows = stuck(&statement(&world, &transaction), &world, alice).await;
    world.log.take();
    // A reader that has enough is no reason to undo the remote's transaction.
    drop(rows);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(world.log.take(), [""; 0]);
    transaction.rollback().await;
    assert_eq!(world.log.take(), ["1 cancel", "1 rollback"]);
}

#[tokio::test]
async fn roles_do_not_meet_in_a_transaction() {
    let world = world();
    let (alice, bob) = (world.role("alice"), world.role("bob"));
    world.map(alice, "ann");
    world.map(bob, "ben");
    let transaction = begin();
    for (role, account) in [(alice, "ann"), (bob, "ben"), (alice, "ann")] {
        let access = statement(&world, &transaction);
        assert_eq!(run(&access, world.server, role, "rows").await, account);
    }
    transaction.commit(&world.foreign).await.unwrap();
    assert_eq!(world.foreign.pool().counts(), (2, 0));
}

/// The transaction began as that account, and goes on as it.
#[tokio::test]
async fn a_transaction_keeps_its_connection_when_its_role_is_renamed() {
    let shaped_by = medley_fdw::ShapedBy { role: true, ..Default::default() };
    let world = World::new(Fake { can: CAN, shaped_by, ..Fake::default() }, FEW);
    let alice = world.role("alice");
    world.map(alice, "{role}");
    let transaction = begin();
    let account = run(&statement(&world, &transaction), world.server, alice, "rows").await;
    assert_eq!(account, "alice");
    world.rename(alice, "anna");
    let account = run(&statement(&world, &transaction), world.server, alice, "rows").await;
    assert_eq!(account, "alice");
    transaction.rollback().await;
    assert_eq!(world.run(alice, "rows").await, "anna");
}
