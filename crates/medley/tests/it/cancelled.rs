//! Whatever a statement is doing and whoever ends it: it ends here and at the remote, what it
//! changed is undone, nothing is left behind, and the session goes on unless it was to end too.
use std::io::Write;
use std::process::{Child, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, TryStreamExt};
use tokio_postgres::{Client, NoTls};

use crate::cinema::{ALICE, Cinema, account, ask, user};
use crate::said;

/// What a session is doing, and how it says so.
struct Work {
    what: &'static str,
    sql: &'static str,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    CopyOut,
    /// Rows of these ids.
    CopyIn(i32, i32),
    /// The client sends a row now and then.
    Trickle,
}

const fn work(what: &'static str, form: Form, sql: &'static str) -> Work {
    Work { what, sql, form }
}

/// `slow` takes ten minutes to read; `napping` takes as long to change where an id is 500 more
/// than tens of thousands.
const WORK: &[Work] = &[
    work("SELECT", Form::Plain, "SELECT * FROM slow"),
    work("FETCH", Form::Plain, "BEGIN; DECLARE c CURSOR FOR SELECT * FROM slow; FETCH c"),
    work("COPY of a query", Form::CopyOut, "COPY (SELECT * FROM slow) TO STDOUT"),
    work("INSERT of what is read slowly", Form::Plain, "INSERT INTO annex SELECT id, '' FROM slow"),
    work("INSERT in bulk", Form::Plain, "INSERT INTO napping SELECT id + 10000, '' FROM films"),
    work("INSERT of rows", Form::Plain, "INSERT INTO napping VALUES (20499, 'a'), (20500, 'b')"),
    work("UPDATE there", Form::Plain, "UPDATE napping SET note = 'changed'"),
    work("UPDATE of rows", Form::Plain, "UPDATE napping SET note = note || random()"),
    work("DELETE there", Form::Plain, "DELETE FROM napping"),
    work("DELETE of rows", Form::Plain, "DELETE FROM napping WHERE random() < 2"),
    work("COPY of rows", Form::CopyIn(20_499, 20_500), "COPY napping FROM STDIN"),
    work("COPY in bulk", Form::CopyIn(30_001, 31_000), "COPY napping FROM STDIN"),
    work("COPY from who sends little", Form::Trickle, "COPY napping FROM STDIN"),
    work(
        "a change in WITH",
        Form::Plain,
        "WITH d AS (DELETE FROM napping RETURNING *) INSERT INTO annex SELECT * FROM d",
    ),
];

/// What a client is told, if it is there to be told.
const CANCELLED: &str = "57014: canceling statement due to user request";
const TIMED_OUT: &str = "57014: canceling statement due to statement timeout";
const TERMINATED: &str = "57P01: terminating connection due to administrator command";

fn studio() -> Cinema {
    let cinema = Cinema::open();
    cinema
        .remote
        .psql(
            "CREATE VIEW slow AS SELECT 1 AS id FROM pg_sleep(600); \
             CREATE TABLE napping (id integer PRIMARY KEY, note text); \
             INSERT INTO napping SELECT i, 'as it was' FROM generate_series(1, 1000) i; \
             CREATE TABLE annex (id integer, note text); \
             CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                IF coalesce(NEW.id, OLD.id) % 10000 = 500 THEN PERFORM pg_sleep(600); END IF; \
                RETURN coalesce(NEW, OLD); END $$; \
             CREATE TRIGGER nap BEFORE INSERT OR UPDATE OR DELETE ON napping FOR EACH ROW EXECUTE \
                FUNCTION nap(); \
             GRANT ALL ON slow, napping, annex TO PUBLIC",
        )
        .unwrap();
    cinema.sql(&format!(
        "CREATE SERVER annex FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port \
         '{}', dbname 'postgres'); CREATE USER MAPPING FOR alice SERVER annex {}; \
         CREATE FOREIGN TABLE slow (id integer) SERVER cinema; \
         CREATE FOREIGN TABLE napping (id integer, note text) SERVER cinema; \
         CREATE FOREIGN TABLE annex (id integer, note text) SERVER annex; \
         GRANT ALL ON slow, napping, annex TO PUBLIC; GRANT pg_signal_backend TO bob",
        cinema.remote.port(),
        user(ALICE),
    ));
    cinema
}

impl Work {
    /// Whether it is under way: asleep at the remote, or waiting for the client's rows.
    fn is_under_way(&self, cinema: &Cinema) -> bool {
        match self.form {
            Form::Trickle => {
                let active = "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'alice' AND \
                              state = 'active'";
                cinema.medley.psql(active).unwrap() == "t"
            }
            _ => is_asleep(cinema),
        }
    }

    async fn wait_until_under_way(&self, cinema: &Cinema) {
        for _ in 0..500 {
            if self.is_under_way(cinema) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} does not begin", self.what);
    }

