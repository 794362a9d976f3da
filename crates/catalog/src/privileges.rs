//! What a role may do: a pure function of snapshot and role.
use std::collections::HashSet;
use std::sync::OnceLock;

use crate::acl::{Acl, AclItemBits, AclKind, BestGrantor, Privileges, select_best_grantor};
use crate::error::{Error, Result};
use crate::ids::{
    Class, DatabaseOid, ExtensionOid, ObjectAddress, RelationOid, RoleOid, RoleOrPublic, SchemaOid,
    ServerOid, UserMappingOid, WrapperOid,
};
use crate::objects::{DefaultAclKind, Membership, Relation};
use crate::snapshot::Snapshot;

/// A role in a snapshot, whose rights are asked about.
#[derive(Debug)]
pub struct Actor<'a> {
    snapshot: &'a Snapshot,
    role: RoleOid,
    /// The roles whose privileges it has by grants, itself first; found once.
    inherited: OnceLock<HashSet<RoleOid>>,
}

/// Which grants count on the way from a member to a role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    /// All.
    Any,
    /// Those with the INHERIT option.
    Inherit,
    /// Those with the SET option.
    Set,
}

impl Through {
    fn counts(self, grant: &Membership) -> bool {
        match self {
            Self::Any => true,
            Self::Inherit => grant.inherit,
            Self::Set => grant.set,
        }
    }
}

impl Snapshot {
    /// Asks about this role's rights.
    pub fn actor(&self, role: RoleOid) -> Actor<'_> {
        Actor { snapshot: self, role, inherited: OnceLock::new() }
    }

    /// Itself and the roles it is a member of, near ones first.
    fn roles_of(&self, member: RoleOid, through: Through) -> Vec<RoleOid> {
        let mut roles = vec![member];
        let mut seen = HashSet::from([member]);
        let mut next = 0;
        while let Some(&role) = roles.get(next) {
            next += 1;
            roles.extend(self.granted_to(role, through).filter(|role| seen.insert(*role)));
        }
        roles
    }

    /// The roles whose privileges a member has by grants, by how many grants they are away: first
    /// those that are one away. Each is there once, at its shortest.
    pub fn inherited_by_distance(&self, member: RoleOid) -> Vec<Vec<RoleOid>> {
        let mut seen = HashSet::from([member]);
        let mut levels = Vec::new();
        let mut last = vec![member];
        while !last.is_empty() {
            let granted = last.iter().flat_map(|role| self.granted_to(*role, Through::Inherit));
            last = granted.filter(|role| seen.insert(*role)).collect();
            levels.push(last.clone());
        }
        levels.pop();
        levels
    }

    /// The roles that it is directly a member of.
    fn granted_to(&self, member: RoleOid, through: Through) -> impl Iterator<Item = RoleOid> {
        let grants = self.memberships_of_member(member).filter(move |grant| through.counts(grant));
        let implicit = self.owns_database(member).then_some(RoleOid::DATABASE_OWNER);
        grants.map(|grant| grant.role).chain(implicit)
    }

    /// `pg_database_owner` has one member, who was not granted it.
    fn owns_database(&self, role: RoleOid) -> bool {
        self.owner(DatabaseOid::MEDLEY.address()) == Some(role)
    }

    /// The ACL that holds for an object: its own, or the default of its kind.
    pub fn effective_acl(&self, address: ObjectAddress) -> Option<Acl> {
        let kind = acl_kind(address)?;
        let own = self.acl(address).cloned();
        own.or_else(|| Some(Acl::default_for(kind, self.owner(address)?)))
    }

    /// The ACL of a new object, from ALTER DEFAULT PRIVILEGES; `None` is the built-in default.
    pub fn acl_of_new(
        &self,
        kind: DefaultAclKind,
        owner: RoleOid,
        schema: Option<SchemaOid>,
    ) -> Option<Acl> {
        let built_in = Acl::default_for(kind.acl_kind(), owner);
        let entry = |schema| self.default_acl(owner, schema, kind).map(|entry| &entry.acl);
        let global = entry(None).unwrap_or(&built_in);
        let acl = match schema.and_then(|schema| entry(Some(schema))) {
            Some(more) => global.merged_with(more),
            None => global.clone(),
        };
        // Nothing at all is no list either, as in PostgreSQL: the owner then has what is built in.
        (acl != Acl::default() && !acl.is_same_as(&built_in)).then(|| acl.sorted())
    }
}

