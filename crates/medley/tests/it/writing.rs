//! Rows changed at remotes: no condition gets lost, a statement is everything or nothing, and it
//! is done by the account that it is to be done by.
use medley_testkit::{Medley, Postgres};
use tokio_postgres::Client;

use crate::cinema::ask;
use crate::said;

const SETUP: &str = "CREATE TABLE t (id int PRIMARY KEY, n int, s text CHECK (s <> 'never')); \
                     CREATE TABLE others (o int, p text); \
                     CREATE TABLE many (k int, v text); \
                     INSERT INTO others VALUES (1, 'eins'), (2, 'zwei'), (30, 'dreissig')";
const ROWS: &str = "TRUNCATE t; INSERT INTO t SELECT g, g * 10, 'row ' || g \
                    FROM generate_series(1, 20) g; INSERT INTO t VALUES (99, NULL, NULL)";
const ALL: &str = "SELECT id, n, s FROM t ORDER BY id";

/// What has lost its condition, or more of it, somewhere before.
const PLANTED: [&str; 26] = [
    "DELETE FROM t WHERE false",
    "DELETE FROM t WHERE NULL",
    "DELETE FROM t WHERE 1 = 2",
    "DELETE FROM t WHERE id IN (SELECT o FROM others)",
    "DELETE FROM t WHERE id NOT IN (SELECT o FROM others)",
    "DELETE FROM t WHERE id IN (SELECT NULL::int)",
    "DELETE FROM t WHERE id NOT IN (SELECT NULL::int)",
    "DELETE FROM t WHERE id IN (SELECT id FROM t WHERE n < 50)",
    "DELETE FROM t WHERE EXISTS (SELECT FROM others WHERE o = id)",
    "DELETE FROM t WHERE NOT EXISTS (SELECT FROM others WHERE o = id) AND id < 5",
    "DELETE FROM t WHERE id = (SELECT max(o) FROM others) OR n IS NULL",
    "DELETE FROM t USING others WHERE o = id",
    "DELETE FROM t USING others WHERE o = id AND false",
    "DELETE FROM t WHERE n > 50 AND id IN (SELECT o + 8 FROM others)",
    "UPDATE t SET n = 0 WHERE false",
    "UPDATE t SET n = 0 WHERE NULL",
    "UPDATE t SET n = 0 WHERE id IN (SELECT o FROM others)",
    "UPDATE t SET n = n + 1 WHERE id NOT IN (SELECT o FROM others WHERE o < 10)",
    "UPDATE t SET n = (SELECT count(*) FROM others WHERE o <= id) WHERE id < 4",
    "UPDATE t SET s = p FROM others WHERE o = id",
    "UPDATE t SET s = p FROM others WHERE o = id AND NULL",
    "UPDATE t SET n = (SELECT sum(n) FROM t) WHERE id IN (SELECT id FROM t WHERE n > 150)",
    "UPDATE t SET id = id + 1000 WHERE id IN (SELECT id FROM t WHERE id > 15)",
    "UPDATE t SET n = CASE WHEN id = 3 THEN 1 END WHERE id BETWEEN 2 AND 4",
    "INSERT INTO t (id, n) SELECT id + 100, n FROM t WHERE id IN (SELECT o FROM others)",
    "INSERT INTO t (id) SELECT o + 500 FROM others WHERE false",
];

/// `t` and `many` are at one server, `others` at another.
struct World {
    straight: Client,
    ours: Client,
    remote: Postgres,
    medley: Medley,
}

