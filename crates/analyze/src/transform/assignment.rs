//! Columns that are given values: DEFAULT, an expression, or one of several that a row or a subquery
//! has.
use ast::Spanned as _;
use medley_catalog::objects::{Column as TableColumn, Relation};
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::Analyser;
use super::scope::{Clause, Scope};
use super::through_view::{base_column, null, own_default};
use crate::error::{Error, Result};
use crate::tree::{
    CastForm, ChangeKind, Expr, ExprKind, Query, SubqueryKind, SubqueryLink, Target,
};

/// A value for a column: an expression, or DEFAULT.
pub(super) enum Value {
    Expr(Expr),
    Default,
}

/// The columns that are written, with their values.
#[derive(Default)]
pub(super) struct Settled<'r> {
    pub columns: Vec<&'r TableColumn>,
    pub targets: Vec<Target>,
    /// Generated ones.
    pub to_default: Vec<i16>,
}

impl Analyser<'_> {
    /// DEFAULT, or an expression.
    pub(super) fn value_or_default(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Value> {
        match is_default(expr) {
            true => Ok(Value::Default),
            false => self.expr(scope, expr).map(Value::Expr),
        }
    }

    /// `transformAssignedExpr`
    pub(super) fn assigned(&self, value: Expr, column: &TableColumn) -> Result<Expr> {
        use crate::resolve::Context as Cast;
        let (from, at) = (value.t, value.position);
        let coerced = self.coerce(value, column.pg_type, Cast::Assignment, CastForm::Implicit)?;
        coerced.ok_or_else(|| {
            let message = format!(
                "column \"{}\" is of type {} but expression is of type {}",
                column.name,
                super::coerce::untyped(column.pg_type),
                super::coerce::untyped(from)
            );
            let mut report = Report::error(SqlState::DATATYPE_MISMATCH, message)
                .with_hint("You will need to rewrite or cast the expression.");
            report.position = at;
            report.into()
        })
    }

    /// The columns that SET names, and their values.
    pub(super) fn assignments<'r>(
        &self,
        scope: &Scope<'_>,
        relation: &'r Relation,
        assignments: &[ast::Assignment],
    ) -> Result<(Vec<&'r TableColumn>, Vec<Value>)> {
        let mut pairs = Vec::new();
        scope.within(Clause::UpdateSource, |scope| {
            assignments.iter().try_for_each(|it| self.assignment(scope, it, &mut pairs))
        })?;
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            let column = updated_column(relation, name)?;
            values.push(match value {
                Value::Expr(expr) => Value::Expr(self.assigned(expr, column)?),
                Value::Default => Value::Default,
            });
            columns.push(column);
        }
        for (index, column) in columns.iter().enumerate() {
            if columns[..index].iter().any(|before| before.number == column.number) {
                let message = format!("multiple assignments to same column \"{}\"", column.name);
                return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
            }
        }
        Ok((columns, values))
    }

    fn assignment<'a>(
        &self,
        scope: &Scope<'_>,
        assignment: &'a ast::Assignment,
        pairs: &mut Vec<(&'a ast::ObjectName, Value)>,
    ) -> Result<()> {
        match &assignment.target {
            ast::AssignmentTarget::ColumnName(name) => {
                pairs.push((name, self.value_or_default(scope, &assignment.value)?));
                Ok(())
            }
            ast::AssignmentTarget::Tuple(names) => {
                let values = self.multiple(scope, names.len(), &assignment.value)?;
                pairs.extend(names.iter().zip(values));
                Ok(())
            }
        }
    }

    /// `transformMultiAssignRef`
    fn multiple(&self, scope: &Scope<'_>, wanted: usize, value: &ast::Expr) -> Result<Vec<Value>> {
        let at = begin_of_row(value);
        let mismatch = || {
            let message = "number of columns does not match number of values";
            Error::at(SqlState::SYNTAX_ERROR, message, at)
        };
        if let ast::Expr::Subquery(query) = value {
            let query = self.query(Some(scope), query, false)?;
            return match query.outputs().count() == wanted {
                true => (0..wanted).map(|index| self.one_of(&query, index)).collect(),
                false => Err(mismatch()),
            };
        }
        let Some(parts) = super::operator::row(value) else {
            let message = "source for a multiple-column UPDATE item must be a sub-SELECT or \
                           ROW() expression";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        };
        match parts.len() == wanted {
            true => parts.into_iter().map(|part| self.value_or_default(scope, part)).collect(),
            false => Err(mismatch()),
        }
    }

    /// One column of a subquery that has several: the others are computed for nobody.
    fn one_of(&self, query: &Query, index: usize) -> Result<Value> {
        let refused = || Error::unsupported("this subquery as the source of several columns");
        let is_volatile = query.targets.iter().any(|target| target.expr.is_volatile());
        if query.set_operation.is_some()
            || query.is_values()
            || query.distinct.is_some()
            || is_volatile
        {
            return Err(refused());
        }
        let mut one = query.clone();
        let outputs = one.targets.iter_mut().filter(|target| !target.junk);
        outputs.enumerate().for_each(|(at, target)| target.junk = at != index);
        self.settle_outputs(&mut one)?;
        let t = one.outputs().next().map(|target| target.expr.t).ok_or_else(refused)?;
        let link = SubqueryLink { kind: SubqueryKind::Scalar, test: None, query: Box::new(one) };
        Ok(Value::Expr(Expr::new(ExprKind::Subquery(link), t, None)))
    }

    /// The columns that are written, with their values: what is DEFAULT becomes that, and of a
    /// generated column nothing else is taken.
    pub(super) fn settled_values<'r>(
        &self,
        relation: &Relation,
        columns: Vec<&'r TableColumn>,
        values: Vec<Value>,
        kind: ChangeKind,
    ) -> Result<Settled<'r>> {
        let mut settled = Settled::default();
        for (column, value) in columns.into_iter().zip(values) {
            let expr = match value {
                Value::Expr(_) if column.is_generated() => {
                    return Err(not_default(kind, &column.name));
                }
                Value::Expr(expr) => expr,
                // Where nothing is said, the default is put in once views are seen through.
                Value::Default if kind == ChangeKind::Insert => continue,
                Value::Default => {
                    let (base, of_base) = base_column(self.context, relation, column)?;
                    if of_base.is_generated() {
                        settled.to_default.push(of_base.number);
                        continue;
                    }
                    let default = own_default(self.context, &base, &of_base)?;
                    default.unwrap_or_else(|| null(column.pg_type))
                }
            };
            settled.targets.push(target(column, expr));
            settled.columns.push(column);
        }
        Ok(settled)
    }

    pub(super) fn default_or_null(
        &self,
        relation: &Relation,
        column: &TableColumn,
    ) -> Result<Expr> {
        let (base, of_base) = base_column(self.context, relation, column)?;
        let default = own_default(self.context, &base, &of_base)?;
        Ok(default.unwrap_or_else(|| null(column.pg_type)))
    }
}

