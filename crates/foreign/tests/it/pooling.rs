use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use medley_catalog::ids::RoleOid;
use medley_fdw::Capabilities;
use medley_foreign::{Limits, Queries};
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::{FEW, World, account, part, query, read};

/// A remote where sessions can share a snapshot.
fn sharing() -> Fake {
    let can = Capabilities { snapshots: true, ..Capabilities::default() };
    Fake { can, ..Fake::default() }
}

/// A world with alice, who is ann at the remote.
fn alices(fake: Fake, limits: Limits) -> (World, RoleOid) {
    let world = World::new(fake, limits);
    let alice = world.role("alice");
    world.map(alice, "ann");
    (world, alice)
}

#[tokio::test]
async fn a_stream_dropped_early_is_cancelled_and_its_connection_closed() {
    let (world, alice) = alices(Fake::default(), FEW);
    let (access, remote) = world.resolved(alice);
    let mut rows = query(&access, remote, "endless");
    assert_eq!(account(&rows.next().await.unwrap().unwrap()), "ann");
    drop(rows);
    while world.foreign.pool().counts() != (0, 0) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(world.log.take(), ["1 connect ann", "1 query", "1 cancel", "1 close"]);
}

#[tokio::test]
async fn a_cancelled_statement_is_cancelled_at_the_remote() {
    let (world, alice) = alices(Fake::default(), FEW);
    let cancel = CancellationToken::new();
    let access = world.access_in(None, cancel.clone());
    let remote = access.resolve(world.server, alice).unwrap();
    let mut rows = query(&access, remote, "endless");
    rows.next().await.unwrap().unwrap();
    cancel.cancel();
    assert!(read(rows).await.starts_with("57014"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(world.log.take().contains(&"1 cancel".to_owned()));
}

#[tokio::test]
async fn a_connection_that_failed_is_not_lent_again() {
    let (world, alice) = alices(Fake::default(), FEW);
    assert!(world.run(alice, "fail").await.starts_with("0A000"));
    assert_eq!(world.run(alice, "rows").await, "ann");
    let expected = ["1 connect ann", "1 query", "1 close", "2 connect ann", "2 query"];
    assert_eq!(world.log.take(), expected);
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_silently_replaced() {
    let (world, alice) = alices(Fake::default(), FEW);
    assert_eq!(world.run(alice, "lost").await, "ann");
    assert_eq!(world.run(alice, "lost").await, "ann");
    let connects = world.log.take().iter().filter(|line| line.contains("connect")).count();
    assert_eq!(connects, 2);
}

#[tokio::test]
async fn a_restart_of_the_remote_is_not_noticed_however_many_wait_in_the_pool() {
    let fake = sharing();
    let dead = Arc::clone(&fake.dead);
    let (world, alice) = alices(fake, FEW);
    let two_scans = async || {
        let (access, remote) = world.resolved(alice);
        access.reserve(&[(remote.clone(), 1), (remote.clone(), 1)], false).await.unwrap();
        let (one, two) = (query(&access, remote.clone(), "rows"), query(&access, remote, "rows"));
        tokio::join!(read(one), read(two))
    };
    let served = ("ann".to_owned(), "ann".to_owned());
    assert_eq!(two_scans().await, served);
    dead.store(2, Ordering::Relaxed);
    assert_eq!(world.run(alice, "rows").await, "ann");
    assert_eq!(two_scans().await, served);
    dead.store(4, Ordering::Relaxed);
    assert_eq!(two_scans().await, served);
    assert_eq!(world.foreign.pool().counts(), (2, 0));
}

#[tokio::test]
async fn more_scans_than_connections_may_be_open_are_refused_at_once() {
    let (world, alice) = alices(Fake::default(), Limits { wait: Duration::from_secs(3600), ..FEW });
    let (access, remote) = world.resolved(alice);
    let error = access
        .reserve(&[(remote.clone(), 1), (remote.clone(), 1), (remote, 1)], false)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "too many connections to server \"s\"");
}

#[tokio::test]
async fn past_the_limit_a_statement_waits_and_then_gives_up() {
    let limits = Limits { per_mapping: 1, ..FEW };
    let (world, alice) = alices(Fake::default(), limits);
    let held = world.busy(alice).await;
    assert_eq!(world.run(alice, "rows").await, "53300 too many connections to server \"s\"");
    let waiting = async { world.run(alice, "rows").await };
    let freeing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(held);
    };
    assert_eq!(tokio::join!(waiting, freeing).0, "ann");
}

#[tokio::test]
async fn scans_of_one_statement_see_one_snapshot() {
    let (world, alice) = alices(sharing(), FEW);
    let (access, remote) = world.resolved(alice);
    access.reserve(&[(remote.clone(), 1), (remote.clone(), 1)], false).await.unwrap();
    let (one, two) = (query(&access, remote.clone(), "rows"), query(&access, remote, "rows"));
    assert_eq!(tokio::join!(read(one), read(two)), ("ann".to_owned(), "ann".to_owned()));
    let log = world.log.take();
    let begins: Vec<_> = log.iter().filter(|line| line.contains("begin")).collect();
    assert_eq!(begins, ["1 begin", "2 begin snapshot of 1"]);
    assert_eq!(log.iter().filter(|line| line.ends_with("commit")).count(), 2);
    assert_eq!(world.foreign.pool().counts(), (2, 0));
}

#[tokio::test]
async fn a_statement_takes_all_it_needs_at_once_or_nothing() {
    let limits = Limits { total: 1, ..FEW };
    let world = World::new(Fake::default(), limits);
    let (alice, bob) = (world.role("alice"), world.role("bob"));
    world.map(alice, "ann");
    world.map(bob, "ben");
    let access = world.access();
    let remotes = [alice, bob].map(|role| access.resolve(world.server, role).unwrap());
    let error = access.reserve(&remotes.map(|remote| (remote, 1)), false).await.unwrap_err();
    assert_eq!(error.to_string(), "too many connections to server \"s\"");
    assert_eq!(world.foreign.pool().counts(), (0, 0));
}

#[tokio::test]
async fn idle_connections_count_and_the_oldest_gives_way() {
    let limits = Limits { total: 2, ..FEW };
    let world = World::new(Fake::default(), limits);
    let roles = ["alice", "bob", "carol"].map(|name| (world.role(name), name));
    for (role, name) in roles {
        world.map(role, name);
    }
    for (role, name) in roles {
        assert_eq!(world.run(role, "rows").await, name);
    }
    assert_eq!(world.foreign.pool().counts(), (2, 0));
    let log = world.log.take();
    let closed: Vec<_> = log.iter().filter(|line| line.ends_with("close")).collect();
    assert_eq!(closed, ["1 close"], "{log:?}");
    // Whoever was served last has a connection, whoever was served first has not.
    world.run(roles[2].0, "rows").await;
    assert!(!world.log.take().iter().any(|line| line.contains("connect")));
    world.run(roles[0].0, "rows").await;
    assert!(world.log.take().iter().any(|line| line.contains("connect alice")));
}

#[tokio::test]
async fn whoever_came_first_is_served_first() {
    let limits = Limits { per_mapping: 1, wait: Duration::from_secs(5), ..FEW };
    let (world, alice) = alices(Fake::default(), limits);
    let held = world.busy(alice).await;
    let served = parking_lot::Mutex::new(Vec::new());
    let waiting = async |number: u64| {
        tokio::time::sleep(Duration::from_millis(10 * number)).await;
        assert_eq!(world.run(alice, "rows").await, "ann");
        served.lock().push(number);
    };
    let freeing = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(held);
    };
    tokio::join!(waiting(3), waiting(1), waiting(4), waiting(2), freeing);
    assert_eq!(*served.lock(), [1, 2, 3, 4]);
    assert_eq!(world.foreign.pool().counts(), (1, 0));
}

