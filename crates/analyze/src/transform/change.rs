//! INSERT, UPDATE, DELETE: what PostgreSQL's `analyze.c` makes of them, and of the columns that
//! are not named its `rewriteHandler.c`.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{Column as TableColumn, Relation};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::QueryStatement;
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::assignment::Settled;
use super::changing_cte::Changes;
use super::inserted::{Inserted, insert_columns};
use super::relation::Found;
use super::scope::{Clause, Scope};
use super::table_expression::{ExpressionKind, TableExpression, expression};
use super::through_view::{not_updatable_view, see_through};
use super::{Analyser, Context, Parameters, determined};
use crate::error::{Error, Result};
use crate::reads::columns_read;
use crate::system::SystemRelation;
use crate::tree::{
    Alias, Change, ChangeKind, Cte, Expr, FromItem, Query, Range, RangeKind, RelationRange, Right,
    Target, columns_of_table,
};

/// A statement that changes rows, analysed.
#[derive(Clone, Debug)]
pub struct AnalysedStatement {
    /// What its WITH changes, in this order, before the rest is done.
    pub with: Vec<Change>,
    /// What it is itself.
    pub main: Main,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<medley_types::PgType>,
}

/// What stands behind WITH.
#[derive(Clone, Debug)]
pub enum Main {
    /// INSERT, UPDATE or DELETE.
    Change(Box<Change>),
    /// SELECT.
    Query(Box<Query>),
}

impl Main {
    /// The columns that come out, if rows do.
    pub fn columns(&self) -> Option<Vec<medley_types::Column>> {
        match self {
            Self::Change(change) => change.returning.as_ref().map(Query::columns),
            Self::Query(query) => Some(query.columns()),
        }
    }
}

/// Analyses a statement that changes rows, itself or in its WITH, down to the foreign tables that
/// it changes. Rights are not checked: see [`Change::rights`].
pub fn statement(
    context: &Context<'_>,
    statement: &QueryStatement,
    parameters: Parameters,
) -> Result<AnalysedStatement> {
    let analyser = Analyser { expands: Some(0), ..Analyser::new(context, parameters) };
    analyser.changes.replace(Some(Changes::default()));
    let mut main = match statement {
        QueryStatement::Select(query) => {
            Main::Query(Box::new(analyser.query(None, &query.ast, true)?))
        }
        QueryStatement::Insert { with, ast, .. } => {
            Main::Change(Box::new(analyser.insert(&[], with.as_deref(), ast)?))
        }
        QueryStatement::Update { with, ast, .. } => {
            Main::Change(Box::new(analyser.update(&[], with.as_deref(), ast)?))
        }
        QueryStatement::Delete { with, ast, .. } => {
            Main::Change(Box::new(analyser.delete(&[], with.as_deref(), ast)?))
        }
        QueryStatement::Merge { .. } => return Err(Error::unsupported(statement.tag())),
    };
    let parameter_types = determined(analyser.parameters.take())?;
    if let Main::Change(change) = &mut main {
        see_through(context, change)?;
    }
    let with = analyser.changes.take().unwrap_or_default().found;
    Ok(AnalysedStatement { with, main, parameter_types })
}

/// INSERT of those rows that a condition holds for, which come from elsewhere and have these
/// columns: the source's outputs are the values of those that they do not have, and that have a
/// default; its filter is the condition.
pub fn load(
    context: &Context<'_>,
    relation: RelationOid,
    columns: &[i16],
    condition: Option<&ast::Expr>,
) -> Result<Change> {
    let check_as = context.role;
    let right = |needs, columns| Right { relation, check_as, needs, columns };
    let mut rights = vec![right(Privileges::INSERT, columns.iter().copied().collect())];
    let filter = condition.map(|it| copied_where(context, relation, it)).transpose()?;
    let read = filter.iter().flat_map(columns_of_table).filter(|number| *number > 0);
    let read: BTreeSet<_> = read.collect();
    if !read.is_empty() {
        rights.push(right(Privileges::SELECT, read));
    }
    let mut change = Change {
        kind: ChangeKind::Insert,
        relation,
        check_as,
        alias: None,
        source: Query { filter, ..Query::default() },
        columns: columns.to_vec(),
        to_default: Vec::new(),
        skips_conflicts: false,
        returning: None,
        checks: Vec::new(),
        rights,
        is_of_view: false,
    };
    see_through(context, &mut change)?;
    Ok(change)
}

