//! A planted password is found nowhere: not on disk, in the log, in an answer or in an error.
use std::fs;

use medley_testkit::{Canary, Medley, Postgres, SUPERUSER};
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::builder;

/// What is said to one person, all fields of it.
struct Ear<'a> {
    canary: &'a Canary,
    client: Client,
    who: &'a str,
}

impl Ear<'_> {
    /// Runs a statement, in which `#` stands for the password, and looks at the answer. True where
    /// it succeeds.
    async fn run(&self, sql: &str) -> bool {
        let what = format!("what {} hears of {sql}", self.who);
        match self.client.simple_query(&sql.replace('#', self.canary.value())).await {
            Ok(messages) => {
                self.canary.assert_absent_in(heard(&messages), &what);
                true
            }
            Err(error) => {
                let error = error.as_db_error().unwrap_or_else(|| panic!("{what}: {error}"));
                self.canary.assert_absent_in(fields(error), &what);
                false
            }
        }
    }

    async fn succeed(&self, sql: &str) {
        assert!(self.run(sql).await, "{}: {sql} fails", self.who);
    }

    async fn fail(&self, sql: &str) {
        assert!(!self.run(sql).await, "{}: {sql} succeeds", self.who);
    }

    /// By the extended protocol.
    async fn prepare(&self, sql: &str) {
        if let Err(error) = self.client.execute(&sql.replace('#', self.canary.value()), &[]).await {
            let what = format!("what {} hears of executing {sql}", self.who);
            self.canary.assert_absent_in(fields(error.as_db_error().unwrap()), &what);
        }
    }
}

fn heard(messages: &[SimpleQueryMessage]) -> String {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            (0..row.len()).filter_map(|i| row.get(i).map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    messages.iter().flat_map(row).collect::<Vec<_>>().join("\n")
}

fn fields(error: &DbError) -> String {
    // With the internal query and the names of objects.
    format!("{error:?} {:?} {:?} {:?}", error.detail(), error.hint(), error.where_())
}

const SUCCEEDS: &[&str] = &[
    "CREATE ROLE alice LOGIN PASSWORD '#'",
    "CREATE ROLE carol LOGIN PASSWORD '#'",
    "CREATE USER carla ENCRYPTED PASSWORD '#'",
    "ALTER ROLE alice WITH PASSWORD '#'",
    "CREATE FOREIGN DATA WRAPPER plain OPTIONS (password '#')",
    "CREATE SERVER guarded FOREIGN DATA WRAPPER plain OPTIONS (password '#', api_key '#')",
    "CREATE USER MAPPING FOR alice SERVER guarded OPTIONS (user 'u', password '#')",
    "ALTER USER MAPPING FOR alice SERVER guarded OPTIONS (SET password '#')",
    "ALTER SERVER guarded OPTIONS (SET password '#')",
    "CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'films_alice', password '#')",
    "CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'films_guest', password '#')",
    "CREATE USER MAPPING IF NOT EXISTS FOR alice SERVER cinema OPTIONS (password '#')",
    "CREATE USER MAPPING FOR carla SERVER cinema OPTIONS (user 'u', sslpassword '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (DROP password, ADD password '#')",
    "BEGIN; ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '#'); ROLLBACK",
    "CREATE FOREIGN TABLE whoami (account text) SERVER cinema",
    "GRANT SELECT ON whoami TO alice, carol",
];

const FAILS: &[&str] = &[
    "CREATE ROLE alice LOGIN PASSWORD '#'",
    "CREATE ROLE x PASSWORD '#' PASSWORD '#'",
    "CREATE ROLE x PASSWORD # LOGIN",
    "CREATE ROLE x PASSWORD \"#\"",
    "CREATE ROLE x UNENCRYPTED PASSWORD '#'",
    "ALTER ROLE alice PASSWORD '#' nonsense",
    "ALTER ROLE nobody PASSWORD '#'",
    "CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'u', password '#')",
    "CREATE USER MAPPING FOR nobody SERVER cinema OPTIONS (password '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (passwort '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#', password '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password_required '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#' oops)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#', user)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password = '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password \"#\")",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password E'#' 'x')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password N'#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password $$#$$, x)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password $q$#",
    "CREATE USER MAPPING FOR carol SERVER cinema PASSWORD '#'",
    "CREATE USER MAPPING FOR carol SERVER '#' OPTIONS (password 'x')",
    "CREATE USER MAPING FOR carol SERVER cinema OPTIONS (password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password '#')",
    "ALTER USER MAPPING FOR carol SERVER cinema OPTIONS (SET password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (DROP password '#')",
    "CREATE SERVER c FOREIGN DATA WRAPPER postgres_fdw OPTIONS (password '#')",
    "CREATE FOREIGN TABLE t (a text OPTIONS (password '#')) SERVER cinema",
    "CREATE FOREIGN TABLE t (a text) SERVER cinema OPTIONS (password '#')",
    "IMPORT FOREIGN SCHEMA public FROM SERVER cinema INTO public OPTIONS (password '#')",
    "PREPARE p AS CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#')",
    "EXPLAIN CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#')",
    "BEGIN READ ONLY; ALTER ROLE alice PASSWORD '#'",
    "ALTER ROLE alice PASSWORD '#'; SELECT 1/0",
];

