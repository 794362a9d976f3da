//! `has_table_privilege` and its family, in all forms of arguments.
use medley_catalog::Actor;
use medley_catalog::acl::{Acl, AclKind, Privileges};
use medley_catalog::ids::{
    Class, DatabaseOid, ObjectAddress, RoleOid, SchemaOid, ServerOid, WrapperOid,
};
use medley_diagnostic::SqlState;

use super::super::relations::{self, AnyRelation};
use super::super::types::owner_of;
use super::super::{Session, names, procedures};
use super::{registered, type_names};
use crate::error::{Error, Result};
use crate::semantics::{Datum, Frame, RowFn, Table};

/// What a privilege is asked on.
enum Target<'a> {
    /// An object of the catalog.
    Object(ObjectAddress),
    /// A whole relation.
    Relation(AnyRelation<'a>),
    /// Any column of it.
    AnyColumn(AnyRelation<'a>),
    /// One column of it.
    Column(AnyRelation<'a>, i16),
    /// What is this role's, with these privileges.
    BuiltIn(Acl, RoleOid),
    /// What only its owner, the bootstrap superuser, may use.
    Reserved,
}

/// A kind of object that has privileges.
struct Family {
    /// The privileges there are, by their words.
    words: Privileges,
    /// Whether privileges that are none are told before an object that is none.
    privileges_first: bool,
    /// Finds the object by name; it must be there.
    named: for<'a> fn(&'a Session, &str) -> Result<Target<'a>>,
    /// Finds it by oid.
    numbered: for<'a> fn(&'a Session, u32) -> Result<Option<Target<'a>>>,
}

