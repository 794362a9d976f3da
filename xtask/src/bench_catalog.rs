//! `cargo xtask bench-catalog`: psql's commands, and queries as pg_dump sends them, on PostgreSQL
//! and on Medley, both with a catalog of many foreign tables.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use medley_testkit::{Medley, Postgres, Program, TempFolder};

use crate::{cargo, packages, root};

/// What `cargo xtask bench-catalog` was asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Request {
    /// How many foreign tables, of 10 columns each
    #[arg(long, default_value_t = 10_000)]
    tables: usize,
    /// How often each command is run on each side; the median counts
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The binary to measure; else a release build is made
    #[arg(long)]
    medley: Option<PathBuf>,
}

/// Besides psql's commands, what pg_dump asks of the whole catalog.
const COMMANDS: &[(&str, &str)] = &[
    (r"\d t776", r"\d t776"),
    (r"\d+ t776", r"\d+ t776"),
    (r"\d", r"\d"),
    (r"\d t776*", r"\d t776*"),
    (r"\det", r"\det"),
    (r"\det+ n1.*", r"\det+ n1.*"),
    (r"\dew+", r"\dew+"),
    (r"\des+", r"\des+"),
    (r"\deu+", r"\deu+"),
    (r"\dT", r"\dT"),
    (r"\dn+", r"\dn+"),
    (r"\dp", r"\dp"),
    ("tables, as pg_dump asks for them", PG_DUMP_TABLES),
    ("columns of all tables, as pg_dump asks for them", PG_DUMP_COLUMNS),
    ("dependencies, as pg_dump asks for them", PG_DUMP_DEPENDENCIES),
    ("information_schema.columns of one table", ONE_TABLE),
];

const PG_DUMP_TABLES: &str = "
    SELECT c.tableoid, c.oid, c.relname, c.relnamespace, c.relkind, c.reltype, c.relowner,
           c.relchecks, c.relacl, acldefault('r', c.relowner) AS acldefault,
           f.ftserver, ARRAY(SELECT quote_ident(option_name) || ' ' || quote_literal(option_value)
                             FROM pg_options_to_table(f.ftoptions) ORDER BY option_name)
    FROM pg_class c
    LEFT JOIN pg_depend d ON (c.relkind = 'S' AND d.classid = 'pg_class'::regclass
                              AND d.objid = c.oid AND d.objsubid = 0)
    LEFT JOIN pg_foreign_table f ON c.oid = f.ftrelid
    WHERE c.relkind IN ('f', 'v') AND c.relnamespace <> 11 ORDER BY c.oid";

const PG_DUMP_COLUMNS: &str = "
    SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.atthasdef, a.attisdropped,
           format_type(t.oid, a.atttypmod) AS atttypname,
           array_to_string(ARRAY(SELECT quote_ident(option_name) || ' ' ||
                                        quote_literal(option_value)
                                 FROM pg_options_to_table(attfdwoptions)
                                 ORDER BY option_name), E',\n    ') AS attfdwoptions
    FROM pg_class c
    JOIN pg_attribute a ON c.oid = a.attrelid
    LEFT JOIN pg_type t ON a.atttypid = t.oid
    WHERE c.relkind = 'f' AND a.attnum > 0 ORDER BY a.attrelid, a.attnum";

const PG_DUMP_DEPENDENCIES: &str = "
    SELECT classid, objid, refclassid, refobjid, deptype FROM pg_depend
    WHERE deptype <> 'p' AND deptype <> 'e' ORDER BY 1, 2";

const ONE_TABLE: &str = "
    SELECT column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_name = 't776' ORDER BY ordinal_position";

/// Where psql goes.
struct Side {
    name: String,
    port: u16,
}

