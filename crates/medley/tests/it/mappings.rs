//! Which mapping counts and for how long, as `docs/guide/mappings.md` shows it; passwords that
//! rotate at a remote while queries run; logins that are passed through.
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use medley_testkit::{Medley, Postgres};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::builder;
use crate::cinema::{ALICE, Cinema, account, ask};
use crate::guide;

/// How many queries run while a password rotates.
const QUERIES: usize = 1000;
const SESSIONS: usize = 20;

/// Sessions of alice, and what they have done.
struct Crowd {
    done: Arc<AtomicUsize>,
    running: JoinSet<Vec<String>>,
}

impl Crowd {
    /// Sessions that each hold a connection to the remote once, so that as many wait in the pool.
    async fn sessions(cinema: &Cinema) -> Vec<Client> {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            let session = cinema.log_in("alice").await;
            session.batch_execute("BEGIN").await.unwrap();
            assert_eq!(account(&session).await.as_deref(), Ok(ALICE));
            sessions.push(session);
        }
        for session in &sessions {
            session.batch_execute("COMMIT").await.unwrap();
        }
        sessions
    }

    fn start(sessions: Vec<Client>) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for session in sessions {
            let done = Arc::clone(&done);
            running.spawn(async move {
                let mut errors = Vec::new();
                for _ in 0..QUERIES / SESSIONS {
                    match account(&session).await {
                        Ok(account) if account == ALICE => {}
                        Ok(other) => errors.push(format!("served by {other}")),
                        Err(error) => errors.push(error),
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
                errors
            });
        }
        Self { done, running }
    }

    /// Waits until so many queries are done.
    async fn wait_for(&self, done: usize) {
        while self.done.load(Ordering::Relaxed) < done {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn assert_no_errors(mut self) {
        let mut errors = Vec::new();
        while let Some(finished) = self.running.join_next().await {
            errors.extend(finished.unwrap());
        }
        assert_eq!(self.done.load(Ordering::Relaxed), QUERIES);
        assert_eq!(errors, Vec::<String>::new());
    }
}

fn change_at_remote(cinema: &Cinema, password: &str) {
    cinema.remote.psql(&format!("ALTER ROLE {ALICE} PASSWORD '{password}'")).unwrap();
}

/// The next password has taken the place of the other.
async fn assert_rotated(cinema: &Cinema) {
    let options = "SELECT umoptions FROM pg_user_mappings WHERE usename = 'alice'";
    let expected = format!("{{user={ALICE},password=********}}");
    for _ in 0..200 {
        if cinema.medley.psql(options).unwrap() == expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(cinema.medley.psql(options).unwrap(), expected);
    let waits = "SELECT has_next_password FROM medley_mappings WHERE role = 'alice'";
    assert_eq!(cinema.medley.psql(waits).unwrap(), "f");
    // It is the new one, by itself, that logs in.
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD fetch_size '77')");
    assert_eq!(account(&cinema.log_in("alice").await).await.as_deref(), Ok(ALICE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_loses_no_query_where_each_logs_in_anew() {
    let cinema = Cinema::open_with(builder().argument("-v"));
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD keep_connections 'false')");
    let crowd = Crowd::start(Crowd::sessions(&cinema).await);
    crowd.wait_for(QUERIES / 10).await;
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password_next 'new')");
    crowd.wait_for(QUERIES / 4).await;
    assert!(crowd.done.load(Ordering::Relaxed) < QUERIES / 2, "it rotates while queries run");
    change_at_remote(&cinema, "new");
    crowd.assert_no_errors().await;
    assert_rotated(&cinema).await;
    let log = cinema.medley.log().unwrap();
    assert_eq!(log.matches("password_next is the password now").count(), 1, "{log}");
    assert!(!log.contains("'new'"), "{log}");
}

/// Nobody can log in with a password that nobody has said: who needs a new connection is told what
/// to do, and how to go about it the next time.
#[tokio::test]
async fn a_remote_that_changes_first_is_explained() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    change_at_remote(&cinema, "new");
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE), "the connection that is open goes on");
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD fdw_startup_cost '77')");
    let error = alice.simple_query("SELECT account FROM whoami").await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "08001");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("add it as \"password_next\" before the remote changes it"), "{hint}");
    assert!(!format!("{error:?}").contains("new'"), "{error:?}");
    // It is not too late for that.
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password_next 'new')");
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    assert_rotated(&cinema).await;
}

