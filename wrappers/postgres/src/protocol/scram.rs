//! SCRAM-SHA-256 and -PLUS (RFC 5802, 7677), without a copy of the password that outlives it.
use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use medley_fdw::{ScramKeys, Secret};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A remote that asks for more rounds wants to keep us busy.
const MAX_ITERATIONS: u32 = 1_000_000;

/// As many as PostgreSQL asks for: some milliseconds.
const ROUNDS_AT_ONCE: u32 = 4096;

/// How the exchange is tied to the TLS channel.
#[derive(Debug)]
pub(crate) enum Binding {
    /// Not at all: there is no TLS, or it was not wanted.
    None,
    /// It could be, but the server does not offer it.
    NotOffered,
    /// By the hash of the server's certificate.
    ServerEndPoint(Vec<u8>),
}

impl Binding {
    fn header(&self) -> &'static str {
        match self {
            Self::None => "n,,",
            Self::NotOffered => "y,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    /// The name of the mechanism that does it.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::ServerEndPoint(_) => "SCRAM-SHA-256-PLUS",
            Self::None | Self::NotOffered => "SCRAM-SHA-256",
        }
    }
}

/// What a user shows to have.
#[derive(Clone, Copy)]
pub(crate) enum ProvenBy<'a> {
    /// A password.
    Password(&'a Secret),
    /// What somebody who logged in here by SCRAM proved to have.
    Keys(&'a ScramKeys),
}

/// What a proof is made of.
struct Keys {
    client_key: Zeroizing<[u8; 32]>,
    server_key: Zeroizing<[u8; 32]>,
}

fn decoded(key: &Secret) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(key.expose()).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

/// One exchange.
pub(crate) struct Scram {
    binding: Binding,
    nonce: String,
    server_signature: Option<[u8; 32]>,
}

impl Scram {
    /// With a fresh nonce.
    pub fn new(binding: Binding) -> Self {
        let nonce = BASE64_STANDARD.encode(rand::random::<[u8; 18]>());
        Self { binding, nonce, server_signature: None }
    }

    /// The mechanism's name.
    pub fn mechanism(&self) -> &'static str {
        self.binding.mechanism()
    }

    /// What the client begins with. PostgreSQL takes the user from the start-up message.
    pub fn first(&self) -> String {
        format!("{}{}", self.binding.header(), self.first_bare())
    }

    fn first_bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// The client's proof.
    pub async fn answer(
        &mut self,
        proven_by: ProvenBy<'_>,
        server_first: &str,
    ) -> Result<String, String> {
        let challenge = Challenge::parse(server_first, &self.nonce)?;
        let Keys { client_key, server_key } = challenge.keys(proven_by).await?;
        let without_proof = format!("c={},r={}", self.channel(), challenge.nonce);
        let message = format!("{},{server_first},{without_proof}", self.first_bare());

        let stored_key: [u8; 32] = Sha256::digest(*client_key).into();
        let mut proof = hmac(&stored_key, message.as_bytes());
        proof.iter_mut().zip(*client_key).for_each(|(p, k)| *p ^= k);

        self.server_signature = Some(hmac(&*server_key, message.as_bytes()));
        Ok(format!("{without_proof},p={}", BASE64_STANDARD.encode(proof)))
    }

    fn channel(&self) -> String {
        let mut channel = self.binding.header().as_bytes().to_vec();
        if let Binding::ServerEndPoint(hash) = &self.binding {
            channel.extend_from_slice(hash);
        }
        BASE64_STANDARD.encode(channel)
    }

    /// Whether the server, too, knows the password.
    pub fn finish(&self, server_final: &str) -> Result<(), String> {
        if let Some(error) = server_final.strip_prefix("e=") {
            return Err(format!("error received from server in SCRAM exchange: {error}"));
        }
        let signature = server_final
            .strip_prefix("v=")
            .and_then(|text| BASE64_STANDARD.decode(text.split(',').next()?).ok())
            .ok_or("malformed SCRAM message (malformed server signature)")?;
        match &self.server_signature {
            Some(expected) if expected[..] == signature => Ok(()),
            _ => Err("incorrect server signature".to_owned()),
        }
    }
}

/// What the server sends first.
struct Challenge<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

impl<'a> Challenge<'a> {
    fn parse(text: &'a str, client_nonce: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let mut part = |prefix: &str| parts.next().and_then(|part| part.strip_prefix(prefix));
        let nonce = part("r=").ok_or("malformed SCRAM message (missing nonce)")?;
        let salt = part("s=").and_then(|salt| BASE64_STANDARD.decode(salt).ok());
        let salt = salt.ok_or("malformed SCRAM message (invalid salt)")?;
        let iterations = part("i=")
            .and_then(|count| count.parse().ok())
            .filter(|count| (1..=MAX_ITERATIONS).contains(count))
            .ok_or("malformed SCRAM message (invalid iteration count)")?;
        match nonce.strip_prefix(client_nonce) {
            Some(rest) if !rest.is_empty() => Ok(Self { nonce, salt, iterations }),
            _ => Err("invalid SCRAM response (nonce mismatch)".to_owned()),
        }
    }

