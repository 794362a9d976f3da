//! ALTER ROLE and ALTER DATABASE … SET and RESET: settings that begin with a session.
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_catalog::objects::{RowKey, Setting, SettingScope};
use medley_sql::RoleSpec;

use crate::authorize;
use crate::error::Result;
use crate::{Context, Outcome, role};

/// What is to be kept, once the session found that it is a setting and a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingWrite {
    /// SET name TO value, FROM CURRENT included.
    Set {
        /// The setting.
        name: String,
        /// Its value as text.
        value: String,
    },
    /// RESET name, SET name TO DEFAULT.
    Reset(String),
    /// RESET ALL.
    ResetAll {
        /// Settings that whoever says so may not change: they stay.
        kept: Vec<&'static str>,
    },
}

/// `ALTER ROLE { role | ALL } [ IN DATABASE database ] …`; no role is ALL.
pub fn alter_role_settings(
    ctx: &mut Context<'_>,
    role: Option<&RoleSpec>,
    database: Option<&str>,
    write: SettingWrite,
) -> Result<Outcome> {
    let role = role.map(|spec| authorized_role(ctx, spec)).transpose()?;
    let database = database.map(|name| ctx.database_named(name)).transpose()?;
    if role.is_none() {
        match &database {
            Some(database) => authorize::owner(ctx, Arc::clone(database)).map(|_| ())?,
            None => authorize::role::alter_settings_of_all(ctx).map(|_| ())?,
        }
    }
    let database = database.map(|database| database.oid);
    apply(ctx, SettingScope { database, role }, write)?;
    Ok(Outcome { tag: "ALTER ROLE" })
}

fn authorized_role(ctx: &Context<'_>, spec: &RoleSpec) -> Result<RoleOid> {
    let role = role::to_alter(ctx, spec)?;
    Ok(authorize::role::alter_settings(ctx, &role)?.into_inner())
}

/// `ALTER DATABASE database …`.
pub fn alter_database_settings(
    ctx: &mut Context<'_>,
    database: &str,
    write: SettingWrite,
) -> Result<Outcome> {
    let database = authorize::owner(ctx, ctx.database_named(database)?)?;
    let scope = SettingScope { database: Some(database.get().oid), role: None };
    apply(ctx, scope, write)?;
    Ok(Outcome { tag: "ALTER DATABASE" })
}

fn apply(ctx: &mut Context<'_>, scope: SettingScope, write: SettingWrite) -> Result<()> {
    let old = ctx.catalog().setting(scope).cloned();
    let before = old.as_ref().map(|setting| setting.values.clone()).unwrap_or_default();
    let values = written(before, write);
    if let Some(role) = scope.role {
        ctx.change(|tx| tx.lock_referenced(role.address()))?;
    }
    match (old, values.is_empty()) {
        (None, true) => Ok(()),
        (Some(_), true) => ctx.change(|tx| tx.remove_row(RowKey::Setting(scope))),
        (None, false) => ctx.create(Setting { scope, values }),
        (Some(old), false) => ctx.update(&old, Setting { scope, values }),
    }
}

fn written(mut values: Vec<(String, String)>, write: SettingWrite) -> Vec<(String, String)> {
    match write {
        SettingWrite::Set { name, value } => {
            match values.iter_mut().find(|(given, _)| given.eq_ignore_ascii_case(&name)) {
                Some((_, place)) => *place = value,
                None => values.push((name, value)),
            }
        }
        SettingWrite::Reset(name) => values.retain(|(given, _)| !given.eq_ignore_ascii_case(&name)),
        SettingWrite::ResetAll { kept } => {
            values.retain(|(given, _)| kept.iter().any(|name| given.eq_ignore_ascii_case(name)))
        }
    }
    values
}
