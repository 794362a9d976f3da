use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Error, Result, Secret};

const ITERATIONS: u32 = 4096;
const PREFIX: &str = "SCRAM-SHA-256$";

/// What a login password is kept as: it can tell a right password, and nobody can log in
/// anywhere with it (RFC 5803; PostgreSQL's form).
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Random bytes.
    pub salt: Vec<u8>,
    /// SHA-256 of the client key.
    pub stored_key: [u8; 32],
    /// The server key.
    pub server_key: [u8; 32],
}

impl Verifier {
    /// The verifier of a password, with a new salt.
    pub fn of_password(password: &Secret) -> Self {
        Self::derive(password, rand::random::<[u8; 16]>().to_vec(), ITERATIONS)
    }

    /// A verifier that no password fits, always the same for one name and seed: logging in as a
    /// role that does not exist then looks and takes as logging in with a wrong password.
    pub fn mock(name: &str, seed: &[u8; 32]) -> Self {
        let salt = hmac(seed, &[b"medley mock salt", name.as_bytes()])[..16].to_vec();
        let stored_key = rand::random();
        Self { iterations: ITERATIONS, salt, stored_key, server_key: rand::random() }
    }

    /// The text is a verifier rather than a password.
    pub fn is_verifier(text: &Secret) -> bool {
        Self::parse(text.expose_here()).is_ok()
    }

    /// The text is a password's md5 hash as PostgreSQL keeps it, of which no verifier can be made.
    pub fn is_md5_hash(text: &Secret) -> bool {
        let hash = text.expose_here().strip_prefix("md5");
        hash.is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
    }

    /// What CREATE ROLE … PASSWORD gives: a password, or a verifier as `pg_dumpall` prints it.
    pub fn of_password_or_verifier(given: &Secret) -> Self {
        Self::parse(given.expose_here()).unwrap_or_else(|_| Self::of_password(given))
    }

    /// Reads the text form, `SCRAM-SHA-256$iterations:salt$stored key:server key`.
    pub fn parse(text: &str) -> Result<Self> {
        parse(text).ok_or(Error::Verifier)
    }

    /// Whether this is the password.
    pub fn accepts(&self, password: &Secret) -> bool {
        let other = Self::derive(password, self.salt.clone(), self.iterations);
        subtle::ConstantTimeEq::ct_eq(&self.stored_key[..], &other.stored_key[..]).into()
    }

    fn derive(password: &Secret, salt: Vec<u8>, iterations: u32) -> Self {
        // What SASLprep refuses is used as it is, as PostgreSQL does.
        let prepared = stringprep::saslprep(password.expose_here())
            .unwrap_or(Cow::Borrowed(password.expose_here()));
        let salted = Zeroizing::new(pbkdf2(prepared.as_bytes(), &salt, iterations));
        if let Cow::Owned(text) = prepared {
            drop(Zeroizing::new(text));
        }
        let client_key = Zeroizing::new(hmac(&*salted, &[b"Client Key"]));
        let stored_key = Sha256::digest(*client_key).into();
        let server_key = hmac(&*salted, &[b"Server Key"]);
        Self { iterations, salt, stored_key, server_key }
    }
}

/// What somebody who has logged in by SCRAM proved to have: with it they can be logged in wherever
/// the same verifier is kept, and nowhere else. Both keys as base64.
#[derive(Debug)]
pub struct ScramKeys {
    /// What proves the client to a server.
    pub client_key: Secret,
    /// What proves the server to the client.
    pub server_key: Secret,
}

