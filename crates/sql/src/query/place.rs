//! Where operators stand, which sqlparser's tree does not say: an operand is marked with the place.
//!
//! Of an operator between two it is the right one, for a long chain of them is deep enough on its
//! left. Of a sign, of `::` and of CAST it is the only one; of words (IS DISTINCT FROM, IN, BETWEEN, LIKE) and
//! of ANY and ALL the left one.
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Ident, Spanned, UnaryOperator, Value, VisitMut, VisitorMut,
};
use sqlparser::tokenizer::{Location, Span};

use crate::span;

/// The operand without its mark, and where the operator stands that it is an operand of, as
/// [`span::position`] says it.
pub fn operator_position(operand: &Expr) -> (&Expr, Option<usize>) {
    match operand {
        Expr::Prefixed { prefix, value } if prefix.value.is_empty() => {
            (value, span::position(prefix.span))
        }
        operand => (operand, None),
    }
}

/// Where the parser has met operators.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Between and before their operands.
    pub operators: BTreeSet<Location>,
    /// `::`.
    pub casts: BTreeSet<Location>,
    /// CAST.
    pub cast_words: BTreeSet<Location>,
}

/// Marks the operands of a tree.
pub(super) fn mark(tree: &mut impl VisitMut, places: Places) {
    let ControlFlow::Continue(()) = tree.visit(&mut Marker(places)) else { return };
}

/// Casts whose operands were marked are taken out.
struct Marker(Places);

impl VisitorMut for Marker {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. }
            | Expr::UnaryOp { op: UnaryOperator::Not, .. } => {}
            Expr::BinaryOp { right, .. } => {
                let behind = right.span();
                self.mark(right, behind);
            }
            Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. }
            | Expr::Like { expr: left, pattern: right, .. }
            | Expr::ILike { expr: left, pattern: right, .. }
            | Expr::SimilarTo { expr: left, pattern: right, .. }
            | Expr::Between { expr: left, low: right, .. } => {
                let behind = right.span();
                self.mark(left, behind);
            }
            Expr::InList { expr, list, .. } => {
                if let Some(first) = list.first() {
                    self.mark(expr, first.span());
                }
            }
            Expr::InSubquery { expr, subquery, .. } => self.mark(expr, subquery.span()),
            Expr::UnaryOp { expr, .. } => {
                let behind = expr.span();
                self.mark(expr, behind);
            }
            Expr::Cast { kind, expr, .. } => self.mark_cast(kind, expr),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Marker {
    /// Between an operator and the first name or constant behind it there is no operator that
    /// stands between two operands, for that one's left operand would have come before.
    fn mark(&self, operand: &mut Expr, behind: Span) {
        if let Some(place) = self.0.operators.range(..behind.start).next_back() {
            put_mark(operand, *place);
        }
    }

    /// The casts within an operand have had theirs, so that the next is its own.
    fn mark_cast(&mut self, kind: &CastKind, operand: &mut Expr) {
        let start = operand.span().start;
        if start == Location::empty() {
            return;
        }
        let Places { casts, cast_words, .. } = &mut self.0;
        let found = match kind {
            CastKind::DoubleColon => casts.range(start..).next(),
            _ => cast_words.range(..start).next_back(),
        };
        if let Some(place) = found.copied() {
            casts.remove(&place);
            cast_words.remove(&place);
            put_mark(operand, place);
        }
    }
}

fn put_mark(operand: &mut Expr, place: Location) {
    let value = std::mem::replace(operand, Expr::Value(Value::Null.into()));
    let prefix = Ident::with_span(Span::new(place, place), "");
    *operand = Expr::Prefixed { prefix, value: Box::new(value) };
}
