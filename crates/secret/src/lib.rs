//! The only crate that touches keys.
//!
//! A value has three types in its life: given ([`Secret`]), stored ([`Sealed`]), and opened again
//! ([`Secret`]) while a wrapper connects. A [`Secret`] cannot be printed, compared, cloned or
//! serialised, and is zeroed when dropped. Who has only a [`Sealer`] cannot open anything: it can
//! seal a [`Portable`] for another place, and sees no more of it than ciphertext.
//!
//! A secret may also be kept elsewhere: a [`Reference`] says where, and is none itself.
//!
//! ```compile_fail
//! # use medley_secret::Secret;
//! let secret = Secret::new("x".into());
//! println!("{secret}"); // No `Display`.
//! ```
//! ```compile_fail
//! # use medley_secret::Secret;
//! let secret = Secret::new("x".into());
//! let copy = secret.clone(); // No `Clone`.
//! ```
//! ```compile_fail
//! # use medley_secret::Secret;
//! let same = Secret::new("x".into()) == Secret::new("x".into()); // No `PartialEq`.
//! ```
//! ```compile_fail
//! # fn serialise(_: impl serde::Serialize) {}
//! serialise(medley_secret::Secret::new("x".into())); // No `Serialize`.
//! ```
mod binding;
mod error;
mod keyring;
mod master;
mod portable;
mod reference;
mod scram;
mod sealed;
mod source;

pub use binding::Binding;
pub use error::{Error, Result};
pub use keyring::{Keyring, Opener, Sealer, WrappedKey};
pub use master::{KeyId, MasterKey};
pub use portable::Portable;
pub use reference::{
    Reference, ReferenceError, Scheme, Source, Template, Who, is_plain_name, is_prefix,
};
pub use scram::{ScramKeys, Verifier};
pub use sealed::{Place, Sealed};
pub use source::KeySource;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What stands wherever a secret's value would be shown.
pub const MASK: &str = "********";

/// A value that prints as nothing and is zeroed when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value into care.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Only a wrapper, while it connects, may call this (see clippy.toml).
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Ends the secrecy of an option's value that turned out to be none, `host` say.
    /// Only `commands/options` may call this (see clippy.toml).
    pub fn declassify(mut self) -> String {
        std::mem::take(&mut *self.0)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is the mask that stands for sealed values, and so surely no value.
    pub fn is_mask(&self) -> bool {
        *self.0 == MASK
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A secret that was fetched from where a reference leads, and is kept while it may be used: it is
/// handed out as a [`Secret`] as often as it is needed, prints as nothing, and is zeroed when
/// dropped.
pub struct Kept(Zeroizing<String>);

impl Kept {
    /// Takes a value into care.
    pub fn new(value: Zeroizing<String>) -> Self {
        Self(value)
    }

    /// Whether this is what was fetched before. Neither is anybody's guess.
    pub fn is_still(&self, before: &Self) -> bool {
        self.0.as_bytes().ct_eq(before.0.as_bytes()).into()
    }

    /// For one login.
    pub fn secret(&self) -> Secret {
        Secret(self.0.clone())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
