use std::fmt;

use crate::table::{self, TypeInfo};

/// The oid of a type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeOid(pub u32);

/// The oid of a collation; 0 where the type has none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CollationOid(pub u32);

impl CollationOid {
    /// For types without a collation.
    pub const NONE: Self = Self(0);
    /// The database's: builtin `C.UTF-8` here.
    pub const DEFAULT: Self = Self(100);
    /// Byte order.
    pub const C: Self = Self(950);
    /// Byte order, under its other name.
    pub const POSIX: Self = Self(951);

    /// Those that columns can be declared with, by name.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("default", Self::DEFAULT),
        ("C", Self::C),
        ("POSIX", Self::POSIX),
        ("ucs_basic", Self(962)),
        ("unicode", Self(963)),
        ("pg_c_utf8", Self(811)),
        ("pg_unicode_fast", Self(6411)),
    ];

    /// Its name, if columns can be declared with it.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(_, known)| *known == self).map(|(name, _)| *name)
    }
}

/// A type as a column has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PgType {
    /// Which type.
    pub oid: TypeOid,
    /// Length, precision and so on, packed as PostgreSQL packs it; -1 for none.
    pub typmod: i32,
    /// How it is ordered, if it is text.
    pub collation: CollationOid,
}

macro_rules! well_known {
    ($($name:ident = $oid:literal;)*) => {
        #[allow(missing_docs, reason = "the names are the types' own")]
        impl PgType {
            $(pub const $name: Self = Self::plain($oid);)*
        }
    };
}

well_known! {
    BOOL = 16; BYTEA = 17; CHAR = 18; NAME = 19; INT8 = 20; INT2 = 21; INT4 = 23;
    REGPROC = 24; TEXT = 25; OID = 26; TID = 27; XID = 28; JSON = 114; XML = 142; FLOAT4 = 700;
    FLOAT8 = 701; UNKNOWN = 705; INET = 869; CIDR = 650; BPCHAR = 1042; VARCHAR = 1043;
    DATE = 1082; TIME = 1083; TIMESTAMP = 1114; TIMESTAMPTZ = 1184; INTERVAL = 1186;
    NUMERIC = 1700; REGCLASS = 2205; REGTYPE = 2206; UUID = 2950; JSONB = 3802; VOID = 2278;
    REGROLE = 4096; REGNAMESPACE = 4089; ACLITEM = 1033; PG_NODE_TREE = 194; INT2VECTOR = 22;
    OIDVECTOR = 30;
    BOOL_ARRAY = 1000; BYTEA_ARRAY = 1001; CHAR_ARRAY = 1002; NAME_ARRAY = 1003;
    INT2_ARRAY = 1005; INT4_ARRAY = 1007; TEXT_ARRAY = 1009; VARCHAR_ARRAY = 1015;
    INT8_ARRAY = 1016; FLOAT8_ARRAY = 1022; OID_ARRAY = 1028; ACLITEM_ARRAY = 1034;
    NUMERIC_ARRAY = 1231;
}

impl PgType {
    /// The type of this oid without a typmod, with its own collation.
    pub const fn plain(oid: u32) -> Self {
        // PostgreSQL's collatable types: text, varchar, bpchar and their arrays have the
        // default one; name has "C".
        let collation = match oid {
            25 | 1009 | 1042 | 1014 | 1043 | 1015 => CollationOid::DEFAULT,
            19 | 1003 => CollationOid::C,
            _ => CollationOid::NONE,
        };
        Self { oid: TypeOid(oid), typmod: -1, collation }
    }

    /// The same type with this typmod.
    pub const fn with_typmod(mut self, typmod: i32) -> Self {
        self.typmod = typmod;
        self
    }

    /// The same type with this collation.
    pub const fn with_collation(mut self, collation: CollationOid) -> Self {
        self.collation = collation;
        self
    }

    /// `numeric(precision, scale)`.
    pub const fn numeric(precision: u16, scale: i16) -> Self {
        let typmod = ((precision as i32) << 16 | (scale as i32 & 0x7ff)) + 4;
        Self::NUMERIC.with_typmod(typmod)
    }

    /// `varchar(length)`, in characters.
    pub const fn varchar(length: i32) -> Self {
        Self::VARCHAR.with_typmod(length + 4)
    }

    /// `char(length)`, in characters.
    pub const fn bpchar(length: i32) -> Self {
        Self::BPCHAR.with_typmod(length + 4)
    }

    /// As `format_type` prints it without a typmod: what messages about values name.
    pub(crate) fn plain_name(self) -> String {
        self.with_typmod(-1).to_string()
    }

    /// Precision and scale, if declared.
    pub fn precision_and_scale(self) -> Option<(u16, i16)> {
        let packed = (self.typmod >= 4).then_some(self.typmod - 4)?;
        let scale = ((packed & 0x7ff) ^ 1024) - 1024;
        Some(((packed >> 16 & 0xffff) as u16, scale as i16))
    }

    /// The declared length in characters of a varchar or bpchar.
    pub fn declared_length(self) -> Option<usize> {
        usize::try_from(self.typmod.checked_sub(4)?).ok()
    }

    /// What the table of types says; `None` for an oid that PostgreSQL does not have built in.
    pub fn info(self) -> Option<&'static TypeInfo> {
        table::by_oid(self.oid)
    }

    /// The element's type if this is an array.
    pub fn element(self) -> Option<Self> {
        let element = self.info()?.element?;
        Some(Self { oid: element, ..self })
    }

    /// The array of this type.
    pub fn array(self) -> Option<Self> {
        let array = self.info()?.array?;
        Some(Self { oid: array, ..self })
    }
}

/// As `format_type(oid, typmod)` prints it.
impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::format_type(*self, f)
    }
}
