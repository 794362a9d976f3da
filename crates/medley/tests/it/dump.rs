//! `medley dump`: what it writes makes the same again, and lets no secret out.
use std::process::{Command, Output};

use medley_testkit::{Canary, Medley, Postgres, SUPERUSER};

use crate::{builder, medley};

/// One of everything, as the replay of other dumps has it.
const OBJECTS: &str = include_str!("replay/objects.sql");
const OBJECTS_18: &str = include_str!("replay/objects_18.sql");

/// What only Medley, or hardly anybody, has.
const MORE: &str = r#"
CREATE ROLE "odd -- role
with a line" LOGIN;
CREATE USER MAPPING FOR "odd -- role
with a line" SERVER pg OPTIONS (user 'u', password 'canary');
ALTER SERVER s1 OPTIONS (ADD api_key 'canary');
CREATE FOREIGN TABLE sc.keyed (a integer OPTIONS (my_secret 'canary')) SERVER s1 OPTIONS (x_token 'canary');
CREATE VIEW public.z_first AS SELECT id FROM public.films;
CREATE VIEW public.a_last AS SELECT z.id, v.title FROM public.z_first z JOIN public.recent v ON z.id = v.id;
DROP FOREIGN DATA WRAPPER sqlite_fdw;
ALTER FOREIGN DATA WRAPPER hello_fdw RENAME TO hello_again;
ALTER ROLE ALL SET lock_timeout TO '1min';
COMMENT ON SCHEMA public IS NULL;
ALTER SCHEMA public OWNER TO dmp_owner;
ALTER DATABASE medley CONNECTION LIMIT 12;
"#;

fn filled(medley: &Medley) {
    for script in [OBJECTS, OBJECTS_18, MORE] {
        replay(medley, script);
    }
}

