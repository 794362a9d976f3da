//! Calls of functions and operators, and SQL's own values.
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_analyze::builtin::{self, Operator};
use medley_analyze::tree::{self, FunctionCall, OperatorCall, SqlValue};
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::comparison::comparison;
use super::expr::misplaced;
use super::frame::Frame;
use super::{Lowering, Typed, resolved};
use crate::error::{Error, Result};
use crate::semantics::call_function;
use crate::semantics::resolve::{Context, Resolved};

/// Nothing is said of the arguments but what they are.
pub(super) fn plain_arguments(call: &FunctionCall) -> Result<()> {
    match (call.names.is_empty(), call.is_array) {
        (true, false) => Ok(()),
        (false, _) => Err(Error::unsupported("a call with named arguments")),
        (true, true) => Err(Error::unsupported("VARIADIC")),
    }
}

impl Lowering<'_> {
    pub(super) fn function(
        &self,
        frame: &Frame<'_>,
        call: &FunctionCall,
        t: PgType,
    ) -> Result<Expr> {
        plain_arguments(call)?;
        let found = resolved(call.function, &call.arguments, t)?;
        if found.function.returns_set {
            let message = "set-returning functions are not supported here";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, None));
        }
        if let ("pg_typeof", [argument]) = (found.function.source, call.arguments.as_slice())
            && let Some(domain) = frame.declared_domain(argument)
        {
            return Ok(lit(domain.0));
        }
        call_function(&found, self.arguments(frame, &call.arguments)?, &self.env)
    }

    /// The arguments of a call; a literal that has no type is text.
    pub(super) fn arguments(
        &self,
        frame: &Frame<'_>,
        arguments: &[tree::Expr],
    ) -> Result<Vec<(Expr, PgType)>> {
        let typed = arguments.iter().map(|argument| self.typed(frame, argument));
        typed.map(|value| value.map(|value| (value.expr, value.t))).collect()
    }

    pub(super) fn operator(
        &self,
        frame: &Frame<'_>,
        call: &OperatorCall,
        t: PgType,
    ) -> Result<Expr> {
        let operator = call.builtin().ok_or_else(|| misplaced("an operator"))?;
        if let ([left, right], Some(op)) = (call.operands.as_slice(), comparison(operator.name)) {
            return self.compare(frame, op, left, right);
        }
        let operands = call.operands.iter().map(|it| self.typed(frame, it));
        self.operate(operator, operands.collect::<Result<_>>()?, t)
    }

    /// An operator as the function that it is.
    pub(super) fn operate(
        &self,
        operator: &Operator,
        operands: Vec<Typed>,
        t: PgType,
    ) -> Result<Expr> {
        let operands = match (comparison(operator.name), <[Typed; 2]>::try_from(operands)) {
            (Some(op), Ok([left, right])) => return self.compare_typed(op, left, right),
            (None, Ok(operands)) => operands.into(),
            (_, Err(operands)) => operands,
        };
        let function =
            builtin::function_by_oid(operator.function).ok_or_else(|| misplaced("an operator"))?;
        let arguments = operands.iter().map(|it| it.t).collect();
        let found = Resolved { function, arguments, result: t, variadic_from: None };
        let operands = operands.into_iter().map(|it| (it.expr, it.t)).collect();
        call_function(&found, operands, &self.env)
    }

    /// `current_user` and its like.
    pub(super) fn sql_value(&self, value: SqlValue, t: PgType) -> Result<Expr> {
        let role = |role| lit(self.context.snapshot.role_name(role));
        let micros = Some(self.env.transaction_time);
        let now = Typed {
            expr: lit(ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()))),
            t: PgType::TIMESTAMPTZ,
            position: None,
        };
        Ok(match value {
            SqlValue::CurrentUser | SqlValue::CurrentRole | SqlValue::User => {
                role(self.context.role)
            }
            SqlValue::SessionUser => role(self.context.session_user),
            SqlValue::CurrentCatalog => lit(self.context.facts.database().to_owned()),
            SqlValue::CurrentSchema => {
                let function = builtin::functions("current_schema").next();
                let function = function.ok_or_else(|| misplaced("current_schema"))?;
                let arguments = Vec::new();
                let found = Resolved { function, arguments, result: t, variadic_from: None };
                call_function(&found, Vec::new(), &self.env)?
            }
            SqlValue::CurrentTimestamp
            | SqlValue::LocalTimestamp
            | SqlValue::CurrentDate
            | SqlValue::LocalTime => self.converted(now, t, Context::Explicit)?.expr,
            SqlValue::CurrentTime => return Err(Error::unsupported("CURRENT_TIME")),
        })
    }
}
