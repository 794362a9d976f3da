//! The rows of INSERT: values, a query, or nothing but defaults.
use std::collections::BTreeSet;

use ast::Spanned as _;
use medley_catalog::objects::{Column as TableColumn, Relation};
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::Analyser;
use super::assignment::{Settled, Value, missing_column, not_default, target};
use super::change::numbers;
use super::scope::{Clause, Scope};
use super::through_view::null;
use crate::error::{Error, Result};
use crate::tree::{
    ChangeKind, ExprKind, FromItem, Query, Range, RangeColumn, RangeKind, ValuesRange,
};

/// The rows of INSERT.
pub(super) struct Inserted<'r> {
    pub source: Query,
    /// The columns that they have.
    pub columns: Vec<&'r TableColumn>,
    /// Those that the statement speaks of, be it to say DEFAULT.
    pub written: BTreeSet<i16>,
}

/// The columns that INSERT writes, and where they were named.
struct Wanted<'r> {
    columns: Vec<&'r TableColumn>,
    places: Vec<Option<usize>>,
    is_listed: bool,
}

impl<'r> Wanted<'r> {
    /// The columns for these expressions, of which there must be as many if columns are listed,
    /// and no more if they are not; `row` is how wide a row is that is the only expression.
    fn fit(&self, at: &[Option<usize>], row: Option<usize>) -> Result<&[&'r TableColumn]> {
        let (given, wanted) = (at.len(), self.columns.len());
        if given > wanted {
            let message = "INSERT has more expressions than target columns";
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at[wanted]));
        }
        if self.is_listed && given < wanted {
            let message = "INSERT has more target columns than expressions";
            let mut report = Report::error(SqlState::SYNTAX_ERROR, message);
            if row == Some(wanted) {
                report = report.with_hint(
                    "The insertion source is a row expression containing the same number of \
                     columns expected by the INSERT. Did you accidentally use extra parentheses?",
                );
            }
            report.position = self.places[given];
            return Err(report.into());
        }
        Ok(&self.columns[..given])
    }
}

impl Analyser<'_> {
    /// The rows of INSERT, and the columns that they have.
    pub(super) fn inserted<'r>(
        &self,
        scope: Scope<'_>,
        relation: &'r Relation,
        insert: &ast::Insert,
        (columns, places): (Vec<&'r TableColumn>, Vec<Option<usize>>),
    ) -> Result<Inserted<'r>> {
        let is_listed = !places.is_empty();
        let wanted = Wanted { columns, places, is_listed };
        let Some(query) = &insert.source else {
            let source = Query { ctes: scope.ctes, ..Query::default() };
            return Ok(Inserted { source, columns: Vec::new(), written: BTreeSet::new() });
        };
        match query.body.as_ref() {
            ast::SetExpr::Values(values) if is_plain(query) => {
                self.inserted_values(scope, relation, values, &wanted)
            }
            _ => self.inserted_query(scope, query, &wanted),
        }
    }

    fn inserted_values<'r>(
        &self,
        scope: Scope<'_>,
        relation: &'r Relation,
        values: &ast::Values,
        wanted: &Wanted<'r>,
    ) -> Result<Inserted<'r>> {
        let rows = scope.within(Clause::Values, |scope| {
            let width = values.rows.first().map_or(0, |row| row.len());
            let mut rows = Vec::with_capacity(values.rows.len());
            for row in &values.rows {
                let row = row.iter().map(|item| self.value_or_default(scope, item));
                let row = row.collect::<Result<Vec<_>>>()?;
                if row.len() != width {
                    let at = values.rows[rows.len()].first().and_then(|it| position(it.span()));
                    let message = "VALUES lists must all be the same length";
                    return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
                }
                rows.push(row);
            }
            Ok(rows)
        })?;
        let mut coerced = Vec::with_capacity(rows.len());
        for (row, written) in rows.into_iter().zip(&values.rows) {
            let at: Vec<_> = written.iter().map(|item| position(item.span())).collect();
            let width = match written.first() {
                Some(only) if written.len() == 1 => row_width(only),
                _ => None,
            };
            let columns = wanted.fit(&at, width)?;
            let row = row.into_iter().zip(columns).map(|(value, column)| match value {
                Value::Expr(expr) => self.assigned(expr, column).map(Value::Expr),
                Value::Default => Ok(Value::Default),
            });
            coerced.push(row.collect::<Result<Vec<_>>>()?);
        }
        let width = coerced.first().map_or(0, Vec::len);
        let columns = wanted.columns[..width].to_vec();
        let written = numbers(&columns);
        match coerced.len() {
            1 => {
                let values = coerced.pop().unwrap_or_default();
                let settled = self.settled_values(relation, columns, values, ChangeKind::Insert)?;
                let Settled { columns, targets, .. } = settled;
                let source = Query { ctes: scope.ctes, targets, ..Query::default() };
                Ok(Inserted { source, columns, written })
            }
            _ => self.inserted_rows(scope, relation, columns, coerced),
        }
    }

    /// Several rows: a column that is DEFAULT in all of them is not there, one that is in some of
    /// them has its default's expression there.
    fn inserted_rows<'r>(
        &self,
        scope: Scope<'_>,
        relation: &'r Relation,
        columns: Vec<&'r TableColumn>,
        rows: Vec<Vec<Value>>,
    ) -> Result<Inserted<'r>> {
        let is_default =
            |index: usize| move |row: &Vec<Value>| matches!(row.get(index), Some(Value::Default));
        let mut kept = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            let defaults = rows.iter().filter(|row| is_default(index)(row)).count();
            if defaults == rows.len() {
                continue;
            }
            if column.is_generated() {
                return Err(not_default(ChangeKind::Insert, &column.name));
            }
            kept.push(index);
        }
        let mut made = Vec::with_capacity(rows.len());
        for row in rows {
            let values = row.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
            let values = values.map(|(index, value)| match value {
                Value::Expr(expr) => Ok(expr),
                Value::Default => self.default_or_null(relation, columns[index]),
            });
            made.push(values.collect::<Result<Vec<_>>>()?);
        }
        let written = numbers(&columns);
        let columns: Vec<_> = kept.iter().map(|index| columns[*index]).collect();
        let columns_of_range = (1..).zip(&columns).map(|(number, column)| RangeColumn {
            name: format!("column{number}"),
            number,
            t: column.pg_type,
        });
        let range = Range {
            columns: columns_of_range.collect(),
            kind: RangeKind::Values(ValuesRange { rows: made }),
            alias: None,
            name: Some("*VALUES*".to_owned()),
            lateral: false,
            in_from: true,
        };
        let table = range.table(0, None);
        let targets = table.columns.into_iter().zip(&columns);
        let targets = targets.map(|(value, column)| target(column, value.value)).collect();
        let query = Query {
            ctes: scope.ctes,
            ranges: vec![range],
            from: vec![FromItem::Range(0)],
            targets,
            ..Query::default()
        };
        Ok(Inserted { source: query, columns, written })
    }

    fn inserted_query<'r>(
        &self,
        scope: Scope<'_>,
        query: &ast::Query,
        wanted: &Wanted<'r>,
    ) -> Result<Inserted<'r>> {
        let inner = self.query(Some(&scope), query, false)?;
        let outputs: Vec<_> = inner.outputs().map(|target| target.expr.clone()).collect();
        let at: Vec<_> = outputs.iter().map(|output| output.position).collect();
        let columns = wanted.fit(&at, None)?.to_vec();
        let of_range = (1..).zip(inner.outputs()).map(|(number, output)| RangeColumn {
            name: output.name.clone(),
            number,
            t: output.expr.t,
        });
        let range = Range {
            columns: of_range.collect(),
            kind: RangeKind::Subquery(Box::new(inner)),
            alias: None,
            name: Some("*SELECT*".to_owned()),
            lateral: false,
            in_from: true,
        };
        let table = range.table(0, None);
        let mut targets = Vec::with_capacity(columns.len());
        for ((column, of_range), output) in columns.iter().zip(table.columns).zip(outputs) {
            if column.is_generated() {
                return Err(not_default(ChangeKind::Insert, &column.name));
            }
            let value = match output.is_untyped() {
                true => output,
                false => of_range.value.at(output.position),
            };
            targets.push(target(column, self.assigned(value, column)?));
        }
        let mut query = Query {
            ctes: scope.ctes,
            ranges: vec![range],
            from: vec![FromItem::Range(0)],
            targets,
            ..Query::default()
        };
        settle_inner(self, &mut query)?;
        Ok(Inserted { source: query, written: numbers(&columns), columns })
    }
}