/// Which kind of ACL is on objects like this one.
pub fn acl_kind(address: ObjectAddress) -> Option<AclKind> {
    Some(match address.class {
        Class::Wrapper => AclKind::Wrapper,
        Class::Server => AclKind::Server,
        Class::Schema => AclKind::Schema,
        Class::Relation if address.subid != 0 => AclKind::Column,
        Class::Relation => AclKind::Relation,
        Class::Database => AclKind::Database,
        Class::Function => AclKind::Function,
        Class::Type => AclKind::Type,
        Class::Language => AclKind::Language,
        _ => return None,
    })
}

/// Roles.
impl<'a> Actor<'a> {
    /// Which role it is.
    pub fn role(&self) -> RoleOid {
        self.role
    }

    /// In which snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// It has the attribute itself; being a member of a superuser does not count.
    pub fn is_superuser(&self) -> bool {
        self.snapshot.role(self.role).is_some_and(|role| role.superuser)
    }

    /// `has_privs_of_role`: the same role, or a member through grants that inherit.
    pub fn has_privileges_of(&self, role: RoleOid) -> bool {
        self.role == role || self.is_superuser() || self.inherited().contains(&role)
    }

    /// The roles whose privileges it has without being a superuser, itself first, near ones first.
    pub fn privilege_roles(&self) -> Vec<RoleOid> {
        self.snapshot.roles_of(self.role, Through::Inherit)
    }

    /// `is_member_of_role`: by whatever grants.
    pub fn is_member_of(&self, role: RoleOid) -> bool {
        self.is_superuser() || self.is_granted(role)
    }

    /// The same, but being a superuser does not count.
    pub fn is_granted(&self, role: RoleOid) -> bool {
        self.snapshot.roles_of(self.role, Through::Any).contains(&role)
    }

    /// `member_can_set_role`: may become it by SET ROLE.
    pub fn can_set_role(&self, role: RoleOid) -> bool {
        self.is_superuser() || self.snapshot.roles_of(self.role, Through::Set).contains(&role)
    }

    /// `is_admin_of_role`: it, or a role that it is a member of, has the ADMIN option.
    pub fn is_admin_of(&self, role: RoleOid) -> bool {
        if self.is_superuser() {
            return true;
        }
        self.role != role
            && self.holders_of_admin(role, &self.snapshot.roles_of(self.role, Through::Any))
    }

    /// `select_best_admin`: the nearest role whose privileges it has and that has the ADMIN
    /// option on `role`.
    pub fn best_admin_of(&self, role: RoleOid) -> Option<RoleOid> {
        let roles = self.privilege_roles();
        roles.into_iter().find(|member| self.holders_of_admin(role, &[*member]))
    }

    fn holders_of_admin(&self, role: RoleOid, members: &[RoleOid]) -> bool {
        let mut grants = self.snapshot.memberships_in_role(role);
        grants.any(|grant| grant.admin && members.contains(&grant.member))
    }

    fn inherited(&self) -> &HashSet<RoleOid> {
        self.inherited.get_or_init(|| self.privilege_roles().into_iter().collect())
    }
}

