//! Servers, each with its mappings.
use medley_catalog::acl::AclKind;
use medley_catalog::objects::Server;

use crate::grants::Target;
use crate::options::{Owner, prefixes};
use crate::script::{literal, name};
use crate::{Dump, Result};

impl Dump<'_> {
    pub(crate) fn servers(&mut self) -> Result<()> {
        let mut servers: Vec<_> = self.catalog().servers().collect();
        servers.sort_by_key(|server| &server.name);
        for server in servers {
            self.server(server)?;
            self.mappings(server)?;
        }
        Ok(())
    }

    fn server(&mut self, server: &Server) -> Result<()> {
        let own_name = name(&server.name);
        let alter = format!("ALTER SERVER {own_name}");
        let prefixes = prefixes(server);
        let owner = Owner { address: server.oid.address(), column: 0, alter: &alter, prefixes };
        let options = self.options(owner, &server.options)?;
        let given = [("TYPE", &server.server_type), ("VERSION", &server.version)];
        let given: String = given
            .into_iter()
            .filter_map(|(word, text)| Some(format!(" {word} {}", literal(text.as_deref()?))))
            .collect();
        let wrapper = self.catalog().wrapper(server.wrapper).map(|it| name(&it.name));
        let wrapper = wrapper.unwrap_or_default();
        self.script.push(format!(
            "CREATE SERVER {own_name}{given} FOREIGN DATA WRAPPER {wrapper}{options}"
        ));
        self.script.push(format!("{alter} OWNER TO {}", self.role_name(server.owner)));
        let comment = self.catalog().comment(server.oid.address());
        self.comment(&format!("SERVER {own_name}"), comment);
        let object = format!("FOREIGN SERVER {own_name}");
        let target =
            Target { object: &object, kind: AclKind::Server, owner: server.owner, column: None };
        self.grants(target, server.acl.as_ref());
        Ok(())
    }
}
