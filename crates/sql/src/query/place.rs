//! Where operators stand, which sqlparser's tree does not say: an operand is marked with the place.
//!
//! Of an operator between two it is the right one, for a long chain of them is deep enough on its
//! left. Of a sign it is the only one; of words (IS DISTINCT FROM, IN, BETWEEN, LIKE) and of ANY and
//! ALL the left one.
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Spanned, UnaryOperator, Value, VisitMut, VisitorMut,
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

/// Marks the operands of a tree.
pub(super) fn mark(tree: &mut impl VisitMut, operators: &BTreeSet<Location>) {
    let ControlFlow::Continue(()) = tree.visit(&mut Marker { operators }) else { return };
}

struct Marker<'a> {
    operators: &'a BTreeSet<Location>,
}

impl VisitorMut for Marker<'_> {
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
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Marker<'_> {
    /// Between an operator and the first name or constant behind it there is no operator that
    /// stands between two operands, for that one's left operand would have come before.
    fn mark(&self, operand: &mut Expr, behind: Span) {
        let Some(place) = self.operators.range(..behind.start).next_back() else { return };
        let value = std::mem::replace(operand, Expr::Value(Value::Null.into()));
        let prefix = Ident::with_span(Span::new(*place, *place), "");
        *operand = Expr::Prefixed { prefix, value: Box::new(value) };
    }
}
