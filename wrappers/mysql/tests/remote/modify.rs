use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
use futures::{StreamExt, stream};
use medley_fdw::{Begin, Isolation, Modify, Result, SqlConnection, TableName};
use medley_types::{ColumnBuilder, PgType, field};

use crate::fixture::{PASSWORD, alice, log_in, mapping, mariadb, print, query, refused, server};

const WRITE: Begin<'_> =
    Begin { isolation: Isolation::RepeatableRead, read_only: false, snapshot: None };

async fn run(
    connection: &mut dyn SqlConnection,
    sql: &str,
    types: &[PgType],
    runs: &[&[Option<&str>]],
) -> Result<Vec<u64>> {
    let runs = runs.iter().map(|run| run.iter().map(|it| it.map(str::to_owned)).collect());
    let modify =
        Modify { sql: sql.into(), types: types.to_vec(), runs: runs.collect(), returning: None };
    connection.modify(modify).await.map(|modified| modified.counts)
}

#[tokio::test]
async fn rows_are_changed_in_a_transaction() {
    mariadb()
        .sql(
            "CREATE TABLE alice.changed (id INT PRIMARY KEY, t VARCHAR(9), b TINYINT(1), \
              raw VARBINARY(9), at TIMESTAMP(6) NULL, f DOUBLE, d DECIMAL(10,2), s TIME(6))",
        )
        .expect("a table");
    let mut connection = alice(&[]).await;
    connection.begin(WRITE).await.expect("begun");
    let types = [
        PgType::INT4,
        PgType::TEXT,
        PgType::BOOL,
        PgType::BYTEA,
        PgType::TIMESTAMPTZ,
        PgType::FLOAT8,
        PgType::NUMERIC,
        PgType::parse("interval").expect("a type"),
    ];
    let first = [
        Some("1"),
        Some("it's \\"),
        Some("t"),
        Some("\\x00ff"),
        Some("2024-02-29 12:00:00.5+02"),
        Some("1.7976931348623157e+308"),
        Some("-1.50"),
        Some("-838:59:59"),
    ];
    let second = [Some("2"), None, None, None, None, None, None, None];
    let sql = "INSERT INTO `alice`.`changed` VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let counts = run(connection.as_mut(), sql, &types, &[&first, &second]).await;
    assert_eq!(counts.expect("two rows"), [1, 1]);
    assert_eq!(mariadb().sql("SELECT COUNT(*) FROM alice.changed").expect("a count"), "0");
    connection.commit().await.expect("kept");
    let rows =
        mariadb().sql("SELECT id, t, b, HEX(raw), at, f, d, s FROM alice.changed ORDER BY id");
    assert_eq!(
        rows.expect("rows"),
        "1\tit's \\\\\t1\t00FF\t2024-02-29 10:00:00.500000\t1.7976931348623157e308\t-1.50\t\
         -838:59:59.000000\n2\tNULL\tNULL\tNULL\tNULL\tNULL\tNULL\tNULL"
    );
    // Found, though not changed.
    let sql = "UPDATE alice.changed SET b = 1 WHERE id = ?";
    let counts = run(connection.as_mut(), sql, &[PgType::INT4], &[&[Some("1")], &[Some("9")]]);
    assert_eq!(counts.await.expect("one row"), [1, 0]);
    let counts = run(connection.as_mut(), "DELETE FROM alice.changed", &[], &[&[]]).await;
    assert_eq!(counts.expect("two rows"), [2]);
}

#[tokio::test]
async fn refusals_are_told_as_postgresqls() {
    mariadb()
        .sql(
            "CREATE TABLE alice.parent (id INT PRIMARY KEY); \
              CREATE TABLE alice.child (id INT PRIMARY KEY, p INT NOT NULL REFERENCES parent(id), \
              t VARCHAR(3), CHECK (p <> 7)); INSERT INTO alice.parent VALUES (1), (7); \
              INSERT INTO alice.child VALUES (1, 1, 'a')",
        )
        .expect("tables");
    let mut connection = alice(&[]).await;
    for (values, state) in [
        ("1, 1, 'a'", "23505"),
        ("2, NULL, 'a'", "23502"),
        ("2, 5, 'a'", "23503"),
        ("2, 7, 'a'", "23514"),
        ("2, 1, 'abcd'", "22001"),
        ("99999999999, 1, 'a'", "22003"),
        ("'x', 1, 'a'", "22"),
    ] {
        let sql = format!("INSERT INTO alice.child VALUES ({values})");
        let said = refused(run(connection.as_mut(), &sql, &[], &[&[]]).await);
        assert!(said.starts_with(state), "{values}: {said}");
        assert!(said.ends_with(&format!("C: remote SQL command: {sql}")), "{said}");
    }
    // What is ignored is a row that is there, and nothing else.
    let ignore = async |connection: &mut dyn SqlConnection, values: &str| {
        let sql = format!("INSERT IGNORE INTO alice.child VALUES ({values})");
        run(connection, &sql, &[], &[&[]]).await
    };
    assert_eq!(ignore(connection.as_mut(), "1, 1, 'a'").await.expect("none"), [0]);
    for (values, state) in
        [("3, NULL, 'a'", "23502"), ("3, 5, 'a'", "23503"), ("3, 1, 'abcd'", "22001")]
    {
        connection.begin(WRITE).await.expect("begun");
        let said = refused(ignore(connection.as_mut(), values).await);
        assert!(said.starts_with(state), "{values}: {said}");
        connection.rollback().await.expect("undone");
    }
    // None of them sees what another makes of its column.
    connection.begin(WRITE).await.expect("begun");
    let sql = "UPDATE alice.child SET id = p + 8, p = id WHERE id = 1";
    assert_eq!(run(connection.as_mut(), sql, &[], &[&[]]).await.expect("a row"), [1]);
    let row = query("SELECT id, p FROM alice.child", &[PgType::INT4; 2]);
    assert_eq!(print(connection.as_mut(), row).await.expect("a row"), "9|1");
    connection.rollback().await.expect("undone");
    // None is run after one that failed.
    let sql = "INSERT INTO alice.parent VALUES (?)";
    let runs: [&[Option<&str>]; 3] = [&[Some("20")], &[Some("1")], &[Some("21")]];
    connection.begin(WRITE).await.expect("begun");
    let said = refused(run(connection.as_mut(), sql, &[PgType::INT4], &runs).await);
    assert!(said.starts_with("23505"), "{said}");
    connection.rollback().await.expect("undone");
    assert_eq!(mariadb().sql("SELECT COUNT(*) FROM alice.parent").expect("a count"), "2");
}

