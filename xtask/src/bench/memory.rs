//! What the server keeps resident: idle, and while rows stream to a client.
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use medley_testkit::{Medley, Program};

use super::report::Report;
use super::servers::{Servers, Way};

const ROWS: u32 = 3_000_000;
const PAUSE: Duration = Duration::from_millis(20);

/// Idle as it was started; then as it was at its largest while so many rows went to the client,
/// relayed, and read here. A stream that is flat has its second half no larger than its first.
pub fn memory(servers: &Servers, program: &Path, report: &mut Report) -> Result<()> {
    let idle = Medley::start(program)?;
    thread::sleep(Duration::from_secs(1));
    report.measure("memory idle, MB", "medley", resident(idle.pid())?);
    drop(idle);
    let way = servers.ways().into_iter().find(|way| way.name == "medley").context("medley")?;
    for (what, pushdown) in [("relayed", "on"), ("read here", "off")] {
        let sizes = streaming(way, servers.medley.pid(), pushdown)?;
        let (first, second) = sizes.split_at(sizes.len() / 2);
        let most = |sizes: &[f64]| sizes.iter().copied().fold(0.0, f64::max);
        report.measure(&format!("memory {what}, MB"), "medley", most(&sizes));
        let grown = most(second) - most(first);
        report.measure(&format!("memory {what}, grown, MB"), "medley", grown.max(0.0));
    }
    for measure in [
        "memory idle, MB",
        "memory relayed, MB",
        "memory relayed, grown, MB",
        "memory read here, MB",
    ] {
        report.say(measure);
    }
    Ok(())
}

/// The sizes while the rows come.
fn streaming(way: Way, pid: u32, pushdown: &str) -> Result<Vec<f64>> {
    let mut command = Command::new(Program::PSQL.locate()?);
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "FETCH_COUNT=10000"]);
    command.args(["-d", way.database, "-c", &format!("SET medley.pushdown = {pushdown}")]);
    // As often as it takes, whatever the scale factor.
    command
        .args(["-c", &format!("COPY (SELECT l.* FROM lineitem l, part p LIMIT {ROWS}) TO STDOUT")]);
    let mut psql = way.tell(&mut command).stdout(Stdio::null()).spawn().context("running psql")?;
    let mut sizes = Vec::new();
    let status = loop {
        if let Some(status) = psql.try_wait()? {
            break status;
        }
        sizes.push(resident(pid)?);
        thread::sleep(PAUSE);
    };
    ensure!(status.success(), "psql has failed");
    Ok(sizes)
}

/// In megabytes.
fn resident(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmRSS")?.parse::<f64>()? / 1024.0)
}
