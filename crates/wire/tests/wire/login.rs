use std::time::Duration;

use medley_wire::Options;
use tokio_postgres::{Config, Error, NoTls};

use crate::raw::Raw;
use crate::toy::Toy;

async fn log_in(toy: &Toy, user: &str, password: &str) -> Result<(), Error> {
    let conninfo = format!("{} password={password}", toy.conninfo(user));
    tokio_postgres::connect(&conninfo, NoTls).await.map(drop)
}

/// A login is refused with this.
async fn check_refused(login: impl Future<Output = Result<(), Error>>, expected: &str) {
    let error = login.await.expect_err(expected);
    let error = error.as_db_error().expect(expected);
    let found = format!("{} {} {}", error.severity(), error.code().code(), error.message());
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_right_password_lets_in() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    log_in(&toy, "alice", "pencil").await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    for user in ["alice", "nobody"] {
        let expected = format!("FATAL 28P01 password authentication failed for user \"{user}\"");
        check_refused(log_in(&toy, user, "wrong"), &expected).await;
    }
    // Nor does the mock let in whoever guesses.
    assert!(log_in(&toy, "nobody", "pencil").await.is_err());
}

#[tokio::test]
async fn what_open_reports_is_fatal() {
    let toy = Toy::start().await;
    let mut config: Config = toy.conninfo("alice").parse().unwrap();
    let login = |config: Config| async move { config.connect(NoTls).await.map(drop) };
    config.dbname("other");
    check_refused(login(config.clone()), "FATAL 3D000 database \"other\" does not exist").await;
    config.dbname("panic");
    let expected = "FATAL XX000 terminating connection because of an internal error";
    check_refused(login(config), expected).await;
}

#[tokio::test]
async fn one_more_than_the_limit_is_too_many() {
    let options = Options { max_connections: 2, ..Options::default() };
    let toy = Toy::start_with(options, None).await;
    let (first, second) = (toy.connect().await, toy.connect().await);
    let third = async { toy.connect_as("alice").await.map(drop) };
    check_refused(third, "FATAL 53300 sorry, too many clients already").await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(200)).await;
    toy.connect().await;
    drop(second);
}

#[tokio::test]
async fn a_login_must_not_take_for_ever() {
    let options = Options { startup_timeout: Duration::from_millis(200), ..Options::default() };
    let toy = Toy::start_with(options, Some("pencil")).await;
    // Who has not said hello is not told.
    assert_eq!(Raw::dial(&toy).await.kinds().await, ".");
    let mut raw = Raw::dial(&toy).await;
    raw.start_up(0, &[("user", "alice"), ("database", "medley")]).await;
    let expected = "RE(FATAL 57014 canceling authentication due to timeout).";
    assert_eq!(raw.kinds().await, expected);
}

#[tokio::test]
async fn a_newer_minor_version_is_negotiated() {
    let toy = Toy::start().await;
    let mut raw = Raw::dial(&toy).await;
    raw.start_up(9, &[("user", "alice"), ("database", "medley"), ("_pq_.wish", "1")]).await;
    let (kind, body) = raw.answer().await.unwrap();
    assert_eq!((kind, &body[..]), ('v', &b"\0\x03\0\x02\0\0\0\x01_pq_.wish\0"[..]));
    assert_eq!(raw.kinds().await, "RSSKZ");
}

#[tokio::test]
async fn a_client_at_the_unix_socket_is_local() {
    let toy = Toy::start().await;
    let conninfo = format!(
        "host={} port={} user=alice dbname=medley",
        toy.socket_dir.path().display(),
        toy.port
    );
    let (client, connection) = tokio_postgres::connect(&conninfo, NoTls).await.unwrap();
    tokio::spawn(connection);
    let messages = client.simple_query("whoami").await.unwrap();
    let row = messages.into_iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    assert_eq!(row.unwrap().get(1), Some("[local]"));
}

#[tokio::test]
async fn no_tls_where_it_is_not() {
    let toy = Toy::start().await;
    let conninfo = format!("{} sslmode=require", toy.conninfo("alice"));
    assert!(tokio_postgres::connect(&conninfo, crate::tls::client_tls()).await.is_err());
    let mut raw = Raw::dial(&toy).await;
    for code in [80_877_103_u32, 80_877_104] {
        raw.out.extend(8_u32.to_be_bytes());
        raw.out.extend(code.to_be_bytes());
        raw.send().await;
        let mut answer = [0];
        tokio::io::AsyncReadExt::read_exact(&mut raw.socket, &mut answer).await.unwrap();
        assert_eq!(answer, *b"N");
    }
}
