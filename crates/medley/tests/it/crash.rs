//! kill -9 in the midst of DDL: what was acknowledged is there, and nothing half is.
use std::time::Duration;

use medley_testkit::Medley;
use medley_testkit::invariants::check_folder;
use tokio_postgres::Client;

use crate::medley;

const SESSIONS: usize = 4;
const ROUNDS: usize = 5;

/// The statements of one transaction; all of them happened, or none.
fn statements(session: usize, step: usize) -> [String; 4] {
    let name = format!("{session}_{step}");
    [
        format!("CREATE ROLE r_{name}"),
        format!("CREATE SERVER s_{name} FOREIGN DATA WRAPPER w"),
        format!("CREATE USER MAPPING FOR r_{name} SERVER s_{name} OPTIONS (a '{name}')"),
        format!("CREATE FOREIGN TABLE t_{name} (a integer) SERVER s_{name}"),
    ]
}

/// Does what a session did exist? Each of the statements fails where it does.
async fn exists(client: &Client, session: usize, step: usize) -> Vec<bool> {
    let mut found = Vec::new();
    client.batch_execute("BEGIN").await.unwrap();
    for sql in statements(session, step) {
        client.batch_execute("SAVEPOINT before").await.unwrap();
        let created = client.batch_execute(&sql).await;
        if let Err(error) = &created {
            let code = error.code().unwrap().code();
            assert!(["42710", "42P07"].contains(&code), "{error}");
            client.batch_execute("ROLLBACK TO before").await.unwrap();
        }
        found.push(created.is_err());
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    found
}

/// Commits transactions from `step` on until the server is gone; the result is the first step
/// that was not acknowledged.
async fn work(client: Client, session: usize, mut step: usize) -> usize {
    loop {
        let transaction = format!("BEGIN; {}; COMMIT", statements(session, step).join("; "));
        match client.batch_execute(&transaction).await {
            Ok(()) => step += 1,
            Err(error) if client.is_closed() || error.as_db_error().is_none() => return step,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_and_nothing_is_half() {
    let mut medley = medley();
    medley.psql("CREATE FOREIGN DATA WRAPPER w").unwrap();
    let mut next = [0; SESSIONS];
    for round in 0..ROUNDS {
        let mut workers = Vec::new();
        for (session, step) in next.into_iter().enumerate() {
            let client = medley.connect_as_superuser().await.unwrap();
            workers.push(tokio::spawn(work(client, session, step)));
        }
        tokio::time::sleep(Duration::from_millis(150 + 37 * round as u64)).await;
        medley.kill9();
        for (session, worker) in workers.into_iter().enumerate() {
            next[session] = worker.await.unwrap();
        }
        check_folder(&medley.data_folder()).unwrap();
        medley.restart().unwrap();
        check(&medley, &mut next).await;
    }
    assert!(next.iter().all(|steps| *steps > 0), "{next:?}: nobody did anything");
    medley.stop().unwrap();
}

/// The step in doubt may have been committed, and then counts.
async fn check(medley: &Medley, next: &mut [usize; SESSIONS]) {
    let client = medley.connect_as_superuser().await.unwrap();
    for (session, next) in next.iter_mut().enumerate() {
        for step in 0..*next {
            let found = exists(&client, session, step).await;
            assert_eq!(found, [true; 4], "session {session}, step {step}");
        }
        let in_doubt = exists(&client, session, *next).await;
        assert!(in_doubt == [true; 4] || in_doubt == [false; 4], "{in_doubt:?}");
        *next += usize::from(in_doubt[0]);
        assert_eq!(exists(&client, session, *next).await, [false; 4]);
    }
}
