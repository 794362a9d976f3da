//! Transactions over two real servers, and kill -9 between the phases of a commit.
use std::time::Duration;

use medley_testkit::{Medley, Postgres};

use crate::medley;

/// Deferred, so that it is checked when the transaction is prepared.
const SLOW: &str = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_sleep(4); RETURN NULL; END'; \
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW WHEN (NEW.a = 666) EXECUTE FUNCTION slow()";

const BOTH: &str = "BEGIN; INSERT INTO a VALUES (NUMBER); INSERT INTO b VALUES (NUMBER); COMMIT";

/// A server, and two remotes with a table each.
struct Two {
    medley: Medley,
    a: Postgres,
    b: Postgres,
}

impl Two {
    fn start(options: &str) -> Self {
        let (medley, a, b) = (medley(), Postgres::start().unwrap(), Postgres::start().unwrap());
        medley.psql("CREATE EXTENSION postgres_fdw").unwrap();
        for (name, remote) in [("a", &a), ("b", &b)] {
            remote.create_account("one", "one").unwrap();
            remote.psql("CREATE TABLE t (a integer); GRANT ALL ON t TO one").unwrap();
            let port = remote.port();
            medley
                .psql(&format!(
                    "CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS \
                     (host '127.0.0.1', port '{port}', dbname 'postgres'{options}); \
                     CREATE USER MAPPING FOR PUBLIC SERVER {name} OPTIONS \
                     (user 'one', password 'one'); \
                     CREATE FOREIGN TABLE {name} (a integer) SERVER {name} \
                     OPTIONS (table_name 't')"
                ))
                .unwrap();
        }
        b.psql(SLOW).unwrap();
        Self { medley, a, b }
    }

    fn rows(&self) -> (String, String) {
        let rows = "SELECT count(*) FROM t";
        (self.a.psql(rows).unwrap(), self.b.psql(rows).unwrap())
    }

    fn prepared(&self) -> (String, String) {
        let prepared = "SELECT count(*) FROM pg_prepared_xacts";
        (self.a.psql(prepared).unwrap(), self.b.psql(prepared).unwrap())
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..600 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it is never so that {what}");
    }
}

fn pair(both: &str) -> (String, String) {
    (both.to_owned(), both.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_commit_or_neither() {
    let two = Two::start(", two_phase 'on'");
    two.medley.psql(&BOTH.replace("NUMBER", "1")).unwrap();
    assert_eq!((two.rows(), two.prepared()), (pair("1"), pair("0")));
    two.b.psql("ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED").unwrap();
    let refused = two.medley.psql(&BOTH.replace("NUMBER", "1")).unwrap_err().to_string();
    assert!(refused.contains("duplicate key value violates unique constraint"), "{refused}");
    assert_eq!((two.rows(), two.prepared()), (pair("1"), pair("0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_two_phases_it_is_told_where_it_is_committed() {
    let two = Two::start("");
    two.b.psql("ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED").unwrap();
    two.medley.psql(&BOTH.replace("NUMBER", "1")).unwrap();
    let parted = two.medley.psql(&BOTH.replace("NUMBER", "1")).unwrap_err().to_string();
    assert!(parted.contains("transaction was committed on some servers only"), "{parted}");
    assert!(parted.contains("Committed on server \"a\". Undone on server \"b\"."), "{parted}");
    assert_eq!(two.rows(), ("2".to_owned(), "1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_decided_when_the_server_is_killed_is_undone() {
    let mut two = Two::start(", two_phase 'on'");
    let client = two.medley.connect_as_superuser().await.unwrap();
    let sql = BOTH.replace("NUMBER", "666");
    let committing = tokio::spawn(async move { client.batch_execute(&sql).await });
    two.wait("one has prepared", |two| two.prepared().0 == "1").await;
    two.medley.kill9();
    assert!(committing.await.unwrap().is_err());
    two.medley.restart().unwrap();
    let listed = two.medley.psql("SELECT DISTINCT decision FROM medley_in_doubt").unwrap();
    assert!(["rollback", ""].contains(&listed.as_str()), "{listed}");
    two.wait("none is in doubt", |two| {
        two.medley.psql("SELECT count(*) FROM medley_in_doubt").unwrap() == "0"
    })
    .await;
    assert_eq!((two.rows(), two.prepared()), (pair("0"), pair("0")));
}
