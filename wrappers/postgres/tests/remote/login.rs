use crate::fixture::{PASSWORD, alice, cluster, log_in, mapping, print, query, refused, server};
use medley_types::PgType;

/// What libpq says of the shared cluster before what the server says.
fn prefix() -> String {
    format!("connection to server at \"127.0.0.1\", port {} failed: ", cluster().port())
}

async fn current_user(user: &str, password: Option<&str>, superuser: bool) -> String {
    let (server, mapping) = (server(&[("sslmode", "disable")]), mapping(user, password));
    match log_in(&server, &mapping, superuser).await {
        Ok(mut connection) => {
            let sql = query("SELECT current_user", &[PgType::NAME]);
            print(connection.as_mut(), sql).await.expect("a name")
        }
        Err(error) => crate::fixture::told(&error),
    }
}

#[tokio::test]
async fn a_right_password_lets_in_and_a_wrong_one_does_not() {
    assert_eq!(current_user("alice", Some(PASSWORD), false).await, "alice");
    let wrong = current_user("alice", Some("wrong"), false).await;
    let said = "FATAL:  password authentication failed for user \"alice\"";
    assert_eq!(
        wrong,
        format!("08001 could not connect to server \"remote\"\nD: {}{said}", prefix())
    );
}

#[tokio::test]
async fn both_ways_are_said_where_both_were_tried() {
    let outcome = log_in(&server(&[]), &mapping("alice", Some("wrong")), false).await;
    let line = format!("{}FATAL:  password authentication failed for user \"alice\"", prefix());
    let expected = format!("08001 could not connect to server \"remote\"\nD: {line}\n{line}");
    assert_eq!(refused(outcome), expected);
}

#[tokio::test]
async fn who_is_no_superuser_must_have_a_password_and_be_asked_for_it() {
    let required = "2F003 password or GSSAPI delegated credentials required\nD: ";
    let missing = "Non-superusers must delegate GSSAPI credentials, provide a password, or enable \
                   SCRAM pass-through in user mapping.";
    assert_eq!(current_user("trusted", None, false).await, format!("{required}{missing}"));
    assert_eq!(current_user("trusted", Some(""), false).await, format!("{required}{missing}"));
    let unasked = "Non-superuser cannot connect if the server does not request a password or use \
                   GSSAPI with delegated credentials.\nH: Target server's authentication method \
                   must be changed or password_required=false set in the user mapping attributes.";
    let outcome = current_user("trusted", Some(PASSWORD), false).await;
    assert_eq!(outcome, format!("{required}{unasked}"));

    assert_eq!(current_user("trusted", None, true).await, "trusted");
    let mut waived = mapping("trusted", None);
    waived.set("password_required", "false");
    assert!(log_in(&server(&[]), &waived, false).await.is_ok());
}

#[tokio::test]
async fn a_superuser_without_a_password_is_told_that_one_was_asked_for() {
    let outcome = current_user("alice", None, true).await;
    let detail = format!("{}fe_sendauth: no password supplied", prefix());
    assert_eq!(outcome, format!("08001 could not connect to server \"remote\"\nD: {detail}"));
}

#[tokio::test]
async fn a_password_does_not_leave_in_clear_or_as_md5_unless_it_may() {
    let try_as = |user: &'static str, pairs: Vec<(&'static str, String)>| async move {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        log_in(&server(&pairs), &mapping(user, Some(PASSWORD)), false).await.map(drop)
    };
    let root = || cluster().certificates().expect("TLS").authority.display().to_string();
    for (user, method, asked) in [
        ("clear", "password", "server requested a cleartext password"),
        ("hashed", "md5", "server requested a hashed password"),
    ] {
        let plain = refused(try_as(user, vec![("sslmode", "disable".into())]).await);
        let ways = format!(
            "{asked}, which is sent only with sslmode \"verify-full\", or where require_auth names \
             \"{method}\""
        );
        assert!(plain.ends_with(&ways), "{plain}");
        assert!(try_as(user, vec![("sslmode", "require".into())]).await.is_err());
        let verify_ca = vec![("sslmode", "verify-ca".into()), ("sslrootcert", root())];
        assert!(try_as(user, verify_ca).await.is_err());
        let verified = vec![("sslmode", "verify-full".into()), ("sslrootcert", root())];
        try_as(user, verified).await.expect("the name was verified");
        let named = vec![("sslmode", "disable".into()), ("require_auth", method.into())];
        try_as(user, named).await.expect("the method was named");
    }
}

#[tokio::test]
async fn require_auth_is_kept() {
    let with = |user: &'static str, methods: &'static str| async move {
        let server = server(&[("sslmode", "disable"), ("require_auth", methods)]);
        log_in(&server, &mapping(user, Some(PASSWORD)), true).await.map(drop)
    };
    with("alice", "scram-sha-256").await.expect("it is SCRAM");
    with("trusted", "none").await.expect("it is trust");
    let outcome = refused(with("trusted", "scram-sha-256").await);
    let failed = "authentication method requirement \"scram-sha-256\" failed: server did not \
                  complete authentication";
    assert!(outcome.ends_with(failed), "{outcome}");
    assert!(with("alice", "!scram-sha-256").await.is_err());
}

