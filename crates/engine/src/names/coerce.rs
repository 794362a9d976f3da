//! Giving expressions the types that their surroundings want.
use std::sync::Arc;

use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::{Binder, Bound, Open, Typed};
use crate::error::{Error, Result};
use crate::semantics::resolve::{Context, common_type};
use crate::semantics::{convert, input, null};

impl Binder<'_> {
    /// The expression as this type; `None` if there is no such cast in this context.
    pub(super) fn coerce(
        &self,
        value: Typed,
        to: PgType,
        context: Context,
    ) -> Result<Option<Typed>> {
        let position = value.position;
        if value.t.oid == PgType::UNKNOWN.oid && value.open.is_none() {
            return self.coerce_settled(Typed { t: PgType::TEXT, ..value }, to, Context::Explicit);
        }
        match &value.open {
            None => self.coerce_settled(value, to, context),
            Some(Open::Literal(text)) => {
                let expr = self.literal(text.as_deref(), to).map_err(|e| e.or_at(position))?;
                Ok(Some(Typed::new(expr, to, position)))
            }
            Some(Open::Parameter(index)) => self.settle_parameter(*index, to, position).map(Some),
        }
    }

    fn coerce_settled(&self, value: Typed, to: PgType, context: Context) -> Result<Option<Typed>> {
        if value.t.oid == to.oid && (to.typmod < 0 || to.typmod == value.t.typmod) {
            return self.drop_typmod(value, to).map(Some);
        }
        let position = value.position;
        let converted = convert::convert(value.expr, value.t, to, context, &self.env)
            .map_err(|error| error.or_at(position))?;
        Ok(converted.map(|expr| Typed::new(expr, to, position)))
    }

    /// Of `numeric(p,s)` and `numeric` only the form differs, and it does not where typmods agree.
    fn drop_typmod(&self, value: Typed, to: PgType) -> Result<Typed> {
        if medley_types::arrow_type(value.t) == medley_types::arrow_type(to) {
            return Ok(Typed { t: to, ..value });
        }
        let relabelled = convert::convert(value.expr, value.t, to, Context::Implicit, &self.env)?;
        let expr = relabelled.ok_or_else(|| Error::Internal("a type is not itself".to_owned()))?;
        Ok(Typed { expr, t: to, ..value })
    }

    /// A string literal, or NULL, as a value of this type.
    fn literal(&self, text: Option<&str>, to: PgType) -> Result<Expr> {
        let Some(text) = text else { return scalar(&null(to)) };
        if convert::needs_catalog(to.oid) {
            let text = lit(text);
            return convert::convert(text, PgType::TEXT, to, Context::Explicit, &self.env)?
                .ok_or_else(|| Error::unsupported(format_args!("a literal of type {to}")));
        }
        let plain = PgType::plain(to.oid.0);
        let value = scalar(&input(plain, text, &self.env.style)?)?;
        match convert::convert(value.clone(), plain, to, Context::Explicit, &self.env)? {
            Some(fitted) => Ok(fitted),
            None => Ok(value),
        }
    }

    fn settle_parameter(&self, index: usize, to: PgType, position: Option<usize>) -> Result<Typed> {
        let t = PgType::plain(to.oid.0);
        let known = self.parameter_types.borrow()[index];
        match known {
            Some(known) if known.oid != t.oid => {
                let message = format!("inconsistent types deduced for parameter ${}", index + 1);
                return Err(Error::at(SqlState::AMBIGUOUS_PARAMETER, message, position));
            }
            _ => self.parameter_types.borrow_mut()[index] = Some(t),
        }
        let value = self.parameter(index, t, position)?;
        self.coerce_settled(value, to, Context::Explicit)?
            .ok_or_else(|| Error::Internal("a type is not itself".to_owned()))
    }

    /// A parameter of a known type: its value, or what stands for it while there is none.
    pub(super) fn parameter(
        &self,
        index: usize,
        t: PgType,
        position: Option<usize>,
    ) -> Result<Typed> {
        let expr = match self.parameters {
            None => scalar(&null(t))?,
            Some(parameters) => {
                let given = parameters.get(index).ok_or_else(|| {
                    let message = format!("there is no parameter ${}", index + 1);
                    Error::at(SqlState::UNDEFINED_PARAMETER, message, position)
                })?;
                scalar(&given.value)?
            }
        };
        Ok(Typed::new(expr, t, position))
    }

    /// The expression as this type, or 42804.
    pub(super) fn coerce_to(&self, value: Typed, to: PgType, what: &str) -> Result<Typed> {
        let (from, position) = (value.t, value.position);
        self.coerce(value, to, Context::Implicit)?.ok_or_else(|| {
            let message = format!("{what} must be type {to}, not type {from}");
            Error::at(SqlState::DATATYPE_MISMATCH, message, position)
        })
    }

    /// A condition.
    pub(super) fn boolean(&self, value: Typed, clause: &str) -> Result<Expr> {
        Ok(self.coerce_to(value, PgType::BOOL, &format!("argument of {clause}"))?.expr)
    }

    /// Text, if nothing else wanted it to be something.
    pub(super) fn settle(&self, value: Typed) -> Result<Typed> {
        if value.open.is_none() && value.t.oid != PgType::UNKNOWN.oid {
            return Ok(value);
        }
        let settled = self.coerce(value, PgType::TEXT, Context::Implicit)?;
        settled.ok_or_else(|| Error::Internal("a literal is no text".to_owned()))
    }

    /// All as the type that they have in common.
    pub(super) fn to_common(&self, values: Vec<Typed>, what: &str) -> Result<(Vec<Typed>, PgType)> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        let common = common_type(&types).ok_or_else(|| cannot_match(&values, what))?;
        let coerced = values
            .into_iter()
            .map(|value| {
                let (from, position) = (value.t, value.position);
                self.coerce(value, common, Context::Implicit)?.ok_or_else(|| {
                    let message = format!("{what} could not convert type {from} to {common}");
                    Error::at(SqlState::CANNOT_COERCE, message, position)
                })
            })
            .collect::<Result<_>>()?;
        Ok((coerced, common))
    }

    /// What is still unknown in a query's output is text.
    pub(super) fn settle_outputs(&self, bound: Bound) -> Result<Bound> {
        if bound.columns.iter().all(|column| column.open.is_none()) {
            return Ok(bound);
        }
        let types: Vec<_> = bound
            .columns
            .iter()
            .map(|column| if column.open.is_some() { PgType::TEXT } else { column.t })
            .collect();
        self.cast_outputs(bound, &types)
    }
}

/// The value in an array of one.
pub(super) fn scalar(value: &datafusion::arrow::array::ArrayRef) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from_array(&Arc::clone(value), 0)?))
}

fn cannot_match(values: &[Typed], what: &str) -> Error {
    let known = || values.iter().filter(|value| value.t.oid != PgType::UNKNOWN.oid);
    let first = known().next().map_or(PgType::TEXT, |value| value.t);
    let other = known().find(|value| common_type(&[first, value.t]).is_none());
    let (other, position) = other.map_or((first, None), |value| (value.t, value.position));
    let message = format!("{what} types {first} and {other} cannot be matched");
    Error::at(SqlState::DATATYPE_MISMATCH, message, position)
}
