//! What may be there once: PostgreSQL's unique indexes, and what a violation of one says.
use std::sync::Arc;

use crate::ids::{ObjectAddress, RoleOid, RoleOrPublic, SchemaOid, ServerOid};
use crate::objects::{DefaultAclKind, SettingScope};

/// A value that one row may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UniqueKey {
    /// A database's name.
    DatabaseName(Arc<str>),
    /// A role's name.
    RoleName(Arc<str>),
    /// A grant of a role: role, member, grantor.
    Membership(RoleOid, RoleOid, RoleOid),
    /// A wrapper's name.
    WrapperName(Arc<str>),
    /// A server's name.
    ServerName(Arc<str>),
    /// A mapping's role and server.
    UserMapping(RoleOrPublic, ServerOid),
    /// A schema's name.
    SchemaName(Arc<str>),
    /// A relation's name in its schema, which is also its row type's.
    RelationName(SchemaOid, Arc<str>),
    /// An extension's name.
    ExtensionName(Arc<str>),
    /// An entry of ALTER DEFAULT PRIVILEGES.
    DefaultAcl(RoleOid, Option<SchemaOid>, DefaultAclKind),
    /// A comment's object.
    Comment(ObjectAddress),
    /// Whose settings.
    Setting(SettingScope),
}

/// What error 23505 says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueIndex {
    /// The catalog.
    pub table: &'static str,
    /// Its unique index.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static str,
    /// The values.
    pub values: String,
}

impl UniqueKey {
    /// The index that it is in.
    pub fn index(&self) -> UniqueIndex {
        let (table, name, columns) = self.index_names();
        UniqueIndex { table, name, columns, values: self.values() }
    }

    /// The index in which a change of the key is refused: a relation that is renamed meets
    /// another's name before its row type does.
    pub fn index_of_change(&self) -> UniqueIndex {
        match self {
            Self::RelationName(..) => UniqueIndex {
                table: "pg_class",
                name: "pg_class_relname_nsp_index",
                columns: "relname, relnamespace",
                values: self.values(),
            },
            _ => self.index(),
        }
    }

    fn index_names(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DatabaseName(_) => ("pg_database", "pg_database_datname_index", "datname"),
            Self::RoleName(_) => ("pg_authid", "pg_authid_rolname_index", "rolname"),
            Self::Membership(..) => {
                ("pg_auth_members", "pg_auth_members_role_member_index", "roleid, member, grantor")
            }
            Self::WrapperName(_) => {
                ("pg_foreign_data_wrapper", "pg_foreign_data_wrapper_name_index", "fdwname")
            }
            Self::ServerName(_) => ("pg_foreign_server", "pg_foreign_server_name_index", "srvname"),
            Self::UserMapping(..) => {
                ("pg_user_mapping", "pg_user_mapping_user_server_index", "umuser, umserver")
            }
            Self::SchemaName(_) => ("pg_namespace", "pg_namespace_nspname_index", "nspname"),
            Self::RelationName(..) => {
                ("pg_type", "pg_type_typname_nsp_index", "typname, typnamespace")
            }
            Self::ExtensionName(_) => ("pg_extension", "pg_extension_name_index", "extname"),
            Self::DefaultAcl(..) => (
                "pg_default_acl",
                "pg_default_acl_role_nsp_obj_index",
                "defaclrole, defaclnamespace, defaclobjtype",
            ),
            Self::Comment(_) => {
                ("pg_description", "pg_description_o_c_o_index", "objoid, classoid, objsubid")
            }
            Self::Setting(_) => (
                "pg_db_role_setting",
                "pg_db_role_setting_databaseid_rol_index",
                "setdatabase, setrole",
            ),
        }
    }

    fn values(&self) -> String {
        match self {
            Self::DatabaseName(name)
            | Self::RoleName(name)
            | Self::WrapperName(name)
            | Self::ServerName(name)
            | Self::SchemaName(name)
            | Self::ExtensionName(name) => name.to_string(),
            Self::RelationName(schema, name) => format!("{name}, {schema}"),
            Self::Membership(role, member, grantor) => format!("{role}, {member}, {grantor}"),
            Self::UserMapping(user, server) => format!("{}, {server}", user.oid()),
            Self::DefaultAcl(role, schema, kind) => {
                format!("{role}, {}, {}", schema.map_or(0, |schema| schema.0), kind.letter())
            }
            Self::Comment(on) => format!("{}, {}, {}", on.oid, on.class.oid(), on.subid),
            Self::Setting(scope) => format!(
                "{}, {}",
                scope.database.map_or(0, |database| database.0),
                scope.role.map_or(0, |role| role.0)
            ),
        }
    }
}
