//! WITH, ORDER BY and LIMIT around a SELECT, VALUES or set operation.
use std::borrow::Cow;

use ast::Spanned as _;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SetExpr};
use medley_sql::span::position;
use medley_types::{Column, PgType};

use super::Analyser;
use super::changing_cte::changing;
use super::scope::{Clause, Scope};
use super::target::Targets;
use crate::error::{Error, Result};
use crate::tree::{Cte, Expr, FromItem, Query, Range, RangeColumn, RangeKind, Target, ValuesRange};

/// What stands around the body of a query.
pub(super) struct Around<'q> {
    /// ORDER BY, LIMIT, OFFSET.
    pub query: &'q ast::Query,
    /// What is still unknown in the output is text.
    pub settle: bool,
}

impl Analyser<'_> {
    /// A query below another one.
    pub(super) fn query(
        &self,
        parent: Option<&Scope<'_>>,
        query: &ast::Query,
        settle: bool,
    ) -> Result<Query> {
        let query = &*without_parentheses(query)?;
        if !query.locks.is_empty() {
            return Err(Error::unsupported("SELECT FOR UPDATE"));
        }
        if query.for_clause.is_some() || !query.pipe_operators.is_empty() {
            return Err(Error::unsupported("this clause of a query"));
        }
        let mut scope = Scope::new(parent);
        if let Some(with) = &query.with {
            self.with(&mut scope, with)?;
        }
        let around = Around { query, settle };
        let recursive = query.with.as_ref().is_some_and(|with| with.recursive);
        let analysed = self.body(scope, query, &around)?;
        Ok(Query {
            recursive,
            with_ties: query.fetch.as_ref().is_some_and(|it| it.with_ties),
            ..analysed
        })
    }

    fn body(&self, scope: Scope<'_>, query: &ast::Query, around: &Around<'_>) -> Result<Query> {
        match query.body.as_ref() {
            SetExpr::Select(select) => self.select(scope, select, around),
            SetExpr::Values(values) => self.values(scope, values, around),
            SetExpr::SetOperation { .. } => self.set_operation(scope, &query.body, around),
            SetExpr::Query(_) => Err(Error::Internal("parentheses are left".to_owned())),
            SetExpr::Table(_) => Err(Error::unsupported("TABLE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Error::unsupported("a data-modifying statement in WITH"))
            }
        }
    }

    pub(super) fn with(&self, scope: &mut Scope<'_>, with: &ast::With) -> Result<()> {
        for cte in &with.cte_tables {
            let name = &cte.alias.name;
            if scope.ctes.iter().any(|known| known.name == name.value) {
                let message =
                    format!("WITH query name \"{}\" specified more than once", name.value);
                return Err(Error::at(SqlState::DUPLICATE_ALIAS, message, position(name.span)));
            }
            let cte = match with.recursive && super::recursive::names_itself(cte) {
                true => self.recursive_cte(scope, cte)?,
                false => self.cte(scope, cte)?,
            };
            scope.ctes.push(cte);
        }
        Ok(())
    }

    fn cte(&self, scope: &Scope<'_>, cte: &ast::Cte) -> Result<Cte> {
        let query = match changing(&cte.query) {
            Some(statement) => self.changing_cte(scope, cte, statement)?,
            None => self.query(Some(scope), &cte.query, true)?,
        };
        self.named_cte(cte, query)
    }

    /// A CTE that is this query.
    pub(super) fn named_cte(&self, cte: &ast::Cte, query: Query) -> Result<Cte> {
        let name = cte.alias.name.value.clone();
        let aliases = alias_columns(&cte.alias);
        let mut columns = query.columns();
        if aliases.len() > columns.len() {
            let message = format!(
                "WITH query \"{name}\" has {} columns available but {} columns specified",
                columns.len(),
                aliases.len()
            );
            let at = position(cte.alias.name.span);
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at));
        }
        columns.iter_mut().zip(&aliases).for_each(|(column, name)| column.name.clone_from(name));
        let materialized = cte.materialized.as_ref().map(|it| match it {
            ast::CteAsMaterialized::Materialized => true,
            ast::CteAsMaterialized::NotMaterialized => false,
        });
        let query = Box::new(query);
        Ok(Cte { name, aliases, columns, query, recursive: false, materialized })
    }

    fn values(
        &self,
        mut scope: Scope<'_>,
        values: &ast::Values,
        around: &Around<'_>,
    ) -> Result<Query> {
        let rows = scope.within(Clause::Values, |scope| self.rows(scope, values))?;
        let types = rows.first().into_iter().flatten().map(|value| value.t);
        let columns = (1..).zip(types).map(|(number, t)| RangeColumn {
            name: format!("column{number}"),
            number,
            t,
        });
        let range = Range {
            columns: columns.collect(),
            kind: RangeKind::Values(ValuesRange { rows }),
            alias: None,
            name: Some("*VALUES*".to_owned()),
            lateral: false,
            in_from: false,
        };
        let table = range.table(0, None);
        let outputs = table.columns.iter().map(|column| Target {
            name: column.name.clone(),
            expr: column.value.clone(),
            junk: false,
        });
        let mut targets = Targets { list: outputs.collect(), closed: false };
        scope.ranges = vec![range];
        scope.tables = vec![table];
        let order_by = self.order_by(&scope, &order_items(around.query)?, &mut targets)?;
        let (limit, offset) = self.limit(&scope, around.query)?;
        Ok(Query {
            ctes: scope.ctes,
            ranges: scope.ranges,
            from: vec![FromItem::Range(0)],
            targets: targets.list,
            order_by,
            limit,
            offset,
            ..Query::default()
        })
    }

    /// The rows of VALUES, each column of one type.
    fn rows(&self, scope: &Scope<'_>, values: &ast::Values) -> Result<Vec<Vec<Expr>>> {
        let mut rows = Vec::with_capacity(values.rows.len());
        let width = values.rows.first().map_or(0, |row| row.len());
        for row in &values.rows {
            if row.len() != width {
                let at = row.first().and_then(|item| position(item.span()));
                let message = "VALUES lists must all be the same length";
                return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
            }
            let row = row.iter().map(|item| self.expr(scope, item)).collect::<Result<Vec<_>>>()?;
            rows.push(row);
        }
        let mut settled = vec![Vec::with_capacity(width); rows.len()];
        for index in 0..width {
            let column = rows.iter().map(|row| row[index].clone()).collect();
            let (column, _) = self.to_common(column, "VALUES")?;
            settled.iter_mut().zip(column).for_each(|(row, value)| row.push(value));
        }
        Ok(settled)
    }

    /// LIMIT and OFFSET, as bigints.
    pub(super) fn limit(
        &self,
        scope: &Scope<'_>,
        query: &ast::Query,
    ) -> Result<(Option<Expr>, Option<Expr>)> {
        let (limit, offset) = match &query.limit_clause {
            Some(ast::LimitClause::LimitOffset { limit, offset, limit_by }) => {
                if !limit_by.is_empty() {
                    return Err(Error::unsupported("LIMIT BY"));
                }
                (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
            }
            Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
                (Some(limit), Some(offset))
            }
            None => (None, None),
        };
        let offset = offset.map(|it| self.row_count(scope, it, Clause::Offset)).transpose()?;
        let limit = match &query.fetch {
            Some(fetch) if fetch.percent => {
                return Err(Error::unsupported("FETCH FIRST … PERCENT"));
            }
            Some(fetch) if fetch.with_ties && query.order_by.is_none() => {
                let message = "WITH TIES cannot be specified without ORDER BY clause";
                return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
            }
            Some(fetch) => Some(match &fetch.quantity {
                Some(quantity) => self.row_count(scope, quantity, Clause::Limit)?,
                None => super::literal::constant("1", PgType::INT8, None),
            }),
            None => limit.map(|it| self.row_count(scope, it, Clause::Limit)).transpose()?,
        };
        Ok((limit, offset))
    }

    fn row_count(&self, scope: &Scope<'_>, expr: &ast::Expr, clause: Clause) -> Result<Expr> {
        let count = scope.within(clause, |scope| self.expr(scope, expr))?;
        let what = format!("argument of {}", clause.name());
        let count = self.coerce_to(count, PgType::INT8, &what)?;
        if count.has_columns() {
            let message = format!("{what} must not contain variables");
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, count.position));
        }
        Ok(count)
    }
}

