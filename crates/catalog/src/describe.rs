//! What messages call objects: `pg_describe_object`.
use crate::ids::{
    Class, DefaultAclOid, MembershipOid, ObjectAddress, RelationOid, SchemaOid, UserMappingOid,
};
use crate::quote::quote_identifier;
use crate::search_path::SearchPath;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// `server s`, `user mapping for r on server s`, `column c of foreign table f`. Relations
    /// have their schema if their bare name does not mean them; other names are never quoted.
    /// `None` if the object is not there.
    pub fn describe(&self, address: ObjectAddress, path: &SearchPath) -> Option<String> {
        match address.class {
            Class::Relation => self.describe_relation(address, path),
            Class::UserMapping => {
                let mapping = self.mapping(UserMappingOid(address.oid))?;
                let server = self.name_of(mapping.server.address())?;
                Some(format!(
                    "user mapping for {} on server {server}",
                    self.user_name(mapping.user)
                ))
            }
            Class::Membership => {
                let grant = self.membership(MembershipOid(address.oid))?;
                let (member, role) = (self.role_name(grant.member), self.role_name(grant.role));
                Some(format!("membership of role {member} in role {role}"))
            }
            Class::DefaultAcl => {
                let entry = self.default_acl_by_oid(DefaultAclOid(address.oid))?;
                let (plural, role) = (entry.kind.plural(), self.role_name(entry.role));
                let place = entry.schema.and_then(|schema| self.name_of(schema.address()));
                let place = place.map(|name| format!(" in schema {name}")).unwrap_or_default();
                Some(format!("default privileges on new {plural} belonging to role {role}{place}"))
            }
            class => Some(format!("{} {}", class.noun(), self.name_of(address)?)),
        }
    }

    fn describe_relation(&self, address: ObjectAddress, path: &SearchPath) -> Option<String> {
        let oid = RelationOid(address.oid);
        let relation = self.relation(oid)?;
        let name = match path.sees(self, oid) {
            true => quote_identifier(&relation.name).into_owned(),
            false => self.qualified_name(relation.schema, &relation.name),
        };
        let whole = format!("{} {name}", relation.noun());
        if address.subid == 0 {
            return Some(whole);
        }
        const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"];
        let number = i16::try_from(address.subid).ok()?;
        let column = match usize::try_from(-1 - number) {
            Ok(index) => *SYSTEM_COLUMNS.get(index)?,
            Err(_) => &relation.column_numbered(number)?.name,
        };
        Some(format!("column {column} of {whole}"))
    }

    /// `schema.name`, each quoted where it must be.
    pub fn qualified_name(&self, schema: SchemaOid, name: &str) -> String {
        let schema = self.name_of(schema.address()).unwrap_or_default();
        format!("{}.{}", quote_identifier(&schema), quote_identifier(name))
    }
}
