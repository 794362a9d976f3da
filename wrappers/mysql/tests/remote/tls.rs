use medley_types::PgType;

use crate::fixture::{PASSWORD, log_in, mapping, mariadb, print, query, refused, server};

async fn cipher(pairs: &[(&str, &str)]) -> medley_fdw::Result<bool> {
    let mut connection = log_in(&server(pairs), &mapping("alice", Some(PASSWORD)), false).await?;
    let sql = "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS \
               WHERE VARIABLE_NAME = 'Ssl_cipher'";
    Ok(!print(connection.as_mut(), query(sql, &[PgType::TEXT])).await?.is_empty())
}

fn authority() -> String {
    let certificates = mariadb().certificates().expect("it speaks TLS");
    certificates.authority.display().to_string()
}

#[tokio::test]
async fn tls_is_used_where_there_is_some() {
    assert!(cipher(&[]).await.expect("a session"));
    assert!(!cipher(&[("ssl_mode", "disabled")]).await.expect("a session"));
    assert!(cipher(&[("ssl_mode", "required")]).await.expect("a session"));
    let ca = authority();
    assert!(cipher(&[("ssl_ca", &ca)]).await.expect("a session"));
    let identity = [("ssl_ca", ca.as_str()), ("ssl_mode", "verify_identity")];
    assert!(cipher(&identity).await.expect("a session"));
    let named = [("ssl_ca", ca.as_str()), ("ssl_cipher", "ECDHE-ECDSA-AES256-GCM-SHA384")];
    assert!(cipher(&named).await.expect("a session"));
}

#[tokio::test]
async fn whoever_is_not_trusted_is_refused() {
    let said = refused(cipher(&[("ssl_mode", "verify_ca")]).await);
    assert!(said.contains("no trusted certificates"), "{said}");
    let folder = medley_testkit::TempFolder::new().expect("a folder");
    let others = medley_testkit::Certificates::write(&folder).expect("certificates");
    let other = others.authority.display().to_string();
    let said = refused(cipher(&[("ssl_ca", &other)]).await);
    assert!(said.contains("certificate verify failed"), "{said}");
    let ca = authority();
    // Verified as somebody, but not as this host.
    let elsewhere = [("ssl_ca", ca.as_str()), ("host", "127.0.0.2"), ("ssl_mode", "verify_ca")];
    let said = cipher(&elsewhere).await;
    assert!(said.is_err() || said.expect("TLS"), "there is TLS if there is a session");
    let said = refused(cipher(&[("ssl_cipher", "RC4-MD5")]).await);
    assert!(said.contains("no cipher of \"RC4-MD5\" is known here"), "{said}");
}
