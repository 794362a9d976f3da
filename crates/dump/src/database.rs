//! The database.
use medley_catalog::acl::AclKind;
use medley_catalog::ids::DatabaseOid;
use medley_catalog::objects::Database;

use crate::Dump;
use crate::grants::Target;
use crate::script::name;

impl Dump<'_> {
    /// It is there, as every new catalog has it: what was changed of it is said.
    pub(crate) fn database(&mut self) {
        let Some(database) = self.catalog().database(DatabaseOid::MEDLEY) else { return };
        let new = Database::medley();
        let object = format!("DATABASE {}", name(&database.name));
        if database.owner != new.owner {
            self.script.push(format!("ALTER {object} OWNER TO {}", self.role_name(database.owner)));
        }
        let changed = [
            (database.connection_limit != new.connection_limit)
                .then(|| format!("CONNECTION LIMIT = {}", database.connection_limit)),
            (database.allow_connections != new.allow_connections)
                .then(|| format!("ALLOW_CONNECTIONS = {}", database.allow_connections)),
            (database.is_template != new.is_template)
                .then(|| format!("IS_TEMPLATE = {}", database.is_template)),
        ];
        let changed: Vec<_> = changed.into_iter().flatten().collect();
        if !changed.is_empty() {
            self.script.push(format!("ALTER {object} WITH {}", changed.join(" ")));
        }
        self.comment(&object, self.catalog().comment(database.oid.address()));
        let target = Target {
            object: &object,
            kind: AclKind::Database,
            owner: database.owner,
            column: None,
        };
        self.grants(target, database.acl.as_ref());
    }
}
