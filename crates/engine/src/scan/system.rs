//! A system relation as DataFusion plans with it.
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use medley_types::{PgType, arrow_type, field};

use super::Planner;
use super::system_scan::SystemScan;
use crate::system::{Keys, SystemRelation};

/// A system relation, generated for the statement's session.
pub(crate) struct SystemTable {
    relation: &'static dyn SystemRelation,
    schema: SchemaRef,
    planner: Arc<Planner>,
}

impl SystemTable {
    pub fn new(relation: &'static dyn SystemRelation, planner: Arc<Planner>) -> Self {
        let fields = relation.columns().iter().map(|c| field(c.name, c.pg_type, true));
        let fields: Vec<_> = fields.chain([field("tableoid", PgType::OID, true)]).collect();
        Self { relation, schema: Arc::new(Schema::new(fields)), planner }
    }

    fn keys(&self, filters: &[Expr]) -> Keys {
        let mut keys = Keys::default();
        for filter in filters {
            if let Some((column, t, values)) = self.equality(filter) {
                keys.admit(&column, t, values);
            }
        }
        keys
    }

    /// `column = constant`, `column IN (constants)`, or `column ~ '^(text)$'`, which psql says for
    /// a name without wildcards.
    fn equality(&self, filter: &Expr) -> Option<(String, PgType, Vec<ArrayRef>)> {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                let (column, value) = match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(column), value) | (value, Expr::Column(column)) => {
                        (column, value)
                    }
                    _ => return None,
                };
                let t = self.type_of(&column.name)?;
                Some((column.name.clone(), t, vec![constant(value, t)?]))
            }
            Expr::InList(list) if !list.negated => {
                let Expr::Column(column) = list.expr.as_ref() else { return None };
                let t = self.type_of(&column.name)?;
                let values = list.list.iter().map(|item| constant(item, t));
                Some((column.name.clone(), t, values.collect::<Option<_>>()?))
            }
            Expr::ScalarFunction(call) if is_match(call.name()) => {
                let [Expr::Column(column), Expr::Literal(ScalarValue::Utf8(pattern), _)] =
                    call.args.as_slice()
                else {
                    return None;
                };
                let text = exact_text(pattern.as_deref()?)?;
                let value: ArrayRef = Arc::new(StringArray::from(vec![text]));
                Some((column.name.clone(), self.type_of(&column.name)?, vec![value]))
            }
            _ => None,
        }
    }

    fn type_of(&self, name: &str) -> Option<PgType> {
        self.relation.columns().iter().find(|c| c.name == name).map(|c| c.pg_type)
    }
}

/// Whether a call is of `~`, of text or of names; its types follow a kernel's name.
fn is_match(name: &str) -> bool {
    let source = name.split('[').next().unwrap_or(name);
    matches!(source, "textregexeq" | "nameregexeq")
}

/// The one text that a regular expression matches: `^(text)$`, parentheses or not.
fn exact_text(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let inner = inner.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(rest.next().filter(|c| c.is_ascii_punctuation())?),
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            c => text.push(c),
        }
    }
    Some(text)
}

fn constant(value: &Expr, t: PgType) -> Option<ArrayRef> {
    let Expr::Literal(value, _) = value else { return None };
    let fits = !value.is_null() && value.data_type().equals_datatype(&arrow_type(t));
    value.to_array().ok().filter(|_| fits)
}

impl fmt::Debug for SystemTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemTable({})", self.relation.name())
    }
}

#[async_trait]
impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        let answer = |filter: &&Expr| match self.equality(filter) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let keys = self.keys(filters);
        let scan =
            SystemScan::new(self.relation, &self.schema, projection, keys, self.planner.env());
        Ok(Arc::new(scan?))
    }
}

#[cfg(test)]
mod tests {
    use super::exact_text;

    #[test]
    fn a_pattern_without_wildcards_is_a_text() {
        let check = |pattern: &str, text: Option<&str>| {
            assert_eq!(exact_text(pattern).as_deref(), text, "{pattern}");
        };
        check("^(t1)$", Some("t1"));
        check("^t_1$", Some("t_1"));
        check(r"^(a\$b\.c)$", Some("a$b.c"));
        check("^(t1.*)$", None);
        check("^(a|b)$", None);
        check("^(a)(b)$", None);
        check(r"^(\d)$", None);
        check(r"^(a\)$", None);
        check("t1", None);
        check("^(t1)", None);
    }
}
