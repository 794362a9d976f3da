//! CREATE VIEW, and what ALTER VIEW changes of its options.
use std::ops::ControlFlow;
use std::sync::Arc;

use medley_analyze::tree::{Node, Query, visit_query};
use medley_analyze::{Scope, not_updatable};
use medley_catalog::LockMode;
use medley_catalog::ids::{ObjectAddress, RelationOid, SchemaOid};
use medley_catalog::objects::{
    Column, DefaultAclKind, Relation, RelationKind, Schema, View as StoredView,
};
use medley_diagnostic::{Report, SqlState};
use medley_sql::{CheckOption, CreateView, RelationOption};
use medley_types::PgType;

use crate::authorize::{self, Authorized};
use crate::error::{NameError, Noun, RelationError, Result, ViewError};
use crate::foreign_table::{check_type_usage, is_system_column};
use crate::{Context, stored};

/// CREATE [OR REPLACE] VIEW.
pub(crate) fn create(ctx: &mut Context<'_>, statement: &CreateView) -> Result<()> {
    let query = understood(ctx, statement)?;
    let reloptions = reloptions(statement)?;
    check_check_option(&reloptions, &query)?;
    let columns = named_columns(&statement.columns, &query)?;
    let temporary = is_temporary(ctx, statement, &query);
    let schema = ctx.creation_schema(&statement.name, temporary)?;
    let name = statement.name.name();
    let view = NewView { columns, reloptions, query };
    match ctx.catalog().relation_named(schema.get().oid, name).cloned() {
        Some(old) if statement.or_replace => {
            let old = authorize::owner(ctx, old)?;
            apply_replace(ctx, old, view)
        }
        Some(_) => {
            check_names(&view.columns)?;
            Err(NameError::exists(Noun::Relation, name).into())
        }
        None => {
            check_names(&view.columns)?;
            view.columns.iter().try_for_each(|(_, t)| check_type_usage(ctx, *t))?;
            if schema.get().oid == SchemaOid::PG_CATALOG {
                return Err(RelationError::SystemCatalog { name: name.to_owned() }.into());
            }
            apply_create(ctx, schema, name, view)
        }
    }
}

/// It said so, or reads what is temporary.
fn is_temporary(ctx: &mut Context<'_>, statement: &CreateView, query: &Query) -> bool {
    let catalog = ctx.catalog();
    let is_temporary = |address: ObjectAddress| {
        let relation = catalog.relation(RelationOid(address.oid));
        relation.is_some_and(|it| catalog.is_temp_schema(it.schema))
    };
    if statement.temporary || !stored::dependencies(query).into_iter().any(is_temporary) {
        return statement.temporary;
    }
    ctx.notice(format!("view \"{}\" will be a temporary view", statement.name.name()));
    true
}

struct NewView {
    columns: Vec<(String, PgType)>,
    reloptions: Vec<(String, String)>,
    query: Query,
}

/// Analyses the query, once nobody changes what it names.
fn understood(ctx: &mut Context<'_>, statement: &CreateView) -> Result<Query> {
    lock_named(ctx, statement)?;
    let snapshot = Arc::clone(ctx.catalog());
    let context = ctx.analysis(&snapshot);
    if statement.query.changes_rows() {
        let message = "views must not contain data-modifying statements in WITH";
        let report = Report::error(SqlState::FEATURE_NOT_SUPPORTED, message);
        return Err(medley_analyze::Error::from(report).into());
    }
    let query = medley_analyze::definition(&context, &statement.query.ast)?.query;
    stored::check_query(ctx, &query)?;
    check_calls(&query)?;
    Ok(query)
}

