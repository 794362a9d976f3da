//! Who may begin a session.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use medley_catalog::Snapshot;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{DATABASE_NAME, DatabaseOid};
use medley_catalog::objects::{Role, SettingScope};
use medley_diagnostic::{Report, SqlState};
use medley_secret::Verifier;

use crate::Instance;

/// What a client says of itself.
#[derive(Clone, Debug)]
pub struct Login {
    /// As whom it logs in.
    pub user: String,
    /// To which database.
    pub database: String,
    /// Settings, later ones winning.
    pub settings: Vec<(String, String)>,
    /// What it will know the session by.
    pub pid: i32,
    /// Where it is; None on a Unix socket or in this process.
    pub client: Option<SocketAddr>,
    /// Where it connected to; None likewise.
    pub server: Option<SocketAddr>,
}

impl Instance {
    /// What a password of this user is checked against. None if there is no such user, or it has
    /// no password, or not any more: the caller then asks for one all the same.
    pub fn verifier(&self, user: &str) -> Option<Verifier> {
        let snapshot = self.catalog.snapshot();
        let role = snapshot.role_named(user)?;
        let expired = role.valid_until.is_some_and(|until| until < microseconds_since_2000());
        role.password.clone().filter(|_| !expired)
    }
}

fn microseconds_since_2000() -> i64 {
    const FROM_1970_TO_2000: i64 = 946_684_800_000_000;
    micros(SystemTime::now()) - FROM_1970_TO_2000
}

/// Microseconds since 1970.
pub(crate) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |n| -n),
    }
}

/// The role that logs in, if it may.
pub(crate) fn admit(instance: &Instance, login: &Login) -> Result<Arc<Role>, Report> {
    let snapshot = instance.catalog.snapshot();
    let name = &login.user;
    let refuse = |message| Report::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, message);
    let role = snapshot
        .role_named(name)
        .ok_or_else(|| refuse(format!("role \"{name}\" does not exist")))?;
    if !role.can_login {
        return Err(refuse(format!("role \"{name}\" is not permitted to log in")));
    }
    check_limit(instance, role)?;
    check_database(instance, &snapshot, role, &login.database)?;
    Ok(Arc::clone(role))
}

/// Superusers are not counted, and not refused.
fn check_limit(instance: &Instance, role: &Role) -> Result<(), Report> {
    let present = instance.backends.list().iter().filter(|it| it.user == role.oid).count();
    match role.superuser || is_below(present, role.connection_limit) {
        true => Ok(()),
        false => Err(too_many("role", &role.name)),
    }
}

/// Whether this role may connect to the database of this name.
fn check_database(
    instance: &Instance,
    snapshot: &Snapshot,
    role: &Role,
    name: &str,
) -> Result<(), Report> {
    let database = snapshot.database_named(name).ok_or_else(|| no_database(name))?;
    let name = &database.name;
    if !database.allow_connections {
        let message = format!("database \"{name}\" is not currently accepting connections");
        return Err(Report::fatal(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
    }
    if !snapshot.actor(role.oid).has_all(database.oid.address(), Privileges::CONNECT) {
        let message = format!("permission denied for database \"{name}\"");
        return Err(Report::fatal(SqlState::INSUFFICIENT_PRIVILEGE, message)
            .with_detail("User does not have CONNECT privilege."));
    }
    let present = instance.backends.list().len();
    match role.superuser || is_below(present, database.connection_limit) {
        true => Ok(()),
        false => Err(too_many("database", name)),
    }
}

fn no_database(name: &str) -> Report {
    let message = format!("database \"{name}\" does not exist");
    Report::fatal(SqlState::INVALID_CATALOG_NAME, message)
        .with_hint(format!("The one database here is \"{DATABASE_NAME}\"."))
}

/// A negative limit is none.
fn is_below(present: usize, limit: i32) -> bool {
    usize::try_from(limit).map_or(true, |limit| present < limit)
}

fn too_many(kind: &str, name: &str) -> Report {
    let message = format!("too many connections for {kind} \"{name}\"");
    Report::fatal(SqlState::TOO_MANY_CONNECTIONS, message)
}

/// What ALTER ROLE … SET and ALTER DATABASE … SET say of this role's sessions, the weakest first.
pub(crate) fn stored_settings(snapshot: &Snapshot, role: &Role) -> Vec<(String, String)> {
    let database = Some(DatabaseOid::MEDLEY);
    let role = Some(role.oid);
    [(None, None), (database, None), (None, role), (database, role)]
        .into_iter()
        .filter_map(|(database, role)| snapshot.setting(SettingScope { database, role }))
        .flat_map(|setting| setting.values.clone())
        .collect()
}
