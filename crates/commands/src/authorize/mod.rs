//! Who may do it. Only this module makes an [`Authorized`], and only what is one is applied.
pub(crate) mod role;

use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::{Class, DatabaseOid, ObjectAddress, RoleOid, RoleOrPublic};
use medley_catalog::objects::{Database, Extension, Relation, Schema, Server, Wrapper};
use medley_catalog::{Actor, Snapshot};

use crate::Context;
use crate::error::{PermissionError, Result, RoleError};
use crate::user_mapping::Target;

/// Something with which the current role may do what is about to be done.
#[derive(Debug)]
pub(crate) struct Authorized<T>(T);

impl<T> Authorized<T> {
    pub(crate) fn get(&self) -> &T {
        &self.0
    }

    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// Something that has an owner.
pub(crate) trait Addressed {
    fn address(&self) -> ObjectAddress;
}

macro_rules! addressed {
    ($($type:ident),*) => {$(
        impl Addressed for Arc<$type> {
            fn address(&self) -> ObjectAddress {
                self.oid.address()
            }
        }
    )*};
}

addressed!(Database, Wrapper, Server, Schema, Extension, Relation);

impl Addressed for ObjectAddress {
    fn address(&self) -> ObjectAddress {
        *self
    }
}

impl<T: Addressed> Addressed for Authorized<T> {
    fn address(&self) -> ObjectAddress {
        self.0.address()
    }
}

impl Context<'_> {
    /// The current role, and what it may do.
    pub(crate) fn actor(&self) -> Actor<'_> {
        self.catalog().actor(self.current_role)
    }

    pub(crate) fn is_superuser(&self) -> bool {
        self.actor().is_superuser()
    }
}

/// For superusers and whoever has the privileges of the owner.
pub(crate) fn owner<T: Addressed>(ctx: &Context<'_>, object: T) -> Result<Authorized<T>> {
    ctx.actor().check_owner(object.address())?;
    Ok(Authorized(object))
}

/// For the owner of the relation, or of its schema.
pub(crate) fn owner_or_schema_owner(
    ctx: &Context<'_>,
    relation: &Relation,
) -> Result<Authorized<ObjectAddress>> {
    match ctx.actor().owns(relation.schema.address()) {
        true => Ok(Authorized(relation.oid.address())),
        false => owner(ctx, relation.oid.address()),
    }
}

/// For the owner of the column's relation, which messages call just that.
pub(crate) fn column_owner(
    ctx: &Context<'_>,
    relation: &Relation,
    number: i16,
) -> Result<Authorized<ObjectAddress>> {
    let address = relation.oid.address();
    match ctx.actor().owns(address) {
        true => Ok(Authorized(address.column(number))),
        false => Err(medley_catalog::Error::MustBeOwner("relation", relation.name.clone()).into()),
    }
}

/// A constraint, for the owner of its relation, who is told first whether there is one.
pub(crate) fn constraint_owner(
    ctx: &Context<'_>,
    relation: &Relation,
    name: &str,
) -> Result<Authorized<ObjectAddress>> {
    let constraint = constraint_named(relation, name)?;
    match ctx.actor().owns(relation.oid.address()) {
        true => Ok(Authorized(constraint)),
        false => Err(medley_catalog::Error::MustBeOwner("relation", relation.name.clone()).into()),
    }
}

fn constraint_named(relation: &Relation, name: &str) -> Result<ObjectAddress> {
    let check = relation.checks.iter().find(|check| check.name == name).map(|check| check.oid);
    let mut not_nulls = relation.columns.iter().filter_map(|column| column.not_null.as_ref());
    let oid = check.or_else(|| not_nulls.find(|it| it.name == name).map(|it| it.oid));
    let missing = || crate::RelationError::NoConstraintOfTable {
        constraint: name.to_owned(),
        relation: relation.name.clone(),
    };
    Ok(ObjectAddress::new(Class::Constraint, oid.ok_or_else(missing)?))
}

/// For whoever has USAGE on it.
pub(crate) fn usage<T: Addressed>(ctx: &Context<'_>, object: T) -> Result<Authorized<T>> {
    ctx.actor().check(object.address(), Privileges::USAGE)?;
    Ok(Authorized(object))
}

/// For whoever has CREATE in it.
pub(crate) fn create_in(ctx: &Context<'_>, schema: Arc<Schema>) -> Result<Authorized<Arc<Schema>>> {
    ctx.actor().check(schema.oid.address(), Privileges::CREATE)?;
    Ok(Authorized(schema))
}

