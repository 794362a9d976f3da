use crate::fixture::{alice, cluster, print, query, refused};
use medley_types::PgType;

#[tokio::test]
async fn rows_come_by_copy_or_by_the_extended_protocol_alike() {
    let mut connection = alice(&[]).await;
    let by_copy =
        query("SELECT g, NULL::text FROM generate_series(1, 3) g", &[PgType::INT4, PgType::TEXT]);
    assert_eq!(print(connection.as_mut(), by_copy).await.expect("rows"), "1|\n2|\n3|");
    let mut bound = query("SELECT g FROM generate_series(1, 9) g WHERE g > $1", &[PgType::INT4]);
    bound.parameters = vec![(PgType::INT4, Some("7".to_owned()))];
    assert_eq!(print(connection.as_mut(), bound).await.expect("rows"), "8\n9");
    let mut null = query("SELECT $1::text IS NULL", &[PgType::BOOL]);
    null.parameters = vec![(PgType::TEXT, None)];
    assert_eq!(print(connection.as_mut(), null).await.expect("a row"), "t");
}

#[tokio::test]
async fn an_empty_result_is_no_row() {
    let mut connection = alice(&[]).await;
    for sql in ["SELECT 1 WHERE false", "SELECT 1::int8 WHERE false"] {
        let rows = print(connection.as_mut(), query(sql, &[PgType::INT4])).await;
        assert_eq!(rows.expect("nothing"), "");
    }
}

#[tokio::test]
async fn rows_without_wanted_columns_are_counted() {
    use futures::StreamExt;
    let mut connection = alice(&[]).await;
    let sql = query("SELECT NULL FROM generate_series(1, 20000)", &[]);
    let batches: Vec<_> = connection.query(sql).collect().await;
    let rows: usize = batches.into_iter().map(|batch| batch.expect("rows").num_rows()).sum();
    assert_eq!(rows, 20_000);
}

#[tokio::test]
async fn what_the_remote_refuses_is_passed_on_and_the_session_goes_on() {
    let mut connection = alice(&[]).await;
    let gone = "SELECT gone FROM pg_catalog.pg_class";
    let outcome = print(connection.as_mut(), query(gone, &[PgType::TEXT])).await;
    let expected = format!("42703 column \"gone\" does not exist\nC: remote SQL command: {gone}");
    assert_eq!(refused(outcome), expected);

    // In the middle of the rows.
    let late = "SELECT 10 / (3 - g) FROM generate_series(1, 5) g";
    let outcome = print(connection.as_mut(), query(late, &[PgType::INT4])).await;
    assert_eq!(refused(outcome), format!("22012 division by zero\nC: remote SQL command: {late}"));

    let denied = "SELECT rolpassword FROM pg_catalog.pg_authid";
    let outcome = print(connection.as_mut(), query(denied, &[PgType::TEXT])).await;
    let expected =
        format!("42501 permission denied for table pg_authid\nC: remote SQL command: {denied}");
    assert_eq!(refused(outcome), expected);

    let one = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("a row"), "1");
    assert!(connection.reset().await);
}

#[tokio::test]
async fn a_result_of_another_width_is_refused() {
    let mut connection = alice(&[]).await;
    let outcome = print(connection.as_mut(), query("SELECT 1, 2", &[PgType::INT4])).await;
    assert_eq!(refused(outcome), "XX000 remote query result does not match the foreign table");
    assert!(connection.reset().await);
}

#[tokio::test]
async fn a_query_is_described_without_running() {
    let mut connection = alice(&[]).await;
    let sql = "SELECT $1::int4 + 1 AS next, 'x'::varchar(3) AS x";
    let (parameters, columns) = connection.describe(sql).await.expect("it can be parsed");
    assert_eq!(parameters, [PgType::INT4]);
    let columns: Vec<_> = columns.iter().map(|c| format!("{} {}", c.name, c.pg_type)).collect();
    assert_eq!(columns, ["next integer", "x character varying(3)"]);
    assert!(connection.reset().await);
}

#[tokio::test]
async fn splits_are_all_of_a_table_under_one_snapshot() {
    let setup = "CREATE TABLE split_me AS SELECT g, repeat('x', 100) AS pad \
                 FROM generate_series(1, 50000) g; \
                 ANALYZE split_me; GRANT ALL ON split_me TO PUBLIC";
    cluster().psql(setup).expect("a table");
    let table =
        medley_fdw::TableName { schema: Some("public".to_owned()), table: "split_me".to_owned() };
    let mut first = alice(&[]).await;
    let begin = |snapshot| medley_fdw::Begin {
        isolation: medley_fdw::Isolation::RepeatableRead,
        read_only: true,
        snapshot,
    };
    first.begin(begin(None)).await.expect("a transaction");
    let snapshot = first.export_snapshot().await.expect("a snapshot");
    let splits = first.splits(&table, 4).await.expect("parts");
    assert_eq!(splits.len(), 4);
    cluster()
        .psql("INSERT INTO split_me SELECT -g, 'new' FROM generate_series(1, 9) g")
        .expect("rows");
    let mut counts: Vec<usize> = Vec::new();
    for split in &splits {
        let mut second = alice(&[]).await;
        second.begin(begin(Some(&snapshot))).await.expect("the same snapshot");
        let sql = format!("SELECT count(*) FROM public.split_me WHERE {}", split.condition);
        let count = print(second.as_mut(), query(&sql, &[PgType::INT8])).await.expect("a count");
        counts.push(count.parse().expect("a number"));
        assert!(!second.reset().await, "it is in a transaction");
        second.rollback().await.expect("an end");
        assert!(second.reset().await);
    }
    assert_eq!(counts.iter().sum::<usize>(), 50_000);
    assert!(counts.is_sorted_by(|a, b| a > b), "later ones are smaller: {counts:?}");
    let mut reading = query("SELECT g, pad FROM public.split_me", &[PgType::INT4, PgType::TEXT]);
    for (split, count) in splits.iter().zip(&counts) {
        reading.sql = format!("SELECT g, pad FROM public.split_me WHERE {}", split.condition);
        let rows = print(first.as_mut(), reading.clone()).await.expect("rows");
        assert_eq!(rows.lines().count(), *count, "one after another on one connection");
    }

    let statistics = first.statistics(&table).await.expect("statistics");
    assert_eq!(statistics.rows, Some(50_000.0));
    assert!(statistics.bytes > Some(5_000_000));
    let estimate = first.estimate("SELECT g FROM public.split_me").await.expect("an estimate");
    assert!(estimate.rows > 40_000.0 && estimate.width == 4.0, "{estimate:?}");
    let missing = medley_fdw::TableName { schema: None, table: "no_such_table".to_owned() };
    let outcome = refused(first.splits(&missing, 4).await);
    assert!(outcome.starts_with("42P01 relation \"no_such_table\" does not exist"), "{outcome}");
}
