//! Constants and parameters.
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_analyze::type_name;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, Value, ValueWithSpan};
use medley_sql::span::position;
use medley_types::PgType;

use super::{Binder, Open, Typed};
use crate::error::{Error, Result};
use crate::semantics::Numeric;
use crate::semantics::resolve::Context;

impl Binder<'_> {
    pub(super) fn value(&self, value: &ValueWithSpan) -> Result<Typed> {
        let at = position(value.span);
        match &value.value {
            Value::Number(text, _) => number(text, at),
            Value::Boolean(value) => Ok(Typed::new(lit(*value), PgType::BOOL, at)),
            Value::Null => Ok(unknown(None, at)),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => Ok(unknown(Some(text.clone()), at)),
            Value::DollarQuotedString(text) => Ok(unknown(Some(text.value.clone()), at)),
            Value::Placeholder(name) => self.placeholder(name, at),
            _ => Err(Error::unsupported("a bit string").or_at(at)),
        }
    }

    fn placeholder(&self, name: &str, at: Option<usize>) -> Result<Typed> {
        let undefined = || {
            let message = format!("there is no parameter {name}");
            Error::at(SqlState::UNDEFINED_PARAMETER, message, at)
        };
        let number: usize = name.trim_start_matches('$').parse().map_err(|_| undefined())?;
        let index = number.checked_sub(1).filter(|_| number <= 65_535).ok_or_else(undefined)?;
        {
            let mut types = self.parameter_types.borrow_mut();
            if self.parameters.is_some() && index >= types.len() {
                return Err(undefined());
            }
            if index >= types.len() {
                types.resize(index + 1, None);
            }
        }
        let known = self.parameter_types.borrow()[index];
        match known {
            Some(t) if t.oid != PgType::UNKNOWN.oid => self.parameter(index, t, at),
            _ => Ok(Typed {
                expr: lit(ScalarValue::Utf8(None)),
                t: PgType::UNKNOWN,
                position: at,
                open: Some(Open::Parameter(index)),
            }),
        }
    }

    /// `date '2020-01-01'`
    pub(super) fn typed_string(&self, typed: &ast::TypedString) -> Result<Typed> {
        let at = position(typed.value.span);
        let t = type_name::resolve(&typed.data_type).map_err(|e| Error::from(e).or_at(at))?;
        let text = self.value(&typed.value)?;
        self.coerce(text, t, Context::Explicit)?
            .ok_or_else(|| Error::unsupported(format_args!("a literal of type {t}")).or_at(at))
    }

    /// `interval '1 day'`
    pub(super) fn interval(&self, interval: &ast::Interval) -> Result<Typed> {
        let ast::Expr::Value(value) = interval.value.as_ref() else {
            return Err(Error::unsupported("INTERVAL of what is no constant"));
        };
        if interval.leading_field.is_some() || interval.last_field.is_some() {
            return Err(Error::unsupported("an INTERVAL with fields").or_at(position(value.span)));
        }
        let text = self.value(value)?;
        let at = text.position;
        self.coerce(text, PgType::INTERVAL, Context::Explicit)?
            .ok_or_else(|| Error::unsupported("an INTERVAL of that").or_at(at))
    }
}

/// What has no type of its own yet.
fn unknown(text: Option<String>, at: Option<usize>) -> Typed {
    Typed {
        expr: lit(ScalarValue::Utf8(text.clone())),
        t: PgType::UNKNOWN,
        position: at,
        open: Some(Open::Literal(text)),
    }
}

/// An integer if it fits one, else numeric.
fn number(text: &str, at: Option<usize>) -> Result<Typed> {
    let plain = text.replace('_', "");
    if let Some(value) = integer(&plain) {
        return Ok(match i32::try_from(value) {
            Ok(value) => Typed::new(lit(value), PgType::INT4, at),
            Err(_) => Typed::new(lit(value), PgType::INT8, at),
        });
    }
    let number: Numeric = plain.parse().map_err(|_| {
        let message = format!("trailing junk after numeric literal at or near \"{text}\"");
        Error::at(SqlState::SYNTAX_ERROR, message, at)
    })?;
    let expr: Expr = lit(number.to_string());
    Ok(Typed::new(expr, PgType::NUMERIC, at))
}

fn integer(text: &str) -> Option<i64> {
    let radix = match text.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return text.parse().ok(),
    };
    i64::from_str_radix(&text[2..], radix).ok()
}