impl Family {
    /// What is answered of an oid that is none: superusers may do everything with it, unless it
    /// is to be a relation's.
    fn of_nothing(&self, actor: &Actor<'_>) -> Datum<'static> {
        let of_relations = self.words.contains(Privileges::SELECT);
        match actor.is_superuser() && !of_relations {
            true => Datum::Bool(true),
            false => Datum::Null,
        }
    }
}

const SERVER: Family = Family {
    words: Privileges::USAGE,
    privileges_first: false,
    named: |session, name| {
        let found = session.snapshot.server_named(name).map(|it| Target::Object(it.oid.address()));
        found.ok_or_else(|| names::undefined("server", name))
    },
    numbered: |session, oid| Ok(object(session, ServerOid(oid).address())),
};

const WRAPPER: Family = Family {
    words: Privileges::USAGE,
    privileges_first: false,
    named: |session, name| {
        let found = session.snapshot.wrapper_named(name).map(|it| Target::Object(it.oid.address()));
        found.ok_or_else(|| names::undefined("foreign-data wrapper", name))
    },
    numbered: |session, oid| Ok(object(session, WrapperOid(oid).address())),
};

const SCHEMA: Family = Family {
    words: Privileges::ALL_SCHEMA,
    privileges_first: false,
    named: |session, name| {
        let found = session.snapshot.schema_named(name).map(|it| Target::Object(it.oid.address()));
        found.ok_or_else(|| names::no_schema(name))
    },
    numbered: |session, oid| Ok(object(session, SchemaOid(oid).address())),
};

const DATABASE: Family = Family {
    words: Privileges::ALL_DATABASE,
    privileges_first: false,
    named: |session, name| match name == session.facts.database() {
        true => Ok(Target::Object(DatabaseOid::MEDLEY.address())),
        false => {
            let message = format!("database \"{name}\" does not exist");
            Err(Error::at(SqlState::INVALID_CATALOG_NAME, message, None))
        }
    },
    numbered: |session, oid| Ok(object(session, DatabaseOid(oid).address())),
};

const TABLE: Family = Family {
    words: Privileges::ALL_RELATION,
    privileges_first: false,
    named: |session, name| names::relation(session, name).map(Target::Relation),
    numbered: |session, oid| Ok(relations::by_oid(&session.snapshot, oid).map(Target::Relation)),
};

const ANY_COLUMN: Family = Family {
    words: Privileges::ALL_COLUMN,
    privileges_first: false,
    named: |session, name| names::relation(session, name).map(Target::AnyColumn),
    numbered: |session, oid| Ok(relations::by_oid(&session.snapshot, oid).map(Target::AnyColumn)),
};

/// There are none.
const SEQUENCE: Family = Family {
    words: Privileges::ALL_SEQUENCE,
    privileges_first: true,
    named: |session, name| Err(not_a_sequence(names::relation(session, name)?)),
    numbered: |session, oid| match relations::by_oid(&session.snapshot, oid) {
        Some(relation) => Err(not_a_sequence(relation)),
        None => Ok(None),
    },
};

fn not_a_sequence(relation: AnyRelation<'_>) -> Error {
    let message = format!("\"{}\" is not a sequence", relation.name());
    Error::at(SqlState::WRONG_OBJECT_TYPE, message, None)
}

const FUNCTION: Family = Family {
    words: Privileges::EXECUTE,
    privileges_first: false,
    named: |session, name| match registered::function_of_signature(session, name)? {
        Some(oid) => Ok(function_target(session, oid)),
        None => {
            let message = format!("function \"{name}\" does not exist");
            Err(Error::at(SqlState::UNDEFINED_FUNCTION, message, None))
        }
    },
    numbered: |session, oid| {
        Ok(procedures::name(session, oid).map(|_| function_target(session, oid)))
    },
};

const TYPE: Family = Family {
    words: Privileges::USAGE,
    privileges_first: false,
    named: |session, name| Ok(type_target(session, type_names::named(session, name)?)),
    numbered: |session, oid| {
        let known = registered::is_type(session, oid);
        Ok(known.then(|| type_target(session, oid)))
    },
};

/// `internal`, `c` and `sql`: everybody may use them, as types.
const LANGUAGE: Family = Family {
    words: Privileges::USAGE,
    privileges_first: false,
    named: |session, name| match ["internal", "c", "sql"].iter().position(|it| *it == name) {
        Some(index) => Ok(language_target(session, 12 + index as u32)),
        None => Err(names::undefined("language", name)),
    },
    numbered: |session, oid| Ok((12..=14).contains(&oid).then(|| language_target(session, oid))),
};

/// `pg_default` and `pg_global`.
const TABLESPACES: [(u32, &str); 2] = [(1663, "pg_default"), (1664, "pg_global")];

const TABLESPACE: Family = Family {
    words: Privileges::CREATE,
    privileges_first: false,
    named: |_, name| match TABLESPACES.iter().any(|(_, known)| *known == name) {
        true => Ok(Target::Reserved),
        false => Err(names::undefined("tablespace", name)),
    },
    numbered: |_, oid| {
        Ok(TABLESPACES.iter().any(|(known, _)| *known == oid).then_some(Target::Reserved))
    },
};

/// A built-in function, or a wrapper's.
fn function_target<'a>(session: &Session, oid: u32) -> Target<'a> {
    of_system(session, ObjectAddress::new(Class::Function, oid), AclKind::Function)
}

fn language_target<'a>(session: &Session, oid: u32) -> Target<'a> {
    of_system(session, ObjectAddress::new(Class::Language, oid), AclKind::Language)
}

fn of_system<'a>(session: &Session, address: ObjectAddress, kind: AclKind) -> Target<'a> {
    let own = session.snapshot.acl(address).cloned();
    Target::BuiltIn(own.unwrap_or_else(|| default_acl(kind)), RoleOid::BOOTSTRAP)
}

/// The type of a relation's rows is its owner's.
fn type_target<'a>(session: &Session, oid: u32) -> Target<'a> {
    let owner = owner_of(session, oid).map(|(relation, _)| relation.owner());
    match owner {
        Some(owner) => Target::BuiltIn(Acl::default_for(AclKind::Type, owner), owner),
        None => of_system(session, ObjectAddress::new(Class::Type, oid), AclKind::Type),
    }
}

fn default_acl(kind: AclKind) -> Acl {
    Acl::default_for(kind, RoleOid::BOOTSTRAP)
}

fn object<'a>(session: &Session, address: ObjectAddress) -> Option<Target<'a>> {
    session.snapshot.contains(address).then_some(Target::Object(address))
}

/// Privileges asked for: any of them will do, held or grantable.
struct Asked {
    held: Privileges,
    grantable: Privileges,
}

fn asked(text: &str, words: Privileges) -> Result<Asked> {
    let mut asked = Asked { held: Privileges::NONE, grantable: Privileges::NONE };
    for word in text.split(',').map(str::trim) {
        let upper = word.to_ascii_uppercase();
        let (name, option) = match upper.strip_suffix(" WITH GRANT OPTION") {
            Some(name) => (name, true),
            None => (upper.as_str(), false),
        };
        let privilege = Privileges::of_word(name).filter(|it| words.contains(*it));
        let privilege = privilege.ok_or_else(|| unrecognized(word))?;
        match option {
            true => asked.grantable = asked.grantable | privilege,
            false => asked.held = asked.held | privilege,
        }
    }
    Ok(asked)
}

fn unrecognized(word: &str) -> Error {
    Error::invalid_parameter(format!("unrecognized privilege type: \"{word}\""))
}

/// Whose privileges are asked about: 0 for PUBLIC, whom no role has.
fn role_of(session: &Session, user: &Datum<'_>) -> Result<RoleOid> {
    match user {
        Datum::Oid(oid) => Ok(RoleOid(*oid)),
        user => match user.text()? {
            "public" => Ok(RoleOid(0)),
            name => role_named(session, name),
        },
    }
}

fn role_named(session: &Session, name: &str) -> Result<RoleOid> {
    let role = session.snapshot.role_named(name).map(|role| role.oid);
    role.ok_or_else(|| names::undefined("role", name))
}

impl Asked {
    fn any(
        &self,
        held: impl Fn(Privileges) -> bool,
        grantable: impl Fn(Privileges) -> bool,
    ) -> bool {
        (!self.held.is_empty() && held(self.held))
            || self.grantable.iter().any(|(privilege, ..)| grantable(privilege))
    }