/// Connections that are open go on while Medley is not told.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_loses_no_query_where_the_remote_changes_first() {
    let cinema = Cinema::open();
    let crowd = Crowd::start(Crowd::sessions(&cinema).await);
    crowd.wait_for(QUERIES / 10).await;
    change_at_remote(&cinema, "new");
    crowd.wait_for(QUERIES / 4).await;
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password_next 'new')");
    crowd.assert_no_errors().await;
    assert_rotated(&cinema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_password_that_nobody_takes_changes_nothing() {
    let cinema = Cinema::open();
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password_next 'early')");
    let alice = cinema.log_in("alice").await;
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    change_at_remote(&cinema, "neither");
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD application_name 'again')");
    let refused = account(&alice).await.unwrap_err();
    assert!(refused.starts_with("08001: could not connect to server \"cinema\""), "{refused}");
    let waits = "SELECT has_next_password FROM medley_mappings WHERE role = 'alice'";
    assert_eq!(cinema.medley.psql(waits).unwrap(), "t");
    // Alone it is a password as any other.
    change_at_remote(&cinema, "early");
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (DROP password)");
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    assert_rotated(&cinema).await;
}

#[tokio::test]
async fn a_mapping_that_is_nearly_over_is_told_of_once() {
    let cinema = Cinema::open();
    let soon = cinema.medley.psql("SELECT now() + interval '1 day'").unwrap();
    cinema.sql(&format!(
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD valid_until '{soon}')"
    ));
    let mut psql = cinema.medley.psql_command("alice", "").unwrap();
    let query = "SELECT account FROM whoami";
    let output = psql.args(["-c", query, "-c", query]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let notice = "NOTICE:  user mapping for \"alice\", server \"cinema\" will expire\n\
                  DETAIL:  It is valid until ";
    assert!(said.starts_with(notice), "{said}");
    assert_eq!(said.matches("will expire").count(), 1, "{said}");
    let mut psql = cinema.medley.psql_command("alice", "").unwrap();
    let output = psql.args(["-c", "SET medley.expiry_notice = '1h'", "-c", query]).output();
    assert_eq!(String::from_utf8(output.unwrap().stderr).unwrap(), "");
}

/// A Medley that asks for passwords, and a remote that keeps alice's as it does.
fn passing_through() -> (Postgres, Medley) {
    let remote = Postgres::start().unwrap();
    remote.create_account("alice", "hers").unwrap();
    remote.create_account("bob", "his").unwrap();
    remote
        .psql(
            "CREATE VIEW whoami AS SELECT current_user::text AS account; \
             GRANT SELECT ON whoami TO PUBLIC",
        )
        .unwrap();
    let of = "SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'";
    let verifier = remote.psql(of).unwrap();
    let medley = builder().password("x").start().unwrap();
    medley
        .psql(&format!(
            "CREATE ROLE alice LOGIN PASSWORD '{verifier}'; \
             CREATE ROLE bob LOGIN PASSWORD 'his'; \
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres', \
                         use_scram_passthrough 'true'); \
             CREATE USER MAPPING FOR alice SERVER far OPTIONS (user 'alice'); \
             CREATE USER MAPPING FOR bob SERVER far OPTIONS (user 'bob', password 'his'); \
             CREATE FOREIGN TABLE whoami (account text) SERVER far; \
             GRANT SELECT ON whoami TO PUBLIC",
            remote.port()
        ))
        .unwrap();
    (remote, medley)
}

#[tokio::test]
async fn a_login_is_passed_through_to_a_remote_with_the_same_verifier() {
    let (_remote, medley) = passing_through();
    let ask_as = async |role: &str, password: &str| {
        let client = medley.connect(role, password).await.unwrap();
        account(&client).await
    };
    assert_eq!(ask_as("alice", "hers").await.as_deref(), Ok("alice"));
    // The same password under another salt is another verifier, and the mapping's is not used.
    let refused = ask_as("bob", "his").await.unwrap_err();
    assert!(refused.starts_with("08001: could not connect to server \"far\""), "{refused}");
    assert!(refused.contains("password authentication failed for user \"bob\""), "{refused}");
    // The server's word counts before the mapping's.
    medley
        .psql(
            "ALTER SERVER far OPTIONS (SET use_scram_passthrough 'false'); \
             ALTER USER MAPPING FOR alice SERVER far OPTIONS (ADD use_scram_passthrough 'true')",
        )
        .unwrap();
    assert_eq!(ask_as("bob", "his").await.as_deref(), Ok("bob"));
    let refused = ask_as("alice", "hers").await.unwrap_err();
    assert!(refused.starts_with("2F003: password or GSSAPI delegated credentials"), "{refused}");
    medley.psql("ALTER SERVER far OPTIONS (DROP use_scram_passthrough)").unwrap();
    assert_eq!(ask_as("alice", "hers").await.as_deref(), Ok("alice"));
    medley.psql("ALTER SERVER far OPTIONS (ADD use_scram_passthrough 'perhaps')").unwrap();
    let refused = ask_as("alice", "hers").await.unwrap_err();
    assert_eq!(refused, "42601: use_scram_passthrough requires a Boolean value");
}

