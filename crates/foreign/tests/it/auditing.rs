use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use medley_catalog::ids::RoleOrPublic;
use medley_fdw::{Capabilities, Isolation};
use medley_foreign::{Auditor, RemoteEvent, RemoteStatement, RemoteTransactions};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::{FEW, World, query, read, run};

/// What was told, a line each.
#[derive(Default)]
struct Notes(Mutex<Vec<RemoteStatement>>);

impl Auditor for Notes {
    fn record(&self, statement: RemoteStatement) {
        self.0.lock().push(statement);
    }
}

impl Notes {
    /// What was done to transactions, and by whom.
    fn take_events(&self) -> Vec<String> {
        let taken = std::mem::take(&mut *self.0.lock());
        let line = |it: &RemoteStatement| {
            let account = it.remote_user.as_deref().unwrap_or("nobody");
            format!("{} as {account}, {}", it.event.as_str(), it.outcome)
        };
        taken.iter().map(line).collect()
    }
}

impl Notes {
    fn take(&self) -> Vec<String> {
        let taken = std::mem::take(&mut *self.0.lock());
        taken.iter().map(line).collect()
    }
}

/// Without what differs from run to run.
fn line(it: &RemoteStatement) -> String {
    let mapping = it.mapping.map_or("none", |(_, user)| match user {
        RoleOrPublic::Public => "PUBLIC's",
        RoleOrPublic::Role(_) => "own",
    });
    format!(
        "{} as {}, {mapping}, {}@{} reads {:?}: {} rows, {} bytes, {}",
        it.session_user.1,
        it.role.1,
        it.remote_user.as_deref().unwrap_or("nobody"),
        it.server.1,
        it.tables,
        it.rows,
        it.bytes,
        it.outcome,
    )
}

fn audited(fake: Fake) -> (World, Arc<Notes>) {
    let world = World::new(fake, FEW);
    let notes = Arc::new(Notes::default());
    world.foreign.audit_to(Arc::clone(&notes) as Arc<dyn Auditor>);
    (world, notes)
}

#[tokio::test]
async fn each_statement_is_told_of_once() {
    let (world, notes) = audited(Fake::default());
    let (alice, bob) = (world.role("alice"), world.role("bob"));
    world.map(alice, "ann");
    world.map(RoleOrPublic::Public, "guest");
    let access = world.access();
    let tables = || ["public.films".to_owned(), "public.actors".to_owned()];
    for role in [alice, bob] {
        let remote = access.resolve(world.server, role).unwrap().reading(tables());
        read(query(&access, remote, "rows")).await;
    }
    assert_eq!(world.run(alice, "fail").await, "0A000 this wrapper does not support that");
    let tables = r#"["public.films", "public.actors"]"#;
    assert_eq!(
        notes.take(),
        [
            format!("postgres as alice, own, ann@s reads {tables}: 1 rows, 11 bytes, 00000"),
            format!("postgres as bob, PUBLIC's, guest@s reads {tables}: 1 rows, 13 bytes, 00000"),
            "postgres as alice, own, ann@s reads []: 0 rows, 0 bytes, 0A000".to_owned(),
        ]
    );
    // The replacement of a connection that died in the pool is no statement of its own.
    world.run(alice, "lost").await;
    world.run(alice, "lost").await;
    assert_eq!(notes.take().len(), 2);
    // What was never begun is not told of.
    drop(query(&access, access.resolve(world.server, alice).unwrap(), "rows"));
    assert_eq!(notes.take(), [""; 0]);
}

#[tokio::test]
async fn whoever_goes_away_is_told_of_too() {
    let (world, notes) = audited(Fake::default());
    let alice = world.role("alice");
    world.map(alice, "ann");
    let access = world.access();
    let mut rows = query(&access, access.resolve(world.server, alice).unwrap(), "endless");
    rows.next().await.unwrap().unwrap();
    assert_eq!(notes.take(), [""; 0]);
    drop(rows);
    let left = "postgres as alice, own, ann@s reads []: 1 rows, 11 bytes, 57014";
    assert_eq!(notes.take(), [left]);
}

