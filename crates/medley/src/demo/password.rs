//! Passwords that live as long as the demo.
use medley_secret::Secret;
use rand::Rng;
use rand::distr::Alphanumeric;

const LENGTH: usize = 20;

/// A random password. It is shown only by who keeps the demo's servers, to log in with.
pub struct Password(String);

impl Password {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect())
    }

    /// In clear: for a login, for a statement that sets it, and for a line to type.
    pub fn clear(&self) -> &str {
        &self.0
    }

    /// As what a new folder's superuser gets.
    pub fn secret(&self) -> Secret {
        Secret::new(self.0.clone())
    }
}
