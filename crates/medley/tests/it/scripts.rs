//! The scripts of tests/slt, each on a Medley of its own.
use std::fs;
use std::path::{Path, PathBuf};

use medley_testkit::{Postgres, SUPERUSER, script};
use tokio_postgres::Config;

/// Set, it rewrites the scripts with what is said, for an author to read through.
const UPDATE: &str = "MEDLEY_UPDATE_SCRIPTS";

#[tokio::test]
async fn scripts() {
    let mut wrong = Vec::new();
    let files = scripts_below(&root().join("tests/slt"));
    assert!(!files.is_empty(), "there are scripts");
    let mut remote = None;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        if script::has_remote(&text) && remote.is_none() {
            remote = Some(Postgres::start().unwrap());
        }
        let mismatches = run(&text, remote.as_ref()).await;
        let mismatches = mismatches.unwrap_or_else(|error| panic!("{}: {error:#}", file.display()));
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&file, script::updated(&text, &mismatches)).unwrap();
        }
        wrong.extend(mismatches.iter().map(|it| format!("{}, {it}", file.display())));
    }
    assert!(wrong.is_empty(), "{}\n{} records", wrong.join("\n"), wrong.len());
}

async fn run(text: &str, remote: Option<&Postgres>) -> anyhow::Result<Vec<script::Mismatch>> {
    let medley = crate::medley();
    let remote_config = remote.map(|remote| {
        let mut config = Config::new();
        config.host_path(remote.socket_folder()).port(remote.port()).user(SUPERUSER);
        config.dbname("postgres");
        config
    });
    let mut variables = vec![("folder", medley.folder().path().display().to_string())];
    variables.extend(remote.map(|remote| ("remote_port", remote.port().to_string())));
    let server = medley.config(SUPERUSER, "");
    let target = script::Target { server, remote: remote_config, variables };
    script::run(text, &target).await
}

fn root() -> PathBuf {
    PathBuf::from("../..")
}

fn scripts_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(scripts_below(&path));
        } else if path.extension().is_some_and(|ending| ending == "slt") {
            files.push(path);
        }
    }
    files.sort();
    files
}
