//! Which columns a name can mean.
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use datafusion::common::Column as PlanColumn;
use datafusion::logical_expr::Expr;
use medley_catalog::ids::RoleOid;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{Ident, NamedWindowExpr};
use medley_sql::span::position;
use medley_types::PgType;

use super::{Binder, Cte, Ctes, Typed};
use crate::error::{Error, Result};

/// What a query inherits from around it.
#[derive(Clone)]
pub(crate) struct Surroundings<'p> {
    /// The query that this one is a subquery of.
    pub parent: Option<&'p Scope<'p>>,
    /// The CTEs in sight, the nearest last.
    pub ctes: Ctes,
    /// The role whose privileges count for relations named here.
    pub check_as: RoleOid,
    /// Columns of outer queries used in here.
    pub outer: Rc<RefCell<Vec<Outer>>>,
}

impl Surroundings<'_> {
    pub fn top(role: RoleOid) -> Self {
        Self { parent: None, ctes: Vec::new(), check_as: role, outer: Rc::default() }
    }

    pub fn cte(&self, name: &str) -> Option<&Rc<Cte>> {
        self.ctes.iter().rev().find(|cte| cte.name == name)
    }
}

/// A relation of FROM as names see it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Its alias, or its name; none for the merged columns of a join.
    pub alias: Option<String>,
    /// The schema, if it may be named with it.
    pub schema: Option<String>,
    pub columns: Vec<TableColumn>,
}

/// One of its columns.
#[derive(Clone, Debug)]
pub(crate) struct TableColumn {
    pub name: String,
    pub t: PgType,
    pub expr: Expr,
    /// Not in `*`: a system column.
    pub system: bool,
    /// Merged by USING: only to be had with its table's name.
    pub merged: bool,
    /// Which of the reads it belongs to, and its number there.
    pub read: Option<(usize, i16)>,
}

/// What stands for a column of an outer query inside a subquery.
#[derive(Clone, Debug)]
pub(crate) struct Outer {
    /// The placeholder.
    pub id: String,
    /// The column as the query around it sees it.
    pub value: Typed,
}

/// What the expressions of one SELECT can name.
pub(crate) struct Scope<'p> {
    pub surroundings: &'p Surroundings<'p>,
    pub tables: Vec<Table>,
    /// Where columns were first named, for messages about grouping.
    pub mentions: RefCell<HashMap<PlanColumn, (String, Option<usize>)>>,
    pub windows: Vec<(String, NamedWindowExpr)>,
    /// What may stand here.
    pub clause: Clause,
}

/// A clause, by what may not stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    From,
    JoinOn,
    Where,
    GroupBy,
    Select,
    Having,
    OrderBy,
    Aggregate,
    Window,
    Values,
    Limit,
}

impl<'p> Scope<'p> {
    pub fn new(surroundings: &'p Surroundings<'p>, tables: Vec<Table>, clause: Clause) -> Self {
        Self { surroundings, tables, mentions: RefCell::default(), windows: Vec::new(), clause }
    }

    /// The table of this name; `None` if there is none, an error if there are two.
    fn table(&self, schema: Option<&str>, name: &Ident) -> Result<Option<&Table>> {
        let mut found = self.tables.iter().filter(|table| {
            table.alias.as_deref() == Some(name.value.as_str())
                && schema.is_none_or(|schema| table.schema.as_deref() == Some(schema))
        });
        let first = found.next();
        if found.next().is_some() {
            let message = format!("table reference \"{}\" is ambiguous", name.value);
            return Err(Error::at(SqlState::from_remote("42P09"), message, position(name.span)));
        }
        Ok(first)
    }

    /// A column by its bare name, here and not further out.
    fn bare(&self, name: &Ident) -> Result<Option<&TableColumn>> {
        let all = self.tables.iter().flat_map(|table| &table.columns);
        let named = all.filter(|column| column.name == name.value && !column.merged);
        let (system, plain): (Vec<_>, Vec<_>) = named.partition(|column| column.system);
        let candidates = if plain.is_empty() { system } else { plain };
        match candidates.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => {
                let message = format!("column reference \"{}\" is ambiguous", name.value);
                Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)))
            }
        }
    }
}

