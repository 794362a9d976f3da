//! `medley init`, `serve` and `sql`, as they are typed.
use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use medley_testkit::{Medley, SUPERUSER};

use crate::{builder, medley};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that succeeds; the result is what it prints.
#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a command that fails, and must say this.
#[track_caller]
fn fail(command: &mut Command, says: &[&str]) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let complaint = text(&output.stderr);
    for part in says {
        assert!(complaint.contains(part), "{part:?} is not in: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{complaint}");
    output
}

/// `medley sql` on the running server.
fn sql(medley: &Medley) -> Command {
    let mut command = medley.command();
    command.arg("sql").arg(format!("host=127.0.0.1 port={} user={SUPERUSER}", medley.port()));
    command
}

/// `medley sql` on the folder of a server that does not run.
fn sql_on_folder(medley: &Medley) -> Command {
    let mut command = medley.command();
    command.args(["sql", "--data"]).arg(medley.data_folder());
    command
}

fn run_with_input(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn init_makes_a_folder_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let medley = builder().password("first").init().unwrap();
    let mode = |name: &str| {
        fs::metadata(medley.data_folder().join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode("master.key"), 0o600);
}

#[test]
fn init_refuses_a_folder_that_is_not_empty() {
    let medley = builder().init().unwrap();
    let before = fs::read(medley.data_folder().join("catalog.redb")).unwrap();
    let mut init = medley.command();
    init.args(["init", "--auth", "trust", "--data"]).arg(medley.data_folder());
    fail(&mut init, &["is not empty", "name a folder that is empty"]);
    let after = fs::read(medley.data_folder().join("catalog.redb")).unwrap();
    assert_eq!(before, after);
}

#[test]
fn init_without_a_password_says_how_to_give_one() {
    let medley = builder().init().unwrap();
    let other = medley.folder().join("other");
    let mut init = medley.command();
    init.args(["init", "--data"]).arg(&other);
    fail(&mut init, &["no password for \"postgres\"", "MEDLEY_PASSWORD"]);
    assert!(!other.exists());
}

#[test]
fn init_that_fails_leaves_nothing_behind() {
    use std::os::unix::ffi::OsStrExt;

    let medley = builder().init().unwrap();
    let data = medley.folder().join("other");
    // Its name cannot be written down, which is noticed last.
    let key = medley.folder().path().join(std::ffi::OsStr::from_bytes(b"key\xff"));
    let init = || {
        let mut init = medley.command();
        init.args(["init", "--auth", "trust", "--data"]).arg(&data);
        init
    };
    fail(init().arg("--key-file").arg(&key), &["UTF-8"]);
    assert!(!key.exists() && !data.exists());
    // A key that was there before stays.
    let key = medley.data_folder().join("master.key");
    fail(init().arg("--key-file").arg(&key), &["master.key"]);
    assert!(key.exists() && !data.exists());
    succeed(&mut init());
}

#[test]
fn init_names_the_superuser_and_puts_the_key_elsewhere() {
    let medley = builder().init().unwrap();
    let (data, key) = (medley.folder().join("other"), medley.folder().join("keys/master"));
    succeed(medley.folder().command("/bin/mkdir").arg("keys"));
    let mut init = medley.command();
    init.args(["init", "--auth", "trust", "--superuser", "root", "--data"]).arg(&data);
    succeed(init.arg("--key-file").arg(&key));
    assert!(key.exists() && !data.join("master.key").exists());
    let mut sql = medley.command();
    sql.args(["sql", "--format", "csv", "-c", "SHOW session_authorization", "--data"]).arg(&data);
    assert_eq!(succeed(&mut sql), "session_authorization\nroot\n");
}

#[test]
fn the_superuser_logs_in_with_the_password_given_to_init() {
    let medley = builder().password("first").start().unwrap();
    medley.psql("CREATE ROLE alice").unwrap();
    let error = medley.psql_as(SUPERUSER, "second", "CREATE ROLE bob").unwrap_err().to_string();
    assert!(error.contains("password authentication failed for user \"postgres\""), "{error}");
    let conninfo = format!("host=127.0.0.1 port={} user=postgres", medley.port());
    succeed(
        medley
            .command()
            .args(["sql", &conninfo, "-c", "DROP ROLE alice"])
            .env("PGPASSWORD", "first"),
    );
    let mut wrong = medley.command();
    wrong.args(["sql", &conninfo, "-c", "DROP ROLE alice"]).env("PGPASSWORD", "second");
    fail(&mut wrong, &["could not connect", "password authentication failed"]);
}

#[test]
fn what_is_no_data_folder_is_said_to_be_none() {
    let medley = builder().init().unwrap();
    let mut serve = medley.command();
    serve.args(["serve", "--data"]).arg(medley.folder().join("nowhere"));
    fail(&mut serve, &["is not a data folder", "medley init"]);
}

#[test]
fn one_folder_is_open_in_one_process() {
    let medley = medley();
    let mut serve = medley.command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(medley.data_folder());
    fail(&mut serve, &["in use by another process"]);
    fail(sql_on_folder(&medley).args(["-c", "CREATE ROLE alice"]), &["in use by another process"]);
    medley.psql("CREATE ROLE alice").unwrap();
}

#[test]
fn an_address_in_use_is_said_to_be() {
    let (medley, other) = (medley(), builder().init().unwrap());
    let mut serve = other.command();
    serve.args(["serve", "--data"]).arg(other.data_folder());
    serve.arg("--listen").arg(format!("127.0.0.1:{}", medley.port()));
    fail(&mut serve, &["could not listen on 127.0.0.1", "--listen"]);
}

#[test]
fn sql_on_a_server_prints_errors_as_psql_does() {
    let medley = medley();
    let output = fail(sql(&medley).args(["-c", "DROP ROLE alice"]), &[]);
    assert_eq!(text(&output.stderr), "ERROR:  42704: role \"alice\" does not exist\n");
    let output = fail(sql(&medley).args(["-c", "CREATE SERVER s\n  WRAPPER w"]), &[]);
    assert_eq!(
        text(&output.stderr),
        "ERROR:  42601: syntax error at or near \"WRAPPER\"\nLINE 2:   WRAPPER w\n          ^\n"
    );
}

#[test]
fn sql_stops_at_the_first_error() {
    let medley = medley();
    let commands = ["-c", "CREATE ROLE a", "-c", "DROP ROLE none_such", "-c", "CREATE ROLE b"];
    let output = fail(sql(&medley).args(commands), &["42704"]);
    assert_eq!(text(&output.stdout), "OK 0\n");
    medley.psql("CREATE ROLE b").unwrap();
    medley.psql("CREATE ROLE a").unwrap_err();
}

#[test]
fn sql_runs_files_and_standard_input_statement_by_statement() {
    let medley = builder().init().unwrap();
    let file = medley.folder().write("a.sql", "CREATE ROLE a; CREATE ROLE a; CREATE ROLE c;\n");
    let output = fail(sql_on_folder(&medley).arg("-f").arg(file.unwrap()), &["already exists"]);
    assert_eq!(text(&output.stdout), "CREATE ROLE\n");
    let input = "DROP ROLE a;\n\\restrict abc\nCREATE ROLE c;\n\\unrestrict abc\n";
    let output = run_with_input(&mut sql_on_folder(&medley), input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "DROP ROLE\nCREATE ROLE\n");
}

#[test]
fn sql_on_a_folder_keeps_what_it_did_and_takes_roles() {
    let mut medley = builder().init().unwrap();
    succeed(sql_on_folder(&medley).args(["-c", "CREATE ROLE \"Al ice\" LOGIN"]));
    let refused = ["--role", "Al ice", "-c", "CREATE FOREIGN DATA WRAPPER w"];
    fail(sql_on_folder(&medley).args(refused), &["42501: permission denied to create"]);
    fail(sql_on_folder(&medley).args(["--role", "nobody", "-c", "SHOW role"]), &["22023"]);
    medley.restart().unwrap();
    medley.psql_as("Al ice", "", "SHOW role").unwrap();
}

#[test]
fn sql_prints_tables_csv_and_json() {
    let medley = medley();
    let show = ["-c", "SET application_name = 'a,\"b'", "-c", "SHOW application_name"];
    let csv = succeed(sql(&medley).args(["--format", "csv"]).args(show));
    assert_eq!(csv, "application_name\n\"a,\"\"b\"\n");
    let json = succeed(sql(&medley).args(["--format", "json"]).args(show));
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows, serde_json::json!([{"application_name": "a,\"b"}]));
    let table = succeed(sql(&medley).args(["--format", "table"]).args(show));
    assert!(table.contains("application_name") && table.ends_with("(1 row)\n"), "{table}");
}