#[tokio::test]
async fn many_rows_are_added_at_once() {
    mariadb().sql("CREATE TABLE alice.many (i BIGINT, t TEXT, f FLOAT, b BLOB)").expect("a table");
    let types = [PgType::INT8, PgType::TEXT, PgType::FLOAT4, PgType::BYTEA];
    let fields: Vec<_> =
        types.iter().enumerate().map(|(i, t)| field(format!("c{i}"), *t, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = move |from: i64| {
        let mut columns = types.map(|t| ColumnBuilder::new(t, 1000));
        for i in from..from + 1000 {
            columns[0].append_i64(i).expect("it fits");
            match i % 3 {
                0 => columns[1].append_null(),
                _ => columns[1].append_str(&format!("it's \\ {i} 🎬").repeat(9)).expect("text"),
            }
            columns[2].append_str("0.1").expect("a number");
            columns[3].append_bytes(&[0, 39, 255]).expect("bytes");
        }
        let arrays: Vec<ArrayRef> = columns.iter_mut().map(ColumnBuilder::finish).collect();
        Ok(RecordBatch::try_new(schema.clone(), arrays).expect("a batch"))
    };
    let batches = stream::iter((0..20).map(move |i| batch(i * 1000))).boxed();
    let table = TableName { schema: Some("alice".into()), table: "many".into() };
    let columns = ["i", "t", "f", "b"].map(str::to_owned);
    let mut connection = alice(&[]).await;
    assert!(connection.can_copy_in(&table, &columns).await.expect("an answer"));
    let added = connection.copy_in(&table, &columns, batches).await.expect("rows");
    assert_eq!(added, 20_000);
    let rows = mariadb().sql(
        "SELECT COUNT(*), SUM(i), SUM(t IS NULL), SUM(t = REPEAT(CONCAT('it''s \\\\ ', i, ' 🎬'), 9)), \
         MIN(HEX(b)), MAX(f) FROM alice.many",
    );
    assert_eq!(rows.expect("a row"), "20000\t199990000\t6667\t13333\t0027FF\t0.1");
}

/// The server undoes all of a transaction that it has chosen to end a deadlock: what follows in
/// it must not be kept.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_deadlock_has_undone_is_not_committed() {
    mariadb()
        .sql(
            "CREATE TABLE alice.locked (id INT PRIMARY KEY, v INT); \
              INSERT INTO alice.locked VALUES (1, 0), (2, 0), (3, 0), (4, 0)",
        )
        .expect("a table");
    let set = |id: i32| format!("UPDATE alice.locked SET v = v + 1 WHERE id = {id}");
    let (mut one, mut other) = (alice(&[]).await, alice(&[]).await);
    for connection in [&mut one, &mut other] {
        connection.begin(WRITE).await.expect("begun");
    }
    // The other has changed more, so that it is the first that is chosen.
    run(one.as_mut(), &set(1), &[], &[&[]]).await.expect("locked");
    for id in [2, 3, 4] {
        run(other.as_mut(), &set(id), &[], &[&[]]).await.expect("locked");
    }
    let (sql_one, sql_other) = (set(2), set(1));
    let (first, second) = tokio::join!(
        run(one.as_mut(), &sql_one, &[], &[&[]]),
        run(other.as_mut(), &sql_other, &[], &[&[]])
    );
    let (mut victim, said) = match (first, second) {
        (Err(error), Ok(_)) => (one, error),
        (Ok(_), Err(error)) => (other, error),
        both => panic!("one of them is chosen: {both:?}"),
    };
    assert!(refused::<()>(Err(said)).starts_with("40P01"));
    let sql = "INSERT INTO alice.locked VALUES (9, 9)";
    run(victim.as_mut(), sql, &[], &[&[]]).await.expect("it is said to be run");
    let said = refused(victim.commit().await);
    assert!(said.starts_with("25P02 current transaction is aborted"), "{said}");
}

#[tokio::test]
async fn a_read_only_transaction_changes_nothing() {
    mariadb().sql("CREATE TABLE alice.kept (a INT)").expect("a table");
    let connection = log_in(&server(&[]), &mapping("alice", Some(PASSWORD)), false).await;
    let mut connection = connection.expect("a session");
    connection.begin(Begin { read_only: true, ..WRITE }).await.expect("begun");
    let sql = "INSERT INTO alice.kept VALUES (1)";
    let said = refused(run(connection.as_mut(), sql, &[], &[&[]]).await);
    assert!(said.starts_with("25006"), "{said}");
}
