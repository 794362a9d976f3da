//! PostgreSQL's types: oid, typmod, collation; their one Arrow form; text and binary in and out
//! under the session's output styles.
//!
//! This crate knows no catalog: a type is one of PostgreSQL's own, found in one table
//! ([`TypeInfo`]). Every Arrow field that Medley makes carries its [`PgType`] in its metadata,
//! so that a value's type is never guessed from its Arrow form.
//!
//! [`ColumnWriter`] writes the values of an array as the type's output or send function does,
//! [`ColumnBuilder`] reads them as its input or receive function does, both under a [`Style`];
//! they know no clock (`now` is refused) and no names of objects (a `regclass` is its number).
//! What an Arrow form cannot hold is an error ([`Error::Unrepresentable`]), never another value.
mod arrow;
mod calendar;
mod decode;
mod encode;
mod error;
mod interval;
mod network;
mod parse;
mod pg_type;
mod printed;
mod style;
mod table;
mod time_zone;

pub use arrow::{Form, arrow_type, field, metadata, type_of_arrow, type_of_field};
pub use decode::ColumnBuilder;
pub use encode::ColumnWriter;
pub use error::{Error, Result};
pub use pg_type::{CollationOid, PgType, TypeOid};
pub use style::{
    ByteaOutput, DateFormat, DateOrder, DateStyle, IntervalStyle, Style, parse_extra_float_digits,
};
pub use table::{Category, TypeInfo, by_name, by_oid, types};
pub use time_zone::{Offset, TimeZone};

/// A column of a result: what RowDescription tells, and what the values are read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As the client sees it; need not be unique.
    pub name: String,
    /// Its type.
    pub pg_type: PgType,
}