    /// What the proof is made of. Keys that are there already are those of one salt: whether it is
    /// this server's shows when it judges the proof.
    async fn keys(&self, proven_by: ProvenBy<'_>) -> Result<Keys, String> {
        match proven_by {
            ProvenBy::Password(password) => {
                let salted = self.salt(password).await;
                Ok(Keys {
                    client_key: Zeroizing::new(hmac(&*salted, b"Client Key")),
                    server_key: Zeroizing::new(hmac(&*salted, b"Server Key")),
                })
            }
            ProvenBy::Keys(keys) => Ok(Keys {
                client_key: decoded(&keys.client_key).ok_or("invalid SCRAM client key")?,
                server_key: decoded(&keys.server_key).ok_or("invalid SCRAM server key")?,
            }),
        }
    }

    /// PBKDF2 of one block, which is all that SHA-256's 32 bytes need. The remote says how many
    /// rounds there are: others get their turn in between.
    async fn salt(&self, password: &Secret) -> Zeroizing<[u8; 32]> {
        let prepared = Prepared::of(password.expose());
        let keyed = keyed(prepared.as_bytes());
        let first = keyed.clone().chain_update(&self.salt).chain_update([0, 0, 0, 1]);
        let mut block = Zeroizing::new(<[u8; 32]>::from(first.finalize().into_bytes()));
        let mut salted = block.clone();
        for round in 1..self.iterations {
            if round % ROUNDS_AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
            *block = keyed.clone().chain_update(*block).finalize().into_bytes().into();
            salted.iter_mut().zip(*block).for_each(|(s, b)| *s ^= b);
        }
        salted
    }
}

/// A password after SASLprep; what SASLprep refuses is used as it is, as PostgreSQL does.
struct Prepared<'a>(Cow<'a, str>);

impl<'a> Prepared<'a> {
    fn of(password: &'a str) -> Self {
        Self(stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password)))
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            zeroize::Zeroize::zeroize(text);
        }
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    keyed(key).chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3, but for the user's name, which PostgreSQL ignores.
    #[tokio::test]
    async fn a_server_that_knows_the_password_is_believed() {
        let mut scram = Scram::new(Binding::None);
        scram.nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        let password = Secret::new("pencil".to_owned());
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let first = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let answer =
            scram.answer(ProvenBy::Password(&password), &first).await.expect("a good challenge");
        assert!(answer.starts_with(&format!("c=biws,r={nonce},p=")), "{answer}");
        let signature = BASE64_STANDARD.encode(scram.server_signature.expect("computed"));
        assert_eq!(scram.finish(&format!("v={signature}")), Ok(()));
        assert!(scram.finish("v=AAAA").is_err());
        assert!(scram.finish("e=invalid-proof").is_err());
    }

    /// The keys are those of the salt that the challenge names.
    #[tokio::test]
    async fn keys_prove_what_the_password_proves() {
        let first = "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let password = Secret::new("pencil".to_owned());
        let keys = Challenge::parse(first, "abc").expect("good");
        let keys = keys.keys(ProvenBy::Password(&password)).await.expect("derived");
        let encode = |key: &[u8; 32]| Secret::new(BASE64_STANDARD.encode(key));
        let keys = ScramKeys {
            client_key: encode(&keys.client_key),
            server_key: encode(&keys.server_key),
        };
        let mut answers = Vec::new();
        for proven_by in [ProvenBy::Password(&password), ProvenBy::Keys(&keys)] {
            let mut scram = Scram::new(Binding::None);
            scram.nonce = "abc".to_owned();
            answers.push((scram.answer(proven_by, first).await, scram.server_signature));
        }
        assert!(answers[0].0.is_ok());
        assert_eq!(answers[0], answers[1]);
    }

    #[tokio::test]
    async fn a_bad_challenge_is_refused() {
        for first in [
            "",
            "r=abc,s=AAAA,i=4096",
            "r=xyz,s=AAAA,i=4096",
            "r=abcd,s=%,i=4096",
            "r=abcd,s=AAAA,i=0",
            "r=abcd,s=AAAA,i=4000000000",
        ] {
            let mut scram = Scram::new(Binding::None);
            scram.nonce = "abc".to_owned();
            let answer =
                scram.answer(ProvenBy::Password(&Secret::new("x".to_owned())), first).await;
            assert!(answer.is_err(), "{first}");
        }
    }

    /// The test's runtime has one thread, as a busy server has none to spare.
    #[tokio::test]
    async fn many_rounds_keep_nobody_else_waiting() {
        let mut scram = Scram::new(Binding::None);
        scram.nonce = "abc".to_owned();
        let password = Secret::new("x".to_owned());
        let turns = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = scram.answer(ProvenBy::Password(&password), "r=abcd,s=AAAA,i=1000000") => panic!("nobody had a turn"),
            () = turns => {}
        }
    }

    #[test]
    fn a_final_word_before_the_proof_is_not_believed() {
        assert!(Scram::new(Binding::None).finish("v=").is_err());
    }
}
