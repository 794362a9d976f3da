//! Servers and user mappings that a statement changes without naming them: what CASCADE takes
//! along, and what DROP OWNED and REASSIGN OWNED find.
use medley_catalog::Snapshot;
use medley_catalog::ids::{Class, ObjectAddress, ServerOid, UserMappingOid};
use medley_catalog::objects::Server;

use crate::Context;

/// Such a server, or mapping, as a statement of its own would name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoChanged {
    /// The tag of that statement.
    pub command: &'static str,
    /// The server's name.
    pub server: String,
    /// Whose mapping, `public` for everybody's; None of a server.
    pub mapping_role: Option<String>,
}

impl AlsoChanged {
    /// An object that was there before; None if it is neither.
    pub(crate) fn dropped(before: &Snapshot, object: ObjectAddress) -> Option<Self> {
        let name = |server| before.server(server).map(|server| server.name.clone());
        match object.class {
            Class::Server => Some(Self {
                command: "DROP SERVER",
                server: name(ServerOid(object.oid))?,
                mapping_role: None,
            }),
            Class::UserMapping => {
                let mapping = before.mapping(UserMappingOid(object.oid))?;
                Some(Self {
                    command: "DROP USER MAPPING",
                    server: name(mapping.server)?,
                    mapping_role: Some(before.user_name(mapping.user)),
                })
            }
            _ => None,
        }
    }

    /// A server that is given to somebody.
    pub(crate) fn given(server: &Server) -> Self {
        Self { command: "ALTER SERVER", server: server.name.clone(), mapping_role: None }
    }
}

impl Context<'_> {
    /// Notes what else a statement changes.
    pub(crate) fn also_changed(
        &mut self,
        changed: impl IntoIterator<Item = (ObjectAddress, AlsoChanged)>,
    ) {
        self.also_changed.extend(changed.into_iter().map(|(_, changed)| changed));
    }

    /// What the statement has changed without naming it.
    pub fn take_also_changed(&mut self) -> Vec<AlsoChanged> {
        std::mem::take(&mut self.also_changed)
    }
}
