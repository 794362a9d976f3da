use crate::fixture::{alice, cluster, print, query, refused};
use medley_fdw::{Begin, Isolation, SqlConnection};
use medley_types::PgType;

async fn begin(connection: &mut dyn SqlConnection, read_only: bool) {
    let begin = Begin { isolation: Isolation::RepeatableRead, read_only, snapshot: None };
    connection.begin(begin).await.expect("a transaction");
}

async fn one(connection: &mut dyn SqlConnection, sql: &str) -> String {
    print(connection, query(sql, &[PgType::TEXT])).await.expect("a row")
}

#[tokio::test]
async fn a_transaction_is_as_isolated_as_it_was_asked_to_be() {
    let mut connection = alice(&[]).await;
    begin(connection.as_mut(), true).await;
    assert_eq!(one(connection.as_mut(), "SHOW transaction_isolation").await, "repeatable read");
    assert_eq!(one(connection.as_mut(), "SHOW transaction_read_only").await, "on");
    connection.commit().await.expect("an end");
    begin(connection.as_mut(), false).await;
    assert_eq!(one(connection.as_mut(), "SHOW transaction_read_only").await, "off");
    assert!(!connection.reset().await);
    connection.rollback().await.expect("an end");
    assert!(connection.reset().await);
}

#[tokio::test]
async fn savepoints_undo_what_came_after_them() {
    let mut connection = alice(&[]).await;
    begin(connection.as_mut(), false).await;
    connection.savepoint("s2").await.expect("a savepoint");
    let outcome = print(connection.as_mut(), query("SELECT 1/0", &[PgType::INT4])).await;
    assert!(refused(outcome).starts_with("22012"));
    let failed = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert!(refused(failed).starts_with("25P02"));
    connection.rollback_to("s2").await.expect("undone");
    connection.release("s2").await.expect("forgotten");
    assert_eq!(one(connection.as_mut(), "SELECT 'x'").await, "x");
    connection.commit().await.expect("an end");
}

#[tokio::test]
async fn a_commit_that_rolls_back_is_an_error() {
    let mut connection = alice(&[]).await;
    begin(connection.as_mut(), false).await;
    let outcome = print(connection.as_mut(), query("SELECT 1/0", &[PgType::INT4])).await;
    assert!(refused(outcome).starts_with("22012"));
    assert!(refused(connection.commit().await).starts_with("25P02"));
    assert!(connection.reset().await);
}

#[tokio::test]
async fn cursors_take_turns() {
    let mut connection = alice(&[]).await;
    let numbers = query("SELECT g FROM generate_series(1, 5) g", &[PgType::INT4]);
    let outcome = refused(connection.declare("c1", numbers.clone()).await);
    assert!(outcome.starts_with("25P01"), "{outcome}");

    begin(connection.as_mut(), false).await;
    let sql = "SELECT g::text::inet FROM unnest(ARRAY['10.0.0.1', '::1']) g";
    connection.declare("c1", numbers).await.expect("a cursor");
    connection.declare("c2", query(sql, &[PgType::INET])).await.expect("a cursor");
    let mut sizes = Vec::new();
    for (cursor, rows) in [("c1", 2), ("c2", 1), ("c1", 2), ("c2", 9), ("c1", 2), ("c1", 2)] {
        let batch = connection.fetch(cursor, rows).await.expect("rows");
        sizes.push(batch.map(|batch| batch.num_rows()));
    }
    assert_eq!(sizes, [Some(2), Some(1), Some(2), Some(1), Some(1), None]);
    connection.close("c1").await.expect("closed");
    assert!(refused(connection.fetch("c1", 1).await).starts_with("34000"));
    connection.commit().await.expect("an end");
    assert!(refused(connection.fetch("c2", 1).await).starts_with("34000"));
    assert!(connection.reset().await);
}

#[tokio::test]
async fn a_bad_snapshot_is_the_remotes_error() {
    let mut connection = alice(&[]).await;
    let isolation = Isolation::RepeatableRead;
    let outcome =
        connection.begin(Begin { isolation, read_only: true, snapshot: Some("it's none") }).await;
    assert!(refused(outcome).starts_with("22023 invalid snapshot identifier"));
    connection.rollback().await.expect("an end");
    assert!(connection.reset().await);
    assert!(cluster().backends().is_ok());
}