/// WHERE of COPY FROM.
fn copied_where(
    context: &Context<'_>,
    relation: RelationOid,
    condition: &ast::Expr,
) -> Result<Expr> {
    let table = context.snapshot.relation(relation);
    let table = table.ok_or_else(|| Error::Internal("the relation is gone".to_owned()))?;
    let table = TableExpression {
        kind: ExpressionKind::CopyWhere,
        relation,
        name: &table.name,
        columns: &table.columns,
        target: None,
    };
    expression(context, condition, &table)
}

/// The relation that a statement names, and its place among the ranges.
struct Named {
    relation: Arc<Relation>,
    alias: Option<String>,
}

impl Named {
    /// The rows of INSERT name no column of the table: it is said where that was tried.
    fn with_hidden_column(&self, error: Error) -> Error {
        let mut report = error.report();
        let name = report.message.strip_prefix("column \"").and_then(|it| it.split('"').next());
        let is_its = name.is_some_and(|name| self.relation.column(name).is_some());
        if report.sqlstate != SqlState::UNDEFINED_COLUMN || !is_its {
            return error;
        }
        let table = self.alias.as_ref().unwrap_or(&self.relation.name);
        let detail = format!(
            "There is a column named \"{}\" in table \"{table}\", but it cannot be referenced from \
             this part of the query.",
            name.unwrap_or_default()
        );
        report.detail = Some(detail);
        report.into()
    }
}

