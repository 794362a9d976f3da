//! Expressions as a remote's SQL.
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use medley_catalog::objects::Relation;
use medley_fdw::{Dialect, Family, SqlWrapper, TableName};
use medley_types::{Form, PgType};

use super::keys::KeyColumn;
use super::literal::literal;
use crate::scan::plain_options;
use crate::semantics::Call;
use crate::semantics::key::{BPCHAR_KEY, FLOAT_KEY};

/// A foreign table as its remote knows it.
pub(crate) struct RemoteTable<'a> {
    pub relation: &'a Relation,
    pub wrapper: &'a dyn SqlWrapper,
    pub schema_name: &'a str,
}

impl RemoteTable<'_> {
    pub fn dialect(&self) -> &'static Dialect {
        self.wrapper.dialect()
    }

    fn quote(&self, name: &str) -> String {
        let quote = self.dialect().name_quote;
        let doubled: String = [quote, quote].iter().collect();
        format!("{quote}{}{quote}", name.replace(quote, &doubled))
    }

    /// A name, bare where every reading of it is the same.
    fn name(&self, name: &str) -> String {
        match self.dialect().family {
            Family::Postgres => medley_catalog::quote_identifier(name).into_owned(),
            Family::MySql | Family::Sqlite => self.quote(name),
        }
    }

    /// What the remote calls it.
    pub fn remote_name(&self) -> TableName {
        let options = plain_options(self.relation);
        self.wrapper.remote_table(self.schema_name, &self.relation.name, &options)
    }

    /// These columns, as the remote knows them.
    pub fn key_columns(&self, names: &[&str]) -> Vec<KeyColumn> {
        let columns = names.iter().filter_map(|name| self.column(name));
        columns.map(|(sql, t)| KeyColumn { sql, t }).collect()
    }

    fn table(&self) -> String {
        let name = self.remote_name();
        match &name.schema {
            Some(schema) => format!("{}.{}", self.name(schema), self.name(&name.table)),
            None => self.name(&name.table),
        }
    }

    fn column(&self, name: &str) -> Option<(String, PgType)> {
        let column = self.relation.column(name)?;
        let options = crate::scan::plain(&column.options);
        Some((self.name(&self.wrapper.remote_column(name, &options)), column.pg_type))
    }
}

/// A query of one table, complete but for the conditions that are known when it runs.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    /// To the table's name.
    from: String,
    conditions: Vec<String>,
    limit: Option<String>,
}

impl Select {
    /// The query's text.
    pub fn sql(&self, more: &[String]) -> String {
        let mut sql = self.from.clone();
        let conditions: Vec<_> =
            self.conditions.iter().chain(more).map(|c| format!("({c})")).collect();
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        sql.push_str(self.limit.as_deref().unwrap_or_default());
        sql
    }

    /// Whether it is known by now that some of the table's rows are not wanted.
    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Whether so many rows are enough.
    pub fn has_limit(&self) -> bool {
        self.limit.is_some()
    }
}

/// The query for these columns.
pub(crate) fn select(
    table: &RemoteTable<'_>,
    columns: &[&str],
    conditions: Vec<String>,
    limit: Option<usize>,
) -> Select {
    let items: Vec<_> = table.key_columns(columns).into_iter().map(|column| column.sql).collect();
    let items = if items.is_empty() { "NULL".to_owned() } else { items.join(", ") };
    let limit = limit.map(|limit| match table.dialect().family {
        Family::Postgres => format!(" LIMIT {limit}::bigint"),
        Family::MySql | Family::Sqlite => format!(" LIMIT {limit}"),
    });
    Select { from: format!("SELECT {items} FROM {}", table.table()), conditions, limit }
}

/// A condition, if the remote would decide it as we do.
pub(crate) fn condition(table: &RemoteTable<'_>, expr: &Expr) -> Option<String> {
    match table.dialect().family {
        Family::Postgres | Family::Sqlite => boolean(table, expr),
        // Its comparisons of text ignore case, its booleans are numbers.
        Family::MySql => None,
    }
}

