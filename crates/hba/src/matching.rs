//! Which rule a connection falls under.
use std::net::IpAddr;

use crate::address::Address;
use crate::pattern::Pattern;
use crate::rule::{Kind, Rule, Rules};

/// A connection that wants a session.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The role it wants to be.
    pub role: &'a str,
    /// The database it wants.
    pub database: &'a str,
    /// Where it comes from; none for a Unix socket.
    pub address: Option<IpAddr>,
    /// Whether it is under TLS.
    pub encrypted: bool,
    /// What the machine that it comes from is called.
    pub host: Host<'a>,
}

/// What a machine is called. To ask DNS takes time, so that it is done for rules alone that name
/// machines.
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// Nobody has asked yet.
    Unasked,
    /// By DNS, which leads back from the name to the address; `None` if it does not.
    Named(Option<&'a str>),
}

/// A rule depends on what the client's machine is called, and [`Client::host`] does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostUnasked;

/// Who is a member of what.
pub trait Roles {
    /// Whether one role is a member of another, directly or not; each is of itself. Being
    /// superuser does not count.
    fn is_member(&self, role: &str, of: &str) -> bool;
}

impl Rules {
    /// The first rule that matches.
    pub fn find(
        &self,
        client: Client<'_>,
        roles: &dyn Roles,
    ) -> Result<Option<&Rule>, HostUnasked> {
        for rule in &self.0 {
            if rule.matches(client, roles)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// In their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Rule> {
        self.0.iter()
    }
}

impl Rule {
    /// The address comes last, for it may need DNS.
    fn matches(&self, client: Client<'_>, roles: &dyn Roles) -> Result<bool, HostUnasked> {
        let (role, database) = (client.role, client.database);
        let matches = self.kind_matches(client)
            && self.databases.iter().any(|(_, p)| p.holds_database(database, role, roles))
            && self.roles.iter().any(|(_, pattern)| pattern.holds_role(role, roles));
        if matches { self.address_matches(client) } else { Ok(false) }
    }

    fn kind_matches(&self, client: Client<'_>) -> bool {
        match self.kind {
            Kind::Local => client.address.is_none(),
            Kind::HostGssEnc => false,
            Kind::Host | Kind::HostNoGssEnc => client.address.is_some(),
            Kind::HostSsl => client.address.is_some() && client.encrypted,
            Kind::HostNoSsl => client.address.is_some() && !client.encrypted,
        }
    }

    fn address_matches(&self, client: Client<'_>) -> Result<bool, HostUnasked> {
        Ok(match (&self.address, client.address) {
            (Some(Address::Name(name)), Some(_)) => match client.host {
                Host::Unasked => return Err(HostUnasked),
                Host::Named(host) => host.is_some_and(|host| name.holds(host)),
            },
            (Some(net), Some(address)) => net.holds(address),
            (None, None) => true,
            _ => false,
        })
    }
}

impl Pattern {
    fn holds_database(&self, database: &str, role: &str, roles: &dyn Roles) -> bool {
        match self {
            Self::All => true,
            Self::SameUser => database == role,
            Self::SameRole => roles.is_member(role, database),
            Self::Replication | Self::MemberOf(_) => false,
            Self::Regex(regex) => regex.is_match(database),
            Self::Name(name) => name == database,
        }
    }

    /// Whether it stands for this role.
    pub(crate) fn holds_role(&self, role: &str, roles: &dyn Roles) -> bool {
        match self {
            Self::All => true,
            Self::MemberOf(of) => roles.is_member(role, of),
            Self::Regex(regex) => regex.is_match(role),
            Self::Name(name) => name == role,
            Self::SameUser | Self::SameRole | Self::Replication => false,
        }
    }
}
