//! What the relations that list roles have in common.
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::{Role, SettingScope};

use super::value::{NULL, optional_time, texts_or_null};
use super::{Keys, Session};
use crate::semantics::Datum;

/// What stands for a password.
pub const MASK: &str = "********";

/// Microseconds from 1970 to 2000, which the catalog counts from.
const EPOCH_OFFSET: i64 = 946_684_800_000_000;

/// The roles that keys on these columns (oid, name) admit.
pub fn admitted<'a>(session: &'a Session, keys: &Keys, oid: &str, name: &str) -> Vec<&'a Role> {
    let snapshot = &session.snapshot;
    let roles: Vec<&Role> = match (keys.oids(oid), keys.texts(name)) {
        (Some(oids), _) => {
            oids.iter().filter_map(|it| snapshot.role(RoleOid(*it))).map(|it| &**it).collect()
        }
        (None, Some(names)) => {
            names.iter().filter_map(|it| snapshot.role_named(it)).map(|it| &**it).collect()
        }
        (None, None) => snapshot.roles().map(|it| &**it).collect(),
    };
    roles.into_iter().filter(|role| keys.admits_text(name, &role.name)).collect()
}

/// VALID UNTIL, as a timestamptz.
pub fn valid_until(role: &Role) -> Datum<'static> {
    let micros = role.valid_until.map(|until| match until {
        i64::MAX | i64::MIN => until,
        until => until.saturating_add(EPOCH_OFFSET),
    });
    optional_time(micros)
}

/// `rolconfig`: its settings in every database.
pub fn settings(session: &Session, role: &Role) -> Datum<'static> {
    let scope = SettingScope { database: None, role: Some(role.oid) };
    session.snapshot.setting(scope).map_or(NULL, |setting| texts_or_null(&setting.shown()))
}
