//! INSERT, UPDATE and DELETE in WITH: what PostgreSQL calls data-modifying statements.
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SetExpr, Statement};
use medley_sql::span::position;

use super::Analyser;
use super::query::range_columns;
use super::scope::Scope;
use super::through_view::see_through;
use crate::error::{Error, Result};
use crate::tree::{ColumnRef, Cte, Expr, ExprKind, FromItem, Query, Range, RangeKind, Target};

/// The changes of rows that stand in a statement's WITH.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// In the order in which they are made.
    pub found: Vec<crate::tree::Change>,
    /// One of them is being read: none may stand in its own WITH.
    inside: bool,
}

impl Analyser<'_> {
    /// A query of WITH that changes rows. What reads it reads what it returns.
    pub(super) fn changing_cte(
        &self,
        scope: &Scope<'_>,
        cte: &ast::Cte,
        statement: &Statement,
    ) -> Result<Query> {
        self.check_place(scope, cte)?;
        if let Some(changes) = self.changes.borrow_mut().as_mut() {
            changes.inside = true;
        }
        let with = cte.query.with.as_ref();
        let mut change = match statement {
            Statement::Insert(insert) => self.insert(&scope.ctes, with, insert),
            Statement::Update(update) => self.update(&scope.ctes, with, update),
            Statement::Delete(delete) => self.delete(&scope.ctes, with, delete),
            _ => Err(Error::unsupported("MERGE in WITH")),
        }?;
        see_through(self.context, &mut change)?;
        let columns = change.output();
        let mut changes = self.changes.borrow_mut();
        let changes = changes.get_or_insert_default();
        changes.inside = false;
        changes.found.push(change);
        let range = Range {
            kind: RangeKind::Changed(changes.found.len() - 1),
            alias: None,
            name: Some(cte.alias.name.value.clone()),
            columns: range_columns(&columns),
            lateral: false,
            in_from: true,
        };
        let target = |(number, column): (i16, medley_types::Column)| {
            let of_range = ColumnRef { levels_up: 0, range: 0, number };
            let expr = Expr::new(ExprKind::Column(of_range), column.pg_type, None);
            Target { name: column.name, expr, junk: false }
        };
        let targets = (1..).zip(columns).map(target).collect();
        Ok(Query {
            ranges: vec![range],
            from: vec![FromItem::Range(0)],
            targets,
            ..Query::default()
        })
    }

    /// At the top of a statement that runs, and nowhere else.
    fn check_place(&self, scope: &Scope<'_>, cte: &ast::Cte) -> Result<()> {
        let at = position(cte.alias.name.span);
        let is_at_top = self.changes.borrow().as_ref().is_some_and(|changes| !changes.inside);
        if scope.has_parent() || !is_at_top {
            let message =
                "WITH clause containing a data-modifying statement must be at the top level";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        Ok(())
    }

    /// The scope of a change: the queries of its own WITH follow those around it.
    pub(super) fn changing_scope(
        &self,
        around: &[Cte],
        with: Option<&ast::With>,
    ) -> Result<Scope<'static>> {
        let mut scope = Scope::new(None);
        scope.ctes = around.to_vec();
        if let Some(with) = with {
            let hidden = with.cte_tables.iter().map(|cte| &cte.alias.name.value);
            if hidden.into_iter().any(|name| around.iter().any(|known| known.name == *name)) {
                return Err(Error::unsupported("a name of WITH that hides another one"));
            }
            self.with(&mut scope, with)?;
        }
        Ok(scope)
    }
}

/// The change of rows that a query of WITH is.
pub(super) fn changing(query: &ast::Query) -> Option<&Statement> {
    match query.body.as_ref() {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Some(statement),
        _ => None,
    }
}
