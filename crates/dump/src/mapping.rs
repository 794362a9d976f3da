//! User mappings.
use medley_catalog::MappingEntry;
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::{OptionValue, Server, UserMapping};

use crate::options::{Owner, prefixes};
use crate::script::{in_comment, literal, name};
use crate::{Dump, NOT_VISIBLE, Result};

/// Options of every wrapper, as the contract with wrappers calls them.
const REQUIRE_CONSENT: &str = "require_consent";
const USER: &str = "user";
const VALID_UNTIL: &str = "valid_until";

/// Whether a mapping that somebody else has made waits for its role.
fn requires_consent(server: &Server) -> bool {
    let option = server.options.get(REQUIRE_CONSENT).and_then(OptionValue::text);
    option.is_some_and(|text| ["true", "on"].iter().any(|on| text.eq_ignore_ascii_case(on)))
}

impl Dump<'_> {
    /// PUBLIC's first, then by name.
    pub(crate) fn mappings(&mut self, server: &Server) -> Result<()> {
        let mut mappings: Vec<_> = self.catalog().mappings_of_server(server.oid).collect();
        mappings.sort_by_cached_key(|it| it.user.role().map(|role| self.catalog().role_name(role)));
        mappings.iter().try_for_each(|mapping| self.mapping(server, mapping))
    }

    fn mapping(&mut self, server: &Server, mapping: &MappingEntry) -> Result<()> {
        let object = format!(
            "USER MAPPING FOR {} SERVER {}",
            self.grantee(mapping.user),
            name(&server.name)
        );
        if !self.actor.sees_mapping_options(mapping) {
            let asker = self.role_name(self.request.role);
            let what = in_comment(&format!("{asker}: the options of CREATE {object}"));
            self.script.comment(&format!("{NOT_VISIBLE}{what}"));
            return Ok(());
        }
        let Some(whole) = self.catalog().user_mapping(mapping.oid)? else { return Ok(()) };
        let alter = format!("ALTER {object}");
        let prefixes = prefixes(server);
        let owner = Owner { address: mapping.oid.address(), column: 0, alter: &alter, prefixes };
        let options = self.options(owner, &whole.options)?;
        self.script.push(format!("CREATE {object}{options}"));
        if let (Some(role), true) = (mapping.user.role(), requires_consent(server)) {
            self.consent(server, &whole, role, &alter);
        }
        Ok(())
    }

    /// Whoever replays has made the mapping, so that it waits, unless they are its role: what
    /// waited for them waits on, for the server's owner was the last to touch it.
    fn consent(&mut self, server: &Server, mapping: &UserMapping, role: RoleOid, alter: &str) {
        let server_name = in_comment(&literal(&server.name));
        let role_name = in_comment(&self.role_name(role));
        self.script.comment(&format!(
            "-- Waits for consent: SELECT medley_accept_mapping({server_name}); as {role_name}"
        ));
        let replays = self.catalog().role(role).is_some_and(|role| role.superuser);
        if mapping.accepted || !replays || role == server.owner {
            return;
        }
        let said = |option| match mapping.options.get(option) {
            Some(OptionValue::Plain(text)) => {
                Some(format!("SET {} {}", name(option), literal(text)))
            }
            _ => None,
        };
        let touched = [USER, VALID_UNTIL].into_iter().find_map(said);
        let touched =
            touched.unwrap_or_else(|| format!("ADD {VALID_UNTIL} 'infinity', DROP {VALID_UNTIL}"));
        let owner = self.role_name(server.owner);
        self.script.push(format!("SET SESSION AUTHORIZATION {owner}"));
        self.script.push(format!("{alter} OPTIONS ({touched})"));
        self.script.push("RESET SESSION AUTHORIZATION");
    }
}
