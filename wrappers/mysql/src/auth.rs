//! Proofs of who we are, and to whom they are given.
//!
//! A password itself is sent only through TLS to somebody whose name was verified: what an
//! impostor gets otherwise is an answer to its own question. The key to which a server takes the
//! RSA way of `caching_sha2_password` would come from the same impostor, so that way is not gone.
use medley_fdw::Secret;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use zeroize::Zeroizing;

const NATIVE: &str = "mysql_native_password";
const CACHING_SHA2: &str = "caching_sha2_password";
const SHA256_PASSWORD: &str = "sha256_password";
const CLEAR: &str = "mysql_clear_password";

/// A way of logging in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// SHA-1 of the password, scrambled.
    Native,
    /// SHA-256 of it, scrambled; for an account that the server has not seen lately, the password.
    CachingSha2,
    /// The password.
    Clear(&'static str),
}

impl Plugin {
    /// The one of this name, if it is known here.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            NATIVE => Some(Self::Native),
            CACHING_SHA2 => Some(Self::CachingSha2),
            SHA256_PASSWORD => Some(Self::Clear(SHA256_PASSWORD)),
            CLEAR => Some(Self::Clear(CLEAR)),
            _ => None,
        }
    }

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => NATIVE,
            Self::CachingSha2 => CACHING_SHA2,
            Self::Clear(name) => name,
        }
    }
}

/// What questions are answered with: not the password, but what logs in as it does, at servers
/// that ask for a scramble. Kept for as long as a session lives, to log in again and stop what it
/// does.
pub(crate) struct Keys {
    sha1: Zeroizing<Vec<u8>>,
    sha256: Zeroizing<Vec<u8>>,
    is_empty: bool,
}

impl Keys {
    /// Of this password.
    pub fn new(password: Option<&Secret>) -> Self {
        let password = password.map(Secret::expose).unwrap_or_default().as_bytes();
        Self { sha1: sha1(password), sha256: sha256(password), is_empty: password.is_empty() }
    }

    /// The answer to a question; who has no password answers nothing. None for those who want
    /// more than an answer.
    pub fn answer(&self, plugin: Plugin, nonce: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match plugin {
            Plugin::Native | Plugin::CachingSha2 if self.is_empty => {
                Some(Zeroizing::new(Vec::new()))
            }
            Plugin::Native => {
                let stored = sha1(&self.sha1);
                Some(xor(&self.sha1, &sha1(&[nonce, &stored].concat())))
            }
            Plugin::CachingSha2 => {
                let stored = sha256(&self.sha256);
                Some(xor(&self.sha256, &sha256(&[&stored, nonce].concat())))
            }
            Plugin::Clear(_) => None,
        }
    }
}

fn sha1(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec())
}

fn sha256(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(digest(&SHA256, bytes).as_ref().to_vec())
}

fn xor(left: &[u8], right: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(left.iter().zip(right).map(|(a, b)| a ^ b).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Made with Python's hashlib.
    #[test]
    fn answers_are_what_servers_expect() {
        let keys = Keys::new(Some(&Secret::new("secret".to_owned())));
        let nonce: Vec<u8> = (1..=20).collect();
        let check = |plugin, expected: &str| {
            let answer = keys.answer(plugin, &nonce).expect("an answer");
            assert_eq!(hex(&answer), expected);
        };
        check(Plugin::Native, "b32bb3a583e1340c0a1108d58b1be49781ad8c2f");
        check(
            Plugin::CachingSha2,
            "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9",
        );
        assert!(keys.answer(Plugin::Clear(CLEAR), &nonce).is_none());
        let nobody = Keys::new(None);
        assert!(nobody.answer(Plugin::Native, &nonce).expect("an answer").is_empty());
    }
}
