//! MariaDB, as two people with accounts of their own there, beside a PostgreSQL.
use medley_testkit::{MariaDb, Medley, Postgres};
use tokio_postgres::Client;

use crate::cinema::ask;

/// alice's account sees all films, bob's those that are old.
struct World {
    mariadb: MariaDb,
    medley: Medley,
    _postgres: Postgres,
}

impl World {
    fn open() -> Self {
        let mariadb = MariaDb::start().unwrap();
        for account in ["maria_alice", "maria_bob"] {
            mariadb.create_account(account, account).unwrap();
        }
        mariadb.sql(FILMS).unwrap();
        let postgres = Postgres::start().unwrap();
        postgres.create_account("reader", "reader").unwrap();
        postgres.psql(RATINGS).unwrap();
        let medley = crate::medley();
        medley.psql(&definitions(mariadb.port(), postgres.port())).unwrap();
        Self { mariadb, medley, _postgres: postgres }
    }

    async fn log_in(&self, role: &str) -> Client {
        self.medley.connect(role, "").await.unwrap()
    }
}

const FILMS: &str = "\
    CREATE DATABASE cinema; USE cinema; \
    CREATE TABLE films (id INT PRIMARY KEY, title VARCHAR(40), year INT, price DECIMAL(6,2), \
        seen DATETIME(6), big BIGINT); \
    INSERT INTO films SELECT seq, CONCAT('Film ', seq), 1900 + seq % 125, seq / 4, \
        '2024-01-01' + INTERVAL seq SECOND, NULLIF(seq % 7, 0) FROM seq_1_to_1000; \
    UPDATE films SET title = 'film 2' WHERE id = 1002 - 2; \
    CREATE TABLE empty (a INT); \
    CREATE TABLE texts (id INT PRIMARY KEY, t VARCHAR(20)) COLLATE utf8mb4_general_ci; \
    INSERT INTO texts VALUES (1, 'a'), (2, 'A'), (3, 'a  '), (4, 'á'), (5, 'b'), (6, NULL), (7, ''); \
    CREATE TABLE notes (id INT PRIMARY KEY, t VARCHAR(20) NOT NULL, n INT); \
    CREATE VIEW old_films AS SELECT * FROM films WHERE year < 1910; \
    CREATE SQL SECURITY INVOKER VIEW whoami AS SELECT CURRENT_USER() AS account; \
    GRANT ALL ON cinema.* TO maria_alice@'127.0.0.1'; \
    GRANT SELECT ON cinema.old_films TO maria_bob@'127.0.0.1'; \
    GRANT SELECT ON cinema.whoami TO maria_bob@'127.0.0.1'";

const RATINGS: &str = "\
    CREATE TABLE ratings AS SELECT i AS film, i % 5 AS stars FROM generate_series(1, 2000) i; \
    GRANT SELECT ON ratings TO PUBLIC";

fn definitions(mariadb: u16, postgres: u16) -> String {
    format!(
        "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; \
         CREATE SERVER maria FOREIGN DATA WRAPPER mysql_fdw \
            OPTIONS (host '127.0.0.1', port '{mariadb}'); \
         CREATE USER MAPPING FOR alice SERVER maria \
            OPTIONS (username 'maria_alice', password 'maria_alice'); \
         CREATE USER MAPPING FOR bob SERVER maria \
            OPTIONS (username 'maria_bob', password 'maria_bob'); \
         CREATE USER MAPPING FOR CURRENT_USER SERVER maria \
            OPTIONS (username 'maria_alice', password 'maria_alice'); \
         IMPORT FOREIGN SCHEMA cinema FROM SERVER maria INTO public; \
         CREATE SERVER pg FOREIGN DATA WRAPPER postgres_fdw \
            OPTIONS (host '127.0.0.1', port '{postgres}', dbname 'postgres'); \
         CREATE USER MAPPING FOR PUBLIC SERVER pg OPTIONS (user 'reader', password 'reader'); \
         CREATE FOREIGN TABLE ratings (film integer, stars integer) SERVER pg; \
         GRANT ALL ON ALL TABLES IN SCHEMA public TO alice, bob"
    )
}

#[tokio::test]
async fn each_reads_as_their_own_account() {
    let world = World::open();
    let (alice, bob) = (world.log_in("alice").await, world.log_in("bob").await);
    let one = |text: &str| Ok(vec![text.to_owned()]);
    for (client, account) in [(&alice, "maria_alice"), (&bob, "maria_bob")] {
        let who = ask(client, "SELECT account FROM whoami").await;
        assert_eq!(who, one(&format!("{account}@127.0.0.1")));
    }
    assert_eq!(ask(&alice, "SELECT count(*), sum(price) FROM films").await, one("1000|125125.00"));
    let denied = ask(&bob, "SELECT count(*) FROM films").await.unwrap_err();
    assert!(denied.starts_with("42501: SELECT command denied to user 'maria_bob'"), "{denied}");
    let join = "SELECT count(*), sum(r.stars) FROM old_films f JOIN ratings r ON r.film = f.id";
    let expected = "80|160";
    for client in [&alice, &bob] {
        assert_eq!(ask(client, join).await, one(expected));
    }
    // One whose account is locked there is told so, and the other is not.
    world.mariadb.sql("DROP USER maria_bob@'127.0.0.1'").unwrap();
    let again = world.log_in("bob").await;
    world
        .medley
        .psql("ALTER USER MAPPING FOR bob SERVER maria OPTIONS (SET password 'x')")
        .unwrap();
    let refused = ask(&again, join).await.unwrap_err();
    assert!(refused.starts_with("08001: could not connect to server \"maria\""), "{refused}");
    assert_eq!(ask(&alice, join).await, one(expected));
}

