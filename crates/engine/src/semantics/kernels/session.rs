//! Functions of the session and the statement.
use std::time::{SystemTime, UNIX_EPOCH};

use datafusion::arrow::array::StringArray;
use std::sync::Arc;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;
use medley_diagnostic::SqlState;

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("now", |f, _| Ok(Datum::Timestamp(f.env.transaction_time))),
    ("statement_timestamp", |f, _| Ok(Datum::Timestamp(f.env.statement_time))),
    ("clock_timestamp", |_, _| Ok(Datum::Timestamp(clock()))),
    ("current_database", |f, _| Ok(Datum::of_text(f.session().facts.database()))),
    ("pgsql_version", |f, _| Ok(Datum::of_text(f.session().facts.version()))),
    ("pg_backend_pid", |f, _| Ok(Datum::Int4(f.session().facts.backend_pid()))),
    ("current_schema", |f, _| {
        let session = f.session();
        let schema = session.path.creation_schema().and_then(|oid| session.snapshot.schema(oid));
        Ok(schema.map_or(Datum::Null, |schema| Datum::of_text(schema.name.as_str())))
    }),
    ("current_schemas", current_schemas),
    ("show_config_by_name", |f, a| setting(f, a[0].text()?, false)),
    ("show_config_by_name_missing_ok", |f, a| setting(f, a[0].text()?, a[1].bool()?)),
    ("set_config_by_name", set_config),
    ("pg_typeof", |f, _| Ok(Datum::Oid(f.arguments[0].oid.0))),
];

fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn current_schemas<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let schemas = if args[0].bool()? { session.path.schemas() } else { session.path.named() };
    let names = schemas.iter().filter_map(|oid| session.snapshot.schema(*oid));
    let names: StringArray = names.map(|schema| Some(schema.name.as_str())).collect();
    Ok(Datum::List(Arc::new(names)))
}

/// It is told of NULLs: no value resets, and a setting that is not named is none.
fn set_config<'a>(frame: &Frame<'_>, arguments: &[Datum<'_>]) -> Result<Datum<'a>> {
    let given = |index: usize| (!arguments[index].is_null()).then_some(&arguments[index]);
    let name = given(0).ok_or_else(|| {
        Error::at(SqlState::NULL_VALUE_NOT_ALLOWED, "SET requires parameter name", None)
    })?;
    let value = given(1).map(Datum::text).transpose()?;
    let local = given(2).map(Datum::bool).transpose()?.unwrap_or(false);
    let facts = &frame.session().facts;
    Ok(Datum::of_text(facts.set_setting(name.text()?, value, local)?))
}

fn setting<'a>(frame: &Frame<'_>, name: &str, missing_ok: bool) -> Result<Datum<'a>> {
    match frame.session().facts.setting(name) {
        Some(value) => Ok(Datum::of_text(value)),
        None if missing_ok => Ok(Datum::Null),
        None => {
            let message = format!("unrecognized configuration parameter \"{name}\"");
            Err(Error::at(SqlState::UNDEFINED_OBJECT, message, None))
        }
    }
}