#[tokio::test]
async fn a_mapping_that_is_exhausted_holds_up_nobody_else() {
    let limits = Limits { per_mapping: 1, per_server: 2, wait: Duration::from_secs(5), ..FEW };
    let world = World::new(Fake::default(), limits);
    let (alice, bob) = (world.role("alice"), world.role("bob"));
    world.map(alice, "ann");
    world.map(bob, "ben");
    let _held = world.busy(alice).await;
    let waiting = tokio::time::timeout(Duration::from_millis(100), world.run(alice, "rows"));
    let others = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        world.run(bob, "rows").await
    };
    let (waited, served) = tokio::join!(waiting, others);
    assert_eq!((waited.is_err(), served.as_str()), (true, "ben"));
    // Who has gone away while waiting holds nothing.
    assert_eq!(world.foreign.pool().counts(), (1, 1));
}

#[tokio::test]
async fn a_changed_mapping_has_no_more_connections_than_before() {
    let limits = Limits { per_mapping: 1, ..FEW };
    let world = World::new(Fake::default(), limits);
    let alice = world.role("alice");
    let mapping = world.map(alice, "ann");
    let held = world.busy(alice).await;
    world.remap(mapping, "anna");
    assert!(world.run(alice, "rows").await.starts_with("53300"));
    drop(held);
    assert_eq!(world.run(alice, "rows").await, "anna");
}

