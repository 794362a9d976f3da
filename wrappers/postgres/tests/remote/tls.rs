use crate::fixture::{PASSWORD, alice, cluster, log_in, mapping, print, query, refused, server};
use medley_types::PgType;

/// TLS and its version, as the server sees the session.
async fn encryption(user: &str, pairs: &[(&str, &str)]) -> String {
    match log_in(&server(pairs), &mapping(user, Some(PASSWORD)), false).await {
        Ok(mut connection) => {
            let sql = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let sql = query(sql, &[PgType::BOOL, PgType::TEXT]);
            print(connection.as_mut(), sql).await.expect("a row")
        }
        Err(error) => crate::fixture::told(&error),
    }
}

fn root() -> String {
    cluster().certificates().expect("TLS").authority.display().to_string()
}

#[tokio::test]
async fn modes_take_tls_or_leave_it() {
    let check = |user: &'static str, mode: &'static str, expected: Option<&'static str>| async move {
        let seen = encryption(user, &[("sslmode", mode)]).await;
        match expected {
            Some(expected) => assert_eq!(seen, expected, "{user} {mode}"),
            None => assert!(seen.starts_with("08001"), "{user} {mode}: {seen}"),
        }
    };
    const TLS: Option<&str> = Some("t|TLSv1.3");
    const PLAIN: Option<&str> = Some("f|");
    check("alice", "disable", PLAIN).await;
    check("alice", "allow", PLAIN).await;
    check("alice", "prefer", TLS).await;
    check("alice", "require", TLS).await;
    check("only_tls", "disable", None).await;
    check("only_tls", "allow", TLS).await;
    check("only_tls", "prefer", TLS).await;
    check("only_plain", "allow", PLAIN).await;
    check("only_plain", "prefer", PLAIN).await;
    check("only_plain", "require", None).await;
    check("alice", "nonsense", None).await;
}

#[tokio::test]
async fn who_signed_is_judged_and_the_name() {
    let root = root();
    let stranger = medley_testkit::TempFolder::new().expect("a folder");
    let other = medley_testkit::Certificates::write(&stranger).expect("certificates");
    let other = other.authority.display().to_string();
    let misnamed = [("host", "other.example"), ("hostaddr", "127.0.0.1")];
    let with = |mode, root, more: &[(&'static str, &'static str)]| {
        let pairs = [("sslmode", mode), ("sslrootcert", root)];
        pairs.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()
    };
    for mode in ["verify-ca", "verify-full"] {
        assert_eq!(encryption("alice", &with(mode, &root, &[])).await, "t|TLSv1.3");
        let seen = encryption("alice", &with(mode, &other, &[])).await;
        assert!(seen.ends_with("SSL error: certificate verify failed"), "{seen}");
        let seen = encryption("alice", &with(mode, "/nonexistent", &[])).await;
        assert!(seen.contains("root certificate file \"/nonexistent\" does not exist"), "{seen}");
        // Without a file of its own, whom this server trusts: here nobody.
        assert!(encryption("alice", &[("sslmode", mode)]).await.starts_with("08001"));
    }
    assert_eq!(encryption("alice", &with("verify-ca", &root, &misnamed)).await, "t|TLSv1.3");
    let seen = encryption("alice", &with("verify-full", &root, &misnamed)).await;
    let mismatch = "server certificate does not match host name \"other.example\"";
    assert!(seen.ends_with(mismatch), "{seen}");
    // What no certificate can say is a name all the same, where none is verified.
    let odd = [("sslmode", "require"), ("host", "a b"), ("hostaddr", "127.0.0.1")];
    assert_eq!(encryption("alice", &odd).await, "t|TLSv1.3");
    // A file of roots makes `require` judge as `verify-ca`, as in libpq.
    assert_eq!(encryption("alice", &with("require", &root, &misnamed)).await, "t|TLSv1.3");
    assert!(encryption("alice", &with("require", &other, &[])).await.starts_with("08001"));
    let weak = encryption("alice", &with("require", "system", &[])).await;
    assert!(weak.contains("weak sslmode \"require\""), "{weak}");
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_trusted_as_itself() {
    // PostgreSQL's manual makes a server's certificate with `openssl req -x509`, which may sign.
    let folder = medley_testkit::TempFolder::new().expect("a folder");
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).expect("names");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    let file = folder.write("self.crt", &certificate.pem()).expect("a file");
    let key_file = folder.write("self.key", &key.serialize_pem()).expect("a file");
    let own = medley_testkit::Postgres::builder()
        .setting("ssl", "on")
        .setting("ssl_cert_file", &file.display().to_string())
        .setting("ssl_key_file", &key_file.display().to_string())
        .start()
        .expect("a cluster");
    own.create_account("alice", PASSWORD).expect("a role");
    let (port, file) = (own.port().to_string(), file.display().to_string());
    for mode in ["verify-ca", "verify-full"] {
        let pairs = [("sslmode", mode), ("sslrootcert", file.as_str()), ("port", port.as_str())];
        assert_eq!(encryption("alice", &pairs).await, "t|TLSv1.3", "{mode}");
    }
    let misnamed = [
        ("sslmode", "verify-full"),
        ("sslrootcert", file.as_str()),
        ("port", port.as_str()),
        ("host", "other.example"),
        ("hostaddr", "127.0.0.1"),
    ];
    assert!(encryption("alice", &misnamed).await.contains("does not match host name"));
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let own = medley_testkit::Postgres::start().expect("a cluster");
    own.create_account("alice", PASSWORD).expect("a role");
    let port = own.port().to_string();
    assert_eq!(encryption("alice", &[("port", &port), ("sslmode", "prefer")]).await, "f|");
    let seen = encryption("alice", &[("port", &port), ("sslmode", "require")]).await;
    assert!(seen.ends_with("server does not support SSL, but SSL was required"), "{seen}");
}

#[tokio::test]
async fn versions_are_bounded() {
    let old = [("sslmode", "require"), ("ssl_max_protocol_version", "TLSv1.2")];
    assert_eq!(encryption("alice", &old).await, "t|TLSv1.2");
    let none = [("ssl_min_protocol_version", "TLSv1.3"), ("ssl_max_protocol_version", "TLSv1.2")];
    assert!(encryption("alice", &none).await.contains("invalid SSL protocol version range"));
    let ancient = [("ssl_min_protocol_version", "TLSv1"), ("ssl_max_protocol_version", "TLSv1.1")];
    assert!(encryption("alice", &ancient).await.contains("too old"));
}

#[tokio::test]
async fn scram_is_bound_to_the_channel() {
    let bound = [("sslmode", "require"), ("channel_binding", "require")];
    assert_eq!(encryption("alice", &bound).await, "t|TLSv1.3");
    let plain = [("sslmode", "disable"), ("channel_binding", "require")];
    let seen = encryption("alice", &plain).await;
    assert!(seen.ends_with("channel binding required, but SSL not in use"), "{seen}");
    let trusted = log_in(&server(&bound), &mapping("trusted", None), true).await;
    assert!(refused(trusted).contains("without channel binding"));
    for (mode, binding) in [("require", "disable"), ("prefer", "prefer")] {
        let pairs = [("sslmode", mode), ("channel_binding", binding)];
        assert_eq!(encryption("alice", &pairs).await, "t|TLSv1.3", "{mode} {binding}");
    }
}

#[tokio::test]
async fn a_request_to_cancel_goes_the_same_way() {
    let mut connection = alice(&[("sslmode", "verify-full"), ("sslrootcert", &root())]).await;
    crate::stream::cancels(connection.as_mut()).await;
}