/// What the remote computes of these, and what is computed here of whole tables, is the same.
const QUERIES: &[&str] = &[
    "SELECT id, title FROM films WHERE year = 1904 ORDER BY id",
    "SELECT id FROM films WHERE id BETWEEN 10 AND 15 OR id IN (3, 999) OR NOT id < 998 ORDER BY id",
    "SELECT id FROM films WHERE big IS NULL AND id < 30 ORDER BY id",
    "SELECT count(*), count(big), min(id), max(id), sum(id), sum(big) FROM films",
    "SELECT avg(id), avg(price) FROM films",
    "SELECT year, count(*), sum(price) FROM films WHERE id > 900 GROUP BY year ORDER BY year DESC LIMIT 5",
    "SELECT id FROM texts WHERE t = 'a' ORDER BY id",
    "SELECT id FROM texts WHERE t IN ('a', 'b') ORDER BY id",
    "SELECT id FROM texts WHERE t <> 'a' ORDER BY id",
    "SELECT id FROM texts WHERE t LIKE 'a%' ORDER BY id",
    "SELECT id FROM texts WHERE t < 'a' ORDER BY id",
    "SELECT id FROM texts WHERE t = '' ORDER BY id",
    "SELECT t, count(*) FROM texts GROUP BY t ORDER BY t COLLATE \"C\" NULLS FIRST",
    "SELECT DISTINCT upper(t) FROM texts ORDER BY 1",
    "SELECT id, big FROM films ORDER BY big DESC, id LIMIT 4",
    "SELECT id, big FROM films ORDER BY big NULLS FIRST, id LIMIT 4",
    "SELECT id, big FROM films ORDER BY big, id LIMIT 4 OFFSET 2",
    "SELECT id / 3, id % 3, -id / 3, id * 2 + 1 FROM films WHERE id < 6 ORDER BY id",
    "SELECT id FROM films WHERE price > 249.5 ORDER BY id",
    "SELECT id FROM films WHERE seen >= '2024-01-01 00:16:38' ORDER BY id",
    "SELECT a.id, b.id FROM films a JOIN films b ON b.id = a.id + 1 WHERE a.id < 4 ORDER BY 1",
    "SELECT a.id, b.t FROM films a LEFT JOIN texts b ON b.id = a.big WHERE a.id < 9 ORDER BY 1",
    "SELECT count(*) FROM texts a JOIN texts b ON a.t = b.t",
    "SELECT count(*) FROM films a WHERE EXISTS (SELECT FROM texts b WHERE b.id = a.big)",
    "SELECT count(*), max(a), sum(a) FROM empty",
    "SELECT id FROM films WHERE id = 5 AND title = 'Film 5'",
    "SELECT count(*) FROM films WHERE big * 9223372036854775807 > 0",
    "SELECT id / (id - 5) FROM films WHERE id < 9 ORDER BY id",
    "SELECT title || '!' FROM films WHERE id = 7",
    "SELECT id FROM films WHERE (id > 2) = (year > 1903) AND id < 9 ORDER BY id",
    "SELECT CASE WHEN id > 3 THEN 'x' ELSE title END FROM films WHERE id < 6 ORDER BY id",
    "SELECT id FROM films WHERE title = 'film 2'",
];

#[tokio::test]
async fn what_is_pushed_down_changes_no_answer() {
    let world = World::open();
    let alice = world.log_in("alice").await;
    for query in QUERIES {
        alice.batch_execute("SET medley.pushdown = on").await.unwrap();
        let pushed = ask(&alice, query).await;
        alice.batch_execute("SET medley.pushdown = off").await.unwrap();
        let here = ask(&alice, query).await;
        assert_eq!(pushed, here, "{query}");
    }
    alice.batch_execute("SET medley.pushdown = on").await.unwrap();
    let texts = ask(&alice, "SELECT id FROM texts WHERE t = 'a'").await;
    assert_eq!(texts, Ok(vec!["1".to_owned()]), "neither case nor blanks are overlooked");
    let sql = "EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM texts WHERE t = 'it''s' AND id < 3";
    let explained = ask(&alice, sql).await.unwrap().join("\n");
    assert!(explained.contains("`t` = 'it''s' AND CAST(CONVERT("), "{explained}");
    assert!(explained.contains("`id` < 3"), "{explained}");
}

