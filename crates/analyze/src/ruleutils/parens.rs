//! Which expressions stand inside another one without parentheses.
use medley_types::PgType;

use crate::tree::{BoolOp, CallForm, Coerce, Conversion, Expr, ExprKind, OperatorCall};

/// Whether an expression needs no parentheses inside `parent`, in the pretty layout.
pub(super) fn is_simple(expr: &Expr, parent: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(_)
        | ExprKind::Constant(_)
        | ExprKind::Parameter(_)
        | ExprKind::Subscript(..)
        | ExprKind::Slice(..)
        | ExprKind::Row(_)
        | ExprKind::Grouping(_)
        | ExprKind::Array(..)
        | ExprKind::Coalesce(_)
        | ExprKind::Greatest(_)
        | ExprKind::Least(_)
        | ExprKind::SqlValue(_)
        | ExprKind::NullIf(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_)
        | ExprKind::Function(_)
        | ExprKind::Case(_) => true,
        ExprKind::Coerce(coerce) => is_function(coerce, expr.t) || is_simple(&coerce.arg, expr),
        ExprKind::Operator(call) => match &parent.kind {
            ExprKind::Operator(outer) => binds_tighter(call, outer, expr),
            ExprKind::Bool(..) => true,
            _ => separates(parent),
        },
        ExprKind::Subquery(_)
        | ExprKind::NullTest(..)
        | ExprKind::TruthTest(..)
        | ExprKind::Distinct(_) => separates(parent) || matches!(parent.kind, ExprKind::Bool(..)),
        ExprKind::Bool(op, _) => match &parent.kind {
            ExprKind::Bool(outer, _) => matches!(
                (op, outer),
                (BoolOp::Not | BoolOp::And, BoolOp::And | BoolOp::Or) | (BoolOp::Or, BoolOp::Or)
            ),
            _ => separates(parent),
        },
        ExprKind::Field(..) => !matches!(parent.kind, ExprKind::Field(..)),
        ExprKind::ArrayComparison(_)
        | ExprKind::RowComparison(_)
        | ExprKind::Collate(..)
        | ExprKind::CaseOperand
        | ExprKind::SubqueryColumn(_) => false,
    }
}

/// Whether PostgreSQL calls a function for the conversion: those print as calls do.
pub(super) fn is_function(coerce: &Coerce, target: PgType) -> bool {
    match coerce.conversion {
        Conversion::Function(_) => true,
        Conversion::Elements => false,
        Conversion::Relabel | Conversion::Text => target.typmod >= 0,
    }
}

/// Whether PostgreSQL converts first to the type, and then to its length; and the first is no
/// function's call.
pub(super) fn is_twice(coerce: &Coerce, target: PgType) -> bool {
    let relabels = matches!(coerce.conversion, Conversion::Relabel | Conversion::Text);
    relabels && target.typmod >= 0 && coerce.arg.t.oid != target.oid
}

/// Whether what stands in it is separated by parentheses or commas of its own.
fn separates(parent: &Expr) -> bool {
    match &parent.kind {
        ExprKind::Function(call) => call.form != CallForm::Sql,
        ExprKind::Subscript(..)
        | ExprKind::Slice(..)
        | ExprKind::Row(_)
        | ExprKind::Array(..)
        | ExprKind::Coalesce(_)
        | ExprKind::Greatest(_)
        | ExprKind::Least(_)
        | ExprKind::NullIf(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_)
        | ExprKind::Case(_) => true,
        _ => false,
    }
}

/// `a * b + c` and `a - b - c`, of the operators of arithmetic alone.
fn binds_tighter(call: &OperatorCall, outer: &OperatorCall, expr: &Expr) -> bool {
    let (Some(inside), Some(around)) = (precedence(call), precedence(outer)) else { return false };
    inside > around
        || inside == around && outer.operands.first().is_some_and(|first| std::ptr::eq(first, expr))
}

fn precedence(call: &OperatorCall) -> Option<u8> {
    let name = call.builtin()?.name;
    match (name, call.operands.len()) {
        ("+" | "-", 2) => Some(1),
        ("*" | "/" | "%", 2) => Some(2),
        _ => None,
    }
}