/// What agrees to something for whoever runs it is not hidden in what others run.
fn check_calls(query: &Query) -> Result<()> {
    const ACCEPT: &str = "medley_accept_mapping";
    let found = visit_query(query, &mut |node, _| match node {
        Node::Expr(expr) if expr.calls().iter().any(|it| it.name == ACCEPT) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    match found.is_break() {
        true => Err(ViewError::Accepts(ACCEPT).into()),
        false => Ok(()),
    }
}

/// Keeps the relations that a query names, and their schemas, from being dropped, renamed or
/// altered, over again until the names mean the same before and after the wait.
fn lock_named(ctx: &mut Context<'_>, statement: &CreateView) -> Result<()> {
    loop {
        let before = Arc::clone(ctx.catalog());
        let scope = Scope::new(&before, ctx.search_path, ctx.current_role);
        for reference in medley_analyze::relations(&statement.query.ast, &scope) {
            let Some(address) = reference.address else { continue };
            let schema = before.relation(RelationOid(address.oid)).map(|it| it.schema.address());
            for address in std::iter::once(address).chain(schema) {
                let locked = ctx.change(|tx| tx.lock_object(address, LockMode::Reference));
                locked.map_err(|error| match reference.position {
                    Some(position) => error.at(position),
                    None => error,
                })?;
            }
        }
        if Arc::ptr_eq(&before, ctx.catalog()) {
            return Ok(());
        }
    }
}

/// The names in parentheses go before the query's own.
fn named_columns(names: &[String], query: &Query) -> Result<Vec<(String, PgType)>> {
    let columns = query.columns().into_iter().map(|column| (column.name, column.pg_type));
    let mut columns: Vec<_> = columns.collect();
    if names.len() > columns.len() {
        return Err(ViewError::TooManyNames.into());
    }
    names.iter().zip(&mut columns).for_each(|(name, column)| column.0.clone_from(name));
    Ok(columns)
}

/// Names that differ and are not the system's, and types that columns can have.
fn check_names(columns: &[(String, PgType)]) -> Result<()> {
    for (index, (name, _)) in columns.iter().enumerate() {
        if columns[..index].iter().any(|(other, _)| other == name) {
            return Err(RelationError::ColumnTwice(name.clone()).into());
        }
    }
    if let Some((name, _)) = columns.iter().find(|(name, _)| is_system_column(name)) {
        return Err(RelationError::SystemColumnName(name.clone()).into());
    }
    columns.iter().try_for_each(check_type)
}

fn check_type((name, pg_type): &(String, PgType)) -> Result<()> {
    match pg_type.info().is_some_and(|info| info.kind == 'p') {
        false => Ok(()),
        true => {
            let (column, type_name) = (name.clone(), pg_type.to_string());
            Err(RelationError::PseudoType { column, type_name }.into())
        }
    }
}

fn reloptions(statement: &CreateView) -> Result<Vec<(String, String)>> {
    let mut options = Vec::new();
    for option in &statement.options {
        let value = checked_option(option)?;
        if options.iter().any(|(name, _)| *name == option.name) {
            return Err(ViewError::OptionTwice(option.name.clone()).into());
        }
        options.push((option.name.clone(), value));
    }
    if let Some(check) = statement.check_option {
        let value = match check {
            CheckOption::Local => "local",
            CheckOption::Cascaded => "cascaded",
        };
        options.push(("check_option".to_owned(), value.to_owned()));
    }
    Ok(options)
}

/// Rows can be checked only where they can be written.
fn check_check_option(options: &[(String, String)], query: &Query) -> Result<()> {
    if !options.iter().any(|(name, _)| name == "check_option") {
        return Ok(());
    }
    match not_updatable(query, true) {
        None => Ok(()),
        Some(why) => Err(ViewError::CannotCheck(why).into()),
    }
}

/// The value of an option of a view, as written.
fn checked_option(option: &RelationOption) -> Result<String> {
    let value = option.value.clone().unwrap_or_else(|| "true".to_owned());
    match option.name.as_str() {
        _ if option.namespace.is_some() => {
            Err(ViewError::UnknownNamespace(option.namespace.clone().unwrap_or_default()).into())
        }
        "security_barrier" | "security_invoker" if !is_boolean(&value) => {
            Err(ViewError::NotBoolean { option: option.name.clone(), value }.into())
        }
        "check_option" if !matches!(value.as_str(), "local" | "cascaded") => {
            Err(ViewError::CheckOption(value).into())
        }
        "security_barrier" | "security_invoker" | "check_option" => Ok(value),
        other => Err(ViewError::UnknownOption(other.to_owned()).into()),
    }
}

/// As `parse_bool` takes words: unique prefixes too.
fn is_boolean(value: &str) -> bool {
    let word = value.to_ascii_lowercase();
    let begins = |of: &str, least: usize| word.len() >= least && of.starts_with(&word);
    begins("true", 1)
        || begins("false", 1)
        || begins("yes", 1)
        || begins("no", 1)
        || begins("off", 2)
        || word == "on"
        || word == "1"
        || word == "0"
}

fn apply_create(
    ctx: &mut Context<'_>,
    schema: Authorized<Arc<Schema>>,
    name: &str,
    view: NewView,
) -> Result<()> {
    let (owner, schema) = (ctx.current_role, schema.get().oid);
    let acl = ctx.catalog().acl_of_new(DefaultAclKind::Relation, owner, Some(schema));
    let oid = RelationOid(ctx.allocate_oid()?);
    let (row_type, array_type) = (ctx.allocate_oid()?, ctx.allocate_oid()?);
    let numbered = (1..).zip(view.columns);
    let columns: Vec<_> =
        numbered.map(|(number, (name, t))| Column::new(name, number, t)).collect();
    let kind = RelationKind::View(StoredView {
        rule: ctx.allocate_oid()?,
        query: stored::view_text(ctx.catalog(), &view.query, &columns),
        reloptions: view.reloptions,
        depends_on: stored::dependencies(&view.query),
    });
    ctx.create(Relation {
        oid,
        name: name.to_owned(),
        schema,
        owner,
        acl,
        row_type,
        array_type,
        columns,
        checks: Vec::new(),
        kind,
    })
}

fn apply_replace(
    ctx: &mut Context<'_>,
    old: Authorized<Arc<Relation>>,
    new: NewView,
) -> Result<()> {
    let oid = old.get().oid;
    if old.get().view().is_none() {
        let (name, expected) = (old.get().name.clone(), "a view");
        return Err(NameError::WrongKind { name, expected, hint: None }.into());
    }
    stored::keeping_readers(ctx, oid, |ctx| replace(ctx, oid, new))
}

fn replace(ctx: &mut Context<'_>, oid: RelationOid, new: NewView) -> Result<()> {
    let old = ctx.catalog().relation(oid).cloned();
    let old = old.ok_or_else(|| crate::names::lookup_failed(oid.address()))?;
    let mut relation = Relation::clone(&old);
    replace_columns(&mut relation, new.columns)?;
    let text = stored::view_text(ctx.catalog(), &new.query, &relation.columns);
    if let RelationKind::View(view) = &mut relation.kind {
        view.query = text;
        view.reloptions = new.reloptions;
        view.depends_on = stored::dependencies(&new.query);
    }
    ctx.update(&old, relation)
}

/// ALTER VIEW … SET (…), RESET (…).
pub(crate) fn set_options(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    reset: bool,
    options: &[RelationOption],
) -> Result<()> {
    let mut relation = Relation::clone(old);
    if let RelationKind::View(view) = &mut relation.kind {
        let kept = &mut view.reloptions;
        kept.retain(|(name, _)| options.iter().all(|option| option.name != *name));
        if !reset {
            for option in options {
                kept.push((option.name.clone(), checked_option(option)?));
            }
        }
        if view.check_option().is_some() {
            let query = medley_analyze::stored::view(ctx.catalog(), old, view)?;
            check_check_option(&view.reloptions, &query)?;
        }
    }
    ctx.update(old, relation)
}

/// Columns may only be added, at the end.
fn replace_columns(relation: &mut Relation, new: Vec<(String, PgType)>) -> Result<()> {
    let columns = &mut relation.columns;
    if new.len() < columns.len() {
        return Err(ViewError::DropsColumns.into());
    }
    for (old, (name, pg_type)) in columns.iter().zip(&new) {
        if old.name != *name {
            let (from, to) = (old.name.clone(), name.clone());
            return Err(ViewError::ChangesName { from, to }.into());
        }
        check_same_type(old, *pg_type)?;
    }
    let next = columns.last().map_or(1, |column| column.number + 1);
    let added: Vec<_> = new.into_iter().skip(columns.len()).collect();
    for (number, (name, pg_type)) in (next..).zip(added) {
        if relation.columns.iter().any(|column| column.name == name) {
            let relation = relation.name.clone();
            return Err(RelationError::ColumnExists { column: name, relation }.into());
        }
        let added = (name, pg_type);
        check_type(&added)?;
        relation.columns.push(Column::new(added.0, number, added.1));
    }
    Ok(())
}

fn check_same_type(old: &Column, new: PgType) -> Result<()> {
    let column = old.name.clone();
    if (old.pg_type.oid, old.pg_type.typmod) != (new.oid, new.typmod) {
        let (from, to) = (old.pg_type.to_string(), new.to_string());
        return Err(ViewError::ChangesType { column, from, to }.into());
    }
    if old.pg_type.collation != new.collation {
        let name = crate::foreign_table::collation_name;
        let (from, to) = (name(old.pg_type.collation), name(new.collation));
        return Err(ViewError::ChangesCollation { column, from, to }.into());
    }
    Ok(())
}
