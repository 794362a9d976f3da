//! SIGTERM and SIGINT: no new sessions, a grace for what runs, then 57P01.
use std::time::Duration;

use crate::{builder, medley, said};

const TERMINATED: &str = "57P01: terminating connection due to administrator command";

#[tokio::test]
async fn an_idle_session_is_ended() {
    for signal in ["TERM", "INT"] {
        let mut medley = medley();
        let client = medley.connect_as_superuser().await.unwrap();
        client.batch_execute("CREATE ROLE alice").await.unwrap();
        medley.signal(signal).unwrap();
        let status = medley.wait_for_end().unwrap();
        assert!(status.success(), "SIG{signal}: {status}");
        client.batch_execute("SHOW role").await.unwrap_err();
        medley.restart().unwrap();
        medley.psql("DROP ROLE alice").unwrap();
    }
}

#[test]
fn psql_is_told_why() {
    use std::io::{Read, Write};
    use std::process::Stdio;

    let mut medley = medley();
    let mut psql = medley.psql_command("postgres", "").unwrap();
    psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut psql = psql.args(["-q", "-A", "-t"]).spawn().unwrap();
    let mut stdin = psql.stdin.take().unwrap();
    stdin.write_all(b"SHOW role;\n").unwrap();
    let mut answer = [0; 5];
    psql.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    medley.stop().unwrap();
    stdin.write_all(b"SHOW role;\n").unwrap();
    drop(stdin);
    let output = psql.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let expected = "FATAL:  terminating connection due to administrator command";
    assert!(complaint.contains(expected), "{complaint}");
}

#[tokio::test]
async fn a_statement_that_runs_on_is_ended_after_the_grace() {
    let mut medley = builder().argument("--grace").argument("1").start().unwrap();
    let holder = medley.connect_as_superuser().await.unwrap();
    let waiter = medley.connect_as_superuser().await.unwrap();
    holder.batch_execute("BEGIN; CREATE ROLE alice").await.unwrap();
    let waiting = waiter.batch_execute("BEGIN; CREATE ROLE bob; SAVEPOINT s; CREATE ROLE alice");
    let (waited, ()) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        medley.signal("TERM").unwrap();
    });
    // The holder is idle and ended at once; then the waiter has the name, and ends with the grace
    // or with its statement.
    match waited {
        Ok(()) => drop(waiter.batch_execute("COMMIT").await.unwrap_err()),
        Err(error) => assert_eq!(said(&error), TERMINATED),
    }
    assert!(medley.wait_for_end().unwrap().success());
    medley.restart().unwrap();
    // Neither committed.
    medley.psql("CREATE ROLE alice; CREATE ROLE bob").unwrap();
}

#[tokio::test]
async fn nobody_comes_in_while_it_stops() {
    let mut medley = medley();
    let client = medley.connect_as_superuser().await.unwrap();
    client.batch_execute("BEGIN; CREATE ROLE alice").await.unwrap();
    medley.signal("TERM").unwrap();
    while let Ok(late) = medley.connect_as_superuser().await {
        drop(late);
    }
    assert!(medley.wait_for_end().unwrap().success());
}
