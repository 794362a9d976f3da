//! Extensions and foreign-data wrappers.
use std::sync::Arc;

use medley_catalog::acl::AclKind;
use medley_catalog::ids::{RoleOid, WrapperOid};
use medley_catalog::objects::{Extension, Wrapper};
use medley_catalog::{BootstrapWrapper, Snapshot};

use crate::grants::Target;
use crate::options::Owner;
use crate::script::{comment_on, name};
use crate::{Dump, Result};

impl Dump<'_> {
    /// Extensions, and what they make: CREATE EXTENSION takes the wrapper that a new catalog has.
    pub(crate) fn extensions(&mut self) {
        self.wrappers_that_went();
        let mut extensions: Vec<_> = self.catalog().extensions().collect();
        extensions.sort_by_key(|extension| &extension.name);
        extensions.into_iter().for_each(|extension| self.extension(extension));
    }

    /// A new catalog has them, and this one has not, or has another one of that name.
    fn wrappers_that_went(&mut self) {
        let mut new: Vec<_> = self.request.wrappers.iter().collect();
        new.sort_by_key(|wrapper| &wrapper.name);
        for wrapper in new {
            let here = self.catalog().wrapper_named(&wrapper.name);
            if here.is_none_or(|here| !is_new(here, wrapper)) {
                let name = name(&wrapper.name);
                self.script.push(format!("DROP FOREIGN DATA WRAPPER IF EXISTS {name}"));
            }
        }
    }

    fn extension(&mut self, extension: &Extension) {
        let own_name = name(&extension.name);
        let schema = self.schema_name(extension.schema);
        // Whoever makes it owns it, for good; and only superusers make it.
        let owner = self
            .catalog()
            .role(extension.owner)
            .filter(|owner| owner.superuser && owner.oid != RoleOid::BOOTSTRAP);
        let owner = owner.map(|owner| name(&owner.name));
        if let Some(owner) = &owner {
            self.script.push(format!("SET SESSION AUTHORIZATION {owner}"));
        }
        self.script.push(format!("CREATE EXTENSION {own_name} WITH SCHEMA {schema}"));
        if owner.is_some() {
            self.script.push("RESET SESSION AUTHORIZATION");
        }
        let comment = self.catalog().comment(extension.oid.address());
        self.script.push(comment_on(&format!("EXTENSION {own_name}"), comment));
        let member =
            extension.members.iter().find_map(|it| self.catalog().wrapper(WrapperOid(it.oid)));
        if let Some(member) = member.filter(|member| member.name != extension.name) {
            let renamed = name(&member.name);
            let rename = format!("ALTER FOREIGN DATA WRAPPER {own_name} RENAME TO {renamed}");
            self.script.push(rename);
        }
    }

    pub(crate) fn wrappers(&mut self) -> Result<()> {
        let mut wrappers: Vec<_> = self.catalog().wrappers().collect();
        wrappers.sort_by_key(|wrapper| &wrapper.name);
        wrappers.into_iter().try_for_each(|wrapper| self.wrapper(wrapper))
    }

    fn wrapper(&mut self, wrapper: &Arc<Wrapper>) -> Result<()> {
        let object = format!("FOREIGN DATA WRAPPER {}", name(&wrapper.name));
        let alter = format!("ALTER {object}");
        let owner =
            Owner { address: wrapper.oid.address(), column: 0, alter: &alter, prefixes: "" };
        if self.is_there(wrapper) {
            let options = self.option_list(owner, &wrapper.options, "ADD ")?;
            if !options.is_empty() {
                self.script.push(format!("{alter} OPTIONS ({options})"));
            }
        } else {
            let functions = [("HANDLER", &wrapper.handler), ("VALIDATOR", &wrapper.validator)];
            let functions: String = functions
                .into_iter()
                .filter_map(|(word, function)| Some((word, function.as_deref()?)))
                .map(|(word, function)| format!(" {word} {}", name(function)))
                .collect();
            let options = self.options(owner, &wrapper.options)?;
            self.script.push(format!("CREATE {object}{functions}{options}"));
        }
        self.script.push(format!("{alter} OWNER TO {}", self.role_name(wrapper.owner)));
        self.comment(&object, self.catalog().comment(wrapper.oid.address()));
        let target =
            Target { object: &object, kind: AclKind::Wrapper, owner: wrapper.owner, column: None };
        self.grants(target, wrapper.acl.as_ref());
        Ok(())
    }

    /// A new catalog has it, or an extension made it.
    fn is_there(&self, wrapper: &Wrapper) -> bool {
        let new = self.request.wrappers.iter().any(|new| is_new(wrapper, new));
        new || is_member(self.catalog(), wrapper)
    }
}

fn is_member(catalog: &Snapshot, wrapper: &Wrapper) -> bool {
    catalog.extensions().any(|extension| extension.members.contains(&wrapper.oid.address()))
}

fn is_new(wrapper: &Wrapper, new: &BootstrapWrapper) -> bool {
    wrapper.name == new.name && wrapper.handler == new.handler && wrapper.validator == new.validator
}
