//! A statement that is cancelled stops at the remote too.
use std::time::Duration;

use medley_testkit::Postgres;
use tokio_postgres::NoTls;

use crate::cinema::{ALICE, Cinema, account, ask};
use crate::said;

const BY_USER: &str = "57014: canceling statement due to user request";

/// A cinema with a table that takes ten minutes to read.
fn slow_cinema() -> Cinema {
    let cinema = Cinema::open();
    let view =
        "CREATE VIEW slow AS SELECT 1 AS id FROM pg_sleep(600); GRANT SELECT ON slow TO PUBLIC";
    cinema.remote.psql(view).unwrap();
    cinema.sql(
        "CREATE FOREIGN TABLE slow (id integer) SERVER cinema; GRANT SELECT ON slow TO PUBLIC",
    );
    cinema
}

fn is_busy(remote: &Postgres) -> bool {
    let asleep = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    remote.psql(asleep).unwrap() == "t"
}

/// Waits until the remote works for us, or does not any more.
async fn wait_until(remote: &Postgres, busy: bool) {
    for _ in 0..250 {
        if is_busy(remote) == busy {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the remote is {}", if busy { "idle" } else { "busy" });
}

#[tokio::test]
async fn by_the_client() {
    let cinema = slow_cinema();
    let alice = cinema.log_in("alice").await;
    let cancel = alice.cancel_token();
    let (answer, sent) = tokio::join!(ask(&alice, "SELECT * FROM slow"), async {
        wait_until(&cinema.remote, true).await;
        cancel.cancel_query(NoTls).await
    });
    sent.unwrap();
    assert_eq!(answer.unwrap_err(), BY_USER);
    wait_until(&cinema.remote, false).await;
    cinema.wait_for_backends(0).await;
    assert_eq!(account(&alice).await.unwrap(), ALICE);
}

#[tokio::test]
async fn in_a_transaction_block() {
    let cinema = slow_cinema();
    let alice = cinema.log_in("alice").await;
    alice.batch_execute("BEGIN").await.unwrap();
    assert_eq!(account(&alice).await.unwrap(), ALICE);
    alice.batch_execute("SAVEPOINT s").await.unwrap();
    let cancel = alice.cancel_token();
    let (answer, sent) = tokio::join!(ask(&alice, "SELECT * FROM slow"), async {
        wait_until(&cinema.remote, true).await;
        cancel.cancel_query(NoTls).await
    });
    sent.unwrap();
    assert_eq!(answer.unwrap_err(), BY_USER);
    wait_until(&cinema.remote, false).await;
    let aborted = account(&alice).await.unwrap_err();
    assert!(aborted.starts_with("25P02: "), "{aborted}");
    alice.batch_execute("ROLLBACK TO s").await.unwrap();
    assert_eq!(account(&alice).await.unwrap(), ALICE);
    cinema.wait_for_backends(1).await;
    alice.batch_execute("COMMIT").await.unwrap();
    assert_eq!(account(&alice).await.unwrap(), ALICE);
    cinema.wait_for_backends(1).await;
}

#[tokio::test]
async fn by_statement_timeout() {
    let cinema = slow_cinema();
    let alice = cinema.log_in("alice").await;
    alice.batch_execute("SET statement_timeout = '300ms'").await.unwrap();
    let answer = ask(&alice, "SELECT * FROM slow").await;
    assert_eq!(answer.unwrap_err(), "57014: canceling statement due to statement timeout");
    wait_until(&cinema.remote, false).await;
    let prepared = alice.query("SELECT * FROM slow", &[]).await;
    assert_eq!(
        prepared.map_err(|error| said(&error)).unwrap_err(),
        "57014: canceling statement due to statement timeout"
    );
    wait_until(&cinema.remote, false).await;
    alice.batch_execute("RESET statement_timeout").await.unwrap();
    assert_eq!(account(&alice).await.unwrap(), ALICE);
}

#[tokio::test]
async fn by_a_client_that_goes_away() {
    let cinema = slow_cinema();
    let mut psql = cinema.medley.psql_command("alice", "").unwrap();
    let mut psql = psql.args(["-c", "SELECT * FROM slow"]).spawn().unwrap();
    wait_until(&cinema.remote, true).await;
    psql.kill().unwrap();
    psql.wait().unwrap();
    wait_until(&cinema.remote, false).await;
    cinema.wait_for_backends(0).await;
}

#[tokio::test]
async fn by_psql_on_an_interrupt() {
    let cinema = slow_cinema();
    let mut psql = cinema.medley.psql_command("alice", "").unwrap();
    psql.args(["-c", "SELECT * FROM slow"]).stderr(std::process::Stdio::piped());
    let psql = psql.spawn().unwrap();
    wait_until(&cinema.remote, true).await;
    let interrupt = std::process::Command::new("/bin/kill")
        .args(["-s", "INT", &psql.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = psql.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("ERROR:  canceling statement due to user request"), "{complaint}");
    wait_until(&cinema.remote, false).await;
}

/// The time that Medley has computed for, in hundredths of a second.
fn ticks(cinema: &Cinema) -> u64 {
    let stat = format!("/proc/{}/stat", cinema.medley.pid());
    let stat = std::fs::read_to_string(stat).unwrap();
    let fields = stat.rsplit(") ").next().unwrap();
    fields.split(' ').nth(11).unwrap().parse().unwrap()
}

/// A join of each row with each, on every thread of the server, in which nothing is ever found.
#[tokio::test]
async fn while_it_joins_here() {
    const JOIN: &str = "SELECT count(*) FROM many a, many b WHERE a.v > b.v AND a.v || b.v = 'no'";
    let cinema = Cinema::open();
    cinema
        .remote
        .psql(
            "CREATE TABLE many AS SELECT md5(i::text) AS v FROM generate_series(1, 100000) i; \
             GRANT SELECT ON many TO PUBLIC",
        )
        .unwrap();
    cinema.sql("CREATE FOREIGN TABLE many (v text) SERVER cinema; GRANT SELECT ON many TO PUBLIC");
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut running = Vec::new();
    for _ in 0..threads {
        let alice = cinema.log_in("alice").await;
        alice.batch_execute("SET medley.pushdown = off").await.unwrap();
        let token = alice.cancel_token();
        let answer = tokio::spawn(async move { (ask(&alice, JOIN).await, alice) });
        running.push((token, answer));
    }
    let other = cinema.log_in("alice").await;
    let begun = ticks(&cinema);
    while ticks(&cinema) < begun + 200 * threads as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Others are served meanwhile.
    for _ in 0..100 {
        assert_eq!(ask(&other, "SELECT 1").await.unwrap(), ["1"]);
    }
    for (token, _) in &running {
        token.cancel_query(NoTls).await.unwrap();
    }
    for (_, answer) in running {
        let (answer, alice) = answer.await.unwrap();
        assert_eq!(answer.unwrap_err(), BY_USER);
        assert_eq!(account(&alice).await.unwrap(), ALICE);
    }
    let mut before = 0;
    for _ in 0..100 {
        before = ticks(&cinema);
        tokio::time::sleep(Duration::from_millis(200)).await;
        if ticks(&cinema) < before + 5 {
            return;
        }
    }
    panic!("it goes on here, at {before} ticks");
}

#[tokio::test]
async fn by_the_end_of_the_server() {
    let mut cinema = slow_cinema();
    let alice = cinema.log_in("alice").await;
    let (answer, ()) = tokio::join!(ask(&alice, "SELECT * FROM slow"), async {
        wait_until(&cinema.remote, true).await;
        cinema.medley.signal("TERM").unwrap();
    });
    assert_eq!(answer.unwrap_err(), "57P01: terminating connection due to administrator command");
    assert!(cinema.medley.wait_for_end().unwrap().success());
    wait_until(&cinema.remote, false).await;
    cinema.wait_for_backends(0).await;
}
