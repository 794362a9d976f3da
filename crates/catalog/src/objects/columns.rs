use serde::{Deserialize, Serialize};

use medley_types::PgType;

use super::Options;
use crate::acl::Acl;

/// A column of a foreign table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name; of a dropped one, `........pg.dropped.N........`.
    pub name: String,
    /// Its number from 1, never reused in its relation.
    pub number: i16,
    /// Its type, with typmod and collation.
    #[serde(with = "pg_type")]
    pub pg_type: PgType,
    /// The NOT NULL constraint, if there is one.
    pub not_null: Option<NotNull>,
    /// Its default or generation expression.
    pub default: Option<ColumnDefault>,
    /// Its options.
    pub options: Options,
    /// Who may use it besides those who may use the whole; `None` for nobody.
    pub acl: Option<Acl>,
    /// It was dropped: its place stays.
    pub dropped: bool,
    /// SET STATISTICS; `None` for the default.
    pub statistics_target: Option<i32>,
    /// SET (n_distinct = …), in order.
    pub attribute_options: Vec<(String, String)>,
    /// SET STORAGE, as `pg_attribute.attstorage`; `None` for the type's own.
    pub storage: Option<char>,
}

impl Column {
    /// A column with nothing but name, number and type.
    pub fn new(name: impl Into<String>, number: i16, pg_type: PgType) -> Self {
        Self {
            name: name.into(),
            number,
            pg_type,
            not_null: None,
            default: None,
            options: Options::default(),
            acl: None,
            dropped: false,
            statistics_target: None,
            attribute_options: Vec::new(),
            storage: None,
        }
    }

    /// Makes it a dropped column: what is left is its number and the size of its type.
    pub fn mark_dropped(&mut self) {
        let name = format!("........pg.dropped.{}........", self.number);
        *self = Self { dropped: true, ..Self::new(name, self.number, self.pg_type) };
    }

    /// Whether it is computed from others.
    pub fn is_generated(&self) -> bool {
        self.default.as_ref().is_some_and(ColumnDefault::is_generated)
    }

    /// What computes it when it is read, if something does.
    pub fn virtual_expression(&self) -> Option<&str> {
        let default = self.default.as_ref()?;
        (default.kind == DefaultKind::Virtual).then_some(default.expression.as_str())
    }
}

/// A column's NOT NULL constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotNull {
    /// `pg_constraint.oid`.
    pub oid: u32,
    /// Its name.
    pub name: String,
    /// NO INHERIT.
    pub no_inherit: bool,
    /// False after NOT VALID.
    pub validated: bool,
}

/// A column's DEFAULT or GENERATED expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDefault {
    /// `pg_attrdef.oid`.
    pub oid: u32,
    /// The expression's text.
    pub expression: String,
    /// What it is.
    pub kind: DefaultKind,
}

impl ColumnDefault {
    /// Whether the column is computed from others.
    pub fn is_generated(&self) -> bool {
        self.kind != DefaultKind::Default
    }
}

/// What an expression is to its column. Stores know the variants by their place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefaultKind {
    /// DEFAULT.
    Default,
    /// GENERATED … STORED: the remote has the values.
    Stored,
    /// GENERATED … VIRTUAL: computed when it is read.
    Virtual,
}

impl DefaultKind {
    /// `pg_attribute.attgenerated`.
    pub const fn letter(self) -> Option<char> {
        match self {
            Self::Default => None,
            Self::Stored => Some('s'),
            Self::Virtual => Some('v'),
        }
    }
}

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `pg_constraint.oid`.
    pub oid: u32,
    /// Its name.
    pub name: String,
    /// The expression's text.
    pub expression: String,
    /// The columns it names.
    pub columns: Vec<i16>,
    /// NO INHERIT.
    pub no_inherit: bool,
    /// False after NOT VALID.
    pub validated: bool,
    /// False after NOT ENFORCED.
    pub enforced: bool,
}

/// A type is stored as its three numbers.
mod pg_type {
    use medley_types::{CollationOid, PgType, TypeOid};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &PgType, to: S) -> Result<S::Ok, S::Error> {
        (value.oid.0, value.typmod, value.collation.0).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PgType, D::Error> {
        let (oid, typmod, collation) = Deserialize::deserialize(from)?;
        Ok(PgType { oid: TypeOid(oid), typmod, collation: CollationOid(collation) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_from_before_virtual_columns_said_whether_it_is_generated() {
        for (generated, kind) in [(false, DefaultKind::Default), (true, DefaultKind::Stored)] {
            let old = postcard::to_extend(&(7_u32, "a", generated), Vec::new()).unwrap();
            let new = ColumnDefault { oid: 7, expression: "a".into(), kind };
            assert_eq!(postcard::from_bytes::<ColumnDefault>(&old).unwrap(), new);
        }
    }
}