impl World {
    async fn open() -> Self {
        let remote = Postgres::start().unwrap();
        remote.psql(SETUP).unwrap();
        remote.psql(ROWS).unwrap();
        let (writer, reader) = ("writer", "reader");
        remote.create_account(writer, writer).unwrap();
        remote.create_account(reader, reader).unwrap();
        remote
            .psql("GRANT ALL ON ALL TABLES IN SCHEMA public TO writer; GRANT SELECT ON t TO reader")
            .unwrap();
        let medley = crate::medley();
        let options =
            format!("OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres')", remote.port());
        let mapping = |server: &str| {
            format!(
                "CREATE SERVER {server} FOREIGN DATA WRAPPER postgres_fdw {options}; \
                 CREATE USER MAPPING FOR PUBLIC SERVER {server} \
                    OPTIONS (user 'writer', password 'writer'); "
            )
        };
        let definitions = format!(
            "{}{} IMPORT FOREIGN SCHEMA public LIMIT TO (t, many) FROM SERVER one INTO public; \
             IMPORT FOREIGN SCHEMA public LIMIT TO (others) FROM SERVER two INTO public",
            mapping("one"),
            mapping("two")
        );
        medley.psql(&definitions).unwrap();
        let straight = remote.connect_as_superuser().await.unwrap();
        let ours = medley.connect_as_superuser().await.unwrap();
        Self { straight, ours, remote, medley }
    }

    async fn rows(&self) -> Vec<String> {
        ask(&self.straight, ALL).await.unwrap()
    }

    /// What is to be there after a statement, which is undone again.
    async fn expected(&self, statement: &str) -> (u64, Vec<String>) {
        self.straight.batch_execute(ROWS).await.unwrap();
        self.straight.batch_execute("BEGIN").await.unwrap();
        let count = self.straight.execute(statement, &[]).await.unwrap();
        let rows = self.rows().await;
        self.straight.batch_execute("ROLLBACK").await.unwrap();
        (count, rows)
    }
}

#[tokio::test]
async fn no_condition_gets_lost() {
    let world = World::open().await;
    for pushdown in ["on", "off"] {
        world.ours.batch_execute(&format!("SET medley.pushdown = {pushdown}")).await.unwrap();
        for statement in PLANTED {
            let expected = world.expected(statement).await;
            let count = world.ours.execute(statement, &[]).await;
            let count = count.map_err(|error| format!("{statement}: {}", said(&error))).unwrap();
            assert_eq!((count, world.rows().await), expected, "{statement}, pushdown {pushdown}");
        }
    }
}

#[tokio::test]
async fn a_statement_is_everything_or_nothing() {
    let world = World::open().await;
    let before = world.rows().await;
    let failing = [
        "INSERT INTO t VALUES (200, 1, 'x'), (201, 1, 'never')",
        "INSERT INTO t (id, n) SELECT 300 + o, 1 / (o - 30) FROM others ORDER BY o",
        "UPDATE t SET n = 1 / (id - 20) WHERE id IN (SELECT id FROM t)",
        "UPDATE t SET id = 99 FROM others WHERE o = t.id",
        "UPDATE t SET n = 5 RETURNING 1 / (id - 20)",
        "DELETE FROM t RETURNING 1 / (id - 20)",
        "INSERT INTO many SELECT g, CASE WHEN g > 4000 THEN (1 / (g - 5000))::text END \
         FROM generate_series(1, 6000) g",
    ];
    for statement in failing {
        assert!(world.ours.batch_execute(statement).await.is_err(), "{statement}");
        assert_eq!(world.rows().await, before, "{statement}");
    }
    assert_eq!(ask(&world.straight, "SELECT count(*) FROM many").await.unwrap(), ["0"]);
    // Two statements in one message are one transaction.
    let both = "DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (2, 2, 'again')";
    assert!(world.ours.batch_execute(both).await.is_err());
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn what_is_changed_is_seen_in_the_transaction_and_nowhere_else() {
    let world = World::open().await;
    let others = world.medley.connect_as_superuser().await.unwrap();
    let count = "SELECT count(*) FROM t WHERE n = -1";
    world.ours.batch_execute("BEGIN; UPDATE t SET n = -1 WHERE id < 4").await.unwrap();
    assert_eq!(ask(&world.ours, count).await.unwrap(), ["3"]);
    assert_eq!(ask(&others, count).await.unwrap(), ["0"]);
    let sum = "SELECT count(*) FROM t JOIN others ON o = id WHERE n = -1";
    assert_eq!(ask(&world.ours, sum).await.unwrap(), ["2"]);
    let savepoint = "SAVEPOINT s; DELETE FROM t WHERE n = -1; ROLLBACK TO s";
    world.ours.batch_execute(savepoint).await.unwrap();
    assert_eq!(ask(&world.ours, count).await.unwrap(), ["3"]);
    world.ours.batch_execute("COMMIT").await.unwrap();
    assert_eq!(ask(&others, count).await.unwrap(), ["3"]);
}

#[tokio::test]
async fn parameters_and_returning_work_by_the_extended_protocol() {
    let world = World::open().await;
    let ours = &world.ours;
    let insert = ours.prepare("INSERT INTO t VALUES ($1, $2, $3) RETURNING id, s").await.unwrap();
    assert_eq!(insert.columns().iter().map(|it| it.name()).collect::<Vec<_>>(), ["id", "s"]);
    for id in 400..403_i32 {
        let row = ours.query_one(&insert, &[&id, &Some(7_i32), &"it's"]).await.unwrap();
        assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1)), (id, "it's"));
    }
    let update = ours.prepare("UPDATE t SET n = n + $2 WHERE id = $1").await.unwrap();
    assert!(update.columns().is_empty());
    assert_eq!(ours.execute(&update, &[&400_i32, &1_i32]).await.unwrap(), 1);
    assert_eq!(ours.execute(&update, &[&999_i32, &1_i32]).await.unwrap(), 0);
    let delete = "DELETE FROM t WHERE id >= $1 RETURNING old.n, new.n";
    let rows = ours.query(delete, &[&400_i32]).await.unwrap();
    let mut deleted: Vec<(i32, Option<i32>)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    deleted.sort_unstable();
    assert_eq!(deleted, [(7, None), (7, None), (8, None)]);
}