/// Fills both, asks them in turn, and prints a table.
pub fn run(request: &Request) -> Result<()> {
    let psql = Program::PSQL_18.locate()?;
    let programs = packages::postgres_18()?.context("PostgreSQL 18.4 comes with npm")?;
    let postgres = Postgres::builder().programs(&programs).trust().start()?;
    let medley = Medley::start(binary(request)?)?;
    let version = postgres.psql("SHOW server_version")?;
    postgres.psql("CREATE DATABASE medley")?;
    let sides = [
        Side { name: format!("PostgreSQL {}", version.trim()), port: postgres.port() },
        Side { name: "Medley".to_owned(), port: medley.port() },
    ];
    for side in &sides {
        fill(&psql, side, request.tables)?;
    }
    let [left, right] = &sides;
    ask(&psql, left, "VACUUM ANALYZE")?;
    say(&format!(
        "{} foreign tables of 10 columns; median of {}\n",
        request.tables, request.rounds
    ));
    say(&format!("| | {} | {} | ratio |\n|---|---:|---:|---:|", left.name, right.name));
    for (name, command) in [&("psql alone", "SELECT 1")].into_iter().chain(COMMANDS) {
        let (left, right) = medians(&psql, &sides, command, request.rounds)?;
        let ratio = right.as_secs_f64() / left.as_secs_f64();
        say(&format!("| `{name}` | {} | {} | {ratio:.1} |", shown(left), shown(right)));
    }
    Ok(())
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The binary that was named, or a release build.
fn binary(request: &Request) -> Result<PathBuf> {
    if let Some(binary) = &request.medley {
        return Ok(binary.clone());
    }
    let built = cargo::command()
        .args(["build", "--release", "--package", "medley"])
        .current_dir(root())
        .status()
        .context("running cargo build")?;
    ensure!(built.success(), "medley could not be built");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    Ok(target.unwrap_or_else(|| root().join("target")).join("release/medley"))
}

/// Twenty servers, ten schemas, and the tables, half of them in `public`.
fn objects(tables: usize) -> Result<String> {
    let mut sql = "CREATE ROLE app; CREATE FOREIGN DATA WRAPPER w OPTIONS (a '1');\n".to_owned();
    for server in 0..20 {
        writeln!(
            sql,
            "CREATE SERVER s{server} FOREIGN DATA WRAPPER w OPTIONS (host 'h{server}');\n\
             CREATE USER MAPPING FOR app SERVER s{server} OPTIONS (u 'a{server}');"
        )?;
    }
    (0..10).try_for_each(|schema| writeln!(sql, "CREATE SCHEMA n{schema};"))?;
    for table in 0..tables {
        let schema = if table % 2 == 0 { "public" } else { &format!("n{}", table % 10) };
        let break_at = if table % 1000 == 0 { "COMMIT; BEGIN;" } else { "" };
        writeln!(
            sql,
            "{break_at} CREATE FOREIGN TABLE {schema}.t{table} (id int NOT NULL, \
             c0 text OPTIONS (column_name 'x'), c1 numeric(10,2), c2 timestamptz, c3 int, \
             c4 bool DEFAULT true, c5 varchar(20), c6 date, c7 int8, c8 text) \
             SERVER s{} OPTIONS (schema_name 'x', table_name 't{table}');",
            table % 20
        )?;
    }
    Ok(format!("BEGIN;\n{sql}COMMIT;\nGRANT SELECT ON public.t0 TO app;\n"))
}

fn fill(psql: &Path, side: &Side, tables: usize) -> Result<()> {
    let folder = TempFolder::new()?;
    let file = folder.write("objects.sql", &objects(tables)?)?;
    let filled = command(psql, side)
        .args(["-q", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(file)
        .stdout(Stdio::null())
        .status()?;
    ensure!(filled.success(), "{} could not be filled", side.name);
    Ok(())
}

fn medians(
    psql: &Path,
    sides: &[Side; 2],
    command: &str,
    rounds: usize,
) -> Result<(Duration, Duration)> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds.max(1) {
        for (side, times) in sides.iter().zip(&mut times) {
            times.push(ask(psql, side, command)?);
        }
    }
    let [left, right] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    Ok((left, right))
}

/// From the start of psql to its end.
fn ask(psql: &Path, side: &Side, sql: &str) -> Result<Duration> {
    let start = Instant::now();
    let output = command(psql, side).args(["-c", sql]).output()?;
    let time = start.elapsed();
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} answers {sql:?} with: {error}", side.name);
    Ok(time)
}

fn command(psql: &Path, side: &Side) -> Command {
    let mut command = Command::new(psql);
    command.args(["-X", "-h", "127.0.0.1", "-U", "postgres", "-d", "medley", "-p"]);
    command.arg(side.port.to_string());
    command
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn say(line: &str) {
    println!("{line}");
}
