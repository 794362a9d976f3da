//! The session that README.md shows, typed as it stands there.
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use medley_testkit::{Medley, Postgres};

use crate::builder;

/// README's fenced blocks of a language, in their order.
pub fn blocks(language: &str) -> Vec<String> {
    let readme = Path::new("../../README.md");
    let text = fs::read_to_string(readme).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The remote that README presumes.
fn remote() -> Postgres {
    let remote = Postgres::start().unwrap();
    remote.create_account("films_alice", "remote-1").unwrap();
    remote.create_account("films_guest", "remote-2").unwrap();
    remote
        .psql(
            "CREATE TABLE films (title text, year integer); \
             INSERT INTO films VALUES ('Metropolis', 1927), ('Ran', 1985), ('Yi Yi', 2000); \
             GRANT SELECT ON films TO films_alice, films_guest",
        )
        .unwrap();
    remote
}

/// Types the session into psql; the result is what it prints.
fn typed(medley: &Medley, session: &str) -> String {
    let mut psql = medley.psql_command("postgres", "choose-one").unwrap();
    psql.args(["-v", "ON_ERROR_STOP=1"]);
    let mut psql =
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    psql.stdin.take().unwrap().write_all(session.as_bytes()).unwrap();
    let output = psql.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_session_does_what_it_promises() {
    let remote = remote();
    let medley = builder().password("choose-one").start().unwrap();
    let commands = blocks("sh").concat();
    assert!(commands.contains("MEDLEY_PASSWORD=choose-one medley init --data data"), "{commands}");
    let session = blocks("sql").concat();
    let here = format!("port '{}'", remote.port());
    assert_eq!(session.matches("port '5432'").count(), 1, "{session}");
    let shown = typed(&medley, &session.replace("port '5432'", &here));
    assert!(shown.contains("List of user mappings"), "{shown}");
    assert!(shown.contains("password '********'"), "{shown}");
    assert!(!shown.contains("remote-1") && !shown.contains("remote-2"), "{shown}");

    let query = "SELECT title FROM films WHERE year > 1990";
    for (role, password, account) in
        [("alice", "hers", "films_alice"), ("bob", "his", "films_guest")]
    {
        assert_eq!(medley.psql_as(role, password, query).unwrap(), "Yi Yi");
        let plan = medley.psql_as(role, password, &format!("EXPLAIN (VERBOSE) {query}")).unwrap();
        assert!(
            plan.contains("Remote SQL: SELECT title FROM (SELECT title, year FROM public.films)"),
            "{plan}"
        );
        let sessions =
            format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = '{account}'");
        assert_eq!(remote.psql(&sessions).unwrap(), "t", "{account} served {role}");
    }
}