const LOOKS: &[&str] = &[
    "SELECT * FROM pg_user_mappings",
    "SELECT * FROM pg_user_mapping",
    "SELECT * FROM pg_foreign_server",
    "SELECT * FROM pg_foreign_data_wrapper",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_roles",
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM pg_settings",
    "SELECT * FROM information_schema.user_mapping_options",
    "SELECT * FROM information_schema.foreign_server_options",
    "SELECT * FROM information_schema.foreign_data_wrapper_options",
    "SELECT o.* FROM pg_user_mappings, pg_options_to_table(umoptions) o",
    "EXPLAIN SELECT * FROM whoami",
    "EXPLAIN (VERBOSE) SELECT * FROM whoami",
    "EXPLAIN (VERBOSE, FORMAT json) SELECT * FROM whoami",
    "SHOW ALL",
    "SELECT account FROM whoami",
    "SELECT * FROM medley_dump('omit')",
    "SELECT * FROM medley_dump('sealed')",
];

fn remote(canary: &Canary) -> Postgres {
    let remote = Postgres::start().unwrap();
    remote.create_account("films_alice", canary.value()).unwrap();
    remote.create_account("films_guest", "another").unwrap();
    let view = "CREATE VIEW whoami AS SELECT current_user::text AS account; \
                GRANT SELECT ON whoami TO PUBLIC";
    remote.psql(view).unwrap();
    remote
}

async fn listen<'a>(canary: &'a Canary, medley: &Medley, who: &'a str) -> Ear<'a> {
    let client = medley.connect(who, canary.value()).await.unwrap();
    Ear { canary, client, who }
}

#[tokio::test]
async fn a_planted_password_is_found_nowhere() {
    let canary = Canary::new();
    let remote = remote(&canary);
    for format in ["text", "json"] {
        let mut medley = builder()
            .password(canary.value())
            .argument("-vvv")
            .argument(&format!("--log-format={format}"))
            .start()
            .unwrap();
        say_and_look(&canary, &remote, &medley).await;
        look_at_dumps(&canary, &medley, true);
        look_at_files(&canary, &medley);
        medley.stop().unwrap();
        look_at_dumps(&canary, &medley, false);
        look_at_files(&canary, &medley);
    }
}

async fn say_and_look(canary: &Canary, remote: &Postgres, medley: &Medley) {
    let postgres = listen(canary, medley, SUPERUSER).await;
    let server = format!(
        "CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
         OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres')",
        remote.port()
    );
    postgres.succeed(&server).await;
    for sql in SUCCEEDS {
        postgres.succeed(sql).await;
    }
    for sql in FAILS {
        postgres.fail(sql).await;
        postgres.prepare(sql).await;
        postgres.run("ROLLBACK").await;
    }
    let (alice, carol) =
        (listen(canary, medley, "alice").await, listen(canary, medley, "carol").await);
    for sql in LOOKS {
        for ear in [&postgres, &alice, &carol] {
            ear.run(sql).await;
        }
    }
    // The password is the right one for alice, and the wrong one for carol.
    alice.succeed("SELECT account FROM whoami").await;
    carol.fail("SELECT account FROM whoami").await;
    let stranger = medley.connect("nobody", canary.value()).await.unwrap_err();
    canary.assert_absent_in(format!("{stranger:?}"), "what a stranger hears");
    let impostor = medley.connect("alice", &canary.value()[1..]).await.unwrap_err();
    canary.assert_absent_in(format!("{impostor:?}"), "what an impostor hears");
}

/// What the program writes of a running server, and of a stopped one's folder if there is none.
fn look_at_dumps(canary: &Canary, medley: &Medley, is_running: bool) {
    for secrets in ["omit", "sealed"] {
        let mut dump = medley.command();
        dump.args(["-vvv", "dump", "--secrets", secrets]);
        match is_running {
            true => {
                let port = medley.port();
                dump.arg(format!("host=127.0.0.1 port={port} user={SUPERUSER}"));
                dump.env("PGPASSWORD", canary.value())
            }
            false => dump.arg("--data").arg(medley.data_folder()),
        };
        let output = dump.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.len() > 1000, "a dump has much in it");
        canary.assert_absent_in(output.stdout, "a dump");
        canary.assert_absent_in(output.stderr, "what is said of a dump");
    }
}

fn look_at_files(canary: &Canary, medley: &Medley) {
    let log = medley.log().unwrap();
    assert!(log.lines().count() > 100, "the log says little: {log}");
    canary.assert_absent_in(log, "the log");
    // The data, its key, the log, and a core file if there were one.
    assert!(canary.assert_absent_in_dir(medley.folder().path()) >= 4);
    let command_line = fs::read(format!("/proc/{}/cmdline", std::process::id())).unwrap();
    canary.assert_absent_in(command_line, "our own command line");
}