    fn is_given(&self, actor: &Actor<'_>, target: &Target<'_>) -> bool {
        match target {
            &Target::Object(address) => self.any(
                |held| actor.has_any(address, held),
                |option| actor.has_grant_options(address, option),
            ),
            &Target::Relation(relation) => self.on_relation(actor, relation),
            &Target::AnyColumn(relation) => self.any(
                |held| relation.has_on_some_column(actor, held),
                |option| self.may_grant_some(actor, relation, option),
            ),
            &Target::Column(relation, number) => self.any(
                |held| relation.has_on_column(actor, number, held),
                |option| may_grant_column(actor, relation, number, option),
            ),
            Target::BuiltIn(acl, owner) => {
                let has = |role| actor.has_privileges_of(role);
                let given = acl.given_to(|it| it.role().is_none_or(has)).privileges;
                self.any(|held| given.intersects(held), |_| has(*owner))
            }
            Target::Reserved => {
                let owns = actor.has_privileges_of(RoleOid::BOOTSTRAP);
                self.any(|_| owns, |_| owns)
            }
        }
    }

    fn on_relation(&self, actor: &Actor<'_>, relation: AnyRelation<'_>) -> bool {
        self.any(
            |held| relation.privileges(actor).intersects(held),
            |option| relation.grant_options(actor).contains(option),
        )
    }

    fn may_grant_some(
        &self,
        actor: &Actor<'_>,
        relation: AnyRelation<'_>,
        option: Privileges,
    ) -> bool {
        let mut columns = relation.columns().into_iter();
        columns.any(|column| may_grant_column(actor, relation, column.number, option))
    }
}

fn may_grant_column(
    actor: &Actor<'_>,
    relation: AnyRelation<'_>,
    number: i16,
    option: Privileges,
) -> bool {
    let on_column = relation.stored().is_some_and(|relation| {
        actor.has_grant_options(relation.oid.address().column(number), option)
    });
    on_column || relation.grant_options(actor).contains(option)
}

/// Arguments: the role unless it is the current one, the object, the privileges.
fn has<'a>(family: &Family, frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let (role, object, privileges) = match args {
        [user, object, privileges] => (role_of(session, user)?, object, privileges),
        [object, privileges] => (session.role, object, privileges),
        _ => return Err(Error::Internal("a privilege asked in an unknown form".to_owned())),
    };
    let find = || match object {
        Datum::Oid(oid) => (family.numbered)(session, *oid),
        name => (family.named)(session, name.text()?).map(Some),
    };
    let read = || asked(privileges.text()?, family.words);
    let (target, asked) = match family.privileges_first {
        true => {
            let asked = read()?;
            (find()?, asked)
        }
        false => (find()?, read()?),
    };
    let actor = session.snapshot.actor(role);
    Ok(match target {
        Some(target) => Datum::Bool(asked.is_given(&actor, &target)),
        None => family.of_nothing(&actor),
    })
}

