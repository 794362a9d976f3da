//! Client certificates and revoked ones, with an authority of their own.
use std::path::PathBuf;

use crate::fixture::{PASSWORD, log_in, mapping, print, query, refused, server};
use medley_fdw::Options;
use medley_testkit::{Postgres as Cluster, TempFolder};
use medley_types::PgType;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

const SERVER_SERIAL: u64 = 7;

/// An authority, what it has signed, and a cluster that asks for a certificate.
struct World {
    cluster: Cluster,
    folder: TempFolder,
}

impl World {
    fn new() -> Self {
        let folder = TempFolder::new().expect("a folder");
        let mut authority = named("an authority", &[]);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
        let write = |name: &str, text: &str| folder.write(name, text).expect("a file");
        let root = write("root.crt", &authority.pem());
        let sign = |params: CertificateParams, name: &str| {
            let key = KeyPair::generate().expect("a key");
            let certificate = params.signed_by(&key, &authority).expect("a certificate");
            let key = write(&format!("{name}.key"), &key.serialize_pem());
            (write(&format!("{name}.crt"), &certificate.pem()), key)
        };
        let mut server = named("localhost", &["localhost", "127.0.0.1"]);
        server.serial_number = Some(SerialNumber::from(SERVER_SERIAL));
        let (server, server_key) = sign(server, "server");
        sign(named("alice", &[]), "alice");
        for (name, serial) in [("revoked", SERVER_SERIAL), ("others", SERVER_SERIAL + 1)] {
            let list = revocation(serial).signed_by(&authority).expect("a list");
            write(&format!("{name}.crl"), &list.pem().expect("its text"));
        }
        let path = |path: &PathBuf| path.display().to_string();
        let cluster = Cluster::builder()
            .setting("ssl", "on")
            .setting("ssl_ca_file", &path(&root))
            .setting("ssl_cert_file", &path(&server))
            .setting("ssl_key_file", &path(&server_key))
            .start()
            .expect("a cluster");
        cluster.create_account("alice", PASSWORD).expect("a role");
        cluster.create_account("bob", PASSWORD).expect("a role");
        let hba = "local all postgres trust\nhostssl all alice 127.0.0.1/32 cert\n\
                   hostssl all bob 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(cluster.data_folder().join("pg_hba.conf"), hba).expect("its own folder");
        cluster.psql("SELECT pg_reload_conf()").expect("a reload");
        Self { cluster, folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// `verify-full` towards this cluster.
    fn server(&self, pairs: &[(&str, &str)]) -> Options {
        let mut options = server(&[("sslmode", "verify-full")]);
        options.set("port", self.cluster.port().to_string());
        options.set("sslrootcert", self.file("root.crt"));
        pairs.iter().for_each(|(name, value)| options.set(*name, *value));
        options
    }
}

fn named(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn revocation(serial: u64) -> CertificateRevocationListParams {
    CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2090, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

#[tokio::test]
async fn a_client_certificate_lets_in_where_it_is_asked_for() {
    let world = World::new();
    let mut alice = mapping("alice", None);
    alice.set("sslcert", world.file("alice.crt"));
    alice.set("sslkey", world.file("alice.key"));
    let mut connection = log_in(&world.server(&[]), &alice, true).await.expect("she has one");
    let sql = query("SELECT current_user", &[PgType::NAME]);
    assert_eq!(print(connection.as_mut(), sql).await.expect("a name"), "alice");

    // The server's options serve as well, and the mapping's count more.
    let of_server = [("sslcert", world.file("alice.crt")), ("sslkey", world.file("alice.key"))];
    let of_server: Vec<_> = of_server.iter().map(|(name, file)| (*name, file.as_str())).collect();
    let nobody = mapping("alice", None);
    log_in(&world.server(&of_server), &nobody, true).await.expect("the server has one");
    let mut broken = mapping("alice", None);
    broken.set("sslcert", "/nonexistent");
    let outcome = refused(log_in(&world.server(&of_server), &broken, true).await);
    assert!(outcome.contains("could not read certificate file \"/nonexistent\""), "{outcome}");

    for pairs in [vec![], [of_server, vec![("sslcertmode", "disable")]].concat()] {
        let outcome = refused(log_in(&world.server(&pairs), &nobody, true).await);
        assert!(outcome.contains("connection requires a valid client certificate"), "{outcome}");
    }

    // Who is no superuser must be asked for a password, unless a superuser waived it.
    let mut judged = mapping("alice", Some(PASSWORD));
    judged.set("sslcert", world.file("alice.crt"));
    judged.set("sslkey", world.file("alice.key"));
    assert!(refused(log_in(&world.server(&[]), &judged, false).await).starts_with("2F003"));
    judged.set("password_required", "false");
    log_in(&world.server(&[]), &judged, false).await.expect("it was waived");
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let world = World::new();
    let bob = mapping("bob", Some(PASSWORD));
    let with = |list: &str| {
        let list = world.file(list);
        world.server(&[("sslcrl", &list)])
    };
    log_in(&with("others.crl"), &bob, false).await.expect("it is another that was revoked");
    let outcome = refused(log_in(&with("revoked.crl"), &bob, false).await);
    assert!(outcome.ends_with("SSL error: certificate verify failed"), "{outcome}");
    let outcome = refused(log_in(&with("missing.crl"), &bob, false).await);
    assert!(outcome.contains("could not read certificate revocation list"), "{outcome}");
}
