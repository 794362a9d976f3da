//! Constants and parameters.
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_diagnostic::SqlState;
use medley_types::{PgType, Style};

use super::Lowering;
use crate::error::{Error, Result};
use crate::semantics::resolve::Context;
use crate::semantics::{convert, input, null};

impl Lowering<'_> {
    /// A constant of this type; its text is as the type's output function writes it.
    pub(super) fn constant(&self, text: Option<&str>, t: PgType) -> Result<Expr> {
        let Some(text) = text else { return scalar(&null(t)) };
        if convert::is_read_by_catalog(t.oid) {
            let value = convert::convert(lit(text), PgType::TEXT, t, Context::Explicit, &self.env)?;
            let value =
                value.ok_or_else(|| Error::unsupported(format_args!("a literal of type {t}")))?;
            // Read now, so that a mistake in it is told with its place.
            return self.planner.constant(value);
        }
        scalar(&input(t, text, &Style::default())?)
    }

    /// A parameter: its value, or what stands for it while there is none.
    pub(super) fn parameter(&self, index: usize, t: PgType) -> Result<Expr> {
        let Some(parameters) = self.parameters else { return scalar(&null(t)) };
        let given = parameters.get(index).ok_or_else(|| {
            let message = format!("there is no parameter ${}", index + 1);
            Error::at(SqlState::UNDEFINED_PARAMETER, message, None)
        })?;
        scalar(&given.value)
    }
}

/// The value in an array of one.
pub(super) fn scalar(value: &ArrayRef) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from_array(&Arc::clone(value), 0)?))
}
