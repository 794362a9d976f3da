//! Who did what at which remote, as `docs/guide/audit.md` shows it.
use std::fs;

use medley_testkit::{Medley, Postgres, SUPERUSER};
use serde_json::Value;

use crate::builder;
use crate::cinema::ask;

/// The guide's fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string("../../docs/guide/audit.md").unwrap();
    let fence = format!("```{language}\n");
    let begins = text.match_indices(&fence).map(|(at, _)| at + fence.len());
    begins.map(|at| text[at..].split("```").next().unwrap().to_owned()).collect()
}

fn remote() -> Postgres {
    let remote = Postgres::start().unwrap();
    for account in ["films_alice", "films_guest"] {
        remote.create_account(account, "remote").unwrap();
    }
    remote
        .psql(
            "CREATE TABLE films (title text, year integer); \
             INSERT INTO films VALUES ('Metropolis', 1927), ('Ran', 1985), ('Yi Yi', 2000); \
             CREATE VIEW names AS SELECT current_setting('application_name') AS mine; \
             GRANT SELECT ON films, names TO PUBLIC",
        )
        .unwrap();
    remote
}

fn definitions(remote: &Postgres) -> String {
    format!(
        "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE watcher LOGIN; \
         GRANT pg_read_all_stats TO watcher; \
         CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
            OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres'); \
         CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'films_alice', password 'remote'); \
         CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'films_guest', password 'remote'); \
         GRANT USAGE ON FOREIGN SERVER cinema TO alice; \
         CREATE FOREIGN TABLE films (title text, year integer) SERVER cinema; \
         CREATE FOREIGN TABLE names (mine text) SERVER cinema; \
         GRANT SELECT ON films, names TO PUBLIC",
        remote.port()
    )
}

/// A server whose medley.toml is as the guide says.
fn medley(remote: &Postgres) -> Medley {
    let mut medley = builder().start().unwrap();
    let config = medley.data_folder().join("medley.toml");
    let text = fs::read_to_string(&config).unwrap() + "\n" + &blocks("toml").concat();
    fs::write(config, text).unwrap();
    medley.stop().unwrap();
    medley.restart().unwrap();
    medley.psql(&definitions(remote)).unwrap();
    medley
}

