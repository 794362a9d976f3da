use crate::Binding;
use serde::{Deserialize, Serialize};

/// A value as the catalog keeps it: it opens only with the keyring and for its own place.
///
/// Bytes: format (1), data key version (4, little endian), nonce (12), ciphertext and tag. Of
/// format 2, a binding (32) stands before the nonce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub(crate) Vec<u8>);

impl Sealed {
    /// Which data key sealed it.
    pub fn key_version(&self) -> Option<u32> {
        let bytes = self.0.get(1..5)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Whether the value is empty, which its length tells without opening it.
    pub fn is_of_nothing(&self) -> bool {
        const OF_NOTHING: usize = 12 + 16;
        self.0.len() == self.header() + OF_NOTHING
    }

    /// What it is bound to besides its place. It opens only if it tells the truth.
    pub fn binding(&self) -> Option<Binding> {
        let bytes = self.0.get(PLAIN_HEADER..self.header())?;
        bytes.try_into().ok().map(Binding)
    }

    /// How many bytes come before the nonce.
    pub(crate) fn header(&self) -> usize {
        match self.0.first() {
            Some(&BOUND) => PLAIN_HEADER + Binding::BYTES,
            _ => PLAIN_HEADER,
        }
    }
}

/// The format of a value that is bound to nothing but its place.
pub(crate) const PLAIN: u8 = 1;
/// The format of a value that is bound to where it is sent.
pub(crate) const BOUND: u8 = 2;

const PLAIN_HEADER: usize = 1 + 4;

/// Where a sealed value stands: authenticated with it, so that it does not open elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The catalog of the object, as the oid of its table: 1418 for a user mapping.
    pub class: u32,
    /// The object.
    pub object: u32,
    /// The column's number where the object is a column, else 0.
    pub column: i16,
    /// The option's name.
    pub option: &'a str,
}

impl Place<'_> {
    /// Whether both are of the same option of objects of the same kind.
    pub(crate) fn is_like(self, other: Place<'_>) -> bool {
        self.class == other.class
            && (self.column == 0) == (other.column == 0)
            && self.option == other.option
    }

    /// What comes before the nonce is authenticated as well.
    pub(crate) fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = header.to_vec();
        data.extend(self.class.to_le_bytes());
        data.extend(self.object.to_le_bytes());
        data.extend(self.column.to_le_bytes());
        data.extend(self.option.as_bytes());
        data
    }
}
