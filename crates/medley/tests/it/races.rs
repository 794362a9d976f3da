//! The scripts of tests/races, on Medley and on a real PostgreSQL.
use std::fs;
use std::path::{Path, PathBuf};

use medley_testkit::race::{Script, Side, compare, run};
use medley_testkit::{Medley, Postgres, SUPERUSER};
use tokio_postgres::Config;

/// Set, it rewrites the scripts with what is said, for an author to read through.
const UPDATE: &str = "MEDLEY_UPDATE_SCRIPTS";
/// A part of the names of the scripts to run.
const ONLY: &str = "MEDLEY_RACES";

struct Servers {
    medley: Medley,
    postgres: Postgres,
}

impl Servers {
    fn start() -> Self {
        let postgres = Postgres::builder().trust().setting("deadlock_timeout", "20ms");
        Self { medley: crate::medley(), postgres: postgres.start().unwrap() }
    }

    fn config(&self, side: Side) -> Config {
        let mut config = self.medley.config(SUPERUSER, "");
        if side == Side::Postgres {
            config = Config::new();
            config.host("127.0.0.1").port(self.postgres.port()).user(SUPERUSER).dbname("postgres");
        }
        config
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_meet_are_told_what_postgresql_tells_them() {
    let servers = Servers::start();
    let mut wrong = Vec::new();
    let record = std::env::var_os(UPDATE).is_some();
    for file in scripts() {
        let text = fs::read_to_string(&file).unwrap();
        let failed = |error: anyhow::Error| -> ! { panic!("{}: {error:#}", file.display()) };
        let script = Script::parse(&text).unwrap_or_else(|error| failed(error));
        let (medley, postgres) = (servers.config(Side::Medley), servers.config(Side::Postgres));
        let (medley, postgres) = tokio::join!(
            run(&script, Side::Medley, &medley, record),
            run(&script, Side::Postgres, &postgres, record),
        );
        let medley = medley.unwrap_or_else(|error| failed(error));
        let postgres = postgres.unwrap_or_else(|error| failed(error));
        if record {
            fs::write(&file, script.updated(&text, &medley, &postgres)).unwrap();
        }
        for race in script.unexplained() {
            let (file, line) = (file.display(), race.line);
            wrong.push(format!("{file}, line {line}: `because:` is missing, or too much\n"));
        }
        let mut mismatches = compare(&script, Side::Medley, &medley);
        mismatches.extend(compare(&script, Side::Postgres, &postgres));
        wrong.extend(mismatches.iter().map(|it| format!("{}, {it}", file.display())));
    }
    assert!(wrong.is_empty(), "{}\n{} steps", wrong.join("\n"), wrong.len());
}

fn scripts() -> Vec<PathBuf> {
    let only = std::env::var(ONLY).unwrap_or_default();
    let entries = fs::read_dir(Path::new("../../tests/races")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "race"));
    files.retain(|path| path.to_string_lossy().contains(&only));
    assert!(!files.is_empty(), "there are scripts");
    files.sort();
    files
}