fn lines(medley: &Medley) -> Vec<Value> {
    let text = fs::read_to_string(medley.data_folder().join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// psql's own print.
fn printed(medley: &Medley, sql: &str) -> String {
    let mut psql = medley.psql_command(SUPERUSER, "").unwrap();
    psql.args(["-P", "tuples_only=off", "-P", "format=aligned", "-c", sql]);
    String::from_utf8(psql.output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn the_guide_is_true() {
    let remote = remote();
    let mut medley = medley(&remote);
    let (alice, bob) =
        (medley.connect("alice", "").await.unwrap(), medley.connect("bob", "").await.unwrap());
    assert_eq!(ask(&alice, "SELECT title FROM films").await.unwrap().len(), 3);
    assert_eq!(ask(&bob, "SELECT title FROM films WHERE year > 1990").await.unwrap(), ["Yi Yi"]);
    let [view, names] = &blocks("sql")[..] else { panic!("two sessions") };
    let expected = fs::read_to_string("../../docs/guide/audit.md").unwrap();
    let expected = expected.split("```\n\n```\n").nth(1).unwrap().split("```").next().unwrap();
    let shown = printed(&medley, view);
    let trimmed: Vec<_> = shown.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, expected.lines().collect::<Vec<_>>());

    // The remote was told the id by which the view knows the statement, on each connection.
    let (reads, tells) = names.split_once(";\n").unwrap();
    for client in [&alice, &bob] {
        for _ in 0..3 {
            ask(client, reads).await.unwrap();
        }
    }
    let mine = ask(&alice, reads).await.unwrap();
    let told = ask(&alice, tells).await.unwrap();
    assert_eq!((told.len(), told.last()), (4, mine.last()), "{told:?}");
    assert_eq!(told.iter().collect::<std::collections::HashSet<_>>().len(), 4);

    // Commands, without values.
    let changes = "SELECT event, session_role, mapping_role, server, options, sqlstate \
                   FROM medley_audit WHERE event !~ '^REMOTE'";
    let told = medley.psql(changes).unwrap();
    assert_eq!(
        told,
        "CREATE SERVER|postgres||cinema|{\"ADD host\",\"ADD port\",\"ADD dbname\"}|00000\n\
         CREATE USER MAPPING|postgres|alice|cinema|{\"ADD user\",\"ADD password\"}|00000\n\
         CREATE USER MAPPING|postgres|public|cinema|{\"ADD user\",\"ADD password\"}|00000"
    );
    let misplaced = "ALTER USER MAPPING FOR USER SERVER cinema OPTIONS (SET misplaced 'x')";
    ask(&alice, misplaced).await.unwrap_err();
    ask(&alice, "ALTER USER MAPPING FOR USER SERVER cinema OPTIONS (SET password 'wrong')")
        .await
        .unwrap();
    ask(&alice, "SELECT title FROM films").await.unwrap_err();
    let told = ask(
        &alice,
        "SELECT event, options, remote_user, rows, sqlstate FROM medley_audit \
         WHERE session_role = 'alice' AND event !~ '^REMOTE .' ORDER BY began DESC LIMIT 3",
    );
    assert_eq!(
        told.await.unwrap(),
        [
            "REMOTE|{}|NULL|0|08001",
            "ALTER USER MAPPING|{\"SET password\"}|NULL|NULL|00000",
            "ALTER USER MAPPING|{}|NULL|NULL|42704",
        ]
    );

    // Everybody sees what is their own.
    let seen = "SELECT DISTINCT session_role FROM medley_audit ORDER BY 1";
    assert_eq!(ask(&alice, seen).await.unwrap(), ["alice"]);
    assert_eq!(ask(&bob, seen).await.unwrap(), ["bob"]);
    for who in ["watcher", SUPERUSER] {
        let client = medley.connect(who, "").await.unwrap();
        assert_eq!(ask(&client, seen).await.unwrap(), ["alice", "bob", "postgres"]);
    }

    // The file has what the view has, in the form of the guide, and outlives a server's death.
    let count: usize = medley.psql("SELECT count(*) FROM medley_audit").unwrap().parse().unwrap();
    medley.kill9();
    let written = lines(&medley);
    assert_eq!(written.len(), count);
    let example: Value = serde_json::from_str(&blocks("json").concat()).unwrap();
    let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let first = written.iter().find(|line| line["event"] == "REMOTE").unwrap();
    assert_eq!(keys(first), keys(&example));
    for same in ["mapping_role", "remote_user", "role", "rows", "server", "sqlstate", "tables"] {
        assert_eq!(first[same], example[same], "{same}");
    }
    medley.restart().unwrap();
    medley.psql("SELECT count(*) FROM films").unwrap();
    let again: usize = medley.psql("SELECT count(*) FROM medley_audit").unwrap().parse().unwrap();
    assert!(again > 0);
    assert_eq!(lines(&medley).len(), count + again);
}

#[tokio::test]
async fn the_role_is_the_one_whose_mapping_counted() {
    let remote = remote();
    let medley = medley(&remote);
    medley
        .psql(
            "CREATE VIEW v AS SELECT title FROM films; ALTER VIEW v OWNER TO alice; \
             GRANT SELECT ON v TO bob; GRANT alice TO bob",
        )
        .unwrap();
    let bob = medley.connect("bob", "").await.unwrap();
    for sql in ["SELECT * FROM v", "SET ROLE alice; SELECT title FROM films; RESET ROLE"] {
        ask(&bob, sql).await.unwrap();
    }
    let told = "SELECT session_role, role, mapping_role, remote_user FROM medley_audit \
                WHERE event = 'REMOTE'";
    // bob has alice's privileges, and she the right to know what was done as her.
    let both = ["bob|alice|alice|films_alice", "bob|alice|alice|films_alice"];
    for who in ["alice", "bob"] {
        let client = medley.connect(who, "").await.unwrap();
        assert_eq!(ask(&client, told).await.unwrap(), both, "{who}");
    }
}

#[tokio::test]
async fn what_is_asked_of_a_remote_besides_rows_is_told_of() {
    let remote = remote();
    let medley = medley(&remote);
    let told = "SELECT event, role, mapping_role, remote_user, tables, sqlstate FROM medley_audit \
                WHERE event ~ '^(REMOTE|ROTATE)'";
    let events = || {
        let told = medley.psql(told).unwrap();
        let lines: Vec<_> = told.lines().map(str::to_owned).collect();
        lines
    };
    let alice = medley.connect("alice", "").await.unwrap();
    ask(&alice, "BEGIN; SELECT title FROM films; COMMIT").await.unwrap();
    let films = |event: &str| format!("{event}|alice|alice|films_alice|{{public.films}}|00000");
    let control = |event: &str| format!("{event}|alice|alice|films_alice|{{}}|00000");
    assert_eq!(
        events(),
        [
            control("REMOTE BEGIN"),
            films("REMOTE DESCRIBE"),
            films("REMOTE"),
            control("REMOTE COMMIT")
        ]
    );
    // Who tries somebody's mapping is told of, also where it does not log in.
    medley.psql("ALTER USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (SET password 'no')").unwrap();
    medley.psql("SELECT * FROM medley_test_mapping('cinema', 'bob')").unwrap();
    assert_eq!(events()[4], "REMOTE LOGIN|bob|public||{}|08001");
    // And a password that takes another's place.
    remote.psql("ALTER ROLE films_guest PASSWORD 'coming'").unwrap();
    medley
        .psql("ALTER USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (ADD password_next 'coming')")
        .unwrap();
    let bob = medley.connect("bob", "").await.unwrap();
    ask(&bob, "SELECT title FROM films").await.unwrap();
    assert_eq!(events()[5], "ROTATE USER MAPPING|bob|public||{}|00000");
    let options = "SELECT options FROM medley_audit WHERE event ~ 'ROTATE'";
    assert_eq!(medley.psql(options).unwrap(), "{\"SET password\",\"DROP password_next\"}");
}

#[test]
fn what_goes_along_is_told_of_too() {
    let medley = builder().start().unwrap();
    let begun = std::cell::Cell::new(0);
    // What was written down since the last call.
    let told = || {
        let all = "SELECT event, role, server, mapping_role, options, sqlstate FROM medley_audit";
        let told = medley.psql(all).unwrap();
        let new: Vec<_> = told.lines().skip(begun.get()).map(str::to_owned).collect();
        begun.set(begun.get() + new.len());
        new
    };
    medley.psql("CREATE ROLE alice; CREATE ROLE bob; CREATE EXTENSION postgres_fdw").unwrap();
    let make = "CREATE SERVER one FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h'); \
                CREATE SERVER two FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h'); \
                CREATE USER MAPPING FOR alice SERVER one OPTIONS (user 'u', password 'x'); \
                CREATE USER MAPPING FOR PUBLIC SERVER two OPTIONS (user 'u', password 'x'); \
                ALTER SERVER two OWNER TO alice";
    let line = |event: &str, server: &str, mapping: &str| {
        format!("{event}|postgres|{server}|{mapping}|{{}}|00000")
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let (one, two) = (line("DROP SERVER", "one", ""), line("DROP SERVER", "two", ""));
    let alices = line("DROP USER MAPPING", "one", "alice");
    let everybodys = line("DROP USER MAPPING", "two", "public");
    let everything = [&one, &two, &alices, &everybodys];
    for (sql, event, also) in [
        ("DROP SERVER one CASCADE; DROP SERVER two CASCADE", "", &everything[..]),
        ("DROP SERVER one, two CASCADE", "", &everything[..]),
        ("DROP EXTENSION postgres_fdw CASCADE", "DROP EXTENSION", &everything[..]),
        ("DROP FOREIGN DATA WRAPPER own CASCADE", "DROP FOREIGN DATA WRAPPER", &everything[..]),
        ("DROP OWNED BY alice CASCADE", "DROP OWNED", &[&two, &alices, &everybodys]),
        ("REASSIGN OWNED BY alice TO bob", "REASSIGN OWNED", &[&line("ALTER SERVER", "two", "")]),
    ] {
        let wrapper = if sql.contains("own ") { "own" } else { "postgres_fdw" };
        medley
            .psql("CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE FOREIGN DATA WRAPPER own")
            .unwrap();
        medley.psql(&make.replace("postgres_fdw", wrapper)).unwrap();
        told();
        // What is not done takes nothing along.
        if let Some(restricted) = sql.strip_suffix(" CASCADE").filter(|it| !it.contains(';')) {
            medley.psql(restricted).unwrap_err();
            let told = told();
            assert!(!told.is_empty(), "{restricted}");
            assert!(told.iter().all(|it| it.ends_with("|2BP01")), "{restricted}: {told:?}");
        }
        medley.psql(sql).unwrap();
        let mut expected: Vec<String> = also.iter().map(|it| (*it).clone()).collect();
        expected.extend((!event.is_empty()).then(|| line(event, "", "")));
        assert_eq!(sorted(told()), sorted(expected), "{sql}");
        medley
            .psql("DROP SERVER IF EXISTS one, two CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS own")
            .unwrap();
    }
}

/// Each change has an event with the account that made it, the table and how many rows; the remote
/// was told its id.
#[tokio::test]
async fn changes_are_told_of_too() {
    let remote = remote();
    let noting = "CREATE TABLE notes (line text UNIQUE); CREATE TABLE told (mine text); \
                  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                    INSERT INTO public.told VALUES (current_setting('application_name')); \
                    RETURN NULL; END $$; \
                  CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON notes \
                    EXECUTE FUNCTION tell(); \
                  GRANT ALL ON notes, told TO PUBLIC";
    remote.psql(noting).unwrap();
    let medley = medley(&remote);
    medley
        .psql(
            "CREATE FOREIGN TABLE notes (line text) SERVER cinema; GRANT ALL ON notes TO alice; \
             CREATE VIEW hers AS SELECT line FROM notes; ALTER VIEW hers OWNER TO alice; \
             GRANT ALL ON hers TO bob",
        )
        .unwrap();
    let bob = medley.connect("bob", "").await.unwrap();
    let alice = medley.connect("alice", "").await.unwrap();
    ask(&alice, "PREPARE p AS INSERT INTO notes VALUES ($1)").await.unwrap();
    let copied = async {
        let sink = alice.copy_in("COPY notes (line) FROM STDIN").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        let lines = bytes::Bytes::from_static(b"x\ny\nz\n");
        futures::SinkExt::send(&mut sink, lines).await.unwrap();
        sink.finish().await.unwrap()
    };
    assert_eq!(copied.await, 3);
    let mut expected = vec![("alice", "3", "00000")];
    for (who, sql, rows, sqlstate) in [
        ("alice", "INSERT INTO notes VALUES ('a'), ('b')", "2", "00000"),
        ("alice", "EXECUTE p('p')", "1", "00000"),
        ("bob", "INSERT INTO hers VALUES ('c')", "1", "00000"),
        ("bob", "UPDATE hers SET line = line || '!' WHERE line < 'c'", "2", "00000"),
        ("bob", "INSERT INTO hers VALUES ('c')", "0", "23505"),
        ("bob", "DELETE FROM hers WHERE line = 'c'", "1", "00000"),
        ("alice", "TRUNCATE notes", "0", "00000"),
    ] {
        let client = if who == "bob" { &bob } else { &alice };
        let done = ask(client, sql).await;
        assert_eq!(done.is_ok(), sqlstate == "00000", "{sql}: {done:?}");
        expected.push((who, rows, sqlstate));
    }
    let changes = "SELECT session_role, rows, sqlstate FROM medley_audit \
                   WHERE event = 'REMOTE' AND role = 'alice' AND mapping_role = 'alice' \
                   AND remote_user = 'films_alice' AND tables = '{public.notes}'";
    let expected: Vec<_> =
        expected.iter().map(|(who, rows, sqlstate)| format!("{who}|{rows}|{sqlstate}")).collect();
    assert_eq!(medley.psql(changes).unwrap().lines().collect::<Vec<_>>(), expected);
    let ids = "SELECT 'postgres_fdw/' || query_id FROM medley_audit \
               WHERE event = 'REMOTE' AND tables = '{public.notes}' AND sqlstate = '00000'";
    assert_eq!(
        medley.psql(ids).unwrap(),
        remote.psql("SELECT DISTINCT mine FROM told ORDER BY 1").unwrap()
    );
    // Nothing was done by anybody else's.
    let others = "SELECT count(*) FROM medley_audit WHERE event ~ '^REMOTE' AND role <> 'alice'";
    assert_eq!(medley.psql(others).unwrap(), "0");
}
