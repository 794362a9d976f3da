//! `pg_get_functiondef`.
use std::fmt::Write;

use medley_catalog::quote_identifier;
use medley_diagnostic::SqlState;
use medley_types::TypeOid;

use super::super::{Session, procedures};
use super::{definitions, registered};
use crate::error::{Error, Result};
use crate::semantics::builtin::{self, Function};
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[("pg_get_functiondef", definition)];

const REGPROC: TypeOid = TypeOid(24);
/// `pg_language.oid` of `sql`, whose functions' texts are not here.
const SQL: u32 = 14;

/// `pg_proc.prorows` that goes without saying.
const DEFAULT_ROWS: f32 = 1000.0;

fn definition<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), args[0].oid()?);
    let text = match builtin::function_by_oid(oid) {
        Some(function) => built_in(session, function)?,
        None => match procedures::wrapper_functions(session).iter().find(|it| it.oid == oid) {
            Some(function) => of_wrapper(session, function),
            None => return Ok(Datum::Null),
        },
    };
    Ok(Datum::of_text(text))
}

fn built_in(session: &Session, function: &Function) -> Result<String> {
    if function.kind == 'a' {
        let message = format!("\"{}\" is an aggregate function", function.name);
        return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, None));
    }
    let details = procedures::details(function.oid).unwrap_or(procedures::Details::UNKNOWN);
    if details.language == SQL {
        return Err(Error::unsupported(format_args!("the text of function {}", function.name)));
    }
    let mut text = head(function.name, details.arguments);
    if let Some(result) = definitions::result_of(session, function.oid) {
        let _ = writeln!(text, " RETURNS {result}");
    }
    text.push_str(" LANGUAGE internal\n");
    let attributes = attributes(session, function, &details)?;
    if !attributes.is_empty() {
        let _ = writeln!(text, "{attributes}");
    }
    text.push_str(&body(function.source));
    Ok(text)
}

fn head(name: &str, arguments: &str) -> String {
    format!("CREATE OR REPLACE FUNCTION pg_catalog.{}({arguments})\n", quote_identifier(name))
}

fn body(source: &str) -> String {
    format!("AS $function${source}$function$\n")
}

fn attributes(
    session: &Session,
    function: &Function,
    details: &procedures::Details,
) -> Result<String> {
    let volatility = match function.volatility {
        'i' => " IMMUTABLE",
        's' => " STABLE",
        _ => "",
    };
    let parallel = match details.parallel {
        's' => " PARALLEL SAFE",
        'r' => " PARALLEL RESTRICTED",
        _ => "",
    };
    let mut text = format!("{}{volatility}{parallel}", flag(function.kind == 'w', " WINDOW"));
    text.push_str(flag(function.strict, " STRICT"));
    text.push_str(flag(details.leakproof, " LEAKPROOF"));
    if details.cost != 1.0 {
        let _ = write!(text, " COST {}", details.cost);
    }
    if details.rows > 0.0 && details.rows != DEFAULT_ROWS {
        let _ = write!(text, " ROWS {}", details.rows);
    }
    if details.support != 0 {
        let support = registered::printed(session, REGPROC, details.support)?;
        let _ = write!(text, " SUPPORT {support}");
    }
    Ok(text)
}

fn flag(given: bool, text: &'static str) -> &'static str {
    if given { text } else { "" }
}

fn of_wrapper(session: &Session, function: &procedures::WrapperFunction) -> String {
    let arguments = if function.is_handler { "" } else { "text[], oid" };
    let result = definitions::result_of(session, function.oid).unwrap_or_default();
    let head = head(&function.name, arguments);
    format!("{head} RETURNS {result}\n LANGUAGE internal\n STRICT\n{}", body(&function.name))
}
