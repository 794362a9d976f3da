//! CREATE and ALTER FOREIGN DATA WRAPPER.
use std::sync::Arc;

use medley_catalog::ids::WrapperOid;
use medley_catalog::objects::{Options, Wrapper};
use medley_diagnostic::{Report, SqlState};
use medley_sql::{
    AlterForeignDataWrapper, CreateForeignDataWrapper, OptionItem, QualifiedName, SyntaxError,
    WrapperClause, WrapperFunction,
};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Noun, Result};
use crate::options::{self, Owner};

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateForeignDataWrapper) -> Result<()> {
    let name = authorize_create(ctx, statement.name)?;
    if ctx.catalog().wrapper_named(name.get()).is_some() {
        return Err(NameError::exists(Noun::Wrapper, name.into_inner()).into());
    }
    let functions = resolve_functions(ctx, &statement.clauses)?;
    apply_create(ctx, name, functions, statement.options)
}

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterForeignDataWrapper) -> Result<()> {
    let name = authorize_alter(ctx, statement.name)?;
    let wrapper = ctx.wrapper_named(name.get())?;
    let functions = resolve_functions(ctx, &statement.clauses)?;
    warn(ctx, &functions);
    apply_alter(ctx, name, &wrapper, functions, statement.options)
}

fn authorize_create(ctx: &Context<'_>, name: String) -> Result<Authorized<String>> {
    let what = format!("create foreign-data wrapper \"{name}\"");
    authorize::superuser(ctx, what, "Must be superuser to create a foreign-data wrapper.", name)
}

fn authorize_alter(ctx: &Context<'_>, name: String) -> Result<Authorized<String>> {
    let what = format!("alter foreign-data wrapper \"{name}\"");
    authorize::superuser(ctx, what, "Must be superuser to alter a foreign-data wrapper.", name)
}

/// What the clauses say: nothing of a function, that there is none, or which it is.
#[derive(Default)]
struct Functions {
    handler: Option<Option<String>>,
    validator: Option<Option<String>>,
}

/// The functions are looked up as they are met.
fn resolve_functions(ctx: &Context<'_>, clauses: &[WrapperClause]) -> Result<Functions> {
    let mut functions = Functions::default();
    for clause in clauses {
        let (given, lookup): (_, Lookup) = match clause.kind {
            WrapperFunction::Handler => (&mut functions.handler, resolve_handler),
            WrapperFunction::Validator => (&mut functions.validator, resolve_validator),
            WrapperFunction::Connection => return Err(Error::unsupported("CONNECTION")),
        };
        if given.is_some() {
            return Err(SyntaxError::ConflictingOptions { position: clause.position }.into());
        }
        *given = Some(clause.function.as_ref().map(|name| lookup(ctx, name)).transpose()?);
    }
    Ok(functions)
}

type Lookup = fn(&Context<'_>, &QualifiedName) -> Result<String>;

fn resolve_handler(ctx: &Context<'_>, function: &QualifiedName) -> Result<String> {
    let name = function.name();
    let is_there = holds_functions(ctx, function)? && ctx.registry.knows_handler(name);
    match is_there {
        true => Ok(name.to_owned()),
        false => Err(NameError::NoFunction(format!("{function}()")).into()),
    }
}

fn resolve_validator(ctx: &Context<'_>, function: &QualifiedName) -> Result<String> {
    let name = function.name();
    let found = options::validator_named(ctx.registry, name);
    match holds_functions(ctx, function)? && found.is_some() {
        true => Ok(name.to_owned()),
        false => Err(NameError::NoFunction(format!("{function}(text[], oid)")).into()),
    }
}

/// The wrappers' functions are found in `public` and `pg_catalog`, and in the schemas of
/// extensions.
pub(crate) fn holds_functions(ctx: &Context<'_>, function: &QualifiedName) -> Result<bool> {
    let Some(name) = function.schema() else { return Ok(true) };
    let schema = ctx.schema_named(name)?.oid;
    let of_extension = || ctx.catalog().extensions().any(|extension| extension.schema == schema);
    Ok(matches!(name, "public" | "pg_catalog") || of_extension())
}

fn warn(ctx: &mut Context<'_>, functions: &Functions) {
    let mut warn = |what: &str| ctx.notices.push(Report::warning(SqlState::WARNING, what));
    if functions.handler.is_some() {
        warn(
            "changing the foreign-data wrapper handler can change behavior of existing foreign \
             tables",
        );
    }
    if matches!(functions.validator, Some(Some(_))) {
        warn(
            "changing the foreign-data wrapper validator can cause the options for dependent \
             objects to become invalid",
        );
    }
}

fn apply_create(
    ctx: &mut Context<'_>,
    name: Authorized<String>,
    functions: Functions,
    items: Vec<OptionItem>,
) -> Result<()> {
    let mut wrapper = Wrapper {
        oid: WrapperOid(ctx.allocate_oid()?),
        name: name.into_inner(),
        owner: ctx.current_role,
        handler: functions.handler.flatten(),
        validator: functions.validator.flatten(),
        acl: None,
        options: Options::default(),
        epoch: None,
    };
    wrapper.options = settle(ctx, &wrapper, items)?;
    ctx.create(wrapper)
}

fn apply_alter(
    ctx: &mut Context<'_>,
    _authorized: Authorized<String>,
    old: &Arc<Wrapper>,
    functions: Functions,
    items: Option<Vec<OptionItem>>,
) -> Result<()> {
    let mut wrapper = Wrapper::clone(old);
    wrapper.handler = functions.handler.unwrap_or(wrapper.handler);
    wrapper.validator = functions.validator.unwrap_or(wrapper.validator);
    if let Some(items) = items {
        wrapper.options = settle(ctx, &wrapper, items)?;
    }
    ctx.update(old, wrapper)
}

/// With the validator that the wrapper has from now on.
fn settle(ctx: &mut Context<'_>, wrapper: &Wrapper, items: Vec<OptionItem>) -> Result<Options> {
    options::settle(ctx, wrapper, Owner::Wrapper(wrapper.oid), &wrapper.options, items)
}