    /// Does it, until it is ended.
    async fn run(&self, client: &Client) -> Result<(), String> {
        let failed = |error: tokio_postgres::Error| said(&error);
        match self.form {
            Form::Plain => client.simple_query(self.sql).await.map(drop).map_err(failed),
            Form::CopyOut => {
                let rows = client.copy_out(self.sql).await.map_err(failed)?;
                let rows: Vec<Bytes> = Box::pin(rows).try_collect().await.map_err(failed)?;
                panic!("{} rows came", rows.len())
            }
            Form::CopyIn(first, last) => {
                let mut sink = Box::pin(client.copy_in(self.sql).await.map_err(failed)?);
                sink.send(lines(first, last)).await.map_err(failed)?;
                sink.as_mut().finish().await.map(drop).map_err(failed)
            }
            Form::Trickle => {
                let mut sink = Box::pin(client.copy_in(self.sql).await.map_err(failed)?);
                // It is told only when it has sent what it has.
                for id in 40_001..40_101 {
                    sink.send(lines(id, id)).await.map_err(failed)?;
                    sink.flush().await.map_err(failed)?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                sink.as_mut().finish().await.map(drop).map_err(failed)
            }
        }
    }

    /// The same by a client that can be killed.
    fn spawn(&self, cinema: &Cinema) -> Child {
        let mut psql = cinema.medley.psql_command("alice", "").unwrap();
        psql.args(["-c", self.sql]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut psql = psql.stderr(Stdio::null()).spawn().unwrap();
        let rows = match self.form {
            Form::Plain | Form::CopyOut => return psql,
            Form::CopyIn(first, last) => lines(first, last),
            Form::Trickle => lines(40_001, 40_001),
        };
        let mut stdin = psql.stdin.take().unwrap();
        stdin.write_all(&rows).unwrap();
        match self.form {
            // Open still.
            Form::Trickle => psql.stdin = Some(stdin),
            _ => drop(stdin),
        }
        psql
    }

    /// It has ended everywhere, and has done nothing.
    async fn check_over(&self, cinema: &Cinema, how: &str) {
        let what = self.what;
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE usename <> current_user AND state \
                    <> 'idle'";
        let is_over = || cinema.remote.psql(busy).unwrap() == "0";
        for _ in 0..250 {
            if is_over() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_over(), "{what}, {how}: something goes on at the remote");
        let as_it_was = "SELECT count(*), count(*) FILTER (WHERE note = 'as it was'), (SELECT \
                         count(*) FROM annex) FROM napping";
        let rows = cinema.remote.psql(as_it_was).unwrap();
        assert_eq!(rows, "1000|1000|0", "{what}, {how}");
        let held = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'alice' AND state <> \
                    'idle'";
        assert_eq!(cinema.medley.psql(held).unwrap(), "0", "{what}, {how}");
    }
}

fn is_asleep(cinema: &Cinema) -> bool {
    let asleep = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    cinema.remote.psql(asleep).unwrap() == "t"
}

fn lines(first: i32, last: i32) -> Bytes {
    (first..=last).map(|id| format!("{id}\tcopied\n")).collect::<String>().into()
}

/// The session goes on.
async fn check_goes_on(client: &Client, work: &Work, how: &str) {
    client.batch_execute("ROLLBACK; RESET statement_timeout").await.unwrap();
    assert_eq!(account(client).await.as_deref(), Ok(ALICE), "{}, {how}", work.what);
    let disconnected = ask(client, "SELECT postgres_fdw_disconnect_all()").await.unwrap();
    assert_eq!(disconnected, ["t"], "{}, {how}", work.what);
}

/// Ends each work by what bob says of alice's session, or alice of her own.
async fn end_each(how: &str, told: &str, end: impl AsyncFn(&Client, &Client, i32)) {
    let cinema = studio();
    let bob = cinema.log_in("bob").await;
    for work in WORK {
        let alice = cinema.log_in("alice").await;
        let pid = ask(&alice, "SELECT pg_backend_pid()").await.unwrap();
        let (answer, ()) = tokio::join!(work.run(&alice), async {
            work.wait_until_under_way(&cinema).await;
            end(&alice, &bob, pid[0].parse().unwrap()).await;
        });
        let answer = answer.unwrap_err();
        // Who sends rows may find the connection gone before it has read why.
        let is_gone = work.form == Form::Trickle && answer.starts_with("(connection lost)");
        assert!(
            answer == told || (told == TERMINATED && is_gone),
            "{answer}: {}, {how}",
            work.what
        );
        if told == TERMINATED {
            assert!(ask(&alice, "SELECT 1").await.is_err(), "{}, {how}", work.what);
        } else {
            check_goes_on(&alice, work, how).await;
        }
        work.check_over(&cinema, how).await;
    }
}

#[tokio::test]
async fn by_a_cancel_request() {
    end_each("cancel request", CANCELLED, async |alice, _, _| {
        alice.cancel_token().cancel_query(NoTls).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn by_pg_cancel_backend() {
    end_each("pg_cancel_backend", CANCELLED, async |_, bob, pid| {
        let cancel = format!("SELECT pg_cancel_backend({pid})");
        assert_eq!(ask(bob, &cancel).await.unwrap(), ["t"]);
    })
    .await;
}

#[tokio::test]
async fn by_pg_terminate_backend() {
    end_each("pg_terminate_backend", TERMINATED, async |_, bob, pid| {
        let terminate = format!("SELECT pg_terminate_backend({pid})");
        assert_eq!(ask(bob, &terminate).await.unwrap(), ["t"]);
    })
    .await;
}

#[tokio::test]
async fn by_statement_timeout() {
    let cinema = studio();
    for work in WORK {
        let alice = cinema.log_in("alice").await;
        alice.batch_execute("SET statement_timeout = '500ms'").await.unwrap();
        let answer = work.run(&alice).await;
        assert_eq!(answer.unwrap_err(), TIMED_OUT, "{}", work.what);
        check_goes_on(&alice, work, "timeout").await;
        work.check_over(&cinema, "timeout").await;
    }
}

#[tokio::test]
async fn by_a_client_that_goes_away() {
    let cinema = studio();
    for work in WORK {
        let mut psql = work.spawn(&cinema);
        work.wait_until_under_way(&cinema).await;
        psql.kill().unwrap();
        psql.wait().unwrap();
        work.check_over(&cinema, "client gone").await;
    }
}
