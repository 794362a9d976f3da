//! What the build side of a join says about the rows of a scan, as conditions in the remote's SQL.
//!
//! The join decides again for each row, so that a condition may keep too many rows, never too few:
//! what is not understood says nothing.
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal,
};
use datafusion::scalar::ScalarValue;
use medley_fdw::Dialect;
use medley_types::{Form, PgType};

use super::literal::literal;

/// A longer list is sent as its range.
const LIST_LENGTH: usize = 5000;

/// A column of a scan, as its remote knows it.
#[derive(Clone, Debug)]
pub(crate) struct KeyColumn {
    /// Its name, quoted where it must be.
    pub sql: String,
    /// Its type.
    pub t: PgType,
}

/// The conditions that follow from a filter over these columns; nothing is said of those that are
/// none of the remote's.
pub(crate) fn key_conditions(
    dialect: &Dialect,
    columns: &[Option<KeyColumn>],
    filter: &Arc<dyn PhysicalExpr>,
) -> Vec<String> {
    match Rows::of(filter) {
        Rows::None => vec!["false".to_owned()],
        Rows::Some(known) => {
            let known =
                known.iter().filter_map(|(at, values)| Some((columns.get(*at)?.as_ref()?, values)));
            known.flat_map(|(column, values)| values.conditions(dialect, column)).collect()
        }
    }
}

/// Which rows fulfil a filter.
enum Rows {
    /// Surely none.
    None,
    /// At most those with these values in these columns.
    Some(HashMap<usize, Values>),
}

/// What the values of a column are within.
#[derive(Clone, Default)]
struct Values {
    list: Option<Vec<ScalarValue>>,
    least: Option<ScalarValue>,
    greatest: Option<ScalarValue>,
}

impl Rows {
    fn of(filter: &Arc<dyn PhysicalExpr>) -> Self {
        let any: &dyn std::any::Any = filter.as_ref();
        if let Some(dynamic) = any.downcast_ref::<DynamicFilterPhysicalExpr>() {
            return dynamic.current().map_or_else(|_| Self::all(), |current| Self::of(&current));
        }
        if let Some(binary) = any.downcast_ref::<BinaryExpr>() {
            return match binary.op() {
                Operator::And => Self::of(binary.left()).and(Self::of(binary.right())),
                _ => Self::compared(binary).unwrap_or_else(Self::all),
            };
        }
        if let Some(list) = any.downcast_ref::<InListExpr>() {
            return Self::listed(list).unwrap_or_else(Self::all);
        }
        if let Some(case) = any.downcast_ref::<CaseExpr>() {
            let branches = case.when_then_expr().iter().map(|(_, then)| then);
            return branches
                .chain(case.else_expr())
                .map(Self::of)
                .reduce(Self::or)
                .unwrap_or_else(Self::all);
        }
        match any.downcast_ref::<Literal>().map(Literal::value) {
            Some(ScalarValue::Boolean(Some(false) | None)) => Self::None,
            _ => Self::all(),
        }
    }

    fn all() -> Self {
        Self::Some(HashMap::new())
    }

    fn one(column: usize, values: Values) -> Self {
        Self::Some(HashMap::from([(column, values)]))
    }

    /// `column >= constant` or `column <= constant`
    fn compared(binary: &BinaryExpr) -> Option<Self> {
        let (column, bound) = (column(binary.left())?, Some(constant(binary.right())?));
        let values = match binary.op() {
            Operator::GtEq => Values { least: bound, ..Values::default() },
            Operator::LtEq => Values { greatest: bound, ..Values::default() },
            _ => return None,
        };
        Some(Self::one(column, values))
    }

    /// `column IN (constants)`: a null among them is equal to nothing.
    fn listed(list: &InListExpr) -> Option<Self> {
        if list.negated() {
            return None;
        }
        let column = column(list.expr())?;
        let items = list.list().iter().map(constant).collect::<Option<Vec<_>>>()?;
        let items = items.into_iter().filter(|item| !item.is_null()).collect();
        Some(Self::one(column, Values { list: Some(items), ..Values::default() }))
    }

    fn and(self, other: Self) -> Self {
        let (Self::Some(mut these), Self::Some(those)) = (self, other) else { return Self::None };
        for (column, values) in those {
            let known = these.remove(&column).unwrap_or_default();
            these.insert(column, known.and(values));
        }
        Self::Some(these)
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, rows) | (rows, Self::None) => rows,
            (Self::Some(mut these), Self::Some(those)) => {
                let both = those.into_iter().filter_map(|(column, values)| {
                    Some((column, these.remove(&column)?.or(values)))
                });
                Self::Some(both.collect())
            }
        }
    }
}

impl Values {
    /// Whatever is known of either is true; of two, one is enough.
    fn and(self, other: Self) -> Self {
        Self {
            list: self.list.or(other.list),
            least: self.least.or(other.least),
            greatest: self.greatest.or(other.greatest),
        }
    }

