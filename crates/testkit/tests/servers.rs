//! Real servers start, do what a test needs of them, and are gone afterwards.
use std::env;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use medley_testkit::{Canary, MariaDb, Postgres, Program};

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[track_caller]
fn wait_until_gone(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while path.exists() {
        assert!(Instant::now() < deadline, "{} is still there", path.display());
        thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn accounts_log_in_with_their_own_passwords_only() {
    let postgres = Postgres::start().unwrap();
    postgres.create_account("al\"ice", "it's").unwrap();
    let client = postgres.connect("al\"ice", "it's").await.unwrap();
    let row = client.query_one("SELECT current_user::text", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "al\"ice");
    let refused = postgres.psql_as("al\"ice", "wrong", "SELECT 1").unwrap_err().to_string();
    assert!(refused.contains("password authentication failed"), "{refused}");
    let stored = postgres.psql("SELECT rolpassword FROM pg_authid WHERE rolcanlogin").unwrap();
    assert!(stored.contains("SCRAM-SHA-256$"), "{stored}");
}

#[tokio::test]
async fn sessions_are_counted() {
    let postgres = Postgres::start().unwrap();
    assert_eq!(postgres.backends().unwrap(), 0);
    let one = postgres.connect_as_superuser().await.unwrap();
    let _other = postgres.connect_as_superuser().await.unwrap();
    assert_eq!(postgres.backends().unwrap(), 2);
    drop(one);
    let deadline = Instant::now() + Duration::from_secs(10);
    while postgres.backends().unwrap() > 1 {
        assert!(Instant::now() < deadline, "the session that was left is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn settings_and_log_are_the_servers_own() {
    let postgres = Postgres::builder().setting("log_statement", "all").start().unwrap();
    assert_eq!(postgres.psql("SELECT 1, 'a'; SHOW fsync").unwrap(), "1|a\noff");
    assert!(postgres.log().unwrap().contains("SELECT 1, 'a'"));
    let error = postgres.psql("SELECT 1/0").unwrap_err().to_string();
    assert!(error.contains("division by zero"), "{error}");
}

#[test]
fn two_clusters_share_nothing_but_their_beginning() {
    let (one, other) = (Postgres::start().unwrap(), Postgres::start().unwrap());
    one.psql("CREATE TABLE t (a int)").unwrap();
    assert!(other.psql("TABLE t").is_err());
}

#[test]
fn tls_is_verified_against_the_clusters_own_authority() {
    let postgres = Postgres::builder().tls().start().unwrap();
    postgres.create_account("alice", "secret").unwrap();
    let authority = postgres.certificates().unwrap().authority.display();
    let port = postgres.port();
    let output = Command::new(Program::PSQL.locate().unwrap())
        .arg(format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user=alice password=secret \
             dbname=postgres sslmode=verify-full sslrootcert={authority}"
        ))
        .args(["-XAtc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "t\n", "{output:?}");
}

#[test]
fn a_cluster_is_not_roots_and_goes_when_dropped() {
    let postgres = Postgres::start().unwrap();
    let (pid, folder) = (postgres.pid(), postgres.socket_folder().to_owned());
    let owner = Path::new(&format!("/proc/{pid}")).metadata().unwrap().uid();
    assert_ne!(owner, 0);
    drop(postgres);
    assert!(!is_running(pid));
    assert!(!folder.exists());
}

#[test]
fn a_killed_cluster_takes_no_connections() {
    let postgres = Postgres::start().unwrap();
    postgres.kill().unwrap();
    assert!(postgres.psql("SELECT 1").is_err());
}

#[test]
fn a_canary_in_a_table_is_found_in_the_clusters_files() {
    let postgres = Postgres::start().unwrap();
    let canary = Canary::new();
    let folder = postgres.psql("SELECT 'base/' || oid FROM pg_database WHERE datname = 'postgres'");
    let folder = postgres.data_folder().join(folder.unwrap());
    assert!(canary.assert_absent_in_dir(&folder) > 100);
    postgres.psql(&format!("CREATE TABLE t AS SELECT '{}' a; CHECKPOINT", canary.value())).unwrap();
    assert!(std::panic::catch_unwind(|| canary.assert_absent_in_dir(&folder)).is_err());
}

/// The test runs itself as a process that starts a cluster in a `static`, says where, and is killed.
#[test]
fn a_cluster_does_not_outlive_a_test_that_is_killed() {
    const NAME: &str = "a_cluster_does_not_outlive_a_test_that_is_killed";
    const VARIABLE: &str = "MEDLEY_TEST_TO_BE_KILLED";
    static SHARED: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());
    if let Some(file) = env::var_os(VARIABLE) {
        std::fs::write(file, SHARED.socket_folder().as_os_str().as_encoded_bytes()).unwrap();
        std::process::abort();
    }
    let said = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(VARIABLE, said.path())
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(6), "{output:?}");
    let folder = std::fs::read_to_string(said.path()).unwrap();
    assert!(!folder.is_empty());
    wait_until_gone(Path::new(&folder));
}

#[test]
fn mariadb_starts_answers_and_goes() {
    let mariadb = MariaDb::start().unwrap();
    mariadb.sql("CREATE USER 'alice'@'%' IDENTIFIED BY 'secret'").unwrap();
    let answer = mariadb.sql("SELECT 1, 'a', @@port, @@version LIKE '%MariaDB%'").unwrap();
    assert_eq!(answer, format!("1\ta\t{}\t1", mariadb.port()));
    let error = mariadb.sql("SELECT nothing").unwrap_err().to_string();
    assert!(error.contains("Unknown column"), "{error}");
    let pid = mariadb.pid();
    assert_ne!(Path::new(&format!("/proc/{pid}")).metadata().unwrap().uid(), 0);
    drop(mariadb);
    assert!(!is_running(pid));
}

#[test]
fn the_clients_of_other_versions_run() {
    for (program, version) in [(Program::PSQL_16, "16."), (Program::PG_DUMP_18, "18.")] {
        let file = program.locate().unwrap();
        let output = Command::new(file).arg("--version").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(&format!("(PostgreSQL) {version}")), "{said}");
    }
}

#[test]
fn postgresql_18_starts() {
    let initdb = Program::INITDB_18.locate().unwrap();
    let server = Postgres::builder().programs(initdb.parent().unwrap()).start().unwrap();
    assert_eq!(server.psql("SHOW server_version").unwrap(), "18.4");
}
