//! `format_type`.
use medley_types::PgType;

use super::super::types::owner_of;
use super::super::{Session, domains, names};
use crate::error::Result;
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[("format_type", kernel)];

fn kernel<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let oid = args[0].oid()?;
    let typmod = if args[1].is_null() { None } else { Some(args[1].int4()?) };
    Ok(Datum::of_text(shown(frame.session(), oid, typmod)))
}

/// The type's name; `???` of an unknown oid, `-` of 0.
pub fn shown(session: &Session, oid: u32, typmod: Option<i32>) -> String {
    if oid == 0 {
        return "-".to_owned();
    }
    let known = format_type(oid, typmod).or_else(|| row_type(session, oid));
    let known = known.or_else(|| domains::shown(oid));
    known.unwrap_or_else(|| "???".to_owned())
}

/// The name of a built-in type; `None` for the typmod is another thing than -1.
pub fn format_type(oid: u32, typmod: Option<i32>) -> Option<String> {
    let t = PgType::plain(oid);
    t.info()?;
    Some(match (oid, typmod) {
        (1042, None) => "character".to_owned(),
        (1014, None) => "character[]".to_owned(),
        (1560, None) => "bit".to_owned(),
        (1561, None) => "bit[]".to_owned(),
        _ => t.with_typmod(typmod.unwrap_or(-1)).to_string(),
    })
}

/// The name of a relation's row type, or of arrays of it.
pub fn row_type(session: &Session, oid: u32) -> Option<String> {
    let (relation, found) = owner_of(session, oid)?;
    let name = names::shown(session, relation);
    Some(if found.is_array() { format!("{name}[]") } else { name })
}
