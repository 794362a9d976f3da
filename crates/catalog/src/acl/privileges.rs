use std::ops::{BitAnd, BitOr, Sub};

use serde::{Deserialize, Serialize};

/// A set of privileges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Privileges(u16);

macro_rules! privileges {
    ($($name:ident = $bit:literal, $letter:literal, $word:literal;)*) => {
        #[allow(missing_docs, reason = "the names are the privileges' own")]
        impl Privileges {
            $(pub const $name: Self = Self(1 << $bit);)*

            /// Each privilege with its letter and its word, in the order of aclitem text.
            pub const TABLE: &'static [(Self, char, &'static str)] =
                &[$((Self::$name, $letter, $word),)*];
        }
    };
}

privileges! {
    INSERT = 0, 'a', "INSERT";
    SELECT = 1, 'r', "SELECT";
    UPDATE = 2, 'w', "UPDATE";
    DELETE = 3, 'd', "DELETE";
    TRUNCATE = 4, 'D', "TRUNCATE";
    REFERENCES = 5, 'x', "REFERENCES";
    TRIGGER = 6, 't', "TRIGGER";
    EXECUTE = 7, 'X', "EXECUTE";
    USAGE = 8, 'U', "USAGE";
    CREATE = 9, 'C', "CREATE";
    CREATE_TEMP = 10, 'T', "TEMPORARY";
    CONNECT = 11, 'c', "CONNECT";
    SET = 12, 's', "SET";
    ALTER_SYSTEM = 13, 'A', "ALTER SYSTEM";
    MAINTAIN = 14, 'm', "MAINTAIN";
}

impl Privileges {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// All there are on a table or view.
    pub const ALL_RELATION: Self = Self(0b111_1111 | 1 << 14);
    /// All there are on a column.
    pub const ALL_COLUMN: Self = Self(0b10_0111);
    /// All there are on a sequence.
    pub const ALL_SEQUENCE: Self = Self(0b110 | 1 << 8);
    /// All there are on a large object.
    pub const ALL_LARGE_OBJECT: Self = Self(0b110);
    /// All there are on a configuration parameter.
    pub const ALL_PARAMETER: Self = Self(0b11 << 12);
    /// All there are on a schema.
    pub const ALL_SCHEMA: Self = Self(0b11 << 8);
    /// All there are on a database.
    pub const ALL_DATABASE: Self = Self(0b111 << 9);
    /// What everybody has on a database.
    pub(super) const PUBLIC_DATABASE: Self = Self(0b11 << 10);

    /// The privilege of this word; TEMP is TEMPORARY.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        let word = if word == "TEMP" { "TEMPORARY" } else { &word };
        Self::TABLE.iter().find(|(_, _, name)| *name == word).map(|(privilege, ..)| *privilege)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether something is in both.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// How many are in it.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Each privilege in it, with letter and word, in the order of aclitem text.
    pub fn iter(self) -> impl Iterator<Item = (Self, char, &'static str)> {
        Self::TABLE.iter().copied().filter(move |(privilege, ..)| self.contains(*privilege))
    }
}

impl BitOr for Privileges {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Privileges {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Privileges {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
