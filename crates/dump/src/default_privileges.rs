//! ALTER DEFAULT PRIVILEGES.
use medley_catalog::acl::{Acl, AclKind};
use medley_catalog::objects::{DefaultAcl, DefaultAclKind};

use crate::Dump;
use crate::grants::{Target, halves};

impl Dump<'_> {
    pub(crate) fn default_privileges(&mut self) {
        let mut entries: Vec<_> = self.catalog().default_acls().collect();
        entries.sort_by_cached_key(|entry| {
            let schema = entry.schema.map(|schema| self.schema_name(schema));
            (self.role_name(entry.role), schema, entry.kind)
        });
        entries.into_iter().for_each(|entry| self.default_acl(entry));
    }

    /// Instead of the built-in default if it is for all schemas, else in addition to it.
    fn default_acl(&mut self, entry: &DefaultAcl) {
        let (kind, objects) = objects(entry.kind);
        let mut alter = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}", self.role_name(entry.role));
        if let Some(schema) = entry.schema {
            alter.push_str(&format!(" IN SCHEMA {}", self.schema_name(schema)));
        }
        let before = match entry.schema {
            None => Acl::default_for(kind, entry.role),
            Some(_) => Acl::default(),
        };
        let target = Target { object: objects, kind, owner: entry.role, column: None };
        self.default_steps(&alter, target, &before, &entry.acl);
    }

    fn default_steps(&mut self, alter: &str, target: Target<'_>, before: &Acl, after: &Acl) {
        let objects = target.object;
        for item in before.items().iter().filter(|item| !after.items().contains(item)) {
            let grantee = self.grantee(item.grantee);
            self.script.push(format!("{alter} REVOKE ALL ON {objects} FROM {grantee}"));
        }
        for item in after.items().iter().filter(|item| !before.items().contains(item)) {
            let grantee = self.grantee(item.grantee);
            for (privileges, ending) in halves(item) {
                let words: Vec<_> = privileges.iter().map(|(.., word)| word).collect();
                let words = words.join(", ");
                self.script
                    .push(format!("{alter} GRANT {words} ON {objects} TO {grantee}{ending}"));
            }
        }
    }
}

fn objects(kind: DefaultAclKind) -> (AclKind, &'static str) {
    match kind {
        DefaultAclKind::Relation => (AclKind::Relation, "TABLES"),
        DefaultAclKind::Sequence => (AclKind::Sequence, "SEQUENCES"),
        DefaultAclKind::Function => (AclKind::Function, "FUNCTIONS"),
        DefaultAclKind::Type => (AclKind::Type, "TYPES"),
        DefaultAclKind::Schema => (AclKind::Schema, "SCHEMAS"),
        DefaultAclKind::LargeObject => (AclKind::Type, "LARGE OBJECTS"),
    }
}
