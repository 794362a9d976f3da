//! INSERT, UPDATE, DELETE: what PostgreSQL's `analyze.c` makes of them, and of the columns that
//! are not named its `rewriteHandler.c`.
use std::collections::BTreeSet;
use std::sync::Arc;

use ast::Spanned as _;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{Column as TableColumn, Relation};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::QueryStatement;
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::relation::Found;
use super::scope::{Clause, Scope};
use super::through_view::{base_column, not_updatable_view, null, own_default, see_through};
use super::{Analyser, Context, Parameters, determined};
use crate::error::{Error, Result};
use crate::reads::columns_read;
use crate::system::SystemRelation;
use crate::tree::{
    Alias, CastForm, Change, ChangeKind, Expr, ExprKind, FromItem, Query, Range, RangeColumn,
    RangeKind, RelationRange, Right, SubqueryKind, SubqueryLink, Target, ValuesRange,
};

/// A change of rows, analysed.
#[derive(Clone, Debug)]
pub struct AnalysedChange {
    /// What it is.
    pub change: Change,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<medley_types::PgType>,
}

/// Analyses a change of rows, down to the foreign table that it changes. Rights are not checked:
/// see [`Change::rights`].
pub fn change(
    context: &Context<'_>,
    statement: &QueryStatement,
    parameters: Parameters,
) -> Result<AnalysedChange> {
    let analyser = Analyser { expands: Some(0), ..Analyser::new(context, parameters) };
    let mut change = match statement {
        QueryStatement::Insert { with, ast, .. } => analyser.insert(with.as_deref(), ast)?,
        QueryStatement::Update { with, ast, .. } => analyser.update(with.as_deref(), ast)?,
        QueryStatement::Delete { with, ast, .. } => analyser.delete(with.as_deref(), ast)?,
        QueryStatement::Select(_) | QueryStatement::Merge { .. } => {
            return Err(Error::unsupported(statement.tag()));
        }
    };
    let parameter_types = determined(analyser.parameters.take())?;
    see_through(context, &mut change)?;
    Ok(AnalysedChange { change, parameter_types })
}

/// INSERT of rows that come from elsewhere and have these columns: the source's outputs are the
/// values of those that they do not have, and that have a default.
pub fn load(context: &Context<'_>, relation: RelationOid, columns: &[i16]) -> Result<Change> {
    let check_as = context.role;
    let right = Right {
        relation,
        check_as,
        needs: Privileges::INSERT,
        columns: columns.iter().copied().collect(),
    };
    let mut change = Change {
        kind: ChangeKind::Insert,
        relation,
        check_as,
        alias: None,
        source: Query::default(),
        columns: columns.to_vec(),
        to_default: Vec::new(),
        skips_conflicts: false,
        returning: None,
        checks: Vec::new(),
        rights: vec![right],
        is_of_view: false,
    };
    see_through(context, &mut change)?;
    Ok(change)
}

/// A value for a column: an expression, or DEFAULT.
pub(super) enum Value {
    Expr(Expr),
    Default,
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
    fn insert(&self, with: Option<&ast::With>, insert: &ast::Insert) -> Result<Change> {
        let mut scope = Scope::new(None);
        if let Some(with) = with {
            self.with(&mut scope, with)?;
        }
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

    fn update(&self, with: Option<&ast::With>, update: &ast::Update) -> Result<Change> {
        let mut scope = Scope::new(None);
        if let Some(with) = with {
            self.with(&mut scope, with)?;
        }
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

    fn delete(&self, with: Option<&ast::With>, delete: &ast::Delete) -> Result<Change> {
        let mut scope = Scope::new(None);
        if let Some(with) = with {
            self.with(&mut scope, with)?;
        }
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

    /// The rows of INSERT, and the columns that they have.
    fn inserted<'r>(
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

    /// DEFAULT, or an expression.
    fn value_or_default(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Value> {
        match is_default(expr) {
            true => Ok(Value::Default),
            false => self.expr(scope, expr).map(Value::Expr),
        }
    }

    /// `transformAssignedExpr`
    fn assigned(&self, value: Expr, column: &TableColumn) -> Result<Expr> {
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
    fn assignments<'r>(
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
    fn settled_values<'r>(
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

    fn default_or_null(&self, relation: &Relation, column: &TableColumn) -> Result<Expr> {
        let (base, of_base) = base_column(self.context, relation, column)?;
        let default = own_default(self.context, &base, &of_base)?;
        Ok(default.unwrap_or_else(|| null(column.pg_type)))
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

fn numbers(columns: &[&TableColumn]) -> BTreeSet<i16> {
    columns.iter().map(|column| column.number).collect()
}

/// The rows of INSERT.
struct Inserted<'r> {
    source: Query,
    /// The columns that they have.
    columns: Vec<&'r TableColumn>,
    /// Those that the statement speaks of, be it to say DEFAULT.
    written: BTreeSet<i16>,
}

/// The columns that are written, with their values.
#[derive(Default)]
struct Settled<'r> {
    columns: Vec<&'r TableColumn>,
    targets: Vec<Target>,
    /// Generated ones.
    to_default: Vec<i16>,
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

/// `checkInsertTargets`
fn insert_columns<'r>(
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

fn updated_column<'r>(relation: &'r Relation, name: &ast::ObjectName) -> Result<&'r TableColumn> {
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

fn missing_column(column: &str, relation: &str, at: Option<usize>) -> Report {
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

fn target(column: &TableColumn, expr: Expr) -> Target {
    Target { name: column.name.clone(), expr, junk: false }
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

/// A foreign table or a view, as a range that is changed.
pub(super) fn relation_of(range: &Range) -> Result<&RelationRange> {
    match &range.kind {
        RangeKind::Relation(relation) => Ok(relation),
        _ => Err(Error::Internal("a change of what is no relation".to_owned())),
    }
}
