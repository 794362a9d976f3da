use crate::raw::Raw;
use crate::toy::Toy;

#[tokio::test]
async fn rows_come_as_binary_with_parameters() {
    let toy = Toy::start().await;
    let rows = toy.connect().await.query("rows $1", &[&3_i32]).await.unwrap();
    let rows: Vec<(i32, Option<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [(0, Some("row 0".into())), (1, Some("row 1".into())), (2, None)]);
}

#[tokio::test]
async fn a_portal_gives_as_many_rows_as_are_asked_for() {
    let toy = Toy::start().await;
    let mut client = toy.connect().await;
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("rows 5", &[]).await.unwrap();
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(transaction.query_portal(&portal, 2).await.unwrap().len());
    }
    assert_eq!(counts, [2, 2, 1]);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_suspended_portal_says_so() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    let answer = raw.parse("rows 3").bind().execute(2).execute(2).sync().ask().await;
    assert_eq!(answer, "12DDsDCZ");
}

#[tokio::test]
async fn after_an_error_everything_up_to_sync_is_skipped() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.parse("rows 1").bind().execute(0).parse("bad").bind().execute(0).query("rows 1").sync();
    raw.parse("rows 1").bind().execute(0).sync();
    assert_eq!(raw.ask().await, "12DCE(ERROR 42601 bad)Z");
    assert_eq!(raw.kinds().await, "12DCZ");
}

#[tokio::test]
async fn statements_and_portals_are_described() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.parse("rows $1").message(b'D', b"S\0").parse("begin").message(b'D', b"S\0").bind();
    raw.message(b'D', b"P\0").execute(0).message(b'C', b"P\0").message(b'C', b"Snone\0").sync();
    assert_eq!(raw.ask().await, "1tT1tn2nC33Z");
}

#[tokio::test]
async fn flush_sends_what_is_there() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.parse("begin").message(b'H', b"").send().await;
    assert_eq!(raw.answer().await.unwrap().0, '1');
}

#[tokio::test]
async fn an_empty_statement_is_answered() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    assert_eq!(raw.parse("").bind().execute(0).sync().ask().await, "12IZ");
}

#[tokio::test]
async fn a_malformed_message_is_an_error_of_its_own() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    assert_eq!(raw.query("begin").ask().await, "CZ");
    let answer = raw.message(b'B', b"\0\0\0\x05").execute(0).sync().ask().await;
    assert_eq!(answer, "E(ERROR 08P01 insufficient data left in message)Z");
    let answer = raw.message(b'Q', b"\xff\0").ask().await;
    let expected = "E(ERROR 22021 invalid byte sequence for encoding \"UTF8\": 0xff)Z";
    assert_eq!(answer, expected);
    // The transaction block failed with the first.
    raw.sync().send().await;
    assert_eq!(raw.answer().await.unwrap().1, &b"E"[..]);
}

#[tokio::test]
async fn a_function_call_is_refused() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    let answer = raw.message(b'F', b"\0\0\x05\x3d").ask().await;
    assert_eq!(answer, "E(ERROR 0A000 fastpath function call is not supported)Z");
}

#[tokio::test]
async fn many_messages_may_be_sent_ahead() {
    let toy = Toy::start().await;
    let client = toy.connect().await;
    let statement = client.prepare("rows $1").await.unwrap();
    let queries = (0..2000_i32).map(|rows| {
        let (client, statement) = (&client, &statement);
        async move { client.query(statement, &[&(rows % 7)]).await.unwrap().len() as i32 }
    });
    let counts = futures::future::join_all(queries).await;
    assert!(counts.into_iter().zip(0..).all(|(count, rows)| count == rows % 7));
}