/// Objects.
impl Actor<'_> {
    /// It is a superuser, or has the privileges of the owner.
    pub fn owns(&self, address: ObjectAddress) -> bool {
        self.snapshot.owner(address).is_some_and(|owner| self.has_privileges_of(owner))
            || self.is_superuser()
    }

    /// `42501 must be owner of …` unless [`Actor::owns`].
    pub fn check_owner(&self, address: ObjectAddress) -> Result<()> {
        match self.owns(address) {
            true => Ok(()),
            false => {
                let (noun, name) = self.snapshot.privilege_noun(address);
                Err(Error::MustBeOwner(noun, name))
            }
        }
    }

    /// `42501 must be able to SET ROLE "…"` unless it can.
    pub fn check_can_set_role(&self, role: RoleOid) -> Result<()> {
        match self.can_set_role(role) {
            true => Ok(()),
            false => Err(Error::MustBeAbleToSetRole(self.snapshot.role_name(role))),
        }
    }

    /// Who may create, alter and drop the mapping of `user` on a server: who owns the server, and,
    /// of its very own mapping, who may use the server.
    pub fn check_user_mapping(&self, server: ServerOid, user: RoleOrPublic) -> Result<()> {
        let server = server.address();
        if self.owns(server) {
            return Ok(());
        }
        match user.role() {
            Some(role) if role == self.role => self.check(server, Privileges::USAGE),
            _ => self.check_owner(server),
        }
    }

    /// It has at least one of these privileges; on a column, on the column itself.
    pub fn has_any(&self, address: ObjectAddress, privileges: Privileges) -> bool {
        self.privileges_on(address).intersects(privileges)
    }

    /// It has all these privileges; on a column, on the column itself.
    pub fn has_all(&self, address: ObjectAddress, privileges: Privileges) -> bool {
        self.privileges_on(address).contains(privileges)
    }

    /// `42501 permission denied for …` unless it has all these privileges.
    pub fn check(&self, address: ObjectAddress, privileges: Privileges) -> Result<()> {
        match self.has_all(address, privileges) {
            true => Ok(()),
            false => Err(self.permission_denied(address)),
        }
    }

    /// The error that says so.
    pub fn permission_denied(&self, address: ObjectAddress) -> Error {
        let (noun, name) = self.snapshot.privilege_noun(address);
        Error::PermissionDenied(noun, name)
    }

    /// It may grant all these privileges on.
    pub fn has_grant_options(&self, address: ObjectAddress, privileges: Privileges) -> bool {
        self.is_superuser()
            || self.snapshot.owner(address).is_some_and(|owner| self.has_privileges_of(owner))
            || self.bits_on(address).grant_options.contains(privileges)
    }

    /// It has some privilege or some grant option on the object: then a GRANT by it fails with a
    /// warning rather than with an error.
    pub fn has_anything_on(&self, address: ObjectAddress) -> bool {
        let bits = self.bits_on(address);
        self.owns(address)
            || !bits.privileges.is_empty()
            || !bits.grant_options.is_empty()
            || !self.privileges_on(address).is_empty()
    }

    /// Who is recorded as the grantor if it grants these privileges, or revokes them.
    pub fn best_grantor(
        &self,
        address: ObjectAddress,
        privileges: Privileges,
    ) -> Option<BestGrantor> {
        let (acl, owner) =
            (self.snapshot.effective_acl(address)?, self.snapshot.owner(address.whole())?);
        let roles = self.privilege_roles();
        Some(select_best_grantor(&acl, owner, &roles, self.is_superuser(), privileges))
    }

    /// What it may do with the object.
    pub fn privileges_on(&self, address: ObjectAddress) -> Privileges {
        if !self.snapshot.contains(address) {
            return Privileges::NONE;
        }
        if self.is_superuser() {
            return acl_kind(address).map_or(Privileges::NONE, AclKind::all_privileges);
        }
        match self.snapshot.own_temp_schema().map(SchemaOid::address) == Some(address) {
            true => self.privileges_on_temporary(),
            false => self.bits_on(address).privileges | self.predefined(address),
        }
    }

    /// What it may do with the session's own temporary schema, whoever made it.
    fn privileges_on_temporary(&self) -> Privileges {
        match self.has_all(DatabaseOid::MEDLEY.address(), Privileges::CREATE_TEMP) {
            true => Privileges::ALL_SCHEMA,
            false => Privileges::USAGE,
        }
    }

    fn bits_on(&self, address: ObjectAddress) -> AclItemBits {
        let acl = self.snapshot.effective_acl(address).unwrap_or_default();
        acl.given_to(|grantee| self.counts_as(grantee))
    }

    fn counts_as(&self, grantee: RoleOrPublic) -> bool {
        grantee.role().is_none_or(|role| self.has_privileges_of(role))
    }

    /// What `pg_read_all_data` and its like give.
    fn predefined(&self, address: ObjectAddress) -> Privileges {
        const WRITE: [Privileges; 3] = [Privileges::INSERT, Privileges::UPDATE, Privileges::DELETE];
        let write = WRITE.into_iter().fold(Privileges::NONE, |all, one| all | one);
        let rules = match address.class {
            Class::Relation if address.subid == 0 => [
                (RoleOid::READ_ALL_DATA, Privileges::SELECT),
                (RoleOid::WRITE_ALL_DATA, write),
                (RoleOid::MAINTAIN, Privileges::MAINTAIN),
            ],
            Class::Schema => [
                (RoleOid::READ_ALL_DATA, Privileges::USAGE),
                (RoleOid::WRITE_ALL_DATA, Privileges::USAGE),
                (RoleOid::MAINTAIN, Privileges::NONE),
            ],
            _ => return Privileges::NONE,
        };
        let given = rules.into_iter().filter(|(role, _)| self.has_privileges_of(*role));
        given.fold(Privileges::NONE, |all, (_, privileges)| all | privileges)
    }
}