#[tokio::test]
async fn statements_of_a_transaction_have_ids_of_their_own() {
    let can = Capabilities { cursors: true, transactions: true, ..Capabilities::default() };
    let (world, notes) = audited(Fake { can, ..Fake::default() });
    let alice = world.role("alice");
    world.map(alice, "ann");
    let transaction = RemoteTransactions::new(Isolation::RepeatableRead, true);
    let mut ids = Vec::new();
    for sql in ["rows", "rows", "stuck"] {
        let cancel = CancellationToken::new();
        let access = world.access_in(Some(Arc::clone(&transaction)), cancel.clone());
        ids.push(access.query_id());
        let impatient = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        };
        tokio::join!(run(&access, world.server, alice, sql), impatient);
    }
    transaction.rollback().await;
    let is_statement = |it: &RemoteStatement| it.event == RemoteEvent::Statement;
    while notes.0.lock().iter().filter(|it| is_statement(it)).count() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    notes.0.lock().retain(is_statement);
    let told: Vec<_> = notes.0.lock().iter().map(|it| it.query).collect();
    assert_eq!(told, ids);
    assert!(ids[0] != ids[1] && ids[0].to_string().len() == 16);
    let outcomes: Vec<_> = notes.0.lock().iter().map(|it| it.outcome.to_string()).collect();
    assert_eq!(outcomes, ["00000", "00000", "57014"]);
    assert!(notes.0.lock().iter().all(|it| it.remote_user.as_deref() == Some("ann")));
}

#[tokio::test]
async fn what_becomes_of_transactions_is_told() {
    let can = Capabilities {
        cursors: true,
        transactions: true,
        snapshots: true,
        ..Capabilities::default()
    };
    let (world, notes) = audited(Fake { can, ..Fake::default() });
    let alice = world.role("alice");
    world.map(alice, "ann");
    let run = async |transaction: &Arc<RemoteTransactions>| {
        let access = world.access_in(Some(Arc::clone(transaction)), CancellationToken::new());
        assert_eq!(run(&access, world.server, alice, "rows").await, "ann");
    };
    let transaction = RemoteTransactions::new(Isolation::RepeatableRead, false);
    run(&transaction).await;
    transaction.savepoint();
    run(&transaction).await;
    transaction.rollback_to(2).await;
    run(&transaction).await;
    transaction.commit(&world.foreign).await.unwrap();
    let statement = "REMOTE as ann, 00000";
    assert_eq!(
        notes.take_events(),
        [
            "REMOTE BEGIN as ann, 00000",
            statement,
            "REMOTE SAVEPOINT as ann, 00000",
            statement,
            "REMOTE ROLLBACK TO as ann, 00000",
            "REMOTE RELEASE as ann, 00000",
            // It stays, and is set again when the remote is next used.
            "REMOTE SAVEPOINT as ann, 00000",
            statement,
            "REMOTE COMMIT as ann, 00000",
        ]
    );
    let transaction = RemoteTransactions::new(Isolation::RepeatableRead, false);
    run(&transaction).await;
    transaction.rollback().await;
    let expected = ["REMOTE BEGIN as ann, 00000", statement, "REMOTE ROLLBACK as ann, 00000"];
    assert_eq!(notes.take_events(), expected);
    // Readers that share a snapshot are each in a transaction.
    let access = world.access();
    let remote = access.resolve(world.server, alice).unwrap();
    access.reserve(&[(remote.clone(), 2)], false).await.unwrap();
    tokio::join!(
        read(query(&access, remote.clone(), "rows")),
        read(query(&access, remote, "rows"))
    );
    let told = notes.take_events();
    let count = |what: &str| told.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("REMOTE BEGIN"), count("REMOTE COMMIT"), told.len()), (2, 2, 6), "{told:?}");
}
