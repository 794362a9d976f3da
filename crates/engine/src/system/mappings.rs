//! Which user mappings a scan asks for, and what is told of them beyond PostgreSQL.
use std::time::{SystemTime, UNIX_EPOCH};

use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};
use medley_catalog::objects::{OptionValue, Options, Server};
use medley_catalog::{MappingEntry, Snapshot};
use medley_diagnostic::Diagnostic;
use medley_fdw::{OptionSpec, Scope, ours};

use super::{Keys, Session};
use crate::error::{Error, Result};

/// What is told of a mapping beyond its options: nothing that is secret.
pub struct Mapping {
    /// The mapping.
    pub entry: MappingEntry,
    /// Its server's name.
    pub server: String,
    /// Whose it is.
    pub role: String,
    /// Its role has agreed to it.
    pub accepted: bool,
    /// Its role has not, and the server wants that.
    pub is_pending: bool,
    /// Until when it may be used: microseconds since 1970.
    pub valid_until: Option<i64>,
    /// Another password waits to take the place of the present one.
    pub has_next_password: bool,
    /// Secrets that were left empty.
    pub empty_secrets: Vec<String>,
}

/// Whether a mapping may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may.
    Usable,
    /// Not before its role agrees to it.
    Pending,
    /// Not any more.
    Expired,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

impl Mapping {
    /// Its time is over.
    pub fn is_over(&self) -> bool {
        self.valid_until.is_some_and(|until| until <= now_us())
    }
}

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The mappings that the current role has to do with, by server and role: those of its own and of
/// the roles whose privileges it has, and all of the servers that it owns.
pub fn seen(session: &Session) -> Result<Vec<Mapping>> {
    let actor = session.snapshot.actor(session.role);
    let is_seen = |it: &MappingEntry| {
        actor.owns(it.server.address())
            || it.user.role().is_some_and(|role| actor.has_privileges_of(role))
    };
    let entries = session.snapshot.mappings().filter(is_seen);
    let mut seen = Vec::new();
    for entry in entries {
        seen.extend(whole(session, entry)?);
    }
    seen.sort_by(|a, b| (&a.server, &a.role).cmp(&(&b.server, &b.role)));
    Ok(seen)
}

/// A mapping with what is told of it.
pub fn whole(session: &Session, entry: MappingEntry) -> Result<Option<Mapping>> {
    let snapshot = &session.snapshot;
    let mapping = snapshot.user_mapping(entry.oid).map_err(of_catalog)?;
    let (Some(mapping), Some(server)) = (mapping, snapshot.server(entry.server)) else {
        return Ok(None);
    };
    let declared = options_of(session, server).unwrap_or_default();
    let valid_until = medley_foreign::valid_until(declared, &mapping)?;
    Ok(Some(Mapping {
        entry,
        server: server.name.clone(),
        role: snapshot.user_name(entry.user),
        accepted: mapping.accepted || entry.user.role().is_none(),
        is_pending: medley_foreign::is_pending(declared, server, &mapping),
        valid_until: valid_until.filter(|until| *until != i64::MAX),
        has_next_password: has_next_password(declared, &mapping.options),
        empty_secrets: empty_secrets(&mapping.options),
    }))
}

fn has_next_password(declared: &'static [OptionSpec], options: &Options) -> bool {
    let next = ours::PASSWORD_NEXT;
    ours::ours_is(declared, Scope::UserMapping, next)
        && [next, &ours::reference_name(next)].iter().any(|name| options.get(name).is_some())
}

fn empty_secrets(options: &Options) -> Vec<String> {
    let is_empty =
        |value: &OptionValue| matches!(value, OptionValue::Sealed(it) if it.is_of_nothing());
    options.iter().filter(|(_, value)| is_empty(value)).map(|(name, _)| name.to_owned()).collect()
}

/// What the wrapper behind a server declares; none if it looks no mapping up.
pub fn options_of(session: &Session, server: &Server) -> Option<&'static [OptionSpec]> {
    let wrapper = session.snapshot.wrapper(server.wrapper)?;
    let handler = session.facts.registry().handler(wrapper.handler.as_deref()?)?.wrapper();
    handler.needs_mapping().then(|| handler.options())
}

/// The mappings that keys on these columns (the mapping, its server, its role) admit. There may
/// be a million: they are looked up by whatever key there is.
pub fn admitted(
    snapshot: &Snapshot,
    keys: &Keys,
    columns: (&str, &str, &str),
) -> Vec<MappingEntry> {
    let (oid, server, user) = columns;
    let entries: Vec<_> = match (keys.oids(oid), keys.oids(server), keys.oids(user)) {
        (Some(oids), ..) => {
            oids.iter().filter_map(|oid| snapshot.mapping(UserMappingOid(*oid))).collect()
        }
        (None, Some(servers), _) => servers
            .iter()
            .flat_map(|server| snapshot.mappings_of_server(ServerOid(*server)))
            .collect(),
        (None, None, Some(users)) if !users.contains(&0) => {
            users.iter().flat_map(|user| snapshot.mappings_of_role(RoleOid(*user))).collect()
        }
        _ => snapshot.mappings().collect(),
    };
    let is_admitted = |it: &MappingEntry| {
        keys.admits_oid(server, it.server.0) && keys.admits_oid(user, it.user.oid())
    };
    entries.into_iter().filter(is_admitted).collect()
}

/// What reading a mapping's options from the store ended with.
pub fn of_catalog(error: medley_catalog::Error) -> Error {
    error.report().into()
}