impl Binder<'_> {
    /// `a`
    pub(super) fn column(&self, scope: &Scope<'_>, name: &Ident) -> Result<Typed> {
        match self.find_bare(scope, name)? {
            Some(found) => Ok(found),
            None if scope.table(None, name)?.is_some() => {
                Err(Error::unsupported("a whole-row reference").or_at(position(name.span)))
            }
            None => {
                let message = format!("column \"{}\" does not exist", name.value);
                Err(Error::at(SqlState::UNDEFINED_COLUMN, message, position(name.span)))
            }
        }
    }

    fn find_bare(&self, scope: &Scope<'_>, name: &Ident) -> Result<Option<Typed>> {
        if let Some(column) = scope.bare(name)? {
            return Ok(Some(self.use_column(scope, None, column, name)));
        }
        let Some(parent) = scope.surroundings.parent else { return Ok(None) };
        Ok(self.find_bare(parent, name)?.map(|found| self.outer(scope, found)))
    }

    /// `t.a` or `s.t.a`
    pub(super) fn qualified_column(&self, scope: &Scope<'_>, parts: &[Ident]) -> Result<Typed> {
        let (schema, table, column) = match parts {
            [table, column] => (None, table, column),
            [schema, table, column] => (Some(schema.value.as_str()), table, column),
            _ => {
                let names: Vec<_> = parts.iter().map(|part| part.value.as_str()).collect();
                let message =
                    format!("improper qualified name (too many dotted names): {}", names.join("."));
                let at = parts.first().and_then(|part| position(part.span));
                return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
            }
        };
        match self.find_qualified(scope, schema, table, column)? {
            Some(found) => Ok(found),
            None => {
                let message = format!("missing FROM-clause entry for table \"{}\"", table.value);
                let at = parts.first().and_then(|part| position(part.span));
                Err(Error::at(SqlState::UNDEFINED_TABLE, message, at))
            }
        }
    }

    fn find_qualified(
        &self,
        scope: &Scope<'_>,
        schema: Option<&str>,
        table: &Ident,
        name: &Ident,
    ) -> Result<Option<Typed>> {
        if let Some(found) = scope.table(schema, table)? {
            let column = found.columns.iter().find(|column| column.name == name.value);
            let Some(column) = column else {
                let message = format!("column {}.{} does not exist", table.value, name.value);
                return Err(Error::at(SqlState::UNDEFINED_COLUMN, message, position(table.span)));
            };
            let mut used = self.use_column(scope, found.alias.as_deref(), column, name);
            used.position = position(table.span);
            return Ok(Some(used));
        }
        let Some(parent) = scope.surroundings.parent else { return Ok(None) };
        Ok(self.find_qualified(parent, schema, table, name)?.map(|found| self.outer(scope, found)))
    }

    /// Records that a column is used.
    pub(super) fn use_column(
        &self,
        scope: &Scope<'_>,
        alias: Option<&str>,
        column: &TableColumn,
        name: &Ident,
    ) -> Typed {
        if let Some((read, number)) = column.read {
            self.reads.borrow_mut()[read].columns.insert(number);
        }
        let at = position(name.span);
        if let Expr::Column(plan_column) = &column.expr {
            let owner = alias.map(str::to_owned).or_else(|| owner_of(scope, column));
            let shown = match owner {
                Some(owner) => format!("{owner}.{}", column.name),
                None => column.name.clone(),
            };
            scope.mentions.borrow_mut().entry(plan_column.clone()).or_insert((shown, at));
        }
        Typed::new(column.expr.clone(), column.t, at)
    }
}

fn owner_of(scope: &Scope<'_>, column: &TableColumn) -> Option<String> {
    let owns = |table: &&Table| table.columns.iter().any(|c| c.expr == column.expr);
    scope.tables.iter().find(owns).and_then(|table| table.alias.clone())
}

impl Binder<'_> {
    /// A column of the query around a scope, as it stands inside: a parameter.
    fn outer(&self, scope: &Scope<'_>, value: Typed) -> Typed {
        let mut known = scope.surroundings.outer.borrow_mut();
        let id = match known.iter().find(|outer| outer.value.expr == value.expr) {
            Some(outer) => outer.id.clone(),
            None => {
                let id = self.unique("$outer");
                known.push(Outer { id: id.clone(), value: value.clone() });
                id
            }
        };
        let field = medley_types::field(id.clone(), value.t, true);
        let placeholder = datafusion::logical_expr::expr::Placeholder::new_with_field(
            id,
            Some(std::sync::Arc::new(field)),
        );
        Typed::new(Expr::Placeholder(placeholder), value.t, value.position)
    }
}
