//! A remote with three accounts, and a Medley whose people are mapped to them.
use medley_testkit::{Medley, MedleyBuilder, Postgres};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{builder, said};

/// The account of the remote that alice is mapped to; its password is its name.
pub const ALICE: &str = "films_alice";
/// bob's.
pub const BOB: &str = "films_bob";
/// Everybody else's.
pub const GUEST: &str = "films_guest";

pub const FILMS: i64 = 1000;

/// alice, bob and carol may read `films` and `whoami`, which tells the account that reads it.
pub struct Cinema {
    pub remote: Postgres,
    pub medley: Medley,
}

impl Cinema {
    pub fn open() -> Self {
        Self::open_with(builder())
    }

    pub fn open_with(medley: MedleyBuilder) -> Self {
        let remote = Postgres::start().unwrap();
        for account in [ALICE, BOB, GUEST] {
            remote.create_account(account, account).unwrap();
        }
        let tables = format!(
            "CREATE VIEW whoami AS SELECT current_user::text AS account; \
             CREATE TABLE films AS SELECT i AS id, 'film ' || i AS title, 1900 + i % 125 AS year \
             FROM generate_series(1, {FILMS}) i; \
             GRANT SELECT ON whoami, films TO PUBLIC"
        );
        remote.psql(&tables).unwrap();
        let medley = medley.start().unwrap();
        let cinema = Self { remote, medley };
        cinema.medley.psql(&cinema.definitions()).unwrap();
        cinema
    }

    fn definitions(&self) -> String {
        let port = self.remote.port();
        let mapping = |who: &str, account: &str| {
            format!("CREATE USER MAPPING FOR {who} SERVER cinema {};", user(account))
        };
        format!(
            "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN; \
             CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
             {} {} {} \
             CREATE FOREIGN TABLE whoami (account text) SERVER cinema; \
             CREATE FOREIGN TABLE films (id integer, title text, year integer) SERVER cinema; \
             GRANT SELECT ON whoami, films TO PUBLIC",
            mapping("alice", ALICE),
            mapping("bob", BOB),
            mapping("PUBLIC", GUEST),
        )
    }

    /// Logs in, where nobody is asked for a password.
    pub async fn log_in(&self, role: &str) -> Client {
        self.medley.connect(role, "").await.unwrap()
    }

    /// Runs statements as the superuser.
    pub fn sql(&self, sql: &str) {
        self.medley.psql(sql).unwrap();
    }

    /// Waits until the remote has this many sessions of ours.
    pub async fn wait_for_backends(&self, count: usize) {
        for _ in 0..500 {
            if self.remote.backends().unwrap() == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the remote has {} sessions, not {count}", self.remote.backends().unwrap());
    }
}

/// The options of a mapping to this account.
pub fn user(account: &str) -> String {
    format!("OPTIONS (user '{account}', password '{account}')")
}

/// What stands for a value that is not UTF-8.
pub const NOT_TEXT: &str = "(not text)";

/// Runs a query; the result is its rows, columns parted by `|`, or what went wrong.
pub async fn ask(client: &Client, sql: &str) -> Result<Vec<String>, String> {
    let messages = client.simple_query(sql).await.map_err(|error| said(&error))?;
    let row = |message: &SimpleQueryMessage| {
        let SimpleQueryMessage::Row(row) = message else { return None };
        // PostgreSQL cuts letters in two in some of its messages.
        let value = |i| row.try_get(i).map_or(NOT_TEXT, |value| value.unwrap_or("NULL"));
        let values: Vec<_> = (0..row.len()).map(value).collect();
        Some(values.join("|"))
    };
    Ok(messages.iter().filter_map(row).collect())
}

/// The account that serves this session.
pub async fn account(client: &Client) -> Result<String, String> {
    let rows = ask(client, "SELECT account FROM whoami").await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    Ok(rows.into_iter().next().unwrap())
}
