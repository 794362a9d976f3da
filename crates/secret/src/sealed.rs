use serde::{Deserialize, Serialize};

/// A value as the catalog keeps it: it opens only with the keyring and for its own place.
///
/// Bytes: format (1), data key version (4, little endian), nonce (12), ciphertext and tag.
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
        const OF_NOTHING: usize = 1 + 4 + 12 + 16;
        self.0.len() == OF_NOTHING
    }
}

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

    pub(crate) fn associated_data(&self, format: u8, key_version: u32) -> Vec<u8> {
        let mut data = vec![format];
        data.extend(key_version.to_le_bytes());
        data.extend(self.class.to_le_bytes());
        data.extend(self.object.to_le_bytes());
        data.extend(self.column.to_le_bytes());
        data.extend(self.option.as_bytes());
        data
    }
}