#[test]
fn wrappers_are_listed_with_their_options() {
    let medley = builder().init().unwrap();
    let list = succeed(medley.command().args(["wrapper", "list"]));
    assert!(list.contains("postgres_fdw") && list.contains("hello"), "{list}");
    let options = succeed(medley.command().args(["wrapper", "show", "postgres_fdw"]));
    assert!(options.contains("password_required") && options.contains("fetch_size"), "{options}");
    fail(medley.command().args(["wrapper", "show", "nothing"]), &["\"medley wrapper list\""]);
}

#[test]
fn what_cannot_be_typed_is_explained() {
    let medley = builder().init().unwrap();
    let output = medley.command().arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--data <DIR>"), "{}", text(&output.stderr));
    fail(medley.command().args(["sql", "-c", "SHOW role"]), &["which server?", "--data"]);
}

#[test]
fn a_catalog_that_was_cut_off_is_not_opened() {
    let medley = builder().init().unwrap();
    let store = medley.data_folder().join("catalog.redb");
    let bytes = fs::read(&store).unwrap();
    for length in [0, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&store, &bytes[..length]).unwrap();
        let mut serve = medley.command();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(medley.data_folder());
        fail(&mut serve, &["catalog.redb", "backup"]);
    }
    fs::write(&store, bytes).unwrap();
    succeed(sql_on_folder(&medley).args(["-c", "CREATE ROLE alice"]));
}

#[test]
fn a_catalog_with_a_broken_page_is_not_opened_half() {
    let medley = builder().init().unwrap();
    let store = medley.data_folder().join("catalog.redb");
    let whole = fs::read(&store).unwrap();
    let mut noticed = 0;
    let roles = |medley: &Medley| {
        sql_on_folder(medley).args(["-c", "CREATE ROLE postgres"]).output().unwrap()
    };
    for start in (0..whole.len()).step_by(whole.len() / 16) {
        let mut broken = whole.clone();
        broken[start..].iter_mut().take(4096).for_each(|byte| *byte ^= 0x5a);
        fs::write(&store, &broken).unwrap();
        let output = roles(&medley);
        let complaint = text(&output.stderr);
        assert!(!output.status.success(), "the superuser is there");
        // A page that holds nothing breaks nothing; else it is said what is wrong.
        let opened = complaint.contains("role \"postgres\" already exists");
        assert!(opened || complaint.contains("backup"), "at {start}: {complaint}");
        noticed += usize::from(!opened);
    }
    assert!(noticed > 0);
}
