//! Where sqlparser gives an operator more than is its own: to IS DISTINCT FROM the ANDs and ORs
//! behind it, to a sign the COLLATE behind its operand. Parentheses that were written are nodes of
//! the tree, so what is there without them is sqlparser's doing.
use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, VisitMut, VisitorMut};

/// Gives each operator its own operands.
pub(super) fn mend(tree: &mut impl VisitMut) {
    let ControlFlow::Continue(()) = tree.visit(&mut Mender) else { return };
}

struct Mender;

impl VisitorMut for Mender {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::IsDistinctFrom(_, right) | Expr::IsNotDistinctFrom(_, right)
                if is_connective(right) =>
            {
                let connective = std::mem::replace(&mut **right, nothing());
                let test = std::mem::replace(expr, connective);
                put_first(expr, test);
            }
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: operand }
                if matches!(**operand, Expr::Collate { .. }) =>
            {
                let collated = std::mem::replace(&mut **operand, nothing());
                let sign = std::mem::replace(expr, collated);
                put_inside(expr, sign);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// What is collated becomes the operand of the sign, and the sign what is collated.
fn put_inside(collated: &mut Expr, mut sign: Expr) {
    let Expr::Collate { expr: inside, .. } = collated else { return };
    let operand = std::mem::replace(&mut **inside, nothing());
    if let Expr::UnaryOp { expr, .. } = &mut sign {
        **expr = operand;
    }
    **inside = sign;
}

fn is_connective(expr: &Expr) -> bool {
    matches!(expr, Expr::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. })
}

/// The first operand of ANDs and ORs becomes the right one of the test, and the test the first.
fn put_first(connective: &mut Expr, mut test: Expr) {
    let mut first = connective;
    while is_connective(first) {
        let Expr::BinaryOp { left, .. } = first else { return };
        first = left;
    }
    let operand = std::mem::replace(first, nothing());
    if let Expr::IsDistinctFrom(_, right) | Expr::IsNotDistinctFrom(_, right) = &mut test {
        **right = operand;
    }
    *first = test;
}

fn nothing() -> Expr {
    Expr::Value(Value::Null.into())
}