/// Through a view it is the owner's account that writes, and the role's own that does not.
#[tokio::test]
async fn a_view_writes_as_its_owner() {
    let world = World::open().await;
    let definitions = "CREATE ROLE alice LOGIN; CREATE ROLE owner; \
        GRANT ALL ON t TO owner, alice; \
        CREATE USER MAPPING FOR alice SERVER one OPTIONS (user 'reader', password 'reader'); \
        CREATE VIEW v AS SELECT id, s FROM t WHERE id < 50; ALTER VIEW v OWNER TO owner; \
        GRANT ALL ON v TO alice";
    world.medley.psql(definitions).unwrap();
    let as_alice = |sql: &str| format!("SET ROLE alice; {sql}; RESET ROLE");
    let refused = world.ours.batch_execute(&as_alice("UPDATE t SET s = 'a' WHERE id = 1")).await;
    let refused = said(&refused.unwrap_err());
    assert!(refused.starts_with("42501: permission denied for table t"), "{refused}");
    world.ours.batch_execute("RESET ROLE").await.unwrap();
    world.ours.batch_execute(&as_alice("UPDATE v SET s = 'through' WHERE id = 1")).await.unwrap();
    let changed = ask(&world.straight, "SELECT s FROM t WHERE id = 1").await.unwrap();
    assert_eq!(changed, ["through"]);
}

/// Many rows from one server to the other, by COPY, and what was asked of the remote for them.
#[tokio::test]
async fn many_rows_go_from_one_server_to_the_other() {
    let world = World::open().await;
    let fill = "CREATE TABLE source AS SELECT g AS k, repeat('x', 100) || g AS v \
                FROM generate_series(1, 100000) g; GRANT ALL ON source TO writer";
    world.remote.psql(fill).unwrap();
    let import = "IMPORT FOREIGN SCHEMA public LIMIT TO (source) FROM SERVER two INTO public";
    world.ours.batch_execute(import).await.unwrap();
    let copied = world.ours.execute("INSERT INTO many SELECT k, v FROM source", &[]).await.unwrap();
    assert_eq!(copied, 100_000);
    let different = "SELECT count(*) FROM (TABLE source EXCEPT ALL TABLE many) x";
    assert_eq!(ask(&world.straight, different).await.unwrap(), ["0"]);
    // From the same server, over one connection.
    let doubled = world.ours.execute("INSERT INTO many SELECT k, v FROM many", &[]).await.unwrap();
    assert_eq!(doubled, 100_000);
    let deleted = world.ours.execute("DELETE FROM many USING others WHERE o = k", &[]).await;
    assert_eq!(deleted.unwrap(), 6);
}
