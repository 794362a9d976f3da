//! Nobody reaches a remote as somebody else, whatever sessions, changes and failures meet.
//!
//! Fifty roles read who they are at the remote: by themselves, through each other's views, after
//! SET ROLE, by prepared statements, by COPY, in transactions, by statements that are cancelled or not
//! read to their end, and beside one that leaves the remote session as another account. Meanwhile
//! mappings change, go and come, memberships and names too, the server's options are altered,
//! and the remote ends sessions. Each answer must be an account that was the role's at some time
//! between the statement's beginning (a transaction's first) and its end.
//!
//! `MEDLEY_ISOLATION_STATEMENTS` says how many answers are looked at, `cargo xtask isolation` asks
//! for 100,000.
mod admin;
mod people;
mod truth;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medley_testkit::{Medley, Postgres, Program};

use self::truth::Truth;
use crate::builder;

pub const ROLES: usize = 50;
/// Sessions at once.
const PEOPLE: usize = 16;
const ADMINS: usize = 2;
const STATEMENTS: usize = 3000;

/// What all sessions of the test share.
pub struct World {
    pub remote: Postgres,
    pub medley: Medley,
    pub truth: Truth,
    wanted: usize,
    pub tally: Tally,
}

/// What was looked at.
#[derive(Default)]
pub struct Tally {
    pub statements: AtomicUsize,
    pub accounts: AtomicUsize,
    pub errors: AtomicUsize,
    pub changes: AtomicUsize,
    pub ended: AtomicUsize,
}

impl World {
    fn open(wanted: usize) -> Self {
        // PostgreSQL 18, for what a password is put through can be made short there: a test logs
        // in at the remote far more often than people do.
        let programs = Program::INITDB_18.locate().unwrap();
        let remote = Postgres::builder()
            .programs(programs.parent().unwrap())
            .setting("max_connections", "300")
            .setting("scram_iterations", "1")
            .start()
            .unwrap();
        remote.psql(&accounts()).unwrap();
        let medley = builder().start().unwrap();
        medley.psql(&definitions(&remote)).unwrap();
        Self { remote, medley, truth: Truth::new(), wanted, tally: Tally::default() }
    }

    pub fn is_done(&self) -> bool {
        self.tally.statements.load(Ordering::Relaxed) >= self.wanted
    }
}

/// Each role has two accounts, by turns; the password is the account's name.
fn accounts() -> String {
    let mut sql = String::from(
        "CREATE ROLE naughty; CREATE ROLE guest LOGIN PASSWORD 'guest' IN ROLE naughty;",
    );
    for role in 0..ROLES {
        for account in [format!("a{role}"), format!("b{role}")] {
            sql += &format!("CREATE ROLE {account} LOGIN PASSWORD '{account}' IN ROLE naughty;");
        }
    }
    sql + "CREATE VIEW whoami AS SELECT current_user::text AS account; \
           CREATE VIEW many AS SELECT current_user::text AS account FROM generate_series(1, 20000); \
           CREATE VIEW slow AS SELECT current_user::text AS account FROM pg_sleep(0.2); \
           CREATE VIEW naughty AS SELECT set_config('role', 'naughty', false) AS account; \
           GRANT SELECT ON whoami, many, slow, naughty TO PUBLIC"
}

fn definitions(remote: &Postgres) -> String {
    let mut sql = format!(
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw \
            OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres', fetch_size '100'); \
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'guest', password 'guest'); \
         CREATE FOREIGN TABLE whoami (account text) SERVER s; \
         CREATE FOREIGN TABLE many (account text) SERVER s; \
         CREATE FOREIGN TABLE slow (account text) SERVER s; \
         CREATE FOREIGN TABLE naughty (account text) SERVER s; \
         GRANT SELECT ON whoami, many, slow, naughty TO PUBLIC;",
        remote.port()
    );
    for role in 0..ROLES {
        sql += &format!(
            "CREATE ROLE r{role} LOGIN; \
             CREATE USER MAPPING FOR r{role} SERVER s OPTIONS (user 'a{role}', password 'a{role}'); \
             CREATE VIEW v{role} AS SELECT account FROM whoami; ALTER VIEW v{role} OWNER TO r{role}; \
             GRANT SELECT ON v{role} TO PUBLIC;"
        );
    }
    sql
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_anybody_else() {
    let wanted = std::env::var("MEDLEY_ISOLATION_STATEMENTS");
    let wanted = wanted.map_or(STATEMENTS, |count| count.parse().unwrap());
    let world = Arc::new(World::open(wanted));
    let people = (0..PEOPLE).map(|_| tokio::spawn(people::work(Arc::clone(&world))));
    let admins = (0..ADMINS).map(|_| tokio::spawn(admin::work(Arc::clone(&world))));
    let all: Vec<_> = people.chain(admins).collect();
    for task in all {
        task.await.unwrap();
    }
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    let Tally { statements, accounts, errors, changes, ended } = &world.tally;
    println!(
        "{} statements told {} accounts and met {} errors, beside {} changes and {} sessions that \
         the remote ended",
        count(statements),
        count(accounts),
        count(errors),
        count(changes),
        count(ended)
    );
    // Something did happen.
    assert!(count(accounts) * 2 > wanted && count(changes) * 100 > wanted && count(ended) > 0);
    assert!(count(errors) * 3 < wanted, "{} of {wanted} failed", count(errors));
}