#[tokio::test]
async fn large_tables_are_read_in_parts_where_no_snapshot_is_wanted() {
    let world = World::open();
    world
        .mariadb
        .sql(
            "CREATE TABLE cinema.large (id BIGINT PRIMARY KEY, t VARCHAR(80)); \
             INSERT INTO cinema.large SELECT seq * 3, LPAD(seq, 70, 'x') FROM cinema.seq_1_to_200000; \
             ANALYZE TABLE cinema.large",
        )
        .unwrap();
    world
        .medley
        .psql("CREATE FOREIGN TABLE large (id bigint, t text) SERVER maria OPTIONS (dbname 'cinema'); \
               GRANT SELECT ON large TO alice")
        .unwrap();
    let alice = world.log_in("alice").await;
    let sql = "SELECT count(*), sum(id), count(DISTINCT t), min(length(t)) FROM large";
    let expected = Ok(vec!["200000|60000300000|200000|70".to_owned()]);
    let executed = || {
        let status = world.mariadb.sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'").unwrap();
        status.split('\t').nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = executed();
    assert_eq!(ask(&alice, sql).await, expected);
    assert_eq!(executed(), before + 1);
    world.medley.psql("ALTER SERVER maria OPTIONS (ADD snapshot 'none')").unwrap();
    assert_eq!(ask(&alice, sql).await, expected);
    assert!(executed() > before + 2, "it comes in parts");
}

/// As mysql_fdw's users write it, and pg_dump after them.
#[tokio::test]
async fn definitions_for_mysql_fdw_replay() {
    let medley = crate::medley();
    medley
        .psql(
            "CREATE EXTENSION IF NOT EXISTS mysql_fdw WITH SCHEMA public; \
             COMMENT ON EXTENSION mysql_fdw IS 'Foreign data wrapper for querying a MySQL server'; \
             CREATE SERVER m FOREIGN DATA WRAPPER mysql_fdw OPTIONS (fetch_size '1000', \
                host '127.0.0.1', init_command 'SET @a = 1', port '3306', reconnect 'true', \
                secure_auth 'true', sql_mode 'ANSI_QUOTES', ssl_ca '/x', ssl_capath '/x', \
                ssl_cert '/x', ssl_cipher 'x', ssl_key '/x', truncatable 'true', \
                use_remote_estimate 'false', character_set 'auto', mysql_default_file '/x'); \
             ALTER SERVER m OWNER TO CURRENT_USER; \
             CREATE USER MAPPING FOR public SERVER m OPTIONS (password 'p', username 'u'); \
             CREATE FOREIGN TABLE warehouse (warehouse_id integer, warehouse_name text, \
                warehouse_created timestamp without time zone) SERVER m \
                OPTIONS (dbname 'db', fetch_size '10', max_blob_size '32767', \
                table_name 'warehouse', truncatable 'false')",
        )
        .unwrap();
    let said = medley.psql("CREATE SERVER n FOREIGN DATA WRAPPER mysql_fdw OPTIONS (hostt 'x')");
    let said = said.unwrap_err().to_string();
    assert!(said.contains("invalid option \"hostt\""), "{said}");
    assert!(said.contains("Perhaps you meant the option \"host\"."), "{said}");
}

#[tokio::test]
async fn rows_are_changed_in_transactions() {
    let world = World::open();
    let alice = world.log_in("alice").await;
    let stored = || world.mariadb.sql("SELECT * FROM cinema.notes ORDER BY id").unwrap();
    alice
        .batch_execute("INSERT INTO notes VALUES (1, 'it''s \\', NULL), (2, 'two', 2), (3, 'x', 3)")
        .await
        .unwrap();
    assert_eq!(stored(), "1\tit's \\\\\tNULL\n2\ttwo\t2\n3\tx\t3");
    alice.batch_execute("UPDATE notes SET n = coalesce(n, 0) + 10 WHERE id < 3").await.unwrap();
    alice.batch_execute("DELETE FROM notes WHERE upper(t) = 'X'").await.unwrap();
    assert_eq!(stored(), "1\tit's \\\\\t10\n2\ttwo\t12");
    alice.batch_execute("BEGIN; INSERT INTO notes VALUES (4, 'four', 4)").await.unwrap();
    let inside = ask(&alice, "SELECT count(*) FROM notes").await;
    assert_eq!(inside, Ok(vec!["3".to_owned()]));
    alice.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(stored(), "1\tit's \\\\\t10\n2\ttwo\t12");
    let twice = ask(&alice, "INSERT INTO notes VALUES (5, 'five', 5), (1, 'again', 1)").await;
    let twice = twice.unwrap_err();
    assert!(twice.starts_with("23505: "), "{twice}");
    assert_eq!(stored(), "1\tit's \\\\\t10\n2\ttwo\t12", "all of a statement, or nothing");
    alice.batch_execute("TRUNCATE notes").await.unwrap();
    assert_eq!(stored(), "");
}