#[tokio::test]
async fn nobody_listens() {
    let port = medley_testkit::free_port().expect("a port").to_string();
    let outcome =
        log_in(&server(&[("port", &port)]), &mapping("alice", Some(PASSWORD)), false).await;
    let expected = format!(
        "08001 could not connect to server \"remote\"\n\
         D: connection to server at \"127.0.0.1\", port {port} failed: Connection refused\n\
         \tIs the server running on that host and accepting TCP/IP connections?"
    );
    assert_eq!(refused(outcome), expected);

    let nowhere = server(&[("host", "/nonexistent"), ("port", "5432")]);
    let outcome = log_in(&nowhere, &mapping("alice", Some(PASSWORD)), false).await;
    let expected = "08001 could not connect to server \"remote\"\n\
                    D: connection to server on socket \"/nonexistent/.s.PGSQL.5432\" failed: No \
                    such file or directory\n\
                    \tIs the server running locally and accepting connections on that socket?";
    assert_eq!(refused(outcome), expected);

    let unknown = server(&[("host", "no-such-host.invalid")]);
    let outcome = refused(log_in(&unknown, &mapping("alice", Some(PASSWORD)), false).await);
    let start = "08001 could not connect to server \"remote\"\nD: could not translate host name \
                 \"no-such-host.invalid\" to address: ";
    assert!(outcome.starts_with(start), "{outcome}");
}

#[tokio::test]
async fn hosts_are_tried_in_turn() {
    let free = medley_testkit::free_port().expect("a port");
    let ports = format!("{free},{}", cluster().port());
    let mut connection = alice(&[("host", "127.0.0.1,127.0.0.1"), ("port", &ports)]).await;
    let sql = query("SELECT 1", &[PgType::INT4]);
    assert_eq!(print(connection.as_mut(), sql).await.expect("a row"), "1");

    // A server that says no is not followed by others.
    let ports = format!("{},{free}", cluster().port());
    let two = server(&[("host", "127.0.0.1,127.0.0.1"), ("port", &ports), ("sslmode", "disable")]);
    let outcome = refused(log_in(&two, &mapping("alice", Some("wrong")), false).await);
    assert_eq!(outcome.matches("connection to server at").count(), 1, "{outcome}");
}

#[tokio::test]
async fn the_kind_of_session_is_chosen() {
    let with = |attrs: &'static str| async move {
        let server = server(&[("target_session_attrs", attrs), ("sslmode", "disable")]);
        log_in(&server, &mapping("alice", Some(PASSWORD)), false).await.map(drop)
    };
    for attrs in ["any", "read-write", "primary", "prefer-standby"] {
        with(attrs).await.expect(attrs);
    }
    let outcome = refused(with("standby").await);
    assert!(outcome.ends_with("failed: server is not in hot standby mode"), "{outcome}");
    let outcome = refused(with("read-only").await);
    assert!(outcome.ends_with("failed: session is not read-only"), "{outcome}");
    let outcome = refused(with("nonsense").await);
    assert!(outcome.ends_with("D: invalid target_session_attrs value: \"nonsense\""), "{outcome}");
}

#[tokio::test]
async fn a_host_that_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("an address").port().to_string();
    let server = server(&[("port", &port), ("connect_timeout", "1")]);
    let outcome = refused(log_in(&server, &mapping("alice", Some(PASSWORD)), false).await);
    assert!(outcome.ends_with("failed: timeout expired"), "{outcome}");
}

#[tokio::test]
async fn a_session_is_set_as_postgres_fdw_sets_it() {
    let mut connection =
        alice(&[("application_name", "%u@%d"), ("options", "-c work_mem=1MB")]).await;
    let names = [
        "search_path",
        "timezone",
        "datestyle",
        "intervalstyle",
        "extra_float_digits",
        "application_name",
        "work_mem",
        "client_encoding",
    ];
    let items = names.map(|name| format!("current_setting('{name}')")).join(", ");
    let sql = query(&format!("SELECT {items}"), &[PgType::TEXT; 8]);
    let shown = print(connection.as_mut(), sql).await.expect("a row");
    assert_eq!(shown, "pg_catalog|GMT|ISO, MDY|postgres|3|bob@medley|1MB|UTF8");
    let facts = connection.facts();
    assert!(facts.version >= 130_000 && facts.can.cursors && facts.can.snapshots);
}

#[tokio::test]
async fn no_error_holds_a_password() {
    let canary = medley_testkit::Canary::new();
    for (user, pairs) in [
        ("alice", vec![("sslmode", "disable")]),
        ("alice", vec![("sslmode", "require")]),
        ("clear", vec![("sslmode", "disable"), ("require_auth", "password")]),
        ("hashed", vec![("sslmode", "disable"), ("require_auth", "md5")]),
        ("trusted", vec![("sslmode", "disable")]),
        ("nobody", vec![("dbname", "nowhere")]),
    ] {
        let outcome = log_in(&server(&pairs), &mapping(user, Some(canary.value())), false).await;
        let error = outcome.err().expect("nobody has this password");
        canary.assert_absent_in(crate::fixture::told(&error), "an error");
        canary.assert_absent_in(format!("{error:?}"), "its debug form");
    }
}
