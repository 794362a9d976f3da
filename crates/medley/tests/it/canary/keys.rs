//! What SCRAM derives from a password: with a client key one can log in wherever its verifier is
//! kept. It stands nowhere, not even on disk; what a verifier has of it stands where login
//! passwords are kept, and nowhere else.
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use medley_testkit::{Medley, Postgres};
use sha2::{Digest, Sha256};

use super::search::{Search, Watched};

/// Where verifiers of login passwords are promised to be.
const VERIFIERS: &[&str] = &["disk", "medley dump", "function medley_dump to postgres"];

/// Lets alice's login serve at the remote too, and has what it and hers there are made of
/// searched for.
pub async fn plant(search: &Search, remote: &Postgres, medley: &Medley) {
    let superuser = remote.connect_as_superuser().await.unwrap();
    for sql in [
        "SET log_statement = 'none'",
        &format!("CREATE ROLE films_passed LOGIN PASSWORD '{}'", search.canary.value()),
        "CREATE VIEW passed AS SELECT current_user::text AS account",
        "GRANT SELECT ON passed TO PUBLIC",
    ] {
        superuser.batch_execute(sql).await.unwrap();
    }
    let verifier = |role: &str| {
        let of = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'");
        remote.psql(&of).unwrap()
    };
    let (own, there) = (verifier("films_passed"), verifier("films_alice"));
    let define = format!(
        "ALTER ROLE alice PASSWORD '{own}'; \
         CREATE SERVER passing FOREIGN DATA WRAPPER postgres_fdw OPTIONS \
            (host '127.0.0.1', port '{}', dbname 'postgres', use_scram_passthrough 'true'); \
         CREATE USER MAPPING FOR alice SERVER passing OPTIONS (user 'films_passed'); \
         CREATE FOREIGN TABLE passed (account text) SERVER passing; \
         GRANT SELECT ON passed TO alice",
        remote.port()
    );
    medley.psql(&define).unwrap();
    watch(search, &own, VERIFIERS);
    watch(search, &there, &[]);
}

/// What is behind a verifier of the planted password, and what is in it.
fn watch(search: &Search, verifier: &str, places: &'static [&'static str]) {
    let (_, rest) = verifier.split_once('$').unwrap();
    let (salted, keys) = rest.split_once('$').unwrap();
    let (rounds, salt) = salted.split_once(':').unwrap();
    let (stored, server) = keys.split_once(':').unwrap();
    let decoded = |text| BASE64_STANDARD.decode(text).unwrap();
    let salted = pbkdf2(search.canary.value().as_bytes(), &decoded(salt), rounds.parse().unwrap());
    let client = hmac(&salted, b"Client Key");
    // It is the one that would be used.
    assert_eq!(Sha256::digest(client)[..], decoded(stored));
    search.watch(Watched::new("salted password", &salted, &[]));
    search.watch(Watched::new("client key", &client, &[]));
    search.watch(Watched::new("stored key", &decoded(stored), places));
    search.watch(Watched::new("server key", &decoded(server), places));
}

fn pbkdf2(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut block = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut result = block;
    for _ in 1..rounds {
        block = hmac(password, &block);
        result.iter_mut().zip(block).for_each(|(sum, byte)| *sum ^= byte);
    }
    result
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}
