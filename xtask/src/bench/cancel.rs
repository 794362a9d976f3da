//! From the moment that a statement is to stop to the moment that its work has stopped: here, when
//! its session is idle or gone, and at the remote, when no session there is active.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use medley_testkit::SUPERUSER;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};

use super::report::{LARGEST, Report};
use super::servers::{ACCOUNT, Servers};

/// Of each way so many times; the largest counts.
const TIMES: usize = 10;
/// The statement runs this long before it is stopped.
const RUNS: Duration = Duration::from_millis(300);
/// Work that goes on for longer than this is an error.
const PATIENCE: Duration = Duration::from_secs(20);

/// What runs when it is stopped: work at the remote alone, and work here over what is read there.
const STATEMENTS: [(&str, &str, &str); 2] = [
    // Of one table, so that it is not thought to cost less here.
    ("remote", "on", "SELECT sum(length(repeat(l_comment, 20000))) FROM lineitem"),
    ("here", "off", "SELECT count(*) FROM lineitem a, lineitem b WHERE a.l_comment > b.l_comment"),
];

/// What stops it.
#[derive(Clone, Copy)]
enum Way {
    CancelRequest,
    Timeout,
    CancelBackend,
    TerminateBackend,
    ClientGone,
}

const WAYS: [(&str, Way); 5] = [
    ("CancelRequest", Way::CancelRequest),
    ("statement_timeout", Way::Timeout),
    ("pg_cancel_backend", Way::CancelBackend),
    ("pg_terminate_backend", Way::TerminateBackend),
    ("client gone", Way::ClientGone),
];

/// Each way, over each kind of work.
pub async fn cancel(servers: &Servers, report: &mut Report) -> Result<()> {
    let remote = servers.remote.connect_as_superuser().await?;
    let medley = servers.medley.connect_as_superuser().await?;
    for (place, pushdown, sql) in STATEMENTS {
        for (name, way) in WAYS {
            for _ in 0..TIMES {
                let stopped = stopped(servers, &medley, &remote, (pushdown, sql), way).await?;
                let ms = |it: Duration| it.as_secs_f64() * 1e3;
                let measure = format!("{LARGEST}{place}, {name}, ms");
                report.measure(&measure, "medley", ms(stopped.0));
                report.measure(&measure, "remote", ms(stopped.1));
            }
            report.say(&format!("{LARGEST}{place}, {name}, ms"));
        }
    }
    Ok(())
}

/// How long it went on here, and there.
async fn stopped(
    servers: &Servers,
    medley: &Client,
    remote: &Client,
    (pushdown, sql): (&str, &str),
    way: Way,
) -> Result<(Duration, Duration)> {
    let config = servers.medley.config(SUPERUSER, "nobody asks");
    let (client, connection) = config.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("SET medley.pushdown = {pushdown}")).await?;
    let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    if let Way::Timeout = way {
        let timeout = format!("SET statement_timeout = {}", RUNS.as_millis());
        client.batch_execute(&timeout).await?;
    }
    let token = client.cancel_token();
    let sql = sql.to_owned();
    let began = Instant::now();
    tokio::spawn(async move { client.simple_query(&sql).await.map(drop) });
    sleep(RUNS.saturating_sub(began.elapsed())).await;
    if pushdown == "on" && !matches!(way, Way::Timeout) {
        ensure!(active_at(remote, ACCOUNT).await? > 0, "nothing runs at the remote");
    }
    let asked = Instant::now();
    match way {
        Way::CancelRequest => token.cancel_query(NoTls).await?,
        Way::Timeout => {}
        Way::CancelBackend => drop(medley.query("SELECT pg_cancel_backend($1)", &[&pid]).await?),
        Way::TerminateBackend => {
            drop(medley.query("SELECT pg_terminate_backend($1)", &[&pid]).await?);
        }
        // Its socket closes with it; without its client alone it would wait for the answer.
        Way::ClientGone => connection.abort(),
    }
    let asked = if let Way::Timeout = way { began + RUNS } else { asked };
    let there = async {
        while active_at(remote, ACCOUNT).await? > 0 {
            ensure!(asked.elapsed() < PATIENCE, "it goes on at the remote");
            sleep(Duration::from_millis(1)).await;
        }
        Ok(asked.elapsed())
    };
    let here = async {
        while is_active(medley, pid).await? {
            ensure!(asked.elapsed() < PATIENCE, "it goes on here");
            sleep(Duration::from_millis(1)).await;
        }
        Ok(asked.elapsed())
    };
    tokio::try_join!(here, there)
}

async fn active_at(remote: &Client, account: &str) -> Result<i64> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state = 'active' \
               AND backend_type = 'client backend'";
    Ok(remote.query_one(sql, &[&account]).await?.get(0))
}

async fn is_active(medley: &Client, pid: i32) -> Result<bool> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
    Ok(medley.query_one(sql, &[&pid]).await?.get::<_, i64>(0) > 0)
}
