//! ALTER ROLE … SET and RESET: settings that begin with a session.
use medley_catalog::ids::{DATABASE_NAME, DatabaseOid};
use medley_catalog::objects::{RowKey, Setting, SettingScope};
use medley_sql::RoleSpec;

use crate::authorize;
use crate::error::{NameError, Noun, Result};
use crate::{Context, Outcome};

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
    ResetAll,
}

/// `ALTER ROLE { role | ALL } [ IN DATABASE database ] …`; no role is ALL.
pub fn alter_role_settings(
    ctx: &mut Context<'_>,
    role: Option<&RoleSpec>,
    database: Option<&str>,
    write: SettingWrite,
) -> Result<Outcome> {
    let role = role.map(|spec| super::alter::to_alter(ctx, spec)).transpose()?;
    if let Some(database) = database.filter(|name| *name != DATABASE_NAME) {
        return Err(NameError::missing(Noun::Database, database).into());
    }
    let role = match role {
        Some(role) => Some(authorize::role::alter_settings(ctx, &role)?.into_inner()),
        None => {
            authorize::role::alter_settings_of_all(ctx)?;
            None
        }
    };
    let database = database.map(|_| DatabaseOid::MEDLEY);
    apply(ctx, SettingScope { database, role }, write)?;
    Ok(Outcome { tag: "ALTER ROLE" })
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
            match values.iter_mut().find(|(given, _)| *given == name) {
                Some((_, place)) => *place = value,
                None => values.push((name, value)),
            }
        }
        SettingWrite::Reset(name) => values.retain(|(given, _)| *given != name),
        SettingWrite::ResetAll => values.clear(),
    }
    values
}
