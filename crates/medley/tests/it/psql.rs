//! psql's own commands.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::medley;

/// Whose layout `psql.out` has; others add columns of their own.
const VERSION: &str = "psql (PostgreSQL) 15.";

/// Set, it rewrites what is expected.
const UPDATE: &str = "MEDLEY_UPDATE_SCRIPTS";

fn client(name: &str) -> PathBuf {
    Path::new("../../tests/clients").join(name)
}

#[test]
fn its_commands_show_what_there_is() {
    let medley = medley();
    let script = fs::File::open(client("psql.sql")).unwrap();
    let mut psql = medley.psql_command("postgres", "").unwrap();
    psql.args(["-e", "-q", "-P", "pager=off"]).stdin(Stdio::from(script));
    let output = psql.output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let port = medley.port().to_string();
    let shown = String::from_utf8(output.stdout).unwrap().replace(&port, "PORT");
    assert!(shown.contains("password '********'"), "{shown}");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(client("psql.out"), &shown).unwrap();
    }
    let version = medley.psql_command("postgres", "").unwrap().arg("--version").output().unwrap();
    if version.stdout.starts_with(VERSION.as_bytes()) {
        let expected = fs::read_to_string(client("psql.out")).unwrap();
        for (number, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(shown, expected, "line {} of psql.out", number + 1);
        }
        assert_eq!(shown.lines().count(), expected.lines().count());
    }
}
