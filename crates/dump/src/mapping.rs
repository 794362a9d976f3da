//! User mappings.
use medley_catalog::MappingEntry;
use medley_catalog::objects::Server;

use crate::options::Owner;
use crate::script::{in_comment, name};
use crate::{Dump, NOT_VISIBLE, Result};

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
        let owner = Owner { address: mapping.oid.address(), column: 0, alter: &alter };
        let options = self.options(owner, &whole.options)?;
        self.script.push(format!("CREATE {object}{options}"));
        Ok(())
    }
}