pub(super) fn updated_column<'r>(
    relation: &'r Relation,
    name: &ast::ObjectName,
) -> Result<&'r TableColumn> {
    const SYSTEM: [&str; 6] = ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"];
    let at = position(name.span());
    let ident = name.0.first().and_then(|part| part.as_ident());
    let text = ident.map_or_else(String::new, |ident| ident.value.clone());
    if let Some(column) = relation.column(&text) {
        return match name.0.len() {
            1 => Ok(column),
            _ => Err(Error::unsupported("UPDATE of a part of a column").or_at(at)),
        };
    }
    if SYSTEM.contains(&text.as_str()) && name.0.len() == 1 {
        let message = format!("cannot assign to system column \"{text}\"");
        return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
    }
    let report = missing_column(&text, &relation.name, at);
    Err(match name.0.len() > 1 {
        true => report.with_hint("SET target columns cannot be qualified with the relation name."),
        false => report,
    }
    .into())
}

/// The word, not in quotes.
fn is_default(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::Identifier(ident)
        if ident.value == "default" && ident.quote_style.is_none())
}

/// Where a row or subquery begins: with its parenthesis, where it is not called a row.
fn begin_of_row(value: &ast::Expr) -> Option<usize> {
    let before = |at: Option<usize>| at.and_then(|at| at.checked_sub(1));
    match value {
        ast::Expr::Tuple(parts) => before(position(parts.first()?.span())),
        ast::Expr::Subquery(query) => before(super::operator::begin_of_query(query)),
        other => position(other.span()),
    }
}

pub(super) fn missing_column(column: &str, relation: &str, at: Option<usize>) -> Report {
    let message = format!("column \"{column}\" of relation \"{relation}\" does not exist");
    let mut report = Report::error(SqlState::UNDEFINED_COLUMN, message);
    report.position = at;
    report
}

/// 428C9
pub(super) fn not_default(kind: ChangeKind, column: &str) -> Error {
    let message = match kind {
        ChangeKind::Insert => format!("cannot insert a non-DEFAULT value into column \"{column}\""),
        _ => format!("column \"{column}\" can only be updated to DEFAULT"),
    };
    Report::error(SqlState::GENERATED_ALWAYS, message)
        .with_detail(format!("Column \"{column}\" is a generated column."))
        .into()
}

pub(super) fn target(column: &TableColumn, expr: Expr) -> Target {
    Target { name: column.name.clone(), expr, junk: false }
}
