use medley_fdw::{Query, RowIdentity, TableName};
use medley_types::PgType;

use crate::fixture::{alice, mariadb, print, query, refused};

#[tokio::test]
async fn rows_come_as_declared() {
    mariadb()
        .sql(
            "CREATE TABLE alice.films (id INT PRIMARY KEY, title VARCHAR(40), seen DATE); \
              INSERT INTO alice.films VALUES (1, 'Metropolis', '1927-01-10'), \
              (2, 'Zażółć gęślą jaźń 🎬', NULL), (3, NULL, '2024-02-29')",
        )
        .expect("a table");
    let mut connection = alice(&[]).await;
    let rows = query(
        "SELECT `id`, `title`, `seen` FROM `alice`.`films` ORDER BY id",
        &[PgType::INT4, PgType::TEXT, PgType::DATE],
    );
    let rows = print(connection.as_mut(), rows).await.expect("rows");
    assert_eq!(rows, "1|Metropolis|1927-01-10\n2|Zażółć gęślą jaźń 🎬|~\n3|~|2024-02-29");
    assert!(connection.reset().await);
    let none = query("SELECT id FROM alice.films WHERE id > 3", &[PgType::INT4]);
    assert_eq!(print(connection.as_mut(), none).await.expect("no rows"), "");
    let counted = query("SELECT NULL FROM alice.films", &[]);
    assert_eq!(print(connection.as_mut(), counted).await.expect("rows"), "\n\n");
}

#[tokio::test]
async fn parameters_are_values() {
    let mut connection = alice(&[]).await;
    let text = |text: &str| Some(text.to_owned());
    let parameters = vec![
        (PgType::INT8, text("-9223372036854775808")),
        (PgType::TEXT, text("it's \\ \"x\"")),
        (PgType::BOOL, text("t")),
        (PgType::BYTEA, text("\\x00ff")),
        (PgType::DATE, text("2024-02-29")),
        (PgType::TIMESTAMPTZ, text("2024-02-29 12:00:00.5+02")),
        (PgType::NUMERIC, text("12345678901234567890.123")),
        (PgType::FLOAT8, text("0.1")),
        (PgType::TEXT, None),
    ];
    let sql = "SELECT ?, ?, ?, HEX(?), CAST(? AS DATE), CAST(? AS DATETIME(1)), ?, ?, ?";
    let types = [
        PgType::INT8,
        PgType::TEXT,
        PgType::BOOL,
        PgType::TEXT,
        PgType::DATE,
        PgType::TIMESTAMP,
        PgType::NUMERIC,
        PgType::FLOAT8,
        PgType::TEXT,
    ];
    let rows = print(connection.as_mut(), Query { parameters, ..query(sql, &types) }).await;
    assert_eq!(
        rows.expect("a row"),
        "-9223372036854775808|it's \\ \"x\"|t|00FF|2024-02-29|2024-02-29 10:00:00.5|\
         12345678901234567890.123|0.1|~"
    );
}

#[tokio::test]
async fn errors_are_told_as_postgresqls() {
    let mut connection = alice(&[]).await;
    let mut check = async |sql: &str, types: &[PgType], expected: &str| {
        let outcome = print(connection.as_mut(), query(sql, types)).await;
        assert_eq!(refused(outcome), expected, "{sql}");
        let one = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
        assert_eq!(one.expect("it goes on"), "1");
    };
    check(
        "SELECT a FROM alice.absent",
        &[PgType::INT4],
        "42P01 Table 'alice.absent' doesn't exist\n\
         C: remote SQL command: SELECT a FROM alice.absent",
    )
    .await;
    check(
        "SELECT User FROM mysql.user",
        &[PgType::TEXT],
        "42501 SELECT command denied to user 'alice'@'127.0.0.1' for table `mysql`.`user`\n\
         C: remote SQL command: SELECT User FROM mysql.user",
    )
    .await;
    check(
        "SELECT 1, 2",
        &[PgType::INT4],
        "XX000 remote query result does not match the foreign table",
    )
    .await;
    check("DO 1", &[PgType::INT4], "XX000 remote query result does not match the foreign table")
        .await;
}

#[tokio::test]
async fn a_column_that_the_remote_has_lost_is_named() {
    mariadb().sql("CREATE TABLE alice.lost (a INT, b INT)").expect("a table");
    let mut connection = alice(&[]).await;
    mariadb().sql("ALTER TABLE alice.lost RENAME COLUMN b TO c").expect("a change");
    let outcome =
        print(connection.as_mut(), query("SELECT `a`, `b` FROM alice.lost", &[PgType::INT4; 2]));
    let said = refused(outcome.await);
    assert!(said.starts_with("42703 Unknown column 'b' in "), "{said}");
}

#[tokio::test]
async fn cursors_take_turns() {
    let mut connection = alice(&[]).await;
    let numbers = |from: i32| {
        query(&format!("SELECT seq FROM alice.seq_{from}_to_{}", from + 24_999), &[PgType::INT4])
    };
    connection.declare("a", numbers(1)).await.expect("a cursor");
    connection.declare("b", numbers(100_001)).await.expect("another");
    let mut read = [0, 0];
    loop {
        let mut ended = 0;
        for (index, name) in ["a", "b"].into_iter().enumerate() {
            match connection.fetch(name, 1000).await.expect("rows") {
                Some(batch) => read[index] += batch.num_rows(),
                None => ended += 1,
            }
        }
        if ended == 2 {
            break;
        }
    }
    assert_eq!(read, [25_000, 25_000]);
    connection.close("a").await.expect("closed");
    connection.close("b").await.expect("closed");
    let one = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("it goes on"), "1");
}

#[tokio::test]
async fn tables_are_described() {
    mariadb()
        .sql(
            "CREATE TABLE alice.described (a INT UNSIGNED, b VARCHAR(3), c DECIMAL(10,2), \
              PRIMARY KEY (b, a)); INSERT INTO alice.described VALUES (1, 'x', 1.5)",
        )
        .expect("a table");
    let mut connection = alice(&[]).await;
    let name = |table: &str| TableName { schema: Some("alice".into()), table: table.into() };
    let found = connection.tables(&[name("described"), name("nosuch")]).await.expect("described");
    let columns = &found[0].as_ref().expect("it is there").columns;
    let types: Vec<_> = columns.iter().map(|c| c.pg_type.to_string()).collect();
    assert_eq!(types, ["bigint", "character varying(3)", "numeric(10,2)"]);
    assert!(columns.iter().all(|column| column.readable));
    assert!(found[1].is_none());
    let key = connection.row_identity(&name("described")).await.expect("a key");
    assert_eq!(key, RowIdentity::Columns(vec!["b".into(), "a".into()]));
    assert!(connection.statistics(&name("described")).await.expect("a size").rows.is_some());
    let estimate = connection.estimate("SELECT * FROM alice.described").await.expect("a number");
    assert!(estimate.rows >= 1.0);
}
