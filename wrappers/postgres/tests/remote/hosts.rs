//! Several hosts in a server's options: which of them is connected to.
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use medley_fdw::Options;
use medley_testkit::Postgres as Cluster;
use medley_types::PgType;

use crate::fixture::{PASSWORD, log_in, mapping, print, query, refused};

/// A primary and its standby.
static PAIR: LazyLock<(Cluster, Cluster)> = LazyLock::new(|| {
    let primary = Cluster::builder().setting("max_wal_senders", "5").start().expect("a primary");
    primary.create_account("alice", PASSWORD).expect("a role");
    let standby = Cluster::builder().standby_of(&primary).start().expect("a standby");
    (primary, standby)
});

fn ports() -> (u16, u16) {
    (PAIR.0.port(), PAIR.1.port())
}

/// Hosts on this machine at these ports.
fn server(ports: &[u16], pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    options.set("host", vec!["127.0.0.1"; ports.len()].join(","));
    options.set("port", ports.join(","));
    options.set("dbname", "postgres");
    options.set("sslmode", "disable");
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

/// The port of the host that is connected to, as it tells itself, or what is said instead.
async fn reached(options: &Options) -> String {
    match log_in(options, &mapping("alice", Some(PASSWORD)), false).await {
        Ok(mut connection) => {
            let sql = query("SELECT inet_server_port()", &[PgType::INT4]);
            print(connection.as_mut(), sql).await.expect("a port")
        }
        Err(error) => refused::<()>(Err(error)),
    }
}

/// A port where nobody listens.
fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test]
async fn the_first_host_of_the_wanted_kind_is_connected_to() {
    let (primary, standby) = ports();
    let check = async |order: [u16; 2], attrs: &str, expected: u16| {
        let options = server(&order, &[("target_session_attrs", attrs)]);
        assert_eq!(reached(&options).await, expected.to_string(), "{attrs} of {order:?}");
    };
    for order in [[primary, standby], [standby, primary]] {
        check(order, "any", order[0]).await;
        check(order, "read-write", primary).await;
        check(order, "primary", primary).await;
        check(order, "read-only", standby).await;
        check(order, "standby", standby).await;
        check(order, "prefer-standby", standby).await;
    }
    // Where there is no standby, another will do.
    let only = server(&[primary], &[("target_session_attrs", "prefer-standby")]);
    assert_eq!(reached(&only).await, primary.to_string());
    let gone = server(&[nobody(), primary], &[("target_session_attrs", "prefer-standby")]);
    assert_eq!(reached(&gone).await, primary.to_string());
}

#[tokio::test]
async fn a_session_that_is_read_only_by_default_is_none_to_write_in() {
    let (primary, standby) = ports();
    let read_only = ("options", "-c default_transaction_read_only=on");
    let options =
        |attrs| server(&[primary, standby], &[("target_session_attrs", attrs), read_only]);
    assert_eq!(reached(&options("read-only")).await, primary.to_string());
    let said = reached(&options("read-write")).await;
    assert!(said.starts_with("08001"), "{said}");
    assert_eq!(said.matches("failed: session is read-only").count(), 2, "{said}");
}

#[tokio::test]
async fn every_host_that_will_not_do_is_told() {
    let (primary, standby) = ports();
    let nobody = nobody();
    let options = server(&[nobody, standby], &[("target_session_attrs", "primary")]);
    let at = |port| format!("connection to server at \"127.0.0.1\", port {port} failed: ");
    let expected = format!(
        "08001 could not connect to server \"remote\"\nD: {}Connection refused\n\tIs the server \
         running on that host and accepting TCP/IP connections?\n{}server is in hot standby mode",
        at(nobody),
        at(standby)
    );
    assert_eq!(reached(&options).await, expected);
    let options = server(&[primary], &[("target_session_attrs", "standby")]);
    let said = reached(&options).await;
    assert!(said.ends_with("server is not in hot standby mode"), "{said}");
}

/// A server was found, and said no: who is next is not asked.
#[tokio::test]
async fn a_wrong_password_ends_the_search() {
    let (primary, standby) = ports();
    let options = server(&[primary, standby], &[]);
    let outcome = log_in(&options, &mapping("alice", Some("wrong")), false).await;
    let said = refused(outcome);
    assert!(said.contains("password authentication failed"), "{said}");
    assert!(!said.contains(&standby.to_string()), "{said}");
}

#[tokio::test]
async fn hosts_are_taken_by_chance_where_the_load_is_balanced() {
    let (primary, standby) = ports();
    let options = server(&[primary, standby], &[("load_balance_hosts", "random")]);
    let mut reached_ports = BTreeSet::new();
    for _ in 0..40 {
        reached_ports.insert(reached(&options).await);
    }
    assert_eq!(reached_ports, BTreeSet::from([primary.to_string(), standby.to_string()]));
    let options = server(&[primary, standby], &[("load_balance_hosts", "disable")]);
    for _ in 0..5 {
        assert_eq!(reached(&options).await, primary.to_string());
    }
}

/// One that takes connections and says nothing costs its time, and the next is tried.
#[tokio::test]
async fn each_host_has_its_own_time() {
    let (primary, _) = ports();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let options = server(&[port, port, primary], &[("connect_timeout", "2")]);
    let begun = Instant::now();
    assert_eq!(reached(&options).await, primary.to_string());
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(4) && took < Duration::from_secs(10), "{took:?}");
}
