use medley_testkit::Program;
use medley_wire::Options;
use tokio::process::Command;

use crate::toy::Toy;

/// Runs psql with the password, and returns what it printed on stdout and stderr.
async fn psql(toy: &Toy, password: &str, sql: &str) -> (String, String) {
    let psql = Program::PSQL.locate().unwrap_or_else(|missing| panic!("{missing}"));
    let conninfo = toy.conninfo("alice");
    let output = Command::new(psql)
        .args(["-X", "-A", "-t", "-d", &conninfo, "-c", sql])
        .env("PGPASSWORD", password)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn psql_logs_in_and_prints_rows() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    let (stdout, stderr) = psql(&toy, "pencil", "rows 3").await;
    assert_eq!((stdout.as_str(), stderr.as_str()), ("0|row 0\n1|row 1\n2|\n", ""));
}

#[tokio::test]
async fn psql_prints_errors_in_full() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    let (_, stderr) = psql(&toy, "pencil", "error").await;
    let expected = "ERROR:  no\nLINE 1: error\n          ^\nDETAIL:  Because.\nHINT:  Do not.\nQUERY:  inner\nCONTEXT:  in a test\n";
    assert_eq!(stderr, expected);
    let (_, stderr) = psql(&toy, "wrong", "error").await;
    assert!(
        stderr.contains("FATAL:  password authentication failed for user \"alice\""),
        "{stderr}"
    );
}