/// `checkInsertTargets`
pub(super) fn insert_columns<'r>(
    relation: &'r Relation,
    named: &[ast::ObjectName],
) -> Result<(Vec<&'r TableColumn>, Vec<Option<usize>>)> {
    if named.is_empty() {
        return Ok((relation.live_columns().collect(), Vec::new()));
    }
    let (mut columns, mut places): (Vec<&TableColumn>, Vec<_>) = (Vec::new(), Vec::new());
    for name in named {
        let at = position(name.span());
        let column = name.0.first().and_then(|part| part.as_ident());
        let text = column.map_or_else(String::new, |ident| ident.value.clone());
        let Some(column) = relation.column(&text) else {
            return Err(missing_column(&text, &relation.name, at).into());
        };
        if name.0.len() > 1 {
            return Err(Error::unsupported("INSERT into a part of a column").or_at(at));
        }
        if columns.iter().any(|before| before.number == column.number) {
            let message = format!("column \"{text}\" specified more than once");
            return Err(Error::at(SqlState::DUPLICATE_COLUMN, message, at));
        }
        columns.push(column);
        places.push(at);
    }
    Ok((columns, places))
}

/// How many fields a row has, if it is one.
fn row_width(expr: &ast::Expr) -> Option<usize> {
    super::operator::row(expr).map(|parts| parts.len())
}

fn is_plain(query: &ast::Query) -> bool {
    query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
}

/// What of the inner query is unknown still, and was not pulled up, is text.
fn settle_inner(analyser: &Analyser<'_>, query: &mut Query) -> Result<()> {
    let Some(Range { kind: RangeKind::Subquery(inner), columns, .. }) = query.ranges.first_mut()
    else {
        return Ok(());
    };
    // A parameter that was pulled up has its type by now.
    for (target, column) in inner.targets.iter_mut().filter(|target| !target.junk).zip(columns) {
        if target.expr.is_untyped() && matches!(target.expr.kind, ExprKind::Parameter(_)) {
            target.expr = null(medley_types::PgType::TEXT);
        }
        if target.expr.t.oid == medley_types::PgType::UNKNOWN.oid {
            target.expr = analyser.settle(target.expr.clone())?;
        }
        column.t = target.expr.t;
    }
    Ok(())
}
