//! Who sees what of mappings, servers, wrappers and tables: pure functions of snapshot and role,
//! row by row. A sealed value shows as the mask to everybody.
use crate::acl::Privileges;
use crate::error::Result;
use crate::ids::{ServerOid, UserMappingOid, WrapperOid};
use crate::objects::{Column, Options, Relation};
use crate::privileges::Actor;
use crate::snapshot::MappingEntry;

/// An option as `information_schema` lists it: its value may be hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOption {
    /// Its name.
    pub name: String,
    /// Its value, or `None` if it is hidden.
    pub value: Option<String>,
}

/// User mappings.
impl Actor<'_> {
    /// Whether it sees the values of this mapping's options: it is a superuser; or the mapping is
    /// PUBLIC's and it has the privileges of the server's owner; or the mapping is its very own
    /// and it may use the server or has the privileges of its owner.
    pub fn sees_mapping_options(&self, mapping: &MappingEntry) -> bool {
        let server = mapping.server.address();
        match mapping.user.role() {
            _ if self.is_superuser() => true,
            None => self.owns(server),
            Some(role) => role == self.role() && self.sees_server(mapping.server),
        }
    }

    /// What `pg_user_mappings.umoptions` shows: `None` (NULL) if hidden, or if there are none.
    pub fn mapping_options(&self, oid: UserMappingOid) -> Result<Option<Vec<String>>> {
        let snapshot = self.snapshot();
        let visible = snapshot.mapping(oid).is_some_and(|entry| self.sees_mapping_options(&entry));
        if !visible {
            return Ok(None);
        }
        let mapping = snapshot.user_mapping(oid)?;
        Ok(mapping.map(|mapping| mapping.options.shown()).filter(|options| !options.is_empty()))
    }

    /// What `information_schema.user_mapping_options` lists of a mapping: nothing if it does not
    /// see the server, else every name, and the values if it sees them.
    pub fn mapping_option_rows(&self, oid: UserMappingOid) -> Result<Vec<ShownOption>> {
        let snapshot = self.snapshot();
        let entry = snapshot.mapping(oid).filter(|entry| self.sees_server(entry.server));
        let Some(entry) = entry else { return Ok(Vec::new()) };
        let values = self.sees_mapping_options(&entry);
        let mapping = snapshot.user_mapping(oid)?;
        let options = mapping.map(|mapping| mapping.options.clone()).unwrap_or_default();
        Ok(shown_options(&options, values))
    }
}

/// `information_schema`.
impl Actor<'_> {
    /// It has the privileges of the owner, or may use the server. Also says which mappings
    /// `information_schema` lists.
    pub fn sees_server(&self, server: ServerOid) -> bool {
        self.owns(server.address()) || self.has_any(server.address(), Privileges::USAGE)
    }

    /// It has the privileges of the owner, or may use the wrapper.
    pub fn sees_wrapper(&self, wrapper: WrapperOid) -> bool {
        self.owns(wrapper.address()) || self.has_any(wrapper.address(), Privileges::USAGE)
    }

    /// It has the privileges of the owner, or some privilege on the relation or a column of it.
    pub fn sees_relation(&self, relation: &Relation) -> bool {
        let address = relation.oid.address();
        self.owns(address)
            || self.has_any(address, Privileges::ALL_RELATION - Privileges::MAINTAIN)
            || self.has_on_some_column(relation, Privileges::ALL_COLUMN)
    }

    /// It has the privileges of the owner, or some privilege on the column.
    pub fn sees_column(&self, relation: &Relation, column: &Column) -> bool {
        self.owns(relation.oid.address())
            || self.has_on_column(relation, column.number, Privileges::ALL_COLUMN)
    }
}

/// Names, and values where they may be seen; sealed ones are masked.
pub fn shown_options(options: &Options, values: bool) -> Vec<ShownOption> {
    options
        .iter()
        .map(|(name, value)| ShownOption {
            name: name.to_owned(),
            value: values.then(|| value.shown().to_owned()),
        })
        .collect()
}