impl Analyser<'_> {
    pub(super) fn insert(
        &self,
        around: &[Cte],
        with: Option<&ast::With>,
        insert: &ast::Insert,
    ) -> Result<Change> {
        let scope = self.changing_scope(around, with)?;
        let ast::TableObject::TableName(name) = &insert.table else {
            return Err(Error::unsupported("INSERT into what is no relation"));
        };
        let alias = insert.table_alias.as_ref().map(|alias| alias.alias.value.clone());
        let mut target = Scope::new(None);
        let named = self.target(&mut target, name, alias, ChangeKind::Insert)?;
        let columns = insert_columns(&named.relation, &insert.columns)?;
        let inserted = self.inserted(scope, &named.relation, insert, columns);
        let Inserted { source, columns, written } =
            inserted.map_err(|error| named.with_hidden_column(error))?;
        let skips_conflicts = self.conflict(&named.relation, insert)?;
        let returning = self.returning(target, insert.returning.as_deref())?;
        let mut change =
            self.made(ChangeKind::Insert, &named, source, columns, written, returning)?;
        change.skips_conflicts = skips_conflicts;
        Ok(change)
    }

    pub(super) fn update(
        &self,
        around: &[Cte],
        with: Option<&ast::With>,
        update: &ast::Update,
    ) -> Result<Change> {
        let mut scope = self.changing_scope(around, with)?;
        let named = self.target_factor(&mut scope, &update.table, ChangeKind::Update)?;
        let others = match &update.from {
            Some(ast::UpdateTableFromKind::AfterSet(from)) => self.from(&mut scope, from)?,
            Some(ast::UpdateTableFromKind::BeforeSet(_)) => {
                return Err(Error::unsupported("FROM before SET"));
            }
            None => Vec::new(),
        };
        let filter = self.condition(&scope, update.selection.as_ref(), Clause::Where)?;
        let returning = self.returned(&scope, update.returning.as_deref())?;
        let (columns, values) = self.assignments(&scope, &named.relation, &update.assignments)?;
        let rights = numbers(&columns);
        let settled = self.settled_values(&named.relation, columns, values, ChangeKind::Update)?;
        let Settled { columns, targets, to_default } = settled;
        let source = source_of(scope, others, filter, targets);
        let returning = with_ranges(returning, &source);
        let mut change =
            self.made(ChangeKind::Update, &named, source, columns, rights, returning)?;
        change.to_default = to_default;
        Ok(change)
    }

    pub(super) fn delete(
        &self,
        around: &[Cte],
        with: Option<&ast::With>,
        delete: &ast::Delete,
    ) -> Result<Change> {
        let mut scope = self.changing_scope(around, with)?;
        let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) =
            &delete.from;
        let [table] = from.as_slice() else {
            return Err(Error::unsupported("DELETE from several tables"));
        };
        let named = self.target_factor(&mut scope, table, ChangeKind::Delete)?;
        let others = match &delete.using {
            Some(using) => self.from(&mut scope, using)?,
            None => Vec::new(),
        };
        let filter = self.condition(&scope, delete.selection.as_ref(), Clause::Where)?;
        let returning = self.returned(&scope, delete.returning.as_deref())?;
        let source = source_of(scope, others, filter, Vec::new());
        let returning = with_ranges(returning, &source);
        self.made(ChangeKind::Delete, &named, source, Vec::new(), BTreeSet::new(), returning)
    }

    fn made(
        &self,
        kind: ChangeKind,
        named: &Named,
        source: Query,
        columns: Vec<&TableColumn>,
        written: BTreeSet<i16>,
        returning: Option<Query>,
    ) -> Result<Change> {
        let check_as = self.context.role;
        let mut read = BTreeSet::new();
        if kind != ChangeKind::Insert {
            columns_read(&source, &[Change::TABLE], &mut read);
        }
        if let Some(returning) = &returning {
            let ranges = [Change::TABLE, Change::old_row(returning), Change::new_row(returning)];
            columns_read(returning, &ranges, &mut read);
        }
        let right =
            |needs, columns| Right { relation: named.relation.oid, check_as, needs, columns };
        let mut rights = vec![right(kind.privilege(), written)];
        if !read.is_empty() {
            let columns = read.into_iter().filter(|number| *number > 0).collect();
            rights.insert(0, right(Privileges::SELECT, columns));
        }
        Ok(Change {
            kind,
            relation: named.relation.oid,
            check_as,
            alias: named.alias.clone(),
            columns: columns.iter().map(|column| column.number).collect(),
            source,
            to_default: Vec::new(),
            skips_conflicts: false,
            returning,
            checks: Vec::new(),
            rights,
            is_of_view: false,
        })
    }

    fn target_factor(
        &self,
        scope: &mut Scope<'_>,
        table: &ast::TableWithJoins,
        kind: ChangeKind,
    ) -> Result<Named> {
        match &table.relation {
            ast::TableFactor::Table { name, alias, .. } if table.joins.is_empty() => {
                let alias = alias.as_ref().map(|alias| alias.name.value.clone());
                self.target(scope, name, alias, kind)
            }
            _ => Err(Error::unsupported("a change of what is no relation")),
        }
    }

    /// `setTargetTable`
    fn target(
        &self,
        scope: &mut Scope<'_>,
        name: &ast::ObjectName,
        alias: Option<String>,
        kind: ChangeKind,
    ) -> Result<Named> {
        let parts: Vec<ast::Ident> =
            name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let relation = match self.find_relation(&parts)? {
            Found::System(relation) => return Err(self.no_change_of_system(relation, kind)),
            Found::Stored(relation) => Arc::clone(relation),
        };
        let mut range = self.stored_range(&relation)?;
        if let Some(alias) = &alias {
            range.name = Some(alias.clone());
            range.alias = Some(Alias { name: alias.clone(), columns: Vec::new() });
        }
        let table = range.table(scope.ranges.len(), Some(self.schema_name(&relation)));
        scope.ranges.push(range);
        scope.tables.push(table);
        Ok(Named { relation, alias })
    }

    fn no_change_of_system(&self, relation: &SystemRelation, kind: ChangeKind) -> Error {
        let name = relation.name;
        if relation.kind == 'v' {
            let why = "Views that do not select from a single table or view are not automatically \
                       updatable.";
            return not_updatable_view(name, kind, why);
        }
        match self.context.snapshot.actor(self.context.role).is_superuser() {
            true => Error::unsupported(format_args!("{} of {name}", kind.tag())),
            false => {
                let error = medley_catalog::Error::PermissionDenied("table", name.to_owned());
                error.into()
            }
        }
    }

    /// ON CONFLICT: a foreign table has no constraint that a row could be in conflict with, so that
    /// only DO NOTHING can be said.
    fn conflict(&self, relation: &Relation, insert: &ast::Insert) -> Result<bool> {
        let conflict = match &insert.on {
            None => return Ok(false),
            Some(ast::OnInsert::OnConflict(conflict)) => conflict,
            Some(_) => return Err(Error::unsupported("this form of ON")),
        };
        match &conflict.conflict_target {
            Some(ast::ConflictTarget::OnConstraint(name)) => {
                let constraint = name.0.last().map(ToString::to_string).unwrap_or_default();
                let message = format!(
                    "constraint \"{}\" for table \"{}\" does not exist",
                    constraint.trim_matches('"'),
                    relation.name
                );
                Err(Error::at(SqlState::UNDEFINED_OBJECT, message, None))
            }
            Some(ast::ConflictTarget::Columns(columns)) => {
                let missing = columns.iter().find(|it| relation.column(&it.value).is_none());
                if let Some(missing) = missing {
                    let message = format!("column \"{}\" does not exist", missing.value);
                    // PostgreSQL points at the parenthesis.
                    let at = position(missing.span).and_then(|at| at.checked_sub(1));
                    return Err(Error::at(SqlState::UNDEFINED_COLUMN, message, at));
                }
                let message = "there is no unique or exclusion constraint matching the ON CONFLICT \
                               specification";
                Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, None))
            }
            None => match &conflict.action {
                ast::OnConflictAction::DoNothing => Ok(true),
                ast::OnConflictAction::DoUpdate(_) => {
                    let message =
                        "ON CONFLICT DO UPDATE requires inference specification or constraint name";
                    let report = Report::error(SqlState::SYNTAX_ERROR, message);
                    Err(report.with_hint("For example, ON CONFLICT (column_name).").into())
                }
            },
        }
    }

    /// RETURNING of INSERT.
    fn returning(
        &self,
        scope: Scope<'_>,
        items: Option<&[ast::SelectItem]>,
    ) -> Result<Option<Query>> {
        let targets = self.returned(&scope, items)?;
        let source = Query { ranges: scope.ranges, ..Query::default() };
        Ok(with_ranges(targets, &source))
    }

    /// What RETURNING returns: `old` and `new` name the row before and the row after.
    fn returned(
        &self,
        around: &Scope<'_>,
        items: Option<&[ast::SelectItem]>,
    ) -> Result<Option<Vec<Target>>> {
        let Some(items) = items else { return Ok(None) };
        let mut scope = Scope::new(None);
        scope.ctes.clone_from(&around.ctes);
        scope.ranges.clone_from(&around.ranges);
        scope.tables.clone_from(&around.tables);
        for name in ["old", "new"] {
            let mut range = around.ranges[Change::TABLE].clone();
            range.name = Some(name.to_owned());
            range.alias = Some(Alias { name: name.to_owned(), columns: Vec::new() });
            let mut table = range.table(scope.ranges.len(), None);
            table.bare = false;
            scope.ranges.push(range);
            if !scope.tables.iter().any(|known| known.name.as_deref() == Some(name)) {
                scope.tables.push(table);
            }
        }
        let list = scope.within(Clause::Returning, |scope| self.outputs(scope, items))?;
        let mut query = Query { targets: list, ..Query::default() };
        self.settle_outputs(&mut query)?;
        Ok(Some(query.targets))
    }
}