/// Arguments: the role unless it is the current one, the relation, the column, the privileges.
fn has_column<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let (role, relation, column, privileges) = match args {
        [user, relation, column, privileges] => {
            (role_of(session, user)?, relation, column, privileges)
        }
        [relation, column, privileges] => (session.role, relation, column, privileges),
        _ => return Err(Error::Internal("a privilege asked in an unknown form".to_owned())),
    };
    let relation = match relation {
        Datum::Oid(oid) => relations::by_oid(&session.snapshot, *oid),
        name => Some(names::relation(session, name.text()?)?),
    };
    let number = relation.map(|it| column_number(it, column)).transpose()?.flatten();
    let asked = asked(privileges.text()?, Privileges::ALL_COLUMN)?;
    let (Some(relation), Some(number)) = (relation, number) else { return Ok(Datum::Null) };
    let actor = session.snapshot.actor(role);
    Ok(Datum::Bool(asked.is_given(&actor, &Target::Column(relation, number))))
}

/// The number of a column that is there, a system column's too. A name must be a column's, be it
/// a dropped one's; a number need not.
fn column_number(relation: AnyRelation<'_>, column: &Datum<'_>) -> Result<Option<i16>> {
    let columns = relation.all_columns();
    let found = match column {
        Datum::Int2(number) => columns.iter().find(|it| it.number == *number),
        name => {
            let name = name.text()?;
            let found = columns.iter().find(|it| it.name == name);
            Some(found.ok_or_else(|| no_column(relation, name))?)
        }
    };
    Ok(found.filter(|it| !it.is_dropped()).map(|it| it.number))
}

fn no_column(relation: AnyRelation<'_>, name: &str) -> Error {
    let message = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
    Error::at(SqlState::UNDEFINED_COLUMN, message, None)
}

/// No setting has privileges of its own: SET and ALTER SYSTEM of any are for superusers, whatever
/// everybody may set anyway.
fn has_parameter<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let (user, privileges) = match args {
        [user, _, privileges] => (Some(user), privileges),
        [_, privileges] => (None, privileges),
        _ => return Err(Error::Internal("a privilege asked in an unknown form".to_owned())),
    };
    let asked = asked(privileges.text()?, Privileges::SET | Privileges::ALTER_SYSTEM)?;
    let role = user.map_or(Ok(session.role), |user| role_of(session, user))?;
    let actor = session.snapshot.actor(role);
    Ok(Datum::Bool(asked.any(|_| actor.is_superuser(), |_| actor.is_superuser())))
}

/// There are no large objects.
fn has_large_object<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if let [user, _, _] = args {
        role_of(frame.session(), user)?;
    }
    let privileges = args.last().map_or(Ok(""), Datum::text)?;
    asked(privileges, Privileges::SELECT | Privileges::UPDATE).map(|_| Datum::Null)
}

/// `pg_has_role`: the role unless it is the current one, the other role, how.
fn has_role<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let named = |datum: &Datum<'_>| match datum {
        Datum::Oid(oid) => Ok(RoleOid(*oid)),
        name => role_named(session, name.text()?),
    };
    let (member, role, how) = match args {
        [member, role, how] => (named(member)?, named(role)?, how),
        [role, how] => (session.role, named(role)?, how),
        _ => return Err(Error::Internal("a membership asked in an unknown form".to_owned())),
    };
    let actor = session.snapshot.actor(member);
    let mut any = false;
    for word in how.text()?.split(',').map(str::trim) {
        any |= is_member(&actor, role, word)?;
    }
    Ok(Datum::Bool(any))
}

fn is_member(actor: &Actor<'_>, role: RoleOid, word: &str) -> Result<bool> {
    let upper = word.to_ascii_uppercase();
    let admin = [" WITH ADMIN OPTION", " WITH GRANT OPTION"]
        .into_iter()
        .find_map(|suffix| upper.strip_suffix(suffix));
    match (admin.unwrap_or(&upper), admin.is_some()) {
        ("USAGE" | "MEMBER" | "SET", true) => Ok(actor.is_admin_of(role)),
        ("USAGE", false) => Ok(actor.has_privileges_of(role)),
        ("MEMBER", false) => Ok(actor.is_member_of(role)),
        ("SET", false) => Ok(actor.can_set_role(role)),
        _ => Err(unrecognized(word)),
    }
}

