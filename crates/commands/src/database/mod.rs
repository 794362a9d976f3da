//! CREATE, ALTER and DROP DATABASE. There is one database, and every session is in it: what
//! PostgreSQL refuses of the current database is refused here, and there can be no other.
mod options;

use std::sync::Arc;

use medley_catalog::objects::Database;
use medley_sql::{
    AlterDatabase, AlterDatabaseAction, CreateDatabase, DatabaseOption, DropDatabase,
};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{DatabaseError, Error, NameError, Noun, Result};
use options::Options;

/// What CREATE DATABASE knows in PostgreSQL.
const CREATE_OPTIONS: &[&str] = &[
    "allow_connections",
    "builtin_locale",
    "collation_version",
    "connection_limit",
    "encoding",
    "icu_locale",
    "icu_rules",
    "is_template",
    "lc_collate",
    "lc_ctype",
    "locale",
    "locale_provider",
    "oid",
    "owner",
    "strategy",
    "tablespace",
    "template",
];

const ALTER_OPTIONS: &[&str] =
    &["allow_connections", "connection_limit", "is_template", "tablespace"];

/// CREATE DATABASE: refused as PostgreSQL would, and else because there is but one.
pub(crate) fn create(ctx: &Context<'_>, statement: &CreateDatabase) -> Result<()> {
    let options = Options::of(&statement.options, CREATE_OPTIONS)?;
    let owner = options.text("owner").map(|name| ctx.role_named(name)).transpose()?;
    options.flag("allow_connections", true)?;
    options.connection_limit()?;
    authorize::role::create_database(ctx, "create database", ())?;
    if let Some(owner) = owner {
        ctx.actor().check_can_set_role(owner)?;
    }
    match ctx.catalog().database_named(&statement.name) {
        Some(_) => Err(NameError::exists(Noun::Database, &statement.name).into()),
        None => Err(Error::unsupported("CREATE DATABASE")),
    }
}

/// ALTER DATABASE, but for its owner, its name and its settings.
pub(crate) fn alter(ctx: &mut Context<'_>, statement: &AlterDatabase) -> Result<()> {
    let name = &statement.name;
    match &statement.action {
        AlterDatabaseAction::Options(options) => alter_options(ctx, name, options),
        AlterDatabaseAction::SetTablespace(_) => set_tablespace(ctx, name),
        AlterDatabaseAction::RefreshCollationVersion => {
            authorize::owner(ctx, ctx.database_named(name)?)?;
            // The collation is built in, and has one version.
            ctx.notice("version has not changed");
            Ok(())
        }
    }
}

fn alter_options(ctx: &mut Context<'_>, name: &str, given: &[DatabaseOption]) -> Result<()> {
    let options = Options::of(given, ALTER_OPTIONS)?;
    if let Some(tablespace) = options.find("tablespace") {
        return match given {
            [_] => set_tablespace(ctx, name),
            _ => Err(Error::from(DatabaseError::TablespaceWithOthers).at(tablespace.position)),
        };
    }
    let is_template = options.flag("is_template", false)?;
    let allow_connections = options.flag("allow_connections", true)?;
    let connection_limit = options.connection_limit()?;
    let database = authorize::owner(ctx, ctx.database_named(name)?)?;
    if allow_connections == Some(false) {
        return Err(DatabaseError::DisallowCurrent.into());
    }
    apply(ctx, database, |new| {
        new.is_template = is_template.unwrap_or(new.is_template);
        new.allow_connections = allow_connections.unwrap_or(new.allow_connections);
        new.connection_limit = connection_limit.unwrap_or(new.connection_limit);
    })
}

fn apply(
    ctx: &mut Context<'_>,
    database: Authorized<Arc<Database>>,
    change: impl FnOnce(&mut Database),
) -> Result<()> {
    let old = database.into_inner();
    let mut new = Database::clone(&old);
    change(&mut new);
    ctx.update(&old, new)
}

fn set_tablespace(ctx: &Context<'_>, name: &str) -> Result<()> {
    authorize::owner(ctx, ctx.database_named(name)?)?;
    Err(DatabaseError::MoveCurrent.into())
}

/// ALTER DATABASE … RENAME TO.
pub(crate) fn rename(ctx: &Context<'_>, name: &str, new_name: &str) -> Result<()> {
    let database = authorize::owner(ctx, ctx.database_named(name)?)?;
    authorize::role::create_database(ctx, "rename database", database)?;
    match ctx.catalog().database_named(new_name) {
        Some(_) => Err(NameError::exists(Noun::Database, new_name).into()),
        None => Err(DatabaseError::RenameCurrent.into()),
    }
}

/// DROP DATABASE.
pub(crate) fn drop(ctx: &mut Context<'_>, statement: &DropDatabase) -> Result<()> {
    let database = match ctx.database_named(&statement.name) {
        Err(missing) if statement.if_exists && missing.is_missing() => {
            ctx.skip_missing(&missing);
            return Ok(());
        }
        found => authorize::owner(ctx, found?)?,
    };
    match database.get().is_template {
        true => Err(DatabaseError::DropTemplate.into()),
        false => Err(DatabaseError::DropCurrent.into()),
    }
}
