//! What a server that runs reads again, at a SIGHUP or when it is asked by `pg_reload_conf()`.
use std::fs;
use std::os::unix::fs::PermissionsExt;

use medley_testkit::{Medley, TempFolder};

use crate::cinema::{ALICE, Cinema, account, ask};
use crate::{builder, reload, wait_until};

fn cinema() -> (Cinema, String) {
    let cinema = Cinema::open_with(builder().argument("-v"));
    let own = fs::read_to_string(config(&cinema.medley)).unwrap();
    (cinema, own)
}

fn config(medley: &Medley) -> std::path::PathBuf {
    medley.data_folder().join("medley.toml")
}

/// Says this in medley.toml besides what `init` said, and has it read.
fn say(medley: &Medley, own: &str, more: &str) {
    fs::write(config(medley), format!("{more}\n{own}")).unwrap();
    reload(medley);
}

/// The same, below.
fn say_in_sections(medley: &Medley, own: &str, more: &str) {
    fs::write(config(medley), format!("{own}\n{more}")).unwrap();
    reload(medley);
}

#[tokio::test]
async fn where_references_may_lead_counts_from_the_next_statement_on() {
    let (cinema, own) = cinema();
    let outside = TempFolder::new().unwrap();
    let file = outside.write("alice", ALICE).unwrap();
    cinema.sql(&format!(
        "ALTER USER MAPPING FOR alice SERVER cinema \
         OPTIONS (DROP password, ADD password_ref 'file:{}')",
        file.display()
    ));
    let alice = cinema.log_in("alice").await;
    let refused = "42501: could not fetch \"file:";
    assert!(account(&alice).await.unwrap_err().starts_with(refused));
    let folders =
        |list: &str| format!("[references]\nfolders = [{list}]\nttl = 3600\nstale = 3600\n");
    let here = folders(&format!("'{}'", outside.path().display()));
    say_in_sections(&cinema.medley, &own, &here);
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    // By the same rules what was fetched is as good as it was, and so is the connection.
    fs::remove_file(&file).unwrap();
    reload(&cinema.medley);
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    assert_eq!(cinema.remote.backends().unwrap(), 1);
    // By others neither is, though both are there.
    fs::write(&file, ALICE).unwrap();
    say_in_sections(&cinema.medley, &own, &folders(""));
    assert!(account(&alice).await.unwrap_err().starts_with(refused));
    // What cannot be read changes nothing.
    say_in_sections(&cinema.medley, &own, "[references]\nfolder = 7\n");
    assert!(cinema.medley.log().unwrap().contains("the old configuration goes on"));
    assert!(account(&alice).await.unwrap_err().starts_with(refused));
    say_in_sections(&cinema.medley, &own, &here);
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
}

#[tokio::test]
async fn a_command_that_is_given_another_argument_serves_each_role_its_own() {
    let (cinema, own) = cinema();
    let outside = TempFolder::new().unwrap();
    let command = outside.write("password", "#!/bin/sh\necho \"$1\"\n").unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    cinema.sql(
        "DROP USER MAPPING FOR alice SERVER cinema; DROP USER MAPPING FOR bob SERVER cinema; \
         ALTER USER MAPPING FOR PUBLIC SERVER cinema \
         OPTIONS (SET user 'films_{role}', DROP password, ADD password_ref 'exec:films')",
    );
    let says = |argument: &str| {
        let command = command.display();
        format!("[references.commands.films]\ncommand = ['{command}', '{argument}']\n")
    };
    say_in_sections(&cinema.medley, &own, &says(ALICE));
    let (alice, bob) = (cinema.log_in("alice").await, cinema.log_in("bob").await);
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    assert!(account(&bob).await.unwrap_err().starts_with("08001"));
    say_in_sections(&cinema.medley, &own, &says("films_{role}"));
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    assert_eq!(account(&bob).await.as_deref(), Ok("films_bob"));
}