macro_rules! families {
    ($($family:ident: $($source:literal)+;)*) => {
        &[$($(($source, { |frame, args| has(&$family, frame, args) } as RowFn)),+),*]
    };
}

/// All six forms of each.
pub const FAMILIES: Table = families! {
    SERVER: "has_server_privilege_name_name" "has_server_privilege_name_id"
        "has_server_privilege_id_name" "has_server_privilege_id_id" "has_server_privilege_name"
        "has_server_privilege_id";
    WRAPPER: "has_foreign_data_wrapper_privilege_name_name"
        "has_foreign_data_wrapper_privilege_name_id" "has_foreign_data_wrapper_privilege_id_name"
        "has_foreign_data_wrapper_privilege_id_id" "has_foreign_data_wrapper_privilege_name"
        "has_foreign_data_wrapper_privilege_id";
    SCHEMA: "has_schema_privilege_name_name" "has_schema_privilege_name_id"
        "has_schema_privilege_id_name" "has_schema_privilege_id_id" "has_schema_privilege_name"
        "has_schema_privilege_id";
    DATABASE: "has_database_privilege_name_name" "has_database_privilege_name_id"
        "has_database_privilege_id_name" "has_database_privilege_id_id"
        "has_database_privilege_name" "has_database_privilege_id";
    TABLE: "has_table_privilege_name_name" "has_table_privilege_name_id"
        "has_table_privilege_id_name" "has_table_privilege_id_id" "has_table_privilege_name"
        "has_table_privilege_id";
    ANY_COLUMN: "has_any_column_privilege_name_name" "has_any_column_privilege_name_id"
        "has_any_column_privilege_id_name" "has_any_column_privilege_id_id"
        "has_any_column_privilege_name" "has_any_column_privilege_id";
    SEQUENCE: "has_sequence_privilege_name_name" "has_sequence_privilege_name_id"
        "has_sequence_privilege_id_name" "has_sequence_privilege_id_id"
        "has_sequence_privilege_name" "has_sequence_privilege_id";
    FUNCTION: "has_function_privilege_name_name" "has_function_privilege_name_id"
        "has_function_privilege_id_name" "has_function_privilege_id_id"
        "has_function_privilege_name" "has_function_privilege_id";
    TYPE: "has_type_privilege_name_name" "has_type_privilege_name_id"
        "has_type_privilege_id_name" "has_type_privilege_id_id" "has_type_privilege_name"
        "has_type_privilege_id";
    LANGUAGE: "has_language_privilege_name_name" "has_language_privilege_name_id"
        "has_language_privilege_id_name" "has_language_privilege_id_id"
        "has_language_privilege_name" "has_language_privilege_id";
    TABLESPACE: "has_tablespace_privilege_name_name" "has_tablespace_privilege_name_id"
        "has_tablespace_privilege_id_name" "has_tablespace_privilege_id_id"
        "has_tablespace_privilege_name" "has_tablespace_privilege_id";
};

/// Those whose arguments are others.
pub const KERNELS: Table = &[
    ("has_column_privilege_name_name_name", has_column),
    ("has_column_privilege_name_name_attnum", has_column),
    ("has_column_privilege_name_id_name", has_column),
    ("has_column_privilege_name_id_attnum", has_column),
    ("has_column_privilege_id_name_name", has_column),
    ("has_column_privilege_id_name_attnum", has_column),
    ("has_column_privilege_id_id_name", has_column),
    ("has_column_privilege_id_id_attnum", has_column),
    ("has_column_privilege_name_name", has_column),
    ("has_column_privilege_name_attnum", has_column),
    ("has_column_privilege_id_name", has_column),
    ("has_column_privilege_id_attnum", has_column),
    ("has_largeobject_privilege_name_id", has_large_object),
    ("has_largeobject_privilege_id", has_large_object),
    ("has_largeobject_privilege_id_id", has_large_object),
    ("has_parameter_privilege_name_name", has_parameter),
    ("has_parameter_privilege_id_name", has_parameter),
    ("has_parameter_privilege_name", has_parameter),
    ("pg_has_role_name_name", has_role),
    ("pg_has_role_name_id", has_role),
    ("pg_has_role_id_name", has_role),
    ("pg_has_role_id_id", has_role),
    ("pg_has_role_name", has_role),
    ("pg_has_role_id", has_role),
];