#[tokio::test]
async fn what_is_idle_too_long_is_closed() {
    let (world, alice) = alices(Fake::default(), Limits { idle: Duration::ZERO, ..FEW });
    assert_eq!(world.run(alice, "rows").await, "ann");
    assert_eq!(world.foreign.pool().counts(), (1, 0));
    world.foreign.pool().reap();
    assert_eq!(world.foreign.pool().counts(), (0, 0));
    assert_eq!(world.log.take().last().unwrap(), "1 close");
}

#[tokio::test]
async fn readers_of_one_table_share_its_parts_and_one_snapshot() {
    let (world, alice) = alices(sharing(), FEW);
    let (access, remote) = world.resolved(alice);
    assert_eq!(access.reserve(&[(remote.clone(), 2)], false).await.unwrap(), [2]);
    let parts = parts(5);
    let (one, two) = (Arc::clone(&parts), parts);
    let (one, two) = (access.read(remote.clone(), one), access.read(remote, two));
    let (one, two) = tokio::join!(one.collect::<Vec<_>>(), two.collect::<Vec<_>>());
    assert_eq!(one.len() + two.len(), 5);
    let log = world.log.take();
    let count = |what: &str| log.iter().filter(|line| line.ends_with(what)).count();
    assert_eq!((count("begin"), count("begin snapshot of 1")), (1, 1));
    assert_eq!((count("query"), count("commit"), count("close")), (5, 2, 0));
    assert_eq!(world.foreign.pool().counts(), (2, 0));
}

#[tokio::test]
async fn a_snapshot_lives_until_its_last_reader_has_begun() {
    let (world, alice) = alices(sharing(), FEW);
    let (access, remote) = world.resolved(alice);
    access.reserve(&[(remote.clone(), 2)], false).await.unwrap();
    assert_eq!(read(query(&access, remote.clone(), "rows")).await, "ann");
    assert_eq!(world.log.take(), ["1 connect ann", "1 begin", "1 query"]);
    // The second reader is served by the connection of the first.
    assert_eq!(read(query(&access, remote, "rows")).await, "ann");
    assert_eq!(world.log.take(), ["1 query", "1 commit"]);
}

#[tokio::test]
async fn a_snapshot_outlives_the_query_of_who_exported_it() {
    let (world, alice) = alices(sharing(), Limits { per_mapping: 3, ..FEW });
    let (access, remote) = world.resolved(alice);
    access.reserve(&[(remote.clone(), 3)], false).await.unwrap();
    let mut first = query(&access, remote.clone(), "rows");
    first.next().await.unwrap().unwrap();
    drop(first);
    assert_eq!(read(query(&access, remote.clone(), "rows")).await, "ann");
    let expected = ["1 connect ann", "1 begin", "1 query"];
    let of_second = ["2 connect ann", "2 begin snapshot of 1", "2 query"];
    assert_eq!(world.log.take(), [expected, of_second].concat());
    // The third is the last: nobody can miss the snapshot once it has begun.
    assert_eq!(read(query(&access, remote, "rows")).await, "ann");
    drop(access);
    world.foreign.pool().settled().await;
    let mut log = world.log.take();
    log.sort();
    assert_eq!(log, ["1 cancel", "1 close", "2 commit", "2 query"]);
}

