//! What pgbench and psql measure: a row by its key, and a whole table to the client.
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use medley_testkit::{Program, TempFolder};

use super::report::Report;
use super::servers::{Servers, Way};
use super::{Request, progress};

/// How long pgbench runs, in seconds.
const SECONDS: &str = "5";

/// A row of customer by its key, prepared: mean latency in milliseconds of one session, and
/// transactions a second of 64.
pub fn point(servers: &Servers, request: &Request, report: &mut Report) -> Result<()> {
    let folder = TempFolder::new()?;
    let customers = (150_000.0 * request.sf).max(1.0) as u64;
    let script = folder.write(
        "point.sql",
        &format!(
            "\\set key random(1, {customers})\n\
             SELECT c_name, c_acctbal FROM customer WHERE c_custkey = :key;\n"
        ),
    )?;
    for _ in 0..request.rounds {
        for way in servers.ways() {
            for (sessions, measure, field) in [
                ("1", "point 1 session, ms", "latency average = "),
                ("64", "point 64, tps", "tps = "),
            ] {
                let script = script.to_str().context("a path that is no text")?;
                match pgbench(way, &["-c", sessions, "-j", "4", "-f", script], field) {
                    Ok(value) => report.measure(measure, way.name, value),
                    Err(error) => progress(&format!("{measure} {}: {error:#}", way.name)),
                }
            }
        }
    }
    report.say("point 1 session, ms");
    report.say("point 64, tps");
    Ok(())
}

fn pgbench(way: Way, arguments: &[&str], field: &str) -> Result<f64> {
    let psql = Program::PSQL.locate()?;
    let mut command = Command::new(psql.with_file_name("pgbench"));
    command.args(["-n", "-M", "prepared", "-T", SECONDS]).args(arguments);
    let output = way.tell(&mut command).arg(way.database).output().context("running pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value = text.split(field).nth(1).and_then(|rest| rest.split_whitespace().next());
    value.context("pgbench has said nothing")?.parse().context("pgbench has said no number")
}

/// The whole of lineitem to the client: by psql in text, and by COPY in binary where it is.
pub fn client(servers: &Servers, request: &Request, report: &mut Report) -> Result<()> {
    let queries = [
        ("client text, ms", "SELECT * FROM lineitem"),
        ("client binary, ms", "COPY (SELECT * FROM lineitem) TO STDOUT (FORMAT BINARY)"),
    ];
    for _ in 0..request.rounds {
        for way in servers.ways() {
            for (measure, sql) in queries {
                match whole(way, sql) {
                    Ok(ms) => report.measure(measure, way.name, ms),
                    Err(error) => progress(&format!("{measure} {}: {error:#}", way.name)),
                }
            }
        }
    }
    queries.iter().for_each(|(measure, _)| report.say(measure));
    Ok(())
}

fn whole(way: Way, sql: &str) -> Result<f64> {
    let mut command = Command::new(Program::PSQL.locate()?);
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", way.database]);
    command.args(["-c", sql]);
    way.tell(&mut command).stdout(Stdio::null()).stderr(Stdio::piped());
    let began = Instant::now();
    let output = command.output().context("running psql")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
