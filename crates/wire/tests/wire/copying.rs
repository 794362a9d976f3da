use futures::{SinkExt, TryStreamExt};

use crate::raw::Raw;
use crate::toy::Toy;

#[tokio::test]
async fn data_is_copied_out() {
    let toy = Toy::start().await;
    let stream = toy.connect().await.copy_out("copy out").await.unwrap();
    let pieces: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"1\tone\n2\ttwo\n");
}

#[tokio::test]
async fn data_is_copied_in() {
    let mut toy = Toy::start().await;
    let client = toy.connect().await;
    let mut sink = Box::pin(client.copy_in("copy in").await.unwrap());
    for piece in [&b"one\nt"[..], b"wo\n"] {
        sink.send(bytes::Bytes::from_static(piece)).await.unwrap();
    }
    assert_eq!(sink.as_mut().finish().await.unwrap(), 1);
    assert_eq!(toy.event().await, "one\ntwo\n");
}

#[tokio::test]
async fn a_client_may_give_up_copying() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    let answer = raw.query("copy in").message(b'd', b"x").message(b'f', b"tired\0").ask().await;
    assert_eq!(answer, "GE(ERROR 57014 COPY from stdin failed: tired)Z");
    // What is on its way after the error is no offence.
    assert_eq!(raw.message(b'd', b"x").message(b'c', b"").query("rows 1").ask().await, "TDCZ");
}

#[tokio::test]
async fn a_query_in_the_middle_of_copying_is_fatal() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    let answer = raw.query("copy in").query("rows 1").ask().await;
    let expected = "GE(ERROR 08P01 unexpected message type 0x51 during COPY from stdin)\
                    E(FATAL 08P01 terminating connection because protocol synchronization was lost).";
    assert_eq!(answer, expected);
}