#[tokio::test]
async fn who_comes_later_sees_the_snapshot_of_the_statement() {
    let (world, alice) = alices(sharing(), FEW);
    let (access, remote) = world.resolved(alice);
    access.reserve(&[(remote.clone(), 1)], true).await.unwrap();
    assert_eq!(read(query(&access, remote.clone(), "rows")).await, "ann");
    assert_eq!(read(query(&access, remote, "rows")).await, "ann");
    assert_eq!(world.log.take(), ["1 connect ann", "1 begin", "1 query", "1 query"]);
}

#[tokio::test]
async fn what_nobody_reads_any_more_goes_back_to_the_pool() {
    let (world, alice) = alices(sharing(), FEW);
    let (access, remote) = world.resolved(alice);
    access.reserve(&[(remote.clone(), 2)], false).await.unwrap();
    assert_eq!(read(query(&access, remote, "rows")).await, "ann");
    drop(access);
    world.foreign.pool().settled().await;
    assert_eq!(world.foreign.pool().counts(), (1, 0));
    assert_eq!(world.log.take().last().unwrap(), "1 commit");
}

#[tokio::test]
async fn a_statement_uses_fewer_readers_rather_than_wait() {
    let (world, alice) = alices(Fake::default(), Limits { per_mapping: 3, ..FEW });
    let (access, remote) = world.resolved(alice);
    let granted = access.reserve(&[(remote.clone(), 8), (remote, 1)], false).await.unwrap();
    assert_eq!(granted, [2, 1]);
}

/// So many queries, for whoever asks next.
fn parts(count: usize) -> Queries {
    let left = AtomicUsize::new(count);
    Arc::new(move || {
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        taken.is_ok().then(|| part("rows"))
    })
}

#[tokio::test]
async fn limits_that_are_changed_count_at_once() {
    let limits = Limits { per_mapping: 1, wait: Duration::from_secs(3600), ..FEW };
    let (world, alice) = alices(Fake::default(), limits);
    let pool = world.foreign.pool();
    let held = world.busy(alice).await;
    // Who waits is served by the new ones.
    let waiting = async { world.run(alice, "rows").await };
    let raising = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        pool.limit(Limits { per_mapping: 2, ..limits });
    };
    assert_eq!(tokio::join!(waiting, raising).0, "ann");
    assert_eq!(pool.counts(), (1, 1));
    // What is idle beside as many as may be open is closed, what is in use is not.
    pool.limit(limits);
    assert_eq!(pool.counts(), (0, 1));
    pool.limit(Limits { wait: Duration::ZERO, ..limits });
    assert_eq!(world.run(alice, "rows").await, "53300 too many connections to server \"s\"");
    drop(held);
    while pool.counts() != (0, 0) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(world.run(alice, "rows").await, "ann");
    assert_eq!(pool.counts(), (1, 0));
    pool.limit(Limits { idle: Duration::ZERO, ..limits });
    assert_eq!(pool.counts(), (0, 0));
}

/// The reaper sleeps by the limits that were.
#[tokio::test]
async fn the_reaper_is_woken_by_new_limits() {
    let limits = Limits { idle: Duration::from_secs(86_400), ..FEW };
    let (world, alice) = alices(Fake::default(), limits);
    let pool = world.foreign.pool();
    pool.start_reaper();
    tokio::task::yield_now().await;
    assert_eq!(world.run(alice, "rows").await, "ann");
    pool.limit(Limits { idle: Duration::from_millis(200), ..limits });
    assert_eq!(pool.counts(), (1, 0));
    for _ in 0..500 {
        if pool.counts() == (0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is never reaped");
}
