//! Constants and parameters.
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, Value, ValueWithSpan};
use medley_sql::span::position;
use medley_types::{ColumnBuilder, ColumnWriter, PgType, Style};

use super::Analyser;
use crate::error::{Error, Result};
use crate::resolve::Context;
use crate::tree::{CastForm, Expr, ExprKind};
use crate::type_name;

/// The most parameters that a statement has.
const MAX_PARAMETERS: usize = 65_535;

impl Analyser<'_> {
    pub(super) fn value(&self, value: &ValueWithSpan) -> Result<Expr> {
        let at = position(value.span);
        match &value.value {
            Value::Number(text, _) => number(text, at),
            Value::Boolean(value) => Ok(constant(if *value { "t" } else { "f" }, PgType::BOOL, at)),
            Value::Null => Ok(null(PgType::UNKNOWN, at)),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => Ok(constant(text, PgType::UNKNOWN, at)),
            Value::DollarQuotedString(text) => Ok(constant(&text.value, PgType::UNKNOWN, at)),
            Value::Placeholder(name) => self.placeholder(name, at),
            _ => Err(Error::unsupported("a bit string").or_at(at)),
        }
    }

    fn placeholder(&self, name: &str, at: Option<usize>) -> Result<Expr> {
        let undefined = || {
            let message = format!("there is no parameter {name}");
            Error::at(SqlState::UNDEFINED_PARAMETER, message, at)
        };
        let number: usize = name.trim_start_matches('$').parse().map_err(|_| undefined())?;
        let index = number.checked_sub(1).filter(|_| number <= MAX_PARAMETERS);
        let index = index.ok_or_else(undefined)?;
        let mut types = self.parameters.borrow_mut();
        if index >= types.len() {
            if self.parameters_complete {
                return Err(undefined());
            }
            types.resize(index + 1, None);
        }
        let known = types[index].filter(|t| t.oid != PgType::UNKNOWN.oid);
        Ok(Expr::new(ExprKind::Parameter(index), known.unwrap_or(PgType::UNKNOWN), at))
    }

    /// `date '2020-01-01'`
    pub(super) fn typed_string(&self, typed: &ast::TypedString) -> Result<Expr> {
        let at = position(typed.value.span);
        let t = type_name::resolve(&typed.data_type).map_err(|e| Error::from(e).or_at(at))?;
        let text = self.value(&typed.value)?;
        self.coerce(text, t, Context::Explicit, CastForm::Explicit)?
            .ok_or_else(|| Error::unsupported(format_args!("a literal of type {t}")).or_at(at))
    }

    /// `interval '1 day'`
    pub(super) fn interval(&self, interval: &ast::Interval) -> Result<Expr> {
        let ast::Expr::Value(value) = interval.value.as_ref() else {
            return Err(Error::unsupported("INTERVAL of what is no constant"));
        };
        let t = interval_type(interval)
            .ok_or_else(|| Error::unsupported("an INTERVAL with fields like that"))
            .map_err(|error| error.or_at(position(value.span)))?;
        let text = self.value(value)?;
        let at = text.position;
        self.coerce(text, t, Context::Explicit, CastForm::Explicit)?
            .ok_or_else(|| Error::unsupported("an INTERVAL of that").or_at(at))
    }
}

/// `interval day to second(3)`: the type that the fields after a literal say.
fn interval_type(interval: &ast::Interval) -> Option<PgType> {
    let ast::Interval { leading_field, leading_precision, last_field, .. } = interval;
    let precision = leading_precision.or(interval.fractional_seconds_precision);
    let mut name = "interval".to_owned();
    for (word, field) in [("", leading_field), (" to", last_field)] {
        if let Some(field) = field {
            name.push_str(&format!("{word} {}", field.to_string().to_lowercase()));
        }
    }
    if let Some(precision) = precision {
        name.push_str(&format!("({precision})"));
    }
    PgType::parse(&name).ok()
}

/// A constant whose text is as its type prints it, or whose type is not known yet.
pub(super) fn constant(text: &str, t: PgType, at: Option<usize>) -> Expr {
    Expr::new(ExprKind::Constant(Some(text.to_owned())), t, at)
}

pub(super) fn null(t: PgType, at: Option<usize>) -> Expr {
    Expr::new(ExprKind::Constant(None), t, at)
}

/// An integer if it fits one, else numeric.
fn number(text: &str, at: Option<usize>) -> Result<Expr> {
    let plain = text.replace('_', "");
    if let Some(value) = integer(&plain) {
        let t = if i32::try_from(value).is_ok() { PgType::INT4 } else { PgType::INT8 };
        return Ok(constant(&value.to_string(), t, at));
    }
    let printed = canonical(&plain, PgType::NUMERIC, &Style::default()).map_err(|_| {
        let message = format!("trailing junk after numeric literal at or near \"{text}\"");
        Error::at(SqlState::SYNTAX_ERROR, message, at)
    })?;
    Ok(constant(&printed, PgType::NUMERIC, at))
}

/// A literal's text as its type prints it.
pub(super) fn canonical(text: &str, t: PgType, style: &Style) -> Result<String> {
    restyled(text, t, style, &Style::default())
}

/// A value's text under another style.
pub(crate) fn restyled(text: &str, t: PgType, from: &Style, to: &Style) -> Result<String> {
    let mut builder = ColumnBuilder::new(t, 1);
    builder.append_text(text, from)?;
    let column = builder.finish();
    let mut printed = bytes::BytesMut::new();
    ColumnWriter::text(t, &column, to)?.write(0, &mut printed)?;
    String::from_utf8(printed.to_vec())
        .map_err(|_| Error::Internal("an output function wrote no text".to_owned()))
}

fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return text.parse().ok(),
    };
    i64::from_str_radix(&format!("{sign}{}", &digits[2..]), radix).ok()
}