fn boolean(table: &RemoteTable<'_>, expr: &Expr) -> Option<String> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            Some(format!("({}) {op} ({})", boolean(table, left)?, boolean(table, right)?))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => comparison(table, left, *op, right),
        Expr::Not(inner) => Some(format!("NOT ({})", boolean(table, inner)?)),
        Expr::IsNull(inner) => Some(format!("{} IS NULL", operand(table, inner)?.sql)),
        Expr::IsNotNull(inner) => Some(format!("{} IS NOT NULL", operand(table, inner)?.sql)),
        Expr::InList(list) => {
            let value = operand(table, &list.expr)?;
            if !comparable(table, &value, Operator::Eq) || list.list.is_empty() {
                return None;
            }
            let items = list.list.iter().map(|item| same_type(table, item, value.t));
            let items = items.collect::<Option<Vec<_>>>()?;
            let word = if list.negated { "NOT IN" } else { "IN" };
            Some(format!("{} {word} ({})", value.sql, items.join(", ")))
        }
        // A bare boolean column; only PostgreSQL's booleans are surely 0 or 1.
        Expr::Column(_) if table.dialect().family == Family::Postgres => {
            let value = operand(table, expr)?;
            (value.t.oid == PgType::BOOL.oid).then_some(value.sql)
        }
        _ => None,
    }
}

fn comparison(table: &RemoteTable<'_>, left: &Expr, op: Operator, right: &Expr) -> Option<String> {
    let (value, other, op) = match operand(table, left) {
        Some(value) => (value, right, op),
        None => (operand(table, right)?, left, op.swap()?),
    };
    if !comparable(table, &value, op) {
        return None;
    }
    let sign = match op {
        Operator::Eq => "=",
        Operator::NotEq => "<>",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        Operator::GtEq => ">=",
        _ => return None,
    };
    let other = same_type(table, other, value.t)?;
    let ordered = !matches!(op, Operator::Eq | Operator::NotEq);
    let collate = match (Form::of(value.t), ordered) {
        (Form::Text, true) if value.t.oid != PgType::NAME.oid => " COLLATE \"C\"",
        _ => "",
    };
    Some(format!("{}{collate} {sign} {other}", value.sql))
}

/// A column, or what is the same as one for a comparison.
struct Operand {
    sql: String,
    t: PgType,
}

fn operand(table: &RemoteTable<'_>, expr: &Expr) -> Option<Operand> {
    match expr {
        Expr::Column(column) => {
            let (sql, t) = table.column(&column.name)?;
            Some(Operand { sql, t })
        }
        Expr::ScalarFunction(call) => {
            let inner = call.func.inner();
            let call_of: &Call = (inner.as_ref() as &dyn std::any::Any).downcast_ref()?;
            // PostgreSQL compares these types itself as our keys do.
            let is_key = matches!(call_of.source(), FLOAT_KEY | BPCHAR_KEY);
            let same = is_key && table.dialect().family == Family::Postgres;
            operand(table, call.args.first()?).filter(|_| same)
        }
        _ => None,
    }
}

/// A literal of the type, or another column of exactly the same type.
fn same_type(table: &RemoteTable<'_>, expr: &Expr, t: PgType) -> Option<String> {
    if let Expr::Literal(value, _) = expr {
        return literal(table.dialect(), value, t);
    }
    let other = operand(table, expr)?;
    (other.t.oid == t.oid && table.dialect().family == Family::Postgres).then_some(other.sql)
}

/// Whether the remote compares values of this column as we do.
fn comparable(table: &RemoteTable<'_>, value: &Operand, op: Operator) -> bool {
    let ordered = !matches!(op, Operator::Eq | Operator::NotEq);
    match (table.dialect().family, Form::of(value.t)) {
        (
            Family::Postgres,
            Form::Bool
            | Form::Int2
            | Form::Int4
            | Form::Int8
            | Form::Float4
            | Form::Float8
            | Form::Decimal128 { .. }
            | Form::Date
            | Form::Time
            | Form::Timestamp
            | Form::Timestamptz
            | Form::Uuid
            | Form::Bytea,
        ) => true,
        // A nondeterministic collation may take other texts for equal, so that all are byte order.
        (Family::Postgres, Form::Text) => {
            value.t.oid == PgType::TEXT.oid || value.t.oid == PgType::VARCHAR.oid
        }
        (Family::Postgres, Form::Bpchar) => !ordered,
        // SQLite's columns hold what they like; integers compare as integers.
        (Family::Sqlite, Form::Int2 | Form::Int4 | Form::Int8) => true,
        _ => false,
    }
}
