//! Where master keys come from, and rotations: of data keys under a server that serves, of the
//! master key under one that does not.
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use medley_testkit::{Medley, SUPERUSER};

use crate::cinema::{ALICE, BOB, Cinema, GUEST, account, ask};
use crate::{builder, said};

/// Mappings of roles that nobody logs in as, so that a rotation takes a while.
const MANY: usize = 2500;

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [&output.stdout[..], &output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let (success, said) = run(command);
    assert!(success, "{said}");
    said
}

fn key(medley: &Medley, command: &str) -> Command {
    let mut key = medley.command();
    let server = format!("host=127.0.0.1 port={} user={SUPERUSER}", medley.port());
    key.args(["key", command, &server]);
    key
}

fn key_on_folder(medley: &Medley, command: &str) -> Command {
    let mut key = medley.command();
    key.args(["key", command, "--data"]).arg(medley.data_folder());
    key
}

/// The file with the master key, and its text.
fn key_file(medley: &Medley) -> (std::path::PathBuf, String) {
    let path = medley.data_folder().join("master.key");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Replaces the line about the key in medley.toml.
fn configure(medley: &Medley, lines: &str) {
    let file = medley.data_folder().join("medley.toml");
    let text = fs::read_to_string(&file).unwrap();
    let kept: Vec<_> = text.lines().filter(|line| !line.starts_with("key_")).collect();
    fs::write(&file, format!("{lines}\n{}\n", kept.join("\n"))).unwrap();
}

async fn check_accounts(cinema: &Cinema) {
    for (role, expected) in [("alice", ALICE), ("bob", BOB), ("carol", GUEST)] {
        assert_eq!(account(&cinema.log_in(role).await).await.as_deref(), Ok(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_keys_are_rotated_while_people_work_and_the_server_dies() {
    let mut cinema = Cinema::open();
    let mut many = String::new();
    for number in 0..MANY {
        many.push_str(&format!(
            "CREATE ROLE r{number}; CREATE USER MAPPING FOR r{number} SERVER cinema \
             OPTIONS (user 'u', password 'p{number}');"
        ));
    }
    cinema.medley.connect_as_superuser().await.unwrap().batch_execute(&many).await.unwrap();
    let before = succeed(&mut key(&cinema.medley, "status"));
    let first = format!("data key 1: {} values, master key ", MANY + 3);
    assert!(before.starts_with(&first), "{before}");

    // Somebody reads and somebody changes all the while.
    let (alice, changes) = (cinema.log_in("alice").await, cinema.log_in(SUPERUSER).await);
    let rounds = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&rounds);
    let people = tokio::spawn(async move {
        for number in 0.. {
            done.store(number, Ordering::Relaxed);
            if let Err(said) = account(&alice).await {
                return (number, said);
            }
            let sql = format!(
                "ALTER USER MAPPING FOR r{} SERVER cinema OPTIONS (SET password 'n{number}')",
                number % MANY
            );
            match changes.batch_execute(&sql).await {
                // Two who change one row at once: one of them is told.
                Err(error) if said(&error) == "XX000: tuple concurrently updated" => {}
                Err(error) => return (number, said(&error)),
                Ok(()) => {}
            }
        }
        unreachable!("it goes on until it fails")
    });
    let mut rotation = key(&cinema.medley, "rotate").spawn().unwrap();
    let begun = rounds.load(Ordering::Relaxed);
    while rounds.load(Ordering::Relaxed) < begun + 3 && !people.is_finished() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cinema.medley.kill9();
    // On a slow machine it may have been done, or not have begun.
    let was_done = rotation.wait().unwrap().success();
    let (_, said) = people.await.unwrap();
    assert!(said.starts_with("(connection lost)"), "{said}");

    cinema.medley.restart().unwrap();
    check_accounts(&cinema).await;
    succeed(&mut key(&cinema.medley, "rotate"));
    let after = succeed(&mut key(&cinema.medley, "status"));
    let keys: Vec<_> = after.lines().filter(|line| line.starts_with("data key ")).collect();
    assert_eq!(keys.len(), if was_done { 3 } else { 2 }, "{after}");
    let (newest, older) = keys.split_last().unwrap();
    assert!(newest.contains(&format!(": {} values, master key ", MANY + 3)), "{after}");
    assert!(older.iter().all(|key| key.contains(": 0 values, ")), "{after}");
    check_accounts(&cinema).await;
    // Connections that were opened before are retired, sessions are not.
    cinema.medley.restart().unwrap();
    check_accounts(&cinema).await;
}

#[tokio::test]
async fn only_superusers_hear_of_keys() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    for action in ["status", "add", "reseal", "folder", "rewrap"] {
        let sql = format!("SELECT * FROM medley_keys('{action}')");
        let denied = "42501: permission denied for function medley_keys";
        assert_eq!(ask(&alice, &sql).await.unwrap_err(), denied);
    }
    let (_, text) = key_file(&cinema.medley);
    let secret = text.lines().nth(1).unwrap();
    let status = succeed(&mut key(&cinema.medley, "status"));
    assert!(!secret.is_empty() && !status.contains(secret), "{status}");
}

#[tokio::test]
async fn another_master_key_takes_over() {
    let mut cinema = Cinema::open();
    let (old, text) = key_file(&cinema.medley);
    let new = cinema.medley.folder().join("new.key");
    cinema.medley.stop().unwrap();
    let rotate = || {
        let mut rotate = key_on_folder(&cinema.medley, "rotate");
        rotate.arg("--new-key-file").arg(&new);
        rotate
    };
    succeed(&mut rotate());
    // As if it had been interrupted before medley.toml was written: it is run again.
    configure(&cinema.medley, "key_file = 'master.key'");
    let status = succeed(&mut key_on_folder(&cinema.medley, "status"));
    assert!(status.contains("cannot be opened"), "{status}");
    succeed(&mut rotate());
    let status = succeed(&mut key_on_folder(&cinema.medley, "status"));
    assert!(!status.contains("cannot be opened"), "{status}");
    fs::remove_file(&old).unwrap();
    cinema.medley.restart().unwrap();
    check_accounts(&cinema).await;

    // With the old one everything works but secrets, and what is needed is named.
    cinema.medley.stop().unwrap();
    let old = cinema.medley.folder().write("data/master.key", &text).unwrap();
    fs::set_permissions(&old, Permissions::from_mode(0o600)).unwrap();
    configure(&cinema.medley, "key_file = 'master.key'");
    cinema.medley.restart().unwrap();
    let needed = status.lines().last().unwrap().split(' ').nth(2).unwrap().to_owned();
    let alice = cinema.log_in("alice").await;
    let refused = account(&alice).await.unwrap_err();
    assert!(refused.contains(&format!("master key {needed} is needed, but key ")), "{refused}");
    cinema.sql("CREATE ROLE dave; ALTER SERVER cinema OPTIONS (ADD fetch_size '10')");
    assert!(cinema.medley.log().unwrap().contains(&needed));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_takes_over_while_people_work() {
    let mut cinema = Cinema::open();
    let (old, _) = key_file(&cinema.medley);
    let new = cinema.medley.data_folder().join("new.key");
    let before = succeed(&mut key(&cinema.medley, "status"));
    let alice = cinema.log_in("alice").await;
    let people = tokio::spawn(async move {
        for _ in 0..200 {
            account(&alice).await.unwrap();
        }
    });
    // Nothing is replaced that medley.toml does not name.
    let superuser = cinema.log_in(SUPERUSER).await;
    let said = ask(&superuser, "SELECT * FROM medley_keys('rewrap')").await.unwrap_err();
    assert_eq!(said, "55000: medley.toml says no next_key_file");
    let rotate = || {
        // As the account that the server runs as.
        let mut rotate = key(&cinema.medley, "rotate");
        rotate.arg("--new-key-file").arg(&new);
        rotate
    };
    let said = succeed(&mut rotate());
    assert!(said.contains("medley.toml names its file"), "{said}");
    people.await.unwrap();
    check_accounts(&cinema).await;
    let after = succeed(&mut key(&cinema.medley, "status"));
    assert_ne!(before, after);
    assert!(!after.contains("cannot be opened"), "{after}");
    // Twice is once.
    succeed(&mut rotate());
    assert_eq!(succeed(&mut key(&cinema.medley, "status")), after);
    fs::remove_file(&old).unwrap();
    cinema.medley.kill9();
    cinema.medley.restart().unwrap();
    check_accounts(&cinema).await;

    // Killed before medley.toml says where the key is: the next start finds it.
    let config = cinema.medley.data_folder().join("medley.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("key_file = \"new.key\"") && !text.contains("next_key_file"), "{text}");
    cinema.medley.kill9();
    configure(&cinema.medley, "next_key_file = 'new.key'\nkey_file = 'gone.key'");
    cinema.medley.restart().unwrap();
    check_accounts(&cinema).await;
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("key_file = \"new.key\"") && !text.contains("gone.key"), "{text}");
}

#[tokio::test]
async fn a_master_key_comes_from_where_medley_toml_says() {
    let mut cinema = Cinema::open_with(builder());
    let (path, text) = key_file(&cinema.medley);
    let needed = |cinema: &Cinema| {
        let status = succeed(&mut key(&cinema.medley, "status"));
        status.lines().last().unwrap().to_owned()
    };
    let loaded = needed(&cinema);
    cinema.medley.stop().unwrap();
    let elsewhere = cinema.medley.folder().join("elsewhere.key");
    fs::rename(&path, &elsewhere).unwrap();
    let command = format!("key_command = ['/bin/cat', '{}']", elsewhere.display());
    configure(&cinema.medley, &command);
    cinema.medley.restart().unwrap();
    assert_eq!(needed(&cinema), loaded);
    check_accounts(&cinema).await;

    // Without any, everything works but secrets, and what is needed is named.
    cinema.medley.stop().unwrap();
    configure(&cinema.medley, "key_variable = 'MEDLEY_NO_SUCH_KEY'");
    cinema.medley.restart().unwrap();
    assert_eq!(needed(&cinema), "no master key is loaded");
    let id = loaded.split(' ').nth(2).unwrap();
    let refused = account(&cinema.log_in("alice").await).await.unwrap_err();
    assert!(refused.contains(&format!("master key {id} is not loaded")), "{refused}");
    cinema.sql("CREATE ROLE dave");

    cinema.medley.stop().unwrap();
    configure(&cinema.medley, "key_variable = 'A'\nkey_credential = 'b'");
    let (success, said) = run(&mut key_on_folder(&cinema.medley, "status"));
    assert!(!success && said.contains("must say one of key_file"), "{said}");

    let credentials = cinema.medley.folder().path().to_owned();
    cinema.medley.folder().write("medley.key", &text).unwrap();
    let from = |name: &str, value: &std::ffi::OsStr, line: &str| {
        configure(&cinema.medley, line);
        succeed(key_on_folder(&cinema.medley, "status").env(name, value))
    };
    let said =
        from("CREDENTIALS_DIRECTORY", credentials.as_os_str(), "key_credential = 'medley.key'");
    assert!(said.contains(&loaded), "{said}");
    let said = from("THE_KEY", text.as_ref(), "key_variable = 'THE_KEY'");
    assert!(said.contains(&loaded), "{said}");
}

#[test]
fn nobody_of_the_same_account_reads_the_servers_memory() {
    let medley = crate::medley();
    let proc = format!("/proc/{}", medley.pid());
    let limits = fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // What belongs to root is closed to the account that the server runs as.
    let status = fs::read_to_string(format!("{proc}/status")).unwrap();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    assert_ne!(uid.split_whitespace().next(), Some("0"), "the server runs as root");
    assert_eq!(fs::metadata(format!("{proc}/environ")).unwrap().uid(), 0);
}