pub(super) fn numbers(columns: &[&TableColumn]) -> BTreeSet<i16> {
    columns.iter().map(|column| column.number).collect()
}

/// The table, beside it the other tables, and WHERE.
fn source_of(
    scope: Scope<'_>,
    others: Vec<FromItem>,
    filter: Option<Expr>,
    targets: Vec<Target>,
) -> Query {
    let from = std::iter::once(FromItem::Range(Change::TABLE)).chain(others).collect();
    Query { ctes: scope.ctes, ranges: scope.ranges, from, filter, targets, ..Query::default() }
}

/// RETURNING over the ranges of the statement, and the row before and the row after.
fn with_ranges(targets: Option<Vec<Target>>, source: &Query) -> Option<Query> {
    let targets = targets?;
    let mut ranges = source.ranges.clone();
    ranges.extend(["old", "new"].map(|name| Range {
        name: Some(name.to_owned()),
        in_from: false,
        ..source.ranges[Change::TABLE].clone()
    }));
    Some(Query { ctes: source.ctes.clone(), ranges, targets, ..Query::default() })
}

/// A foreign table or a view, as a range that is changed.
pub(super) fn relation_of(range: &Range) -> Result<&RelationRange> {
    match &range.kind {
        RangeKind::Relation(relation) => Ok(relation),
        _ => Err(Error::Internal("a change of what is no relation".to_owned())),
    }
}