/// Columns.
impl Actor<'_> {
    /// It has one of these privileges on the column, or on its whole relation.
    pub fn has_on_column(&self, relation: &Relation, column: i16, privileges: Privileges) -> bool {
        let address = relation.oid.address();
        self.has_any(address, privileges) || self.has_any(address.column(column), privileges)
    }

    /// It has one of these privileges on at least one column, or on the whole relation.
    pub fn has_on_some_column(&self, relation: &Relation, privileges: Privileges) -> bool {
        self.has_any(relation.oid.address(), privileges)
            || relation
                .live_columns()
                .filter(|column| column.acl.is_some())
                .any(|column| self.has_on_column(relation, column.number, privileges))
    }
}

/// Names for messages.
impl Snapshot {
    /// The role's name, or what PostgreSQL prints for one that is gone.
    pub fn role_name(&self, role: RoleOid) -> String {
        self.role(role).map_or_else(|| format!("unknown (OID={role})"), |role| role.name.clone())
    }

    /// The name of a role, or `public`.
    pub fn user_name(&self, user: RoleOrPublic) -> String {
        user.role().map_or_else(|| "public".to_owned(), |role| self.role_name(role))
    }

    /// How permission messages name it, bare: `foreign server s`.
    pub fn privilege_noun(&self, address: ObjectAddress) -> (&'static str, String) {
        let noun = match address.class {
            Class::Server | Class::UserMapping => "foreign server",
            Class::Relation => self
                .relation(RelationOid(address.oid))
                .map_or("relation", |relation| relation.noun()),
            class => class.noun(),
        };
        let object = match address.class {
            Class::UserMapping => self
                .mapping(UserMappingOid(address.oid))
                .map_or(address, |mapping| mapping.server.address()),
            _ => address,
        };
        (noun, self.name_of(object).unwrap_or_else(|| address.oid.to_string()))
    }

    /// The bare name of an object that has one.
    pub fn name_of(&self, address: ObjectAddress) -> Option<String> {
        let oid = address.oid;
        Some(match address.class {
            Class::Role => self.role(RoleOid(oid))?.name.clone(),
            Class::Wrapper => self.wrapper(WrapperOid(oid))?.name.clone(),
            Class::Server => self.server(ServerOid(oid))?.name.clone(),
            Class::Schema => self.schema(SchemaOid(oid))?.name.clone(),
            Class::Extension => self.extension(ExtensionOid(oid))?.name.clone(),
            Class::Relation => self.relation(RelationOid(oid))?.name.clone(),
            Class::Database => self.database(DatabaseOid(oid))?.name.clone(),
            Class::Function | Class::Type | Class::Language => {
                self.system_acl(address)?.name.clone()
            }
            _ => return None,
        })
    }
}
