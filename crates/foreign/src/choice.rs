//! Which mapping counts, and whether it may be used.
use std::fmt;

use medley_catalog::ids::{RoleOid, RoleOrPublic};
use medley_catalog::objects::{OptionValue, Role, Server, UserMapping};
use medley_catalog::{MappingEntry, Snapshot};
use medley_fdw::{OptionSpec, Scope, ours};

use crate::{Error, Result};

/// The mapping that counts for a role on a server, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The mapping.
    pub mapping: MappingEntry,
    /// Why it is this one.
    pub why: Why,
}

/// Why a mapping counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is the role's own.
    Own,
    /// The role has the privileges of the mapping's, which is so many grants away.
    Inherited {
        /// From 1.
        distance: usize,
    },
    /// It is everybody's.
    Public,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("own"),
            Self::Inherited { distance } => write!(f, "inherited, distance {distance}"),
            Self::Public => f.write_str("public"),
        }
    }
}

/// Finds the mapping that counts: the role's own; where the server says so that of the nearest
/// role whose privileges it has; PUBLIC's. Whether it may be used is not asked.
pub fn choose(
    options: &'static [OptionSpec],
    snapshot: &Snapshot,
    server: &Server,
    role: &Role,
) -> Result<Choice> {
    let of = |user| snapshot.mapping_for(server.oid, user);
    if let Some(mapping) = of(RoleOrPublic::Role(role.oid)) {
        return Ok(Choice { mapping, why: Why::Own });
    }
    if inherits(options, server)
        && let Some(choice) = inherited(snapshot, server, role)?
    {
        return Ok(choice);
    }
    match of(RoleOrPublic::Public) {
        Some(mapping) => Ok(Choice { mapping, why: Why::Public }),
        None => Err(Error::NoMapping { role: role.name.clone(), server: server.name.clone() }),
    }
}

fn inherits(options: &'static [OptionSpec], server: &Server) -> bool {
    our_value(options, server, ours::MAPPING_RESOLUTION) == Some("inherit")
}

fn inherited(snapshot: &Snapshot, server: &Server, role: &Role) -> Result<Option<Choice>> {
    let levels = snapshot.inherited_by_distance(role.oid);
    for (distance, roles) in (1..).zip(levels) {
        let of = |role: &RoleOid| snapshot.mapping_for(server.oid, RoleOrPublic::Role(*role));
        let found: Vec<_> = roles.iter().filter_map(of).collect();
        match found[..] {
            [] => {}
            [mapping] => {
                return Ok(Some(Choice { mapping, why: Why::Inherited { distance } }));
            }
            _ => return Err(ambiguous(snapshot, server, role, &found)),
        }
    }
    Ok(None)
}

fn ambiguous(snapshot: &Snapshot, server: &Server, role: &Role, found: &[MappingEntry]) -> Error {
    let mut owners: Vec<_> = found.iter().map(|it| snapshot.user_name(it.user)).collect();
    owners.sort_unstable();
    Error::AmbiguousMapping { role: role.name.clone(), server: server.name.clone(), owners }
}

/// Whether the server wants each role to agree to what others make for it.
pub fn requires_consent(options: &'static [OptionSpec], server: &Server) -> bool {
    let value = our_value(options, server, ours::REQUIRE_CONSENT);
    value.is_some_and(ours::is_on)
}

/// Whether a mapping waits for its role to agree to it. Nobody in particular is PUBLIC.
pub fn is_pending(options: &'static [OptionSpec], server: &Server, mapping: &UserMapping) -> bool {
    mapping.user.role().is_some() && !mapping.accepted && requires_consent(options, server)
}

/// Until when a mapping may be used, if it says so: microseconds since 1970.
pub fn valid_until(options: &'static [OptionSpec], mapping: &UserMapping) -> Result<Option<i64>> {
    let is_ours = ours::ours_is(options, Scope::UserMapping, ours::VALID_UNTIL);
    let text = is_ours.then(|| plain_text(mapping.options.get(ours::VALID_UNTIL))).flatten();
    Ok(text.map(ours::valid_until).transpose()?)
}

fn our_value<'a>(
    options: &'static [OptionSpec],
    server: &'a Server,
    name: &str,
) -> Option<&'a str> {
    let is_ours = ours::ours_is(options, Scope::Server, name);
    is_ours.then(|| plain_text(server.options.get(name))).flatten()
}

fn plain_text(value: Option<&OptionValue>) -> Option<&str> {
    match value {
        Some(value) => value.text(),
        None => None,
    }
}