    fn or(self, other: Self) -> Self {
        let list = self.list.zip(other.list).map(|(mut list, more)| {
            list.extend(more);
            list
        });
        let either = |one: Option<ScalarValue>, two: Option<ScalarValue>, first_if| {
            let (one, two) = one.zip(two)?;
            Some(if one.partial_cmp(&two)? == first_if { one } else { two })
        };
        Self {
            list,
            least: either(self.least, other.least, std::cmp::Ordering::Less),
            greatest: either(self.greatest, other.greatest, std::cmp::Ordering::Greater),
        }
    }

    fn conditions(&self, dialect: &Dialect, column: &KeyColumn) -> Vec<String> {
        if !is_told_by_value(column.t) {
            return Vec::new();
        }
        match &self.list {
            Some(list) if list.is_empty() => vec!["false".to_owned()],
            Some(list) if list.len() <= LIST_LENGTH => {
                let items = list.iter().map(|item| literal(dialect, item, column.t));
                let items = items.collect::<Option<Vec<_>>>();
                let listed = |it: Vec<_>| format!("{} IN ({})", column.sql, it.join(", "));
                items.map(listed).into_iter().collect()
            }
            _ => self.range(dialect, column),
        }
    }

    fn range(&self, dialect: &Dialect, column: &KeyColumn) -> Vec<String> {
        if Form::of(column.t) == Form::Text {
            // The remote's order may be another.
            return Vec::new();
        }
        let bound = |sign: &str, value: &Option<ScalarValue>| {
            let value = literal(dialect, value.as_ref()?, column.t)?;
            Some(format!("{} {sign} {value}", column.sql))
        };
        bound(">=", &self.least).into_iter().chain(bound("<=", &self.greatest)).collect()
    }
}

/// Types whose equal values are one value, here and at the remote.
fn is_told_by_value(t: PgType) -> bool {
    match Form::of(t) {
        Form::Int2
        | Form::Int4
        | Form::Int8
        | Form::Decimal128 { .. }
        | Form::Date
        | Form::Timestamp
        | Form::Timestamptz
        | Form::Uuid => true,
        Form::Text => t.oid == PgType::TEXT.oid || t.oid == PgType::VARCHAR.oid,
        _ => false,
    }
}

fn column(expr: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    let any: &dyn std::any::Any = expr.as_ref();
    any.downcast_ref::<Column>().map(Column::index)
}

fn constant(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    let any: &dyn std::any::Any = expr.as_ref();
    any.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_expr::expressions::{case, in_list, lit};

    use medley_fdw::Family;

    use super::*;

    static DIALECT: Dialect =
        Dialect { family: Family::Postgres, name_quote: '"', backslash_is_plain: true };

    fn a() -> Arc<dyn PhysicalExpr> {
        Arc::new(Column::new("a", 0))
    }

    fn binary(
        left: Arc<dyn PhysicalExpr>,
        op: Operator,
        right: Arc<dyn PhysicalExpr>,
    ) -> Arc<dyn PhysicalExpr> {
        Arc::new(BinaryExpr::new(left, op, right))
    }

    fn between(least: i32, greatest: i32) -> Arc<dyn PhysicalExpr> {
        let least = binary(a(), Operator::GtEq, lit(least));
        binary(least, Operator::And, binary(a(), Operator::LtEq, lit(greatest)))
    }

    fn among(items: &[Option<i32>]) -> Arc<dyn PhysicalExpr> {
        let schema = Schema::new(vec![Field::new("a", DataType::Int32, true)]);
        let items = items.iter().map(|item| lit(ScalarValue::Int32(*item))).collect();
        in_list(a(), items, &false, &schema).unwrap()
    }

    fn check(filter: Arc<dyn PhysicalExpr>, expected: &[&str]) {
        let columns = [Some(KeyColumn { sql: "x".to_owned(), t: PgType::INT4 })];
        assert_eq!(key_conditions(&DIALECT, &columns, &filter), expected);
    }

    #[test]
    fn keys_become_lists_and_ranges() {
        check(between(1, 5), &["x >= 1", "x <= 5"]);
        check(among(&[Some(3), None, Some(-4)]), &["x IN (3, (-4))"]);
        check(binary(among(&[Some(3)]), Operator::And, between(1, 5)), &["x IN (3)"]);
        check(among(&[None]), &["false"]);
        check(lit(false), &["false"]);
        check(lit(true), &[]);
    }

    #[test]
    fn the_partitions_of_a_join_are_taken_together() {
        let routed = |one, two| {
            case(None, vec![(lit(true), one), (lit(true), two)], Some(lit(false))).unwrap()
        };
        check(routed(between(1, 5), between(3, 9)), &["x >= 1", "x <= 9"]);
        check(routed(among(&[Some(1)]), among(&[Some(2)])), &["x IN (1, 2)"]);
        check(routed(among(&[Some(1)]), lit(true)), &[]);
        check(routed(lit(false), lit(false)), &["false"]);
    }

    #[test]
    fn what_is_not_understood_says_nothing() {
        check(binary(among(&[Some(1)]), Operator::Or, lit(true)), &[]);
        check(binary(a(), Operator::Lt, lit(3)), &[]);
        check(among(&vec![Some(1); LIST_LENGTH + 1]), &[]);
    }
}
