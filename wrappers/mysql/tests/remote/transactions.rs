use medley_fdw::{Begin, Isolation, SqlConnection};
use medley_types::PgType;

use crate::fixture::{alice, mariadb, print, query, refused};

const READ: Begin<'_> =
    Begin { isolation: Isolation::RepeatableRead, read_only: true, snapshot: None };

async fn count(connection: &mut dyn SqlConnection, table: &str) -> String {
    let rows = query(&format!("SELECT COUNT(*) FROM alice.{table}"), &[PgType::INT8]);
    print(connection, rows).await.expect("a count")
}

/// Not from the first read on, but from the beginning.
#[tokio::test]
async fn a_transaction_sees_one_moment() {
    mariadb().sql("CREATE TABLE alice.seen (a INT)").expect("a table");
    let mut connection = alice(&[]).await;
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable] {
        connection.begin(Begin { isolation, ..READ }).await.expect("begun");
        connection.commit().await.expect("ended");
    }
    connection.begin(READ).await.expect("begun");
    mariadb().sql("INSERT INTO alice.seen VALUES (1)").expect("a row");
    assert_eq!(count(connection.as_mut(), "seen").await, "0");
    connection.commit().await.expect("ended");
    assert_eq!(count(connection.as_mut(), "seen").await, "1");
}

#[tokio::test]
async fn savepoints_are_kept_and_released() {
    let mut connection = alice(&[]).await;
    connection.begin(READ).await.expect("begun");
    connection.savepoint("s`1").await.expect("set");
    connection.rollback_to("s`1").await.expect("undone");
    connection.release("s`1").await.expect("released");
    let said = refused(connection.rollback_to("s`1").await);
    assert!(said.starts_with("3B001 SAVEPOINT s`1 does not exist"), "{said}");
    connection.rollback().await.expect("ended");
}
