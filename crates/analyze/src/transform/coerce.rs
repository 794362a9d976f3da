//! Giving expressions the types that their surroundings want.
use medley_diagnostic::SqlState;
use medley_types::{PgType, TypeOid};

use super::Analyser;
use super::literal::canonical;
use crate::error::{Error, Result};
use crate::resolve::{Context, Pathway, common_type, pathway};
use crate::tree::{CastForm, Coerce, Conversion, Expr, ExprKind, Query};

impl Analyser<'_> {
    /// The expression as this type; `None` if there is no such cast in this context.
    pub(super) fn coerce(
        &self,
        value: Expr,
        to: PgType,
        context: Context,
        form: CastForm,
    ) -> Result<Option<Expr>> {
        if value.is_untyped() {
            return self.read_as(value, to, context, form).map(Some);
        }
        if value.t.oid == to.oid && value.t.typmod == to.typmod {
            return Ok(Some(value));
        }
        if value.t.oid == to.oid && to.typmod == -1 && matches!(value.kind, ExprKind::Constant(_)) {
            return Ok(Some(Expr { t: to, ..value }));
        }
        let from = if value.t.oid == PgType::UNKNOWN.oid { PgType::TEXT } else { value.t };
        let Some(way) = pathway(from.oid, to.oid, context) else { return Ok(None) };
        Ok(Some(converted(value, to, conversion(way), form, context)))
    }

    /// A literal or parameter as the type that is wanted of it.
    fn read_as(&self, value: Expr, to: PgType, context: Context, form: CastForm) -> Result<Expr> {
        let plain = PgType { typmod: -1, ..to };
        let at = value.position;
        let read = match value.kind {
            ExprKind::Parameter(index) => self.settle_parameter(index, plain, at)?,
            ExprKind::Constant(Some(text)) => {
                // `interval '3' day` is three days: its fields say what a bare number counts.
                let read_as = if to.oid == PgType::INTERVAL.oid { to } else { plain };
                let text = self.canonical(&text, read_as).map_err(|error| error.or_at(at))?;
                if read_as.typmod != -1 {
                    return Ok(Expr::new(ExprKind::Constant(Some(text)), to, at));
                }
                Expr::new(ExprKind::Constant(Some(text)), plain, at)
            }
            kind => Expr::new(kind, plain, at),
        };
        match to.typmod {
            -1 => Ok(read),
            _ => Ok(converted(read, to, Conversion::Relabel, form, context)),
        }
    }

    /// A literal's text as its type prints it.
    fn canonical(&self, text: &str, t: PgType) -> Result<String> {
        if needs_catalog(t.oid) {
            return Ok(text.to_owned());
        }
        canonical(text, t, self.context.style)
    }

    fn settle_parameter(&self, index: usize, to: PgType, at: Option<usize>) -> Result<Expr> {
        let mut known = self.parameters.borrow_mut();
        match known[index] {
            Some(known) if known.oid != to.oid => {
                let message = format!("inconsistent types deduced for parameter ${}", index + 1);
                return Err(Error::at(SqlState::AMBIGUOUS_PARAMETER, message, at));
            }
            _ => known[index] = Some(PgType::plain(to.oid.0)),
        }
        Ok(Expr::new(ExprKind::Parameter(index), to, at))
    }

    /// As a call's argument, an operand: of the type, whatever its typmod.
    pub(super) fn coerce_argument(&self, value: Expr, to: PgType) -> Result<Option<Expr>> {
        match value.t.oid == to.oid && !value.is_untyped() {
            true => Ok(Some(value)),
            false => self.coerce(value, untyped(to), Context::Implicit, CastForm::Implicit),
        }
    }

    /// The expression as this type, or 42804.
    pub(super) fn coerce_to(&self, value: Expr, to: PgType, what: &str) -> Result<Expr> {
        let (from, at) = (value.t, value.position);
        self.coerce_argument(value, to)?.ok_or_else(|| {
            let message = format!("{what} must be type {to}, not type {}", untyped(from));
            Error::at(SqlState::DATATYPE_MISMATCH, message, at)
        })
    }

    /// A condition.
    pub(super) fn boolean(&self, value: Expr, clause: &str) -> Result<Expr> {
        self.coerce_to(value, PgType::BOOL, &format!("argument of {clause}"))
    }

    /// Text, if nothing else wanted it to be something.
    pub(super) fn settle(&self, value: Expr) -> Result<Expr> {
        if value.t.oid != PgType::UNKNOWN.oid {
            return Ok(value);
        }
        let settled = self.coerce(value, PgType::TEXT, Context::Implicit, CastForm::Implicit)?;
        settled.ok_or_else(|| Error::Internal("a literal is no text".to_owned()))
    }

    /// All as the type that they have in common.
    pub(super) fn to_common(&self, values: Vec<Expr>, what: &str) -> Result<(Vec<Expr>, PgType)> {
        let common = self.common_type(&values, what)?;
        let coerced = values.into_iter().map(|value| {
            let (from, at) = (value.t, value.position);
            self.coerce_argument(value, common)?.ok_or_else(|| {
                let message = format!("{what} could not convert type {from} to {common}");
                Error::at(SqlState::CANNOT_COERCE, message, at)
            })
        });
        Ok((coerced.collect::<Result<_>>()?, common))
    }

    pub(super) fn common_type(&self, values: &[Expr], what: &str) -> Result<PgType> {
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        common_type(&types).ok_or_else(|| cannot_match(values, what))
    }

    /// What is still unknown in a query's output is text.
    pub(super) fn settle_outputs(&self, query: &mut Query) -> Result<()> {
        for target in &mut query.targets {
            if target.expr.t.oid == PgType::UNKNOWN.oid {
                target.expr = self.settle(target.expr.clone())?;
            }
        }
        Ok(())
    }
}

fn converted(
    arg: Expr,
    to: PgType,
    conversion: Conversion,
    form: CastForm,
    context: Context,
) -> Expr {
    let position = arg.position;
    let coerce = Coerce { arg, conversion, form, context };
    Expr::new(ExprKind::Coerce(Box::new(coerce)), to, position)
}

fn conversion(way: Pathway) -> Conversion {
    match way {
        Pathway::Relabel => Conversion::Relabel,
        Pathway::Function(function) => Conversion::Function(function.oid),
        Pathway::Elements => Conversion::Elements,
        Pathway::Text => Conversion::Text,
    }
}

/// The type without its typmod.
pub(super) fn untyped(t: PgType) -> PgType {
    PgType { typmod: -1, ..t }
}

/// The types whose text only the catalog can read: `regclass` and its like, and two of text search.
pub(super) fn needs_catalog(oid: TypeOid) -> bool {
    matches!(oid.0, 24 | 2202..=2206 | 3734 | 3769 | 4089 | 4096 | 4191)
}

fn cannot_match(values: &[Expr], what: &str) -> Error {
    let known = || values.iter().filter(|value| value.t.oid != PgType::UNKNOWN.oid);
    let first = known().next().map_or(PgType::TEXT, |value| value.t);
    let other = known().find(|value| common_type(&[first, value.t]).is_none());
    let (other, position) = other.map_or((first, None), |value| (value.t, value.position));
    let message =
        format!("{what} types {} and {} cannot be matched", untyped(first), untyped(other));
    Error::at(SqlState::DATATYPE_MISMATCH, message, position)
}
