//! CREATE VIEW.
use std::sync::Arc;

use medley_catalog::ids::{Class, ObjectAddress, RelationOid};
use medley_catalog::objects::{Column, DefaultAclKind, Relation, RelationKind, Schema, View};
use medley_sql::{CheckOption, CreateView, RelationOption};
use medley_types::PgType;

use crate::authorize::{self, Authorized};
use crate::error::{NameError, Noun, Result, ViewError};
use crate::{Context, Outcome};

/// What a view's query means, as the session found out.
#[derive(Clone, Debug)]
pub struct ViewQuery {
    /// The query, its relations named so that they mean the same under every search path.
    pub text: String,
    /// Its output, as the query itself names it.
    pub columns: Vec<(String, PgType)>,
    /// The relations, and columns of them, that it reads.
    pub references: Vec<ObjectAddress>,
}

/// CREATE [OR REPLACE] VIEW, once its query is understood.
pub fn create_view(
    ctx: &mut Context<'_>,
    statement: CreateView,
    query: ViewQuery,
) -> Result<Outcome> {
    let columns = named_columns(&statement.columns, query.columns)?;
    let reloptions = reloptions(&statement)?;
    let temporary = is_temporary(ctx, &statement, &query.references);
    let schema = ctx.creation_schema(&statement.name, temporary)?;
    let name = statement.name.name();
    let existing = ctx.catalog().relation_named(schema.get().oid, name).cloned();
    let view = NewView { columns, reloptions, text: query.text, references: query.references };
    match existing {
        None => apply_create(ctx, schema, name, view)?,
        Some(_) if !statement.or_replace => {
            return Err(NameError::exists(Noun::Relation, name).into());
        }
        Some(old) => {
            let old = authorize::owner(ctx, old)?;
            apply_replace(ctx, old, view)?;
        }
    }
    Ok(Outcome { tag: "CREATE VIEW" })
}

/// It said so, or reads what is temporary.
fn is_temporary(
    ctx: &mut Context<'_>,
    statement: &CreateView,
    references: &[ObjectAddress],
) -> bool {
    let catalog = ctx.catalog();
    let is_temporary = |address: &ObjectAddress| {
        let relation = catalog.relation(RelationOid(address.oid));
        relation.is_some_and(|it| catalog.is_temp_schema(it.schema))
    };
    let relations = references.iter().filter(|it| it.class == Class::Relation);
    if statement.temporary || !relations.into_iter().any(is_temporary) {
        return statement.temporary;
    }
    ctx.notice(format!("view \"{}\" will be a temporary view", statement.name.name()));
    true
}

struct NewView {
    columns: Vec<(String, PgType)>,
    reloptions: Vec<(String, String)>,
    text: String,
    references: Vec<ObjectAddress>,
}

/// The names in parentheses go before the query's own.
fn named_columns(
    names: &[String],
    mut columns: Vec<(String, PgType)>,
) -> Result<Vec<(String, PgType)>> {
    if names.len() > columns.len() {
        return Err(ViewError::TooManyNames.into());
    }
    names.iter().zip(&mut columns).for_each(|(name, column)| column.0.clone_from(name));
    // A literal that nobody gave a type is text.
    let untyped = columns.iter_mut().filter(|(_, pg_type)| pg_type.oid == PgType::UNKNOWN.oid);
    untyped.for_each(|(_, pg_type)| *pg_type = PgType::TEXT);
    let twice = |index: usize| columns[..index].iter().any(|(name, _)| *name == columns[index].0);
    match (0..columns.len()).find(|index| twice(*index)) {
        Some(index) => Err(crate::RelationError::ColumnTwice(columns[index].0.clone()).into()),
        None => Ok(columns),
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
    let kind = RelationKind::View(View {
        rule: ctx.allocate_oid()?,
        query: view.text,
        reloptions: view.reloptions,
        depends_on: view.references,
    });
    let numbered = (1..).zip(view.columns);
    let columns = numbered.map(|(number, (name, t))| Column::new(name, number, t)).collect();
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
    let old = old.into_inner();
    let mut relation = Relation::clone(&old);
    let RelationKind::View(view) = &mut relation.kind else {
        let (name, expected) = (relation.name, "a view");
        return Err(NameError::WrongKind { name, expected, hint: None }.into());
    };
    view.query = new.text;
    view.reloptions = new.reloptions;
    view.depends_on = new.references;
    replace_columns(&mut relation.columns, new.columns)?;
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
    }
    ctx.update(old, relation)
}

/// Columns may only be added, at the end.
fn replace_columns(columns: &mut Vec<Column>, new: Vec<(String, PgType)>) -> Result<()> {
    if new.len() < columns.len() {
        return Err(ViewError::DropsColumns.into());
    }
    for (old, (name, pg_type)) in columns.iter().zip(&new) {
        if old.name != *name {
            let (from, to) = (old.name.clone(), name.clone());
            return Err(ViewError::ChangesName { from, to }.into());
        }
        if old.pg_type != *pg_type {
            let (from, to) = (old.pg_type.to_string(), pg_type.to_string());
            return Err(ViewError::ChangesType { column: name.clone(), from, to }.into());
        }
    }
    let next = columns.last().map_or(1, |column| column.number + 1);
    let added = new.into_iter().skip(columns.len());
    let added = (next..).zip(added).map(|(number, (name, t))| Column::new(name, number, t));
    let added: Vec<_> = added.collect();
    columns.extend(added);
    Ok(())
}