impl Verifier {
    /// The keys behind a proof that was accepted: RFC 5802's `ClientProof` of the exchange whose
    /// `AuthMessage` this is. None if it is no proof of this verifier's password.
    pub fn keys(&self, auth_message: &[u8], proof: &[u8]) -> Option<ScramKeys> {
        let mut client_key = Zeroizing::new(<[u8; 32]>::try_from(proof).ok()?);
        let signature = hmac(&self.stored_key, &[auth_message]);
        client_key.iter_mut().zip(signature).for_each(|(key, byte)| *key ^= byte);
        let stored: [u8; 32] = Sha256::digest(*client_key).into();
        let is_its: bool = subtle::ConstantTimeEq::ct_eq(&stored[..], &self.stored_key[..]).into();
        let encode = |key: &[u8]| Secret::new(BASE64_STANDARD.encode(key));
        is_its.then(|| ScramKeys {
            client_key: encode(&*client_key),
            server_key: encode(&self.server_key),
        })
    }
}

impl Secret {
    fn expose_here(&self) -> &str {
        &self.0
    }
}

fn parse(text: &str) -> Option<Verifier> {
    let (salted, keys) = text.strip_prefix(PREFIX)?.split_once('$')?;
    let (iterations, salt) = salted.split_once(':')?;
    let (stored_key, server_key) = keys.split_once(':')?;
    let key = |text: &str| <[u8; 32]>::try_from(BASE64_STANDARD.decode(text).ok()?).ok();
    Some(Verifier {
        iterations: iterations.parse().ok().filter(|n| *n > 0)?,
        salt: BASE64_STANDARD.decode(salt).ok()?,
        stored_key: key(stored_key)?,
        server_key: key(server_key)?,
    })
}

/// PBKDF2 of one block, which is all that SHA-256's 32 bytes need.
fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut block = hmac(password, &[salt, &1_u32.to_be_bytes()]);
    let mut result = block;
    for _ in 1..iterations {
        block = hmac(password, &[&block]);
        result.iter_mut().zip(block).for_each(|(r, b)| *r ^= b);
    }
    result
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The text form, as `pg_authid.rolpassword` has it.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        write!(f, "{PREFIX}{}:{}", self.iterations, encode(&self.salt))?;
        write!(f, "${}:{}", encode(&self.stored_key), encode(&self.server_key))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by PostgreSQL 15 for the password "foo".
    const OF_FOO: &str = include_str!("scram_foo.txt");

    #[test]
    fn postgresql_verifiers_accept_their_password() {
        let verifier = Verifier::parse(OF_FOO.trim()).unwrap();
        assert!(verifier.accepts(&Secret::new("foo".into())));
        assert!(!verifier.accepts(&Secret::new("fo".into())));
        assert_eq!(verifier.to_string(), OF_FOO.trim());
    }

    #[test]
    fn a_proof_gives_the_keys_of_its_own_verifier_only() {
        let password = Secret::new("foo".into());
        let verifier = Verifier::of_password(&password);
        let salted = pbkdf2(b"foo", &verifier.salt, verifier.iterations);
        let client_key = hmac(&salted, &[b"Client Key"]);
        let mut proof = hmac(&verifier.stored_key, &[b"n=,r=1,r=12,s=,i=1,c=biws,r=12"]);
        proof.iter_mut().zip(client_key).for_each(|(byte, key)| *byte ^= key);
        let keys = verifier.keys(b"n=,r=1,r=12,s=,i=1,c=biws,r=12", &proof).unwrap();
        assert_eq!(keys.client_key.expose_here(), BASE64_STANDARD.encode(client_key));
        assert!(verifier.keys(b"another exchange", &proof).is_none());
        assert!(verifier.keys(b"", &[]).is_none());
        let other = Verifier::of_password(&password);
        assert!(other.keys(b"n=,r=1,r=12,s=,i=1,c=biws,r=12", &proof).is_none());
    }

    #[test]
    fn a_verifier_is_taken_as_it_is() {
        let given = Secret::new(OF_FOO.trim().to_owned());
        assert!(Verifier::is_verifier(&given));
        assert_eq!(Verifier::of_password_or_verifier(&given).to_string(), OF_FOO.trim());
        let password = Secret::new("bar".into());
        assert!(Verifier::of_password_or_verifier(&password).accepts(&password));
    }
}