/// For whoever has CREATE in the database.
pub(crate) fn create_in_database<T>(ctx: &Context<'_>, subject: T) -> Result<Authorized<T>> {
    ctx.actor().check(DatabaseOid::MEDLEY.address(), Privileges::CREATE)?;
    Ok(Authorized(subject))
}

/// For whoever may have temporary relations.
pub(crate) fn make_temp_schema(ctx: &Context<'_>) -> Result<Authorized<()>> {
    let database = DatabaseOid::MEDLEY.address();
    match ctx.actor().has_all(database, Privileges::CREATE_TEMP) {
        true => Ok(Authorized(())),
        false => {
            let (noun, name) = ctx.catalog().privilege_noun(database);
            let what = format!("create temporary tables in {noun} \"{name}\"");
            Err(PermissionError::Refused { what, detail: None, hint: None }.into())
        }
    }
}

/// For superusers, with a hint for others.
pub(crate) fn superuser<T>(
    ctx: &Context<'_>,
    what: String,
    hint: &'static str,
    subject: T,
) -> Result<Authorized<T>> {
    match ctx.is_superuser() {
        true => Ok(Authorized(subject)),
        false => Err(PermissionError::hinted(what, hint).into()),
    }
}

/// The server's owner may act on every mapping of it; with USAGE one may on one's own.
pub(crate) fn mapping(ctx: &Context<'_>, target: Target) -> Result<Authorized<Target>> {
    let actor = ctx.actor();
    let server = target.server.oid.address();
    if target.user == RoleOrPublic::Role(ctx.current_role) && !actor.owns(server) {
        actor.check(server, Privileges::USAGE)?;
    } else {
        actor.check_owner(server)?;
    }
    Ok(Authorized(target))
}

/// A new owner for a wrapper: only superusers give it, and only superusers take it.
pub(crate) fn give_wrapper(
    ctx: &Context<'_>,
    wrapper: Arc<Wrapper>,
    to: RoleOid,
) -> Result<Authorized<Gift<Wrapper>>> {
    let what = || format!("change owner of foreign-data wrapper \"{}\"", wrapper.name);
    if !ctx.is_superuser() {
        let hint = "Must be superuser to change owner of a foreign-data wrapper.";
        return Err(PermissionError::hinted(what(), hint).into());
    }
    if !ctx.catalog().actor(to).is_superuser() {
        let hint = "The owner of a foreign-data wrapper must be a superuser.";
        return Err(PermissionError::hinted(what(), hint).into());
    }
    Ok(Authorized(Gift { object: wrapper, to }))
}

/// A new owner for a server: its owner gives it to whom it can become, and who could have made
/// it. Giving it to its owner is nobody's business.
pub(crate) fn give_server(
    ctx: &Context<'_>,
    server: Arc<Server>,
    to: RoleOid,
) -> Result<Authorized<Gift<Server>>> {
    if server.owner != to && !ctx.is_superuser() {
        let wrapper = server.wrapper.address();
        check_gift(ctx, server.oid.address(), to)?;
        ctx.catalog().actor(to).check(wrapper, Privileges::USAGE)?;
    }
    Ok(Authorized(Gift { object: server, to }))
}

/// A new owner for the database: who gives it may make databases.
pub(crate) fn give_database(
    ctx: &Context<'_>,
    database: Arc<Database>,
    to: RoleOid,
) -> Result<Authorized<Gift<Database>>> {
    if database.owner != to {
        check_gift(ctx, database.oid.address(), to)?;
        role::create_database(ctx, "change owner of database", ())?;
    }
    Ok(Authorized(Gift { object: database, to }))
}

/// A new owner for a schema.
pub(crate) fn give_schema(
    ctx: &Context<'_>,
    schema: Arc<Schema>,
    to: RoleOid,
) -> Result<Authorized<Gift<Schema>>> {
    if schema.owner != to && !ctx.is_superuser() {
        check_gift(ctx, schema.oid.address(), to)?;
        ctx.actor().check(DatabaseOid::MEDLEY.address(), Privileges::CREATE)?;
    }
    Ok(Authorized(Gift { object: schema, to }))
}

