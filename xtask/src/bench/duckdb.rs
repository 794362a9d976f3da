//! DuckDB with its postgres and mysql extensions, in a Python of its own.
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::peer::{Answer, Peer};
use crate::packages;

/// Answers a line of JSON with a line of JSON.
const DRIVER: &str = r#"
import json, sys, threading, time
import duckdb
patience = float(sys.argv[1])
c = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for statement in sys.argv[2:]:
    c.execute(statement)
for line in sys.stdin:
    timer = threading.Timer(patience, c.interrupt)
    timer.start()
    began = time.perf_counter()
    try:
        rows = c.execute(json.loads(line)).fetchall()
        elapsed = time.perf_counter() - began
        text = lambda v: None if v is None else str(v)
        answer = {"elapsed": elapsed, "rows": [[text(v) for v in row] for row in rows]}
    except Exception as error:
        answer = {"error": str(error)}
    timer.cancel()
    print(json.dumps(answer), flush=True)
"#;

/// A DuckDB that reads the tables of others.
pub struct DuckDb {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl DuckDb {
    /// Starts one; these statements make what it reads known to it.
    pub fn start(statements: &[String], patience: Duration) -> Result<Self> {
        let folder = packages::duckdb()?;
        let load = |extension: &&str| format!("LOAD '{}'", folder.join(extension).display());
        let mut child = Command::new("python3")
            .args(["-c", DRIVER])
            .arg(patience.as_secs().to_string())
            .args(packages::DUCKDB_EXTENSIONS.iter().map(load))
            .args(statements)
            .env("PYTHONPATH", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting python3")?;
        let input = child.stdin.take().context("python3 without input")?;
        let output = BufReader::new(child.stdout.take().context("python3 without output")?);
        Ok(Self { child, input, output })
    }

    fn ask(&mut self, sql: &str) -> Result<Answer> {
        writeln!(self.input, "{}", json!(sql))?;
        self.input.flush()?;
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "DuckDB has gone");
        let answer: Value = serde_json::from_str(&line)?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{}", error.lines().next().unwrap_or_default());
        }
        let elapsed = answer["elapsed"].as_f64().context("no time")?;
        let rows = serde_json::from_value(answer["rows"].clone())?;
        Ok(Answer { rows, elapsed: Duration::from_secs_f64(elapsed) })
    }
}

#[async_trait]
impl Peer for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    async fn run(&mut self, sql: &str) -> Result<Answer> {
        tokio::task::block_in_place(|| self.ask(sql))
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        // It may be gone already; nothing else can fail.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