/// `(SELECT …) LIMIT 1` is one query with LIMIT.
fn without_parentheses(query: &ast::Query) -> Result<Cow<'_, ast::Query>> {
    let mut outer = Cow::Borrowed(query);
    while let SetExpr::Query(inner) = outer.body.as_ref() {
        let mut merged = (**inner).clone();
        let double = [
            (outer.with.is_some() && merged.with.is_some(), "WITH"),
            (outer.order_by.is_some() && merged.order_by.is_some(), "ORDER BY"),
            (has_limit(&outer) && has_limit(&merged), "LIMIT"),
        ];
        if let Some((_, clause)) = double.iter().find(|(double, _)| *double) {
            let message = format!("multiple {clause} clauses not allowed");
            let at = position(outer.span());
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        merged.with = merged.with.or_else(|| outer.with.clone());
        merged.order_by = merged.order_by.or_else(|| outer.order_by.clone());
        merged.limit_clause = merged.limit_clause.or_else(|| outer.limit_clause.clone());
        merged.fetch = merged.fetch.or_else(|| outer.fetch.clone());
        merged.locks.extend(outer.locks.iter().cloned());
        outer = Cow::Owned(merged);
    }
    Ok(outer)
}

fn has_limit(query: &ast::Query) -> bool {
    query.limit_clause.is_some() || query.fetch.is_some()
}

pub(super) fn order_items(query: &ast::Query) -> Result<Vec<&ast::OrderByExpr>> {
    let Some(order_by) = &query.order_by else { return Ok(Vec::new()) };
    match &order_by.kind {
        ast::OrderByKind::Expressions(items) => Ok(items.iter().collect()),
        ast::OrderByKind::All(_) => Err(Error::unsupported("ORDER BY ALL")),
    }
}

/// The names that an alias gives to columns.
pub(super) fn alias_columns(alias: &ast::TableAlias) -> Vec<String> {
    alias.columns.iter().map(|column| column.name.value.clone()).collect()
}

/// The columns that come out, as a range's.
pub(super) fn range_columns(columns: &[Column]) -> Vec<RangeColumn> {
    let numbered = (1..).zip(columns);
    numbered
        .map(|(number, it)| RangeColumn { name: it.name.clone(), number, t: it.pg_type })
        .collect()
}
