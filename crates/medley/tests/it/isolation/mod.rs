//! Nobody reaches a remote as somebody else, whatever sessions, changes and failures meet.
//!
//! Fifty roles read who they are at the remote: by themselves, through each other's views, after
//! SET ROLE, by prepared statements, cursors and COPY, in transactions, by statements that are
//! cancelled or not read to their end, and beside one that leaves the remote session as another
//! account. They write there too: by INSERT, UPDATE and DELETE, shipped and row by row, by COPY, and
//! by two accounts in one transaction, in two phases or not; a trigger writes down by whom. Meanwhile
//! mappings change, go and come, memberships and names too, the server's options are altered,
//! and the remote ends sessions. Each answer, and each line that was written, must be of an account
//! that was the role's at some time between the statement's beginning (a transaction's first) and
//! its end.
//!
//! `MEDLEY_ISOLATION_STATEMENTS` says how many answers are looked at, `cargo xtask isolation` asks
//! for 100,000.
mod admin;
mod people;
mod truth;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medley_testkit::{Medley, Postgres, Program};
use tokio_postgres::Client;

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
    /// Reads at the remote who wrote what.
    pub judge: Client,
    wanted: usize,
    pub tally: Tally,
}

/// What was looked at.
#[derive(Default)]
pub struct Tally {
    pub statements: AtomicUsize,
    pub accounts: AtomicUsize,
    /// Of what was written.
    pub lines: AtomicUsize,
    pub errors: AtomicUsize,
    pub changes: AtomicUsize,
    pub ended: AtomicUsize,
}

impl World {
    async fn open(wanted: usize) -> Self {
        // PostgreSQL 18, for what a password is put through can be made short there: a test logs
        // in at the remote far more often than people do.
        let programs = Program::INITDB_18.locate().unwrap();
        let remote = Postgres::builder()
            .programs(programs.parent().unwrap())
            .setting("max_connections", "300")
            .setting("scram_iterations", "1")
            .setting("max_prepared_transactions", "200")
            .start()
            .unwrap();
        remote.psql(&accounts()).unwrap();
        remote.psql(NOTES).unwrap();
        let medley = builder().start().unwrap();
        medley.psql(&definitions(&remote)).unwrap();
        let judge = remote.connect_as_superuser().await.unwrap();
        Self { remote, medley, truth: Truth::new(), judge, wanted, tally: Tally::default() }
    }

    pub fn is_done(&self) -> bool {
        self.tally.statements.load(Ordering::Relaxed) >= self.wanted
    }
}

/// What is written here is written down, with who did it.
const NOTES: &str = "\
    CREATE TABLE notes (line text PRIMARY KEY, memo text, account text); \
    CREATE TABLE done (what text, line text, who text); CREATE INDEX ON done (line); \
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO public.done VALUES (tg_op, coalesce(new.line, old.line), current_user); \
        IF tg_op = 'DELETE' THEN RETURN old; END IF; \
        new.account := current_user; RETURN new; END $$; \
    CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON notes \
        FOR EACH ROW EXECUTE FUNCTION note(); \
    GRANT ALL ON notes TO PUBLIC; GRANT INSERT ON done TO PUBLIC";

/// A line tells for whom it was written.
const STRANGERS: &str = "SELECT what, line, who FROM done \
    WHERE what <> 'DELETE' AND who <> 'guest' AND substr(who, 2) <> split_part(line, '.', 1)";

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
            OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres', fetch_size '100', two_phase 'on'); \
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'guest', password 'guest'); \
         CREATE FOREIGN TABLE whoami (account text) SERVER s; \
         CREATE FOREIGN TABLE many (account text) SERVER s; \
         CREATE FOREIGN TABLE slow (account text) SERVER s; \
         CREATE FOREIGN TABLE naughty (account text) SERVER s; \
         GRANT SELECT ON whoami, many, slow, naughty TO PUBLIC; \
         CREATE FOREIGN TABLE notes (line text, memo text, account text) SERVER s; \
         GRANT ALL ON notes TO PUBLIC;",
        remote.port()
    );
    for role in 0..ROLES {
        sql += &format!(
            "CREATE ROLE r{role} LOGIN; \
             CREATE USER MAPPING FOR r{role} SERVER s OPTIONS (user 'a{role}', password 'a{role}'); \
             CREATE VIEW v{role} AS SELECT account FROM whoami; ALTER VIEW v{role} OWNER TO r{role}; \
             GRANT SELECT ON v{role} TO PUBLIC; \
             CREATE VIEW n{role} AS SELECT line, account FROM notes; \
             ALTER VIEW n{role} OWNER TO r{role}; GRANT ALL ON n{role} TO PUBLIC;"
        );
    }
    sql
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_anybody_else() {
    let wanted = std::env::var("MEDLEY_ISOLATION_STATEMENTS");
    let wanted = wanted.map_or(STATEMENTS, |count| count.parse().unwrap());
    let world = Arc::new(World::open(wanted).await);
    let people = (0..PEOPLE).map(|_| tokio::spawn(people::work(Arc::clone(&world))));
    let admins = (0..ADMINS).map(|_| tokio::spawn(admin::work(Arc::clone(&world))));
    let all: Vec<_> = people.chain(admins).collect();
    for task in all {
        task.await.unwrap();
    }
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    let Tally { statements, accounts, lines, errors, changes, ended } = &world.tally;
    println!(
        "{} statements told {} accounts, wrote {} lines and met {} errors, beside {} changes and \
         {} sessions that the remote ended",
        count(statements),
        count(accounts),
        count(lines),
        count(errors),
        count(changes),
        count(ended)
    );
    assert_eq!(world.remote.psql(STRANGERS).unwrap(), "");
    // Something did happen.
    assert_eq!(world.remote.psql("SELECT count(DISTINCT what) FROM done").unwrap(), "3");
    let prepared = "SELECT count(*) > 0 FROM medley_audit WHERE event = 'REMOTE PREPARE'";
    assert_eq!(world.medley.psql(prepared).unwrap(), "t");
    assert!(count(lines) * 10 > wanted, "{} lines", count(lines));
    assert!(count(accounts) * 2 > wanted && count(changes) * 100 > wanted && count(ended) > 0);
    assert!(count(errors) * 3 < wanted, "{} of {wanted} failed", count(errors));
}