#[track_caller]
fn replay(medley: &Medley, script: &str) {
    let output = replayed(medley, script, &["-v", "ON_ERROR_STOP=1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn replayed(medley: &Medley, script: &str, arguments: &[&str]) -> Output {
    let folder = medley_testkit::TempFolder::new().unwrap();
    let file = folder.write("script.sql", script).unwrap();
    let mut psql = Command::new(medley_testkit::Program::PSQL.locate().unwrap());
    psql.args(["-X", "-w", "-q", "-h", "127.0.0.1", "-d", "medley", "-U", SUPERUSER]);
    psql.args(["-p", &medley.port().to_string()]);
    psql.args(arguments).arg("-f").arg(file).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn dump(medley: &Medley, user: &str, arguments: &[&str]) -> Output {
    let conninfo = format!("host=127.0.0.1 port={} user={user}", medley.port());
    medley.command().arg("dump").arg(conninfo).args(arguments).output().unwrap()
}

#[track_caller]
fn dumped(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Another Medley under the same master key.
fn sibling(of: &Medley) -> Medley {
    builder().use_key(&of.data_folder().join("master.key")).start().unwrap()
}

/// Ciphertext is another each time.
fn without_ciphertext(dump: &str) -> String {
    let mut pieces = dump.split("'sealed:v1:");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str("'sealed:v1:...");
        kept.push_str(&piece[piece.find('\'').unwrap()..]);
    }
    kept
}

fn literals(dump: &str) -> Vec<String> {
    let pieces = dump.split('\'');
    pieces.filter(|piece| piece.starts_with("sealed:v1:")).map(str::to_owned).collect()
}

#[test]
fn what_a_dump_makes_dumps_the_same() {
    let original = medley();
    filled(&original);
    let first = dumped(dump(&original, SUPERUSER, &[]));
    assert!(!first.contains("canary") && first.contains("-- Enter again: "), "{first}");
    let copy = medley();
    replay(&copy, &first);
    assert_eq!(dumped(dump(&copy, SUPERUSER, &[])), first);
    // In one transaction too.
    let other = medley();
    let output = replayed(&other, &first, &["-1", "-v", "ON_ERROR_STOP=1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(dumped(dump(&other, SUPERUSER, &[])), first);
}

#[test]
fn a_stopped_folder_dumps_what_its_server_did() {
    let mut medley = medley();
    filled(&medley);
    let running: Vec<_> = [&[][..], &["--secrets", "sealed"]]
        .map(|arguments| dump(&medley, SUPERUSER, arguments))
        .into();
    medley.stop().unwrap();
    // No key is needed for that.
    std::fs::remove_file(medley.data_folder().join("master.key")).unwrap();
    for (arguments, running) in [&[][..], &["--secrets", "sealed"]].into_iter().zip(running) {
        let mut command = medley.command();
        command.arg("dump").arg("--data").arg(medley.data_folder()).args(arguments);
        assert_eq!(dumped(command.output().unwrap()), dumped(running));
    }
}

#[test]
fn medley_sql_replays_it_into_a_folder() {
    let original = medley();
    filled(&original);
    let first = dumped(dump(&original, SUPERUSER, &[]));
    let copy = builder().init().unwrap();
    let file = copy.folder().write("dump.sql", &first).unwrap();
    let mut sql = copy.command();
    sql.arg("sql").arg("--data").arg(copy.data_folder()).arg("-f").arg(file);
    dumped(sql.output().unwrap());
    let mut again = copy.command();
    again.arg("dump").arg("--data").arg(copy.data_folder());
    assert_eq!(dumped(again.output().unwrap()), first);
}

#[test]
fn sealed_secrets_go_to_a_server_with_the_same_key() {
    let original = medley();
    filled(&original);
    let first = dumped(dump(&original, SUPERUSER, &["--secrets", "sealed"]));
    assert_eq!(literals(&first).len(), 5, "{first}");
    assert!(first.contains("PASSWORD 'SCRAM-SHA-256$") && !first.contains("canary"), "{first}");
    let copy = sibling(&original);
    replay(&copy, &first);
    let second = dumped(dump(&copy, SUPERUSER, &["--secrets", "sealed"]));
    assert_eq!(without_ciphertext(&second), without_ciphertext(&first));
}

/// Whoever replays has made the mappings, and agrees for nobody: not for those who had agreed, and
/// not for themselves to what waited for them.
#[test]
fn what_needs_consent_waits_for_it_again() {
    let original = medley();
    original
        .psql(
            "CREATE ROLE keeper LOGIN; CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; \
             GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO keeper; SET ROLE keeper; \
             CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw OPTIONS (require_consent 'on'); \
             CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'p', password 'x'); \
             CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'a', password 'x'); \
             CREATE USER MAPPING FOR bob SERVER cinema OPTIONS (user 'b', password 'x'); \
             CREATE USER MAPPING FOR postgres SERVER cinema OPTIONS (password 'x')",
        )
        .unwrap();
    original.psql_as("alice", "", "SELECT medley_accept_mapping('cinema')").unwrap();
    let states = "SELECT role, state FROM medley_mappings ORDER BY 1";
    let before = "alice|usable\nbob|pending\npostgres|pending\npublic|usable";
    assert_eq!(original.psql(states).unwrap(), before);
    let first = dumped(dump(&original, SUPERUSER, &["--secrets", "sealed"]));
    for role in ["alice", "bob", "postgres"] {
        let says =
            format!("-- Waits for consent: SELECT medley_accept_mapping('cinema'); as {role}\n");
        assert!(first.contains(&says), "{first}");
    }
    let copy = sibling(&original);
    replay(&copy, &first);
    let after = "alice|pending\nbob|pending\npostgres|pending\npublic|usable";
    assert_eq!(copy.psql(states).unwrap(), after);
    let second = dumped(dump(&copy, SUPERUSER, &["--secrets", "sealed"]));
    assert_eq!(without_ciphertext(&second), without_ciphertext(&first));
    // Nothing is lost: whoever agrees has what there was.
    copy.psql_as("alice", "", "SELECT medley_accept_mapping('cinema')").unwrap();
    assert!(copy.psql(states).unwrap().starts_with("alice|usable\nbob|pending"));
}

#[tokio::test]
async fn what_was_sealed_elsewhere_logs_in() {
    let canary = Canary::new();
    let remote = Postgres::start().unwrap();
    remote.create_account("films_alice", canary.value()).unwrap();
    remote
        .psql(
            "CREATE VIEW whoami AS SELECT current_user::text AS account; \
                 GRANT SELECT ON whoami TO PUBLIC",
        )
        .unwrap();
    let original = medley();
    original.psql(&format!(
        "CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
             OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres'); \
         CREATE USER MAPPING FOR postgres SERVER cinema OPTIONS (user 'films_alice', password '{}'); \
         CREATE FOREIGN TABLE whoami (account text) SERVER cinema",
        remote.port(), canary.value()
    )).unwrap();
    let copy = sibling(&original);
    replay(&copy, &dumped(dump(&original, SUPERUSER, &["--secrets", "sealed"])));
    assert_eq!(copy.psql("SELECT account FROM whoami").unwrap(), "films_alice");
    // What was left out is not there, and nobody logs in as somebody else instead.
    let empty = medley();
    replay(&empty, &dumped(dump(&original, SUPERUSER, &[])));
    empty.psql("SELECT account FROM whoami").unwrap_err();
}

#[test]
fn a_server_without_the_key_says_which_and_keeps_the_rest() {
    let original = medley();
    filled(&original);
    let first = dumped(dump(&original, SUPERUSER, &["--secrets", "sealed"]));
    let other = medley();
    let said = text(&replayed(&other, &first, &[]).stderr);
    let refused = said.matches("could not take the sealed value of option").count();
    assert!(refused > 0 && said.contains("is needed, but key"), "{said}");
    assert!(said.contains("HINT:  Start the server with --key-file naming the key"), "{said}");
    let mappings = "SELECT count(*) FROM pg_user_mappings";
    let count = |medley: &Medley| medley.psql(mappings).unwrap().parse::<usize>().unwrap();
    // Two mappings have a secret themselves.
    assert_eq!(count(&other) + 2, count(&original) - s1_mappings(&original), "{said}");
}

/// Its server has a secret itself, and so is not made.
fn s1_mappings(medley: &Medley) -> usize {
    let asked = "SELECT count(*) FROM pg_user_mappings WHERE srvname = 's1'";
    medley.psql(asked).unwrap().parse().unwrap()
}

/// A server with a sealed password, and what it is in a dump.
fn with_literal(password: &str) -> (Medley, String) {
    let medley = medley();
    medley
        .psql(&format!(
            "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; \
         CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; \
         GRANT USAGE ON FOREIGN SERVER s TO alice, bob; \
         CREATE USER MAPPING FOR alice SERVER s OPTIONS (user 'a', password '{password}')"
        ))
        .unwrap();
    let dump = dumped(dump(&medley, SUPERUSER, &["--secrets", "sealed"]));
    let literal = literals(&dump).remove(0);
    (medley, literal)
}

#[track_caller]
fn refused(medley: &Medley, user: &str, sql: &str, says: &str) {
    let error = medley.psql_as(user, "", sql).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert!(!error.contains("sealed:v1:A"), "{error}");
}

#[test]
fn only_superusers_state_a_sealed_value() {
    let (medley, literal) = with_literal("canary");
    let mine = |action: &str| format!("ALTER USER MAPPING FOR alice SERVER s OPTIONS ({action})");
    let says = "permission denied to set option \"password\" to a sealed value";
    // Its own one: whoever may replace a password may not replay an older one.
    refused(&medley, "alice", &mine(&format!("SET password '{literal}'")), says);
    refused(&medley, "alice", &mine("SET password 'sealed:v1:hers'"), says);
    refused(&medley, "alice", &mine("SET password 'sealed:v9:hers'"), says);
    let bobs = format!("CREATE USER MAPPING FOR bob SERVER s OPTIONS (password '{literal}')");
    refused(&medley, "bob", &bobs, says);
    let as_alice = format!("SET ROLE alice; {}", mine(&format!("SET password '{literal}'")));
    refused(&medley, SUPERUSER, &as_alice, says);
    // A password that looks only somewhat so is one.
    for password in ["sealed:", "sealed:v1", "Sealed:v1:x", " sealed:v1:x"] {
        medley.psql_as("alice", "", &mine(&format!("SET password '{password}'"))).unwrap();
    }
    medley.psql(&mine(&format!("SET password '{literal}'"))).unwrap();
    medley.psql(&mine(&format!("DROP password, ADD password '{literal}'"))).unwrap();
}

#[test]
fn a_sealed_value_is_of_its_own_option_of_its_own_kind() {
    let (medley, literal) = with_literal("canary");
    let other = "the value was sealed for another option";
    let sql =
        format!("ALTER USER MAPPING FOR alice SERVER s OPTIONS (ADD sslpassword '{literal}')");
    refused(&medley, SUPERUSER, &sql, other);
    medley.psql("CREATE FOREIGN DATA WRAPPER w").unwrap();
    let sql = format!("CREATE SERVER t FOREIGN DATA WRAPPER w OPTIONS (password '{literal}')");
    refused(&medley, SUPERUSER, &sql, other);
    let sql = format!("CREATE FOREIGN TABLE f (a int OPTIONS (password '{literal}')) SERVER s");
    refused(&medley, SUPERUSER, &sql, "password");
    // Where no secret is expected it is a text like any other, and opens nowhere.
    medley
        .psql(&format!("ALTER USER MAPPING FOR alice SERVER s OPTIONS (SET user '{literal}')"))
        .unwrap();
    // What a superuser could do by SET ROLE and ALTER SERVER is allowed.
    medley
        .psql(&format!("CREATE USER MAPPING FOR bob SERVER s OPTIONS (password '{literal}')"))
        .unwrap();
}

#[test]
fn forged_and_cut_off_values_are_refused() {
    let (medley, literal) = with_literal("canary");
    let set = |text: &str| {
        format!("ALTER USER MAPPING FOR alice SERVER s OPTIONS (SET password '{text}')")
    };
    let mut forged = literal.clone().into_bytes();
    let last = forged.len() - 20;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    refused(&medley, SUPERUSER, &set(&forged), "the sealed value is damaged or forged");
    for left in (0..literal.len()).step_by(23).filter(|left| *left >= "sealed:v1:".len()) {
        let cut = set(&literal[..left]);
        refused(&medley, SUPERUSER, &cut, "could not take the sealed value of option");
    }
    for malformed in ["sealed:v1:", "sealed:v1:x", "sealed:v2:AAAA", &literal[..60]] {
        refused(&medley, SUPERUSER, &set(malformed), "malformed sealed value");
    }
    let foreign = with_literal("canary").1;
    refused(&medley, SUPERUSER, &set(&foreign), "is needed, but key");
}

#[test]
fn whoever_sees_less_is_told_so() {
    let (medley, _) = with_literal("canary");
    let sealed = dump(&medley, "alice", &["--secrets", "sealed"]);
    assert_eq!(sealed.status.code(), Some(1));
    assert!(text(&sealed.stderr).contains("42501: permission denied to dump sealed secrets"));
    let bobs = dump(&medley, "bob", &[]);
    assert_eq!(bobs.status.code(), Some(1));
    assert!(text(&bobs.stderr).contains("not complete"), "{}", text(&bobs.stderr));
    let hidden = "-- Not visible to bob: the options of CREATE USER MAPPING FOR alice SERVER s\n";
    assert!(text(&bobs.stdout).contains(hidden), "{}", text(&bobs.stdout));
    // Nothing is hidden from alice, whose mapping it is; no verifier is shown to her.
    let alices = dumped(dump(&medley, "alice", &[]));
    assert!(alices.contains("password ''") && !alices.contains("SCRAM"), "{alices}");
}

#[test]
fn what_cannot_be_asked_for_is_explained() {
    let medley = medley();
    let asked = medley.psql("SELECT * FROM medley_dump('clear')").unwrap_err().to_string();
    assert!(asked.contains("invalid value for secrets: \"clear\""), "{asked}");
    let output = medley.command().arg("dump").output().unwrap();
    assert!(text(&output.stderr).contains("which server?"), "{}", text(&output.stderr));
}

/// The fenced block of a language in the guide.
fn block(language: &str) -> String {
    let guide = std::fs::read_to_string("../../docs/guide/dump-and-replay.md").unwrap();
    let rest = guide.split_once(&format!("```{language}\n")).unwrap().1;
    rest.split("```").next().unwrap().to_owned()
}

/// A line of a shell: `NAME=value medley arguments > file`.
fn type_in(medley: &Medley, line: &str) {
    let (line, file) =
        line.split_once(" > ").map_or((line, None), |(line, file)| (line, Some(file)));
    let mut command = medley.command();
    let mut words = line.split(' ').peekable();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        command.env(name, value);
        words.next();
    }
    assert_eq!(words.next(), Some("medley"), "{line}");
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    if let Some(file) = file {
        medley.folder().write(file, &text(&output.stdout)).unwrap();
    }
}

#[test]
fn the_guide_s_session_does_what_it_promises() {
    let medley = builder().init().unwrap();
    medley.folder().write("films.sql", &block("sql")).unwrap();
    for line in block("sh").lines() {
        type_in(&medley, line);
    }
    let read = |name: &str| std::fs::read_to_string(medley.folder().join(name)).unwrap();
    assert_eq!(read("again.sql"), read("films-without-secrets.sql"));
    assert!(
        read("films-without-secrets.sql").contains("-- Enter again: ALTER USER MAPPING FOR alice")
    );
    assert!(read("films-sealed.sql").contains("password 'sealed:v1:"));
    type_in(&medley, "medley dump --data sibling --secrets sealed > sealed-again.sql");
    let (first, again) = (read("films-sealed.sql"), read("sealed-again.sql"));
    assert_eq!(without_ciphertext(&again), without_ciphertext(&first));
}