/// A new owner for a relation, who must be able to make one in its schema.
pub(crate) fn give_relation(
    ctx: &Context<'_>,
    relation: Arc<Relation>,
    to: RoleOid,
) -> Result<Authorized<Gift<Relation>>> {
    if relation.owner != to && !ctx.is_superuser() {
        check_gift(ctx, relation.oid.address(), to)?;
        ctx.catalog().actor(to).check(relation.schema.address(), Privileges::CREATE)?;
    }
    Ok(Authorized(Gift { object: relation, to }))
}

/// All of a role's objects go to another: REASSIGN OWNED.
pub(crate) fn reassign(
    ctx: &Context<'_>,
    from: Vec<RoleOid>,
    to: RoleOid,
) -> Result<Authorized<(Vec<RoleOid>, RoleOid)>> {
    let what = "reassign objects";
    let refused = |role, by: &str| {
        let name = ctx.role_name(role);
        let detail =
            format!("Only roles with privileges of role \"{name}\" may reassign objects {by}");
        PermissionError::detailed(what, detail)
    };
    let may = |role: &RoleOid| ctx.actor().has_privileges_of(*role);
    if let Some(role) = from.iter().find(|role| !may(role)) {
        return Err(refused(*role, "owned by it.").into());
    }
    if !may(&to) {
        return Err(refused(to, "to it.").into());
    }
    Ok(Authorized((from, to)))
}

/// What new objects of these roles begin with: ALTER DEFAULT PRIVILEGES.
pub(crate) fn default_privileges(
    ctx: &Context<'_>,
    roles: Vec<RoleOid>,
) -> Result<Authorized<Vec<RoleOid>>> {
    match roles.iter().all(|role| ctx.actor().has_privileges_of(*role)) {
        true => Ok(Authorized(roles)),
        false => {
            let what = "change default privileges".to_owned();
            Err(PermissionError::Refused { what, detail: None, hint: None }.into())
        }
    }
}

/// All of a role's objects go: DROP OWNED.
pub(crate) fn drop_owned(
    ctx: &Context<'_>,
    owners: Vec<RoleOid>,
) -> Result<Authorized<Vec<RoleOid>>> {
    match owners.iter().find(|role| !ctx.actor().has_privileges_of(**role)) {
        None => Ok(Authorized(owners)),
        Some(role) => {
            let name = ctx.role_name(*role);
            let detail = format!(
                "Only roles with privileges of role \"{name}\" may drop objects owned by it."
            );
            Err(PermissionError::detailed("drop objects", detail).into())
        }
    }
}

/// An object and who is to own it.
pub(crate) struct Gift<T> {
    pub(crate) object: Arc<T>,
    pub(crate) to: RoleOid,
}

impl<T> Gift<T> {
    /// By REASSIGN OWNED, which was authorized as a whole.
    pub(crate) fn reassigned(
        _authorized: &Authorized<(Vec<RoleOid>, RoleOid)>,
        object: Arc<T>,
        to: RoleOid,
    ) -> Authorized<Self> {
        Authorized(Self { object, to })
    }
}

fn check_gift(ctx: &Context<'_>, object: ObjectAddress, to: RoleOid) -> Result<()> {
    ctx.actor().check_owner(object)?;
    Ok(ctx.actor().check_can_set_role(to)?)
}

/// SET ROLE: whether the session user may become this role, or why not.
pub fn check_set_role(snapshot: &Snapshot, session_user: RoleOid, role: &str) -> Result<RoleOid> {
    let unknown = || RoleError::NotASetting(role.to_owned());
    let found = snapshot.role_named(role).ok_or_else(unknown)?.oid;
    match snapshot.actor(session_user).can_set_role(found) {
        true => Ok(found),
        false => Err(refused_setting("set role", role)),
    }
}

/// SET SESSION AUTHORIZATION: whether who logged in may appear as this role, or why not.
pub fn check_set_session_authorization(
    snapshot: &Snapshot,
    authenticated_user: RoleOid,
    role: &str,
) -> Result<RoleOid> {
    let unknown = || RoleError::NotASetting(role.to_owned());
    let found = snapshot.role_named(role).ok_or_else(unknown)?.oid;
    match found == authenticated_user || snapshot.actor(authenticated_user).is_superuser() {
        true => Ok(found),
        false => Err(refused_setting("set session authorization", role)),
    }
}

fn refused_setting(what: &str, role: &str) -> crate::Error {
    let what = format!("{what} \"{role}\"");
    PermissionError::Refused { what, detail: None, hint: None }.into()
}