/// One client's keys open no connection that another is lent.
#[tokio::test]
async fn what_one_login_opened_serves_no_other() {
    let (remote, medley) = passing_through();
    medley
        .psql(
            "DROP USER MAPPING FOR bob SERVER far; DROP USER MAPPING FOR alice SERVER far; \
             CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'alice')",
        )
        .unwrap();
    let alice = medley.connect("alice", "hers").await.unwrap();
    let bob = medley.connect("bob", "his").await.unwrap();
    assert_eq!(account(&alice).await.as_deref(), Ok("alice"));
    assert!(account(&bob).await.unwrap_err().starts_with("08001"));
    assert_eq!(account(&alice).await.as_deref(), Ok("alice"));
    assert_eq!(remote.backends().unwrap(), 1);
}

#[tokio::test]
async fn local_addresses_are_for_servers_of_superusers_where_the_file_says_so() {
    let mut cinema = Cinema::open();
    let port = cinema.remote.port();
    let table = |name: &str, host: &str| {
        format!(
            "CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '{host}', port '{port}', dbname 'postgres'); \
             CREATE USER MAPPING FOR alice SERVER {name} \
                OPTIONS (user '{ALICE}', password '{ALICE}'); \
             CREATE FOREIGN TABLE whoami_{name} (account text) SERVER {name} \
                OPTIONS (table_name 'whoami'); \
             ALTER FOREIGN TABLE whoami_{name} OPTIONS (ADD schema_name 'public');"
        )
    };
    let hosts = ["127.0.0.1", "localhost", "2130706433", "::ffff:127.0.0.1", "0.0.0.0"];
    let sockets = cinema.remote.socket_folder().display().to_string();
    let names = ["a", "b", "c", "d", "e", "f"];
    let made: Vec<_> = names
        .iter()
        .zip(hosts.iter().copied().chain([sockets.as_str()]))
        .map(|(name, host)| table(name, host))
        .collect();
    cinema.sql("GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO alice");
    cinema.sql("GRANT CREATE ON SCHEMA public TO alice");
    let alice = cinema.log_in("alice").await;
    alice.batch_execute(&made.concat()).await.unwrap();
    let seen = ask(&alice, "SELECT account FROM whoami_a").await;
    assert_eq!(seen.unwrap(), [ALICE], "the file does not say so yet");

    let file = cinema.medley.data_folder().join("medley.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("local_addresses = \"superusers\"\n{text}")).unwrap();
    cinema.medley.stop().unwrap();
    cinema.medley.restart().unwrap();
    let alice = cinema.log_in("alice").await;
    for name in names {
        let refused = ask(&alice, &format!("SELECT account FROM whoami_{name}")).await;
        let refused = refused.unwrap_err();
        assert!(refused.starts_with("08001: could not connect to server"), "{name}: {refused}");
        let why = "only a superuser's servers may be at a local address";
        assert!(refused.contains(why), "{name}: {refused}");
    }
    // The superuser's server serves her all the same, and so does hers once it is a superuser's.
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    cinema.sql("ALTER SERVER a OWNER TO postgres");
    assert_eq!(ask(&alice, "SELECT account FROM whoami_a").await.unwrap(), [ALICE]);
    cinema.sql("ALTER SERVER a OWNER TO alice");
    assert!(ask(&alice, "SELECT account FROM whoami_a").await.is_err());
    // Who is a superuser no more leaves no connection behind.
    cinema.sql("ALTER ROLE alice SUPERUSER");
    assert_eq!(ask(&alice, "SELECT account FROM whoami_a").await.unwrap(), [ALICE]);
    cinema.sql("ALTER ROLE alice NOSUPERUSER");
    assert!(ask(&alice, "SELECT account FROM whoami_a").await.is_err());
}

const GUIDE: &str = "../../docs/guide/mappings.md";

/// The guide is one session of psql; what goes wrong is said where it does.
#[test]
fn the_guide_is_true() {
    let remote = Postgres::start().unwrap();
    for account in ["films_alice", "films_staff", "films_guest"] {
        remote.create_account(account, "remote").unwrap();
    }
    remote
        .psql(
            "CREATE VIEW whoami AS SELECT current_user::text AS account; \
             GRANT SELECT ON whoami TO PUBLIC",
        )
        .unwrap();
    let medley = builder().start().unwrap();
    guide::check(&medley, GUIDE, 5, |typed| {
        typed.replace("port '5432'", &format!("port '{}'", remote.port()))
    });
}
