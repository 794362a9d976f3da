use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a secret is bound to besides its place: where it is to be sent, as a hash of the options
/// that say so. A value that is sealed with one tells it, and cannot be made to tell another.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding(pub(crate) [u8; Self::BYTES]);

impl Binding {
    pub(crate) const BYTES: usize = 32;

    /// To these options of this wrapper, in whatever order they come.
    pub fn to<'a>(wrapper: &str, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut options: Vec<_> = options.into_iter().collect();
        options.sort_unstable();
        let mut hash = Sha256::new_with_prefix(b"medley binding v1");
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        add(wrapper);
        for (name, value) in options {
            add(name);
            add(value);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binding(")?;
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_differently_is_bound_differently() {
        let base = Binding::to("w", [("host", "a"), ("port", "1")]);
        assert_eq!(base, Binding::to("w", [("port", "1"), ("host", "a")]));
        for other in [
            Binding::to("x", [("host", "a"), ("port", "1")]),
            Binding::to("w", [("host", "b"), ("port", "1")]),
            Binding::to("w", [("host", "a")]),
            Binding::to("w", [("host", "aport"), ("", "1")]),
            Binding::to("w", [("host", "1"), ("port", "a")]),
        ] {
            assert!(base != other);
        }
    }
}
