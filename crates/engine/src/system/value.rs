//! Short names for the values that rows are made of.
use std::sync::Arc;

use datafusion::arrow::array::{Int16Array, StringArray, UInt32Array};
use medley_catalog::acl::Acl;
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::Options;
use medley_types::PgType;

use super::Session;
use crate::error::Result;
use crate::semantics::{Datum, text_list};

/// NULL.
pub const NULL: Datum<'static> = Datum::Null;

/// An oid of any kind.
pub fn oid(value: u32) -> Datum<'static> {
    Datum::Oid(value)
}

/// A text or name.
pub fn text<'a>(value: impl Into<std::borrow::Cow<'a, str>>) -> Datum<'a> {
    Datum::Text(value.into())
}

/// A text or name, or NULL.
pub fn optional<'a>(value: Option<impl Into<std::borrow::Cow<'a, str>>>) -> Datum<'a> {
    value.map_or(Datum::Null, text)
}

/// A `"char"`; `\0` is the empty one.
pub fn letter(value: char) -> Datum<'static> {
    match value {
        '\0' => Datum::of_text(""),
        value => Datum::of_text(value.to_string()),
    }
}

/// A boolean.
pub fn flag(value: bool) -> Datum<'static> {
    Datum::Bool(value)
}

/// `information_schema.yes_or_no`.
pub fn yes_or_no(value: bool) -> Datum<'static> {
    Datum::of_text(if value { "YES" } else { "NO" })
}

/// An `int2`.
pub fn int2(value: i16) -> Datum<'static> {
    Datum::Int2(value)
}

/// An `int4`.
pub fn int4(value: i32) -> Datum<'static> {
    Datum::Int4(value)
}

/// An `int4`, or NULL.
pub fn optional_int4(value: Option<i32>) -> Datum<'static> {
    value.map_or(Datum::Null, Datum::Int4)
}

/// A `timestamptz` of microseconds since 1970, or NULL.
pub fn optional_time(value: Option<i64>) -> Datum<'static> {
    value.map_or(Datum::Null, Datum::Timestamp)
}

/// An `oid[]` or `oidvector`.
pub fn oids(values: impl IntoIterator<Item = u32>) -> Datum<'static> {
    Datum::List(Arc::new(UInt32Array::from_iter_values(values)))
}

/// An `int2[]` or `int2vector`.
pub fn int2s(values: impl IntoIterator<Item = i16>) -> Datum<'static> {
    Datum::List(Arc::new(Int16Array::from_iter_values(values)))
}

/// A `text[]` or `name[]`.
pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Datum<'static> {
    Datum::List(Arc::new(StringArray::from_iter_values(values)))
}

/// A `text[]`, NULL if it is empty.
pub fn texts_or_null(values: &[String]) -> Datum<'static> {
    match values {
        [] => NULL,
        values => texts(values.iter().map(String::as_str)),
    }
}

/// Options as catalogs show them.
pub fn options(options: &Options) -> Datum<'static> {
    texts_or_null(&options.shown())
}

/// An `aclitem[]`, or NULL.
pub fn acl(session: &Session, acl: Option<&Acl>) -> Result<Datum<'static>> {
    let role_name = |role: RoleOid| session.snapshot.role(role).map(|role| role.name.clone());
    let shown = acl.map(|acl| acl.shown(role_name));
    text_list(PgType::ACLITEM_ARRAY, shown.as_deref())
}
