use medley_types::PgType;

use crate::fixture::{PASSWORD, log_in, mapping, mariadb, print, query, refused, server};

#[tokio::test]
async fn the_account_is_the_mappings() {
    mariadb().create_account("carol", "other").expect("an account");
    for (user, password) in [("alice", PASSWORD), ("carol", "other")] {
        let mut connection =
            log_in(&server(&[]), &mapping(user, Some(password)), false).await.expect(user);
        assert_eq!(connection.account(), Some(user));
        let who = query("SELECT CURRENT_USER()", &[PgType::TEXT]);
        let who = print(connection.as_mut(), who).await.expect("a name");
        assert_eq!(who, format!("{user}@127.0.0.1"));
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let outcome = log_in(&server(&[]), &mapping("alice", Some("hunter2")), false).await;
    assert!(outcome.as_ref().is_err_and(medley_fdw::Error::is_authentication));
    assert_eq!(
        refused(outcome),
        "08001 could not connect to server \"remote\"\n\
         D: Access denied for user 'alice'@'127.0.0.1' (using password: YES)"
    );
}

#[tokio::test]
async fn who_is_no_superuser_has_a_password() {
    mariadb().sql("CREATE USER open@'127.0.0.1'").expect("an account");
    let expected = "2F003 password is required\n\
                    D: Non-superusers must provide a password in the user mapping.";
    for password in [None, Some("")] {
        let mapping = mapping("open", password);
        assert_eq!(refused(log_in(&server(&[]), &mapping, false).await), expected);
        assert!(log_in(&server(&[]), &mapping, true).await.is_ok());
    }
}

#[tokio::test]
async fn nobody_listens() {
    let port = medley_testkit::free_port().expect("a port").to_string();
    let outcome =
        log_in(&server(&[("port", port.as_str())]), &mapping("alice", Some(PASSWORD)), false).await;
    assert_eq!(
        refused(outcome),
        format!(
            "08001 could not connect to server \"remote\"\n\
             D: connection to server at \"127.0.0.1\", port {port} failed: Connection refused"
        )
    );
}

#[tokio::test]
async fn a_way_that_is_not_known_is_named() {
    mariadb()
        .sql(
            "INSTALL SONAME 'auth_ed25519'; CREATE USER ed@'127.0.0.1' \
              IDENTIFIED VIA ed25519 USING PASSWORD('x')",
        )
        .expect("an account");
    let outcome = log_in(&server(&[]), &mapping("ed", Some("x")), false).await;
    assert_eq!(
        refused(outcome),
        "08001 could not connect to server \"remote\"\n\
         D: server requested authentication by \"client_ed25519\", which is not known"
    );
}

#[tokio::test]
async fn the_first_command_runs_and_is_not_told() {
    let mut options = server(&[]);
    options.set_secret("init_command", medley_fdw::Secret::new("SET @who = 'init'".into()));
    let mut connection =
        log_in(&options, &mapping("alice", Some(PASSWORD)), false).await.expect("a session");
    let who = print(connection.as_mut(), query("SELECT @who", &[PgType::TEXT])).await;
    assert_eq!(who.expect("a row"), "init");
    assert!(!connection.reset().await, "it is not known any more what it was told");
    options.set_secret("init_command", medley_fdw::Secret::new("SET hunter2".into()));
    let said = refused(log_in(&options, &mapping("alice", Some(PASSWORD)), false).await);
    assert!(!said.contains("hunter2"), "{said}");
    assert!(said.contains("init_command failed: 42601"), "{said}");
}

/// Variables, locks and temporary tables are gone, what sessions are set to is not.
#[tokio::test]
async fn a_session_is_lent_on_as_new() {
    let mut connection =
        log_in(&server(&[]), &mapping("alice", Some(PASSWORD)), false).await.expect("a session");
    let before = query("SELECT @x := 1, GET_LOCK('alice', 0)", &[PgType::INT4, PgType::INT4]);
    assert_eq!(print(connection.as_mut(), before).await.expect("a row"), "1|1");
    assert!(connection.reset().await);
    let after = query(
        "SELECT @x, IS_FREE_LOCK('alice'), @@time_zone, @@sql_mode LIKE '%NO_BACKSLASH_ESCAPES%', \
         @@character_set_connection",
        &[PgType::INT4, PgType::INT4, PgType::TEXT, PgType::BOOL, PgType::TEXT],
    );
    assert_eq!(print(connection.as_mut(), after).await.expect("a row"), "~|1|+00:00|t|utf8mb4");
}