#[tokio::test]
async fn local_addresses_are_read_again() {
    let (cinema, own) = cinema();
    cinema.sql("ALTER SERVER cinema OWNER TO alice");
    let bob = cinema.log_in("bob").await;
    assert_eq!(account(&bob).await.as_deref(), Ok("films_bob"));
    // The connection that waits is no way around it.
    say(&cinema.medley, &own, "local_addresses = 'superusers'");
    let refused = account(&bob).await.unwrap_err();
    assert!(refused.contains("only a superuser's servers may be at a local address"), "{refused}");
    say(&cinema.medley, &own, "local_addresses = 'anyone'");
    assert_eq!(account(&bob).await.as_deref(), Ok("films_bob"));
}

/// As logrotate does it: the file is moved away, and the server told.
#[tokio::test]
async fn the_audit_log_is_opened_anew() {
    let (cinema, own) = cinema();
    let audit = cinema.medley.data_folder().join("audit.jsonl");
    let lines = |name: &str| {
        let text = fs::read_to_string(audit.with_file_name(name)).unwrap_or_default();
        text.matches("\"event\":\"ALTER SERVER\"").count()
    };
    let alter = || cinema.sql("ALTER SERVER cinema VERSION '1'");
    say_in_sections(&cinema.medley, &own, "[audit]\nfile = 'audit.jsonl'\nevents = 2\n");
    alter();
    assert_eq!(lines("audit.jsonl"), 1);
    fs::rename(&audit, audit.with_file_name("moved")).unwrap();
    alter();
    assert_eq!((lines("moved"), lines("audit.jsonl")), (2, 0));
    reload(&cinema.medley);
    alter();
    assert_eq!((lines("moved"), lines("audit.jsonl")), (2, 1));
    let mode = fs::metadata(&audit).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let postgres = cinema.log_in("postgres").await;
    let count = "SELECT count(*) FROM medley_audit";
    assert_eq!(ask(&postgres, count).await.unwrap(), ["2"]);
    // Where it cannot be opened, events go where they went.
    say_in_sections(&cinema.medley, &own, "[audit]\nfile = 'no/such/folder/audit.jsonl'\n");
    wait_until(|| cinema.medley.log().unwrap().contains("the old audit log goes on"));
    alter();
    assert_eq!(lines("audit.jsonl"), 2);
}

#[tokio::test]
async fn limits_of_connections_are_read_again() {
    let (cinema, own) = cinema();
    let limits =
        |per_mapping| format!("[connections]\nper_mapping = {per_mapping}\nwait_seconds = 0\n");
    let (one, other) = (cinema.log_in("alice").await, cinema.log_in("alice").await);
    ask(&one, "BEGIN").await.unwrap();
    assert_eq!(account(&one).await.as_deref(), Ok(ALICE));
    assert_eq!(account(&other).await.as_deref(), Ok(ALICE));
    // What is idle above the limit is closed, what a transaction has is not.
    assert_eq!(cinema.remote.backends().unwrap(), 2);
    say_in_sections(&cinema.medley, &own, &limits("1"));
    cinema.wait_for_backends(1).await;
    assert!(account(&other).await.unwrap_err().starts_with("53300"));
    assert_eq!(account(&one).await.as_deref(), Ok(ALICE));
    // What cannot be changes nothing.
    say_in_sections(&cinema.medley, &own, &limits("0"));
    assert!(cinema.medley.log().unwrap().contains("the old limits of connections go on"));
    assert!(account(&other).await.unwrap_err().starts_with("53300"));
    say_in_sections(&cinema.medley, &own, &limits("2"));
    assert_eq!(account(&other).await.as_deref(), Ok(ALICE));
    // Where nothing is said any more, it is as it was by itself.
    say_in_sections(&cinema.medley, &own, "");
    assert_eq!(account(&cinema.log_in("alice").await).await.as_deref(), Ok(ALICE));
}
