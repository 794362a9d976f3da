//! Who gets in, and what a stranger learns; that those who wait keep nobody out.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use medley_testkit::Medley;
use tokio::time::timeout;

use crate::{builder, medley, said};

/// Reads a message: its type and its body.
fn message(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).unwrap();
    (head[0], body)
}

fn with_length(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

/// The salt and the rounds that somebody who says to be `user` is asked to use.
fn challenge(medley: &Medley, user: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", medley.port())).unwrap();
    let start = [&196_608_u32.to_be_bytes()[..], format!("user\0{user}\0\0").as_bytes()].concat();
    stream.write_all(&with_length(&start)).unwrap();
    assert_eq!(message(&mut stream).0, b'R');
    let first = b"n,,n=,r=abcdefghijklmnop";
    let length = (first.len() as u32).to_be_bytes();
    let begin = [b"SCRAM-SHA-256\0", &length[..], first].concat();
    stream.write_all(&[b"p", &with_length(&begin)[..]].concat()).unwrap();
    let (kind, body) = message(&mut stream);
    assert_eq!((kind, &body[..4]), (b'R', &[0, 0, 0, 11][..]));
    let text = String::from_utf8(body[4..].to_vec()).unwrap();
    text.split_once(",s=").unwrap().1.to_owned()
}

#[test]
fn that_there_is_no_such_user_is_not_told_by_the_salt() {
    let mut medley = builder().password("x").start().unwrap();
    medley.psql("CREATE ROLE alice LOGIN PASSWORD 'y'; CREATE ROLE mute LOGIN").unwrap();
    let users = ["alice", "mute", "nobody"];
    let before = users.map(|user| challenge(&medley, user));
    assert_eq!(users.map(|user| challenge(&medley, user)), before);
    medley.restart().unwrap();
    assert_eq!(users.map(|user| challenge(&medley, user)), before);
    assert_ne!(before[1], before[2]);
}

#[tokio::test]
async fn a_stored_setting_that_is_none_any_more_locks_nobody_out() {
    let mut medley = medley();
    medley
        .psql(
            "CREATE ROLE alice LOGIN; CREATE ROLE reader; GRANT reader TO alice; \
             ALTER ROLE ALL SET role = 'reader'; ALTER ROLE alice SET log_statement = 'all'",
        )
        .unwrap();
    let role = async |medley: &Medley, user: &str| {
        let client = medley.connect(user, "").await.map_err(|error| format!("{error:#}"))?;
        let rows = client.simple_query("SHOW role").await.map_err(|error| said(&error))?;
        let role = rows.iter().find_map(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok::<_, String>(role.unwrap())
    };
    assert_eq!(role(&medley, "alice").await.as_deref(), Ok("reader"));
    assert_eq!(role(&medley, "postgres").await.as_deref(), Ok("reader"));
    medley.psql("RESET ROLE; SET ROLE none; REVOKE reader FROM alice").unwrap();
    assert_eq!(role(&medley, "alice").await.as_deref(), Ok("none"));
    medley.psql("SET ROLE none; DROP ROLE reader").unwrap();
    assert_eq!(role(&medley, "postgres").await.as_deref(), Ok("none"));
    medley.restart().unwrap();
    assert_eq!(role(&medley, "postgres").await.as_deref(), Ok("none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_for_a_lock_keep_nobody_out() {
    const MANY: usize = 600;
    let medley = builder().argument("--max-connections=700").start().unwrap();
    let holder = medley.connect_as_superuser().await.unwrap();
    holder.batch_execute("BEGIN; CREATE ROLE r").await.unwrap();
    let mut waiting = Vec::new();
    let mut cancel = None;
    for _ in 0..MANY {
        let client = medley.connect_as_superuser().await.unwrap();
        cancel = Some(client.cancel_token());
        waiting.push(tokio::spawn(async move { client.batch_execute("CREATE ROLE r").await }));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let soon = Duration::from_secs(120);
    let last = waiting.pop().unwrap();
    timeout(soon, cancel.unwrap().cancel_query(tokio_postgres::NoTls)).await.unwrap().unwrap();
    let cancelled = timeout(soon, last).await.unwrap().unwrap().unwrap_err();
    assert_eq!(said(&cancelled), "57014: canceling statement due to user request");
    let other = timeout(soon, medley.connect_as_superuser()).await.unwrap().unwrap();
    timeout(soon, other.batch_execute("CREATE ROLE other")).await.unwrap().unwrap();
    timeout(soon, holder.batch_execute("COMMIT")).await.unwrap().unwrap();
    for waiter in waiting {
        let refused = timeout(soon, waiter).await.unwrap().unwrap().unwrap_err();
        assert!(said(&refused).starts_with("23505: "), "{}", said(&refused));
    }
}
