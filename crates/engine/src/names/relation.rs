//! What stands in FROM.
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use medley_catalog::acl::Privileges;
use medley_catalog::objects::{Relation, Schema};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, TableFactor};
use medley_sql::span::position;
use medley_types::PgType;

use super::privileges::{Read, ReadOf};
use super::query::rename_columns;
use super::scope::{Surroundings, Table, TableColumn};
use super::{Binder, Bound};
use crate::error::{Error, Result};
use crate::scan::{ForeignTable, SystemTable};
use crate::system::{self, SystemRelation};

/// Views within views within views.
const MAX_VIEW_DEPTH: usize = 64;

/// What a name in FROM means.
enum Found<'a> {
    Relation(&'a Arc<Relation>),
    System(&'static dyn SystemRelation),
}

impl Binder<'_> {
    pub(super) fn relation(
        &self,
        around: &Surroundings<'_>,
        factor: &TableFactor,
    ) -> Result<(LogicalPlan, Vec<Table>)> {
        let one = |(plan, table)| (plan, vec![table]);
        match factor {
            TableFactor::Table { name, alias, args: None, sample: None, .. } => {
                self.named_relation(around, name, alias.as_ref()).map(one)
            }
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                let args: Vec<_> = args.args.iter().collect();
                self.function_relation(around, name, &args, *with_ordinality, alias.as_ref())
                    .map(one)
            }
            TableFactor::Function { name, args, alias, with_ordinality, .. } => {
                let args: Vec<_> = args.iter().collect();
                self.function_relation(around, name, &args, *with_ordinality, alias.as_ref())
                    .map(one)
            }
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => {
                self.unnest_relation(around, array_exprs, *with_ordinality, alias.as_ref()).map(one)
            }
            TableFactor::Derived { lateral: false, subquery, alias, .. } => {
                let bound = self.query(around, subquery)?;
                let bound = self.settle_outputs(bound)?;
                let name = alias.as_ref().map_or("subquery", |alias| alias.name.value.as_str());
                let columns = alias.as_ref().map(|a| a.columns.as_slice()).unwrap_or_default();
                let bound = rename_columns(bound, name, columns)?;
                let alias = alias.as_ref().map(|alias| alias.name.value.clone());
                self.aliased(bound, alias).map(one)
            }
            TableFactor::Derived { .. } => Err(Error::unsupported("LATERAL")),
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.joined(around, table_with_joins)
            }
            TableFactor::Table { .. } => Err(Error::unsupported("TABLESAMPLE")),
            _ => Err(Error::unsupported("this kind of relation in FROM")),
        }
    }

    /// A bound query as a relation of FROM.
    pub(super) fn aliased(
        &self,
        bound: Bound,
        alias: Option<String>,
    ) -> Result<(LogicalPlan, Table)> {
        let qualifier = self.unique(alias.as_deref().unwrap_or("subquery"));
        // Output columns may have equal names; inside the plan they may not.
        let exprs: Vec<_> = bound
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| column.expr.clone().alias(format!("{}#{index}", column.name)))
            .collect();
        let plan = LogicalPlanBuilder::from(bound.plan)
            .project(exprs)?
            .alias(TableReference::bare(qualifier))?
            .build()?;
        let names = bound.columns.iter().map(|column| column.name.clone()).collect();
        let types = bound.columns.iter().map(|column| column.t).collect();
        let bound = self.of_plan(plan, names, types);
        let columns = bound.columns.into_iter().map(|column| TableColumn {
            name: column.name,
            t: column.t,
            expr: column.expr,
            system: false,
            merged: false,
            read: None,
        });
        let table = Table { alias, schema: None, columns: columns.collect() };
        Ok((bound.plan, table))
    }

    fn named_relation(
        &self,
        around: &Surroundings<'_>,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Result<(LogicalPlan, Table)> {
        let parts: Vec<&ast::Ident> = name
            .0
            .iter()
            .filter_map(|part| match part {
                ast::ObjectNamePart::Identifier(ident) => Some(ident),
                ast::ObjectNamePart::Function(_) => None,
            })
            .collect();
        if let [name] = parts.as_slice()
            && let Some(cte) = around.cte(&name.value)
        {
            let cte = Rc::clone(cte);
            return self.cte_relation(&cte, alias);
        }
        let (plan, mut table) = match self.find_relation(&parts)? {
            Found::System(relation) => self.system_relation(around, relation)?,
            Found::Relation(relation) => match relation.view() {
                Some(_) => self.view(around, relation)?,
                None => self.foreign_table(around, relation)?,
            },
        };
        if let Some(alias) = alias {
            table.alias = Some(alias.name.value.clone());
            table.schema = None;
            rename_table(&mut table, &alias.columns)?;
        }
        Ok((plan, table))
    }

    fn cte_relation(
        &self,
        cte: &super::Cte,
        alias: Option<&ast::TableAlias>,
    ) -> Result<(LogicalPlan, Table)> {
        cte.uses.set(cte.uses.get() + 1);
        if cte.volatile && cte.uses.get() > 1 {
            return Err(Error::unsupported("a volatile CTE that is read more than once"));
        }
        let name = alias.map_or(cte.name.as_str(), |alias| alias.name.value.as_str());
        let (plan, mut table) = self.aliased(cte.bound.clone(), Some(name.to_owned()))?;
        rename_table(&mut table, alias.map(|a| a.columns.as_slice()).unwrap_or_default())?;
        Ok((plan, table))
    }

    /// By the search path, or in the schema that is named.
    fn find_relation(&self, parts: &[&ast::Ident]) -> Result<Found<'_>> {
        let snapshot = &self.context.snapshot;
        match parts {
            [name] => {
                let path = &self.env.session.path;
                let found = path.schemas().iter().find_map(|schema| {
                    let schema = snapshot.schema(*schema)?;
                    self.in_schema(schema, &name.value)
                });
                found.ok_or_else(|| undefined_table(&name.value, position(name.span)))
            }
            [schema_name, name] | [_, schema_name, name] => {
                let full = format!("{}.{}", schema_name.value, name.value);
                if let [database, ..] = parts
                    && parts.len() == 3
                    && database.value != self.context.facts.database()
                {
                    let message = format!(
                        "cross-database references are not implemented: \"{}.{full}\"",
                        database.value
                    );
                    let at = position(database.span);
                    return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
                }
                let at = position(parts[0].span);
                let schema = snapshot
                    .schema_named(&schema_name.value)
                    .ok_or_else(|| undefined_table(&full, at))?;
                let actor = snapshot.actor(self.role());
                if !actor.has_all(schema.oid.address(), Privileges::USAGE) {
                    let denied = actor.permission_denied(schema.oid.address());
                    return Err(Error::from(medley_foreign::Error::from(denied)).or_at(at));
                }
                self.in_schema(schema, &name.value).ok_or_else(|| undefined_table(&full, at))
            }
            _ => Err(Error::at(SqlState::SYNTAX_ERROR, "improper relation name", None)),
        }
    }

    fn in_schema(&self, schema: &Schema, name: &str) -> Option<Found<'_>> {
        let system = system::relation(&schema.name, name).map(Found::System);
        system
            .or_else(|| self.context.snapshot.relation_named(schema.oid, name).map(Found::Relation))
    }

    fn system_relation(
        &self,
        around: &Surroundings<'_>,
        relation: &'static dyn SystemRelation,
    ) -> Result<(LogicalPlan, Table)> {
        if relation.superuser_only() {
            self.reads.borrow_mut().push(Read {
                what: ReadOf::Restricted(relation.name()),
                check_as: around.check_as,
                columns: BTreeSet::new(),
            });
        }
        let provider = Arc::new(SystemTable::new(relation, Arc::clone(&self.planner)));
        let plan = self.scan(provider, format!("{}.{}", relation.schema(), relation.name()))?;
        let mut names: Vec<_> = relation.columns().iter().map(|c| c.name.to_owned()).collect();
        let mut types: Vec<_> = relation.columns().iter().map(|c| c.pg_type).collect();
        names.push("tableoid".to_owned());
        types.push(PgType::OID);
        let bound = self.of_plan(plan, names, types);
        let last = bound.columns.len() - 1;
        let columns = bound.columns.into_iter().enumerate().map(|(index, column)| TableColumn {
            name: column.name,
            t: column.t,
            expr: column.expr,
            system: index == last,
            merged: false,
            read: None,
        });
        let table = Table {
            alias: Some(relation.name().to_owned()),
            schema: Some(relation.schema().to_owned()),
            columns: columns.collect(),
        };
        Ok((bound.plan, table))
    }

    fn foreign_table(
        &self,
        around: &Surroundings<'_>,
        relation: &Arc<Relation>,
    ) -> Result<(LogicalPlan, Table)> {
        let schema_name = self.schema_name(relation);
        let read = self.read(around, relation);
        let provider = ForeignTable::new(
            Arc::clone(relation),
            schema_name.clone(),
            around.check_as,
            Arc::clone(&self.planner),
        )?;
        // Unique to (table, check-as role): see `scan`.
        let scan_name = format!("{}.{} as {}", relation.oid, relation.name, around.check_as);
        let plan = self.scan(Arc::new(provider), scan_name)?;
        let names = relation.live_columns().map(|column| column.name.clone()).collect();
        let types = relation.live_columns().map(|column| column.pg_type).collect();
        let bound = self.of_plan(plan, names, types);
        let numbers = relation.live_columns().map(|column| column.number);
        let columns = bound.columns.into_iter().zip(numbers).map(|(column, number)| TableColumn {
            name: column.name,
            t: column.t,
            expr: column.expr,
            system: false,
            merged: false,
            read: Some((read, number)),
        });
        let mut columns: Vec<_> = columns.collect();
        columns.push(TableColumn {
            name: "tableoid".to_owned(),
            t: PgType::OID,
            expr: datafusion::logical_expr::lit(relation.oid.0),
            system: true,
            merged: false,
            read: None,
        });
        let (alias, schema) = (Some(relation.name.clone()), Some(schema_name));
        Ok((bound.plan, Table { alias, schema, columns }))
    }

    /// A view is its query, read with its owner's rights unless it says otherwise.
    fn view(
        &self,
        around: &Surroundings<'_>,
        relation: &Arc<Relation>,
    ) -> Result<(LogicalPlan, Table)> {
        let view = relation
            .view()
            .ok_or_else(|| Error::Internal(format!("\"{}\" is no view", relation.name)))?;
        if view.security_barrier() {
            // The optimizer would move the caller's conditions below the view's own, and their
            // errors quote values of rows that the view hides.
            return Err(Error::unsupported("reading a security_barrier view"));
        }
        let read = self.read(around, relation);
        let depth = self.view_depth.get() + 1;
        if depth > MAX_VIEW_DEPTH {
            let message =
                format!("infinite recursion detected in rules for relation \"{}\"", relation.name);
            return Err(Error::at(SqlState::INVALID_OBJECT_DEFINITION, message, None));
        }
        let query = medley_sql::parse_query(&view.query)
            .map_err(|error| Error::Internal(format!("view \"{}\": {error}", relation.name)))?;
        let check_as = if view.security_invoker() { around.check_as } else { relation.owner };
        let inside = Surroundings::top(check_as);
        self.view_depth.set(depth);
        // Positions in it are of another text than the statement's.
        let bound = self.query(&inside, &query.ast).map_err(without_position);
        self.view_depth.set(depth - 1);
        let mut bound = self.settle_outputs(bound?)?;
        let declared: Vec<_> = relation.live_columns().map(|column| column.pg_type.oid).collect();
        let found: Vec<_> = bound.columns.iter().map(|column| column.t.oid).collect();
        if declared != found {
            // What it reads was changed under it.
            let message = format!("view \"{}\" no longer fits what it reads", relation.name);
            let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
            return Err(Error::at(state, message, None));
        }
        for (column, declared) in bound.columns.iter_mut().zip(relation.live_columns()) {
            column.name.clone_from(&declared.name);
        }
        let (plan, mut table) = self.aliased(bound, Some(relation.name.clone()))?;
        table.schema = Some(self.schema_name(relation));
        for (column, declared) in table.columns.iter_mut().zip(relation.live_columns()) {
            column.read = Some((read, declared.number));
        }
        Ok((plan, table))
    }

    fn read(&self, around: &Surroundings<'_>, relation: &Relation) -> usize {
        let mut reads = self.reads.borrow_mut();
        reads.push(Read {
            what: ReadOf::Relation(relation.oid),
            check_as: around.check_as,
            columns: BTreeSet::new(),
        });
        reads.len() - 1
    }

    fn schema_name(&self, relation: &Relation) -> String {
        let schema = self.context.snapshot.schema(relation.schema);
        schema.map(|schema| schema.name.clone()).unwrap_or_default()
    }

    fn scan(&self, provider: Arc<dyn TableProvider>, name: String) -> Result<LogicalPlan> {
        let source = provider_as_source(provider);
        let alias = self.unique(&name);
        let scan = LogicalPlanBuilder::scan(TableReference::bare(name), source, None)?;
        Ok(scan.alias(TableReference::bare(alias))?.build()?)
    }
}

fn rename_table(table: &mut Table, names: &[ast::TableAliasColumnDef]) -> Result<()> {
    let visible = table.columns.iter().filter(|column| !column.system).count();
    if names.len() > visible {
        let alias = table.alias.as_deref().unwrap_or_default();
        let message = format!(
            "table \"{alias}\" has {visible} columns available but {} columns specified",
            names.len()
        );
        return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, None));
    }
    for (column, name) in table.columns.iter_mut().zip(names) {
        column.name.clone_from(&name.name.value);
    }
    Ok(())
}

fn undefined_table(name: &str, at: Option<usize>) -> Error {
    Error::at(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"), at)
}

fn without_position(error: Error) -> Error {
    let mut report = medley_diagnostic::Diagnostic::report(&error);
    report.position = None;
    report.into()
}
