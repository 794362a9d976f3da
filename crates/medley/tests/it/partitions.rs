//! A remote table with partitions, whose rows may share a ctid.
use medley_testkit::Postgres;

use crate::cinema::ask;

#[tokio::test]
async fn partitioned_remotes_are_read_and_written() {
    let remote = Postgres::start().unwrap();
    remote.create_account("writer", "writer").unwrap();
    let tables = "CREATE TABLE p (id integer, v text) PARTITION BY LIST (id); \
                  CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); \
                  CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); \
                  CREATE VIEW seen AS SELECT id, v FROM p; \
                  CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM p; \
                  GRANT ALL ON p, p1, p2, seen, kept TO writer";
    remote.psql(tables).unwrap();
    let medley = crate::medley();
    let definitions = format!(
        "CREATE SERVER r FOREIGN DATA WRAPPER postgres_fdw \
            OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres'); \
         CREATE USER MAPPING FOR PUBLIC SERVER r OPTIONS (user 'writer', password 'writer'); \
         IMPORT FOREIGN SCHEMA public FROM SERVER r INTO public",
        remote.port()
    );
    medley.psql(&definitions).unwrap();
    let ours = medley.connect_as_superuser().await.unwrap();
    let check = async |sql: &str, expected: &[&str]| {
        assert_eq!(ask(&ours, sql).await.unwrap(), expected, "{sql}");
    };
    // The partitions are the remote's affair.
    let listed = "SELECT relname FROM pg_class WHERE relkind = 'f' ORDER BY 1";
    check(listed, &["kept", "p", "seen"]).await;
    check("INSERT INTO p VALUES (1, 'a'), (2, 'b')", &[]).await;
    check("UPDATE p SET v = 'c' WHERE id = 1", &[]).await;
    for pushdown in ["on", "off"] {
        check(&format!("SET medley.pushdown = {pushdown}"), &[]).await;
        check("SELECT id, v FROM p ORDER BY id", &["1|c", "2|b"]).await;
        check("SELECT id, v FROM seen ORDER BY id", &["1|c", "2|b"]).await;
        check("SELECT count FROM kept", &["0"]).await;
    }
    // Row by row, one of the two cannot be meant: nothing is changed. The first of each partition
    // is at the same place.
    remote.psql("TRUNCATE p; INSERT INTO p VALUES (1, 'c'), (2, 'b')").unwrap();
    for sql in ["UPDATE p SET v = 'x' WHERE id = 1", "DELETE FROM p WHERE id = 2"] {
        let refused = ask(&ours, sql).await.unwrap_err();
        let said = "55000: rows of foreign table \"p\" cannot be told apart at the remote";
        assert_eq!(refused, said, "{sql}");
        check("SELECT id, v FROM p ORDER BY id", &["1|c", "2|b"]).await;
    }
}
