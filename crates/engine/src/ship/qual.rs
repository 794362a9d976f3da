//! Conditions as a source that does not speak SQL is offered them.
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;
use medley_catalog::objects::Relation;
use medley_fdw::{Op, Qual};
use medley_types::{Form, arrow_type};

/// The qual that an expression is, if it is one.
pub(crate) fn qual(relation: &Relation, expr: &Expr) -> Option<Qual> {
    match expr {
        Expr::IsNull(inner) => Some(Qual { column: column(relation, inner)?, op: Op::IsNull }),
        Expr::IsNotNull(inner) => {
            Some(Qual { column: column(relation, inner)?, op: Op::IsNotNull })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, op, right) = match column(relation, left) {
                Some(_) => (left, *op, right),
                None => (right, op.swap()?, left),
            };
            let name = column(relation, left)?;
            let value = constant(relation, &name, right)?;
            let op = match op {
                Operator::Eq => Op::Eq(value),
                Operator::NotEq => Op::NotEq(value),
                Operator::Lt => Op::Lt(value),
                Operator::LtEq => Op::LtEq(value),
                Operator::Gt => Op::Gt(value),
                Operator::GtEq => Op::GtEq(value),
                _ => return None,
            };
            Some(Qual { column: name, op })
        }
        Expr::InList(list) if !list.negated => {
            let name = column(relation, &list.expr)?;
            let values = list.list.iter().map(|item| match item {
                Expr::Literal(value, _) if !value.is_null() => Some(value.clone()),
                _ => None,
            });
            let values = ScalarValue::iter_to_array(values.collect::<Option<Vec<_>>>()?).ok()?;
            let wanted = arrow_type(relation.column(&name)?.pg_type);
            (values.data_type().equals_datatype(&wanted))
                .then_some(Qual { column: name, op: Op::In(values) })
        }
        _ => None,
    }
}

/// A column whose values Arrow compares as we do.
fn column(relation: &Relation, expr: &Expr) -> Option<String> {
    let Expr::Column(column) = expr else { return None };
    let t = relation.column(&column.name)?.pg_type;
    let comparable = !matches!(
        Form::of(t),
        Form::Printed | Form::List | Form::NumericText | Form::Interval | Form::Bpchar
    );
    comparable.then(|| column.name.clone())
}

fn constant(
    relation: &Relation,
    name: &str,
    expr: &Expr,
) -> Option<datafusion::arrow::array::ArrayRef> {
    let Expr::Literal(value, _) = expr else { return None };
    let wanted = arrow_type(relation.column(name)?.pg_type);
    if value.is_null() || !value.data_type().equals_datatype(&wanted) {
        return None;
    }
    value.to_array().ok()
}
