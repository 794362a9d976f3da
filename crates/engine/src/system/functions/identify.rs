//! `pg_identify_object`, `pg_get_object_address` and `pg_get_acl`: objects by address and by name.
use medley_catalog::ids::{
    Class, DefaultAclOid, ObjectAddress, RelationOid, RoleOrPublic, UserMappingOid,
};
use medley_catalog::objects::{DefaultAclKind, Relation};
use medley_catalog::quote_identifier;
use medley_diagnostic::SqlState;
use medley_types::{PgType, TypeOid};

use super::super::relations::{self, AnyRelation};
use super::super::value::{NULL, acl, int4, oid, optional, texts};
use super::super::{Session, constraints, names, procedures};
use super::registered::printed;
use crate::error::{Error, Result};
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame, Table, builtin};

pub const KERNELS: Table = &[("pg_get_acl", acl_of)];

pub const SET_FUNCTIONS: SetTable = &[
    SetFunction {
        source: "pg_identify_object",
        columns: &[
            ("type", PgType::TEXT),
            ("schema", PgType::TEXT),
            ("name", PgType::TEXT),
            ("identity", PgType::TEXT),
        ],
        rows: identify,
    },
    SetFunction {
        source: "pg_identify_object_as_address",
        columns: &[
            ("type", PgType::TEXT),
            ("object_names", PgType::TEXT_ARRAY),
            ("object_args", PgType::TEXT_ARRAY),
        ],
        rows: identify_as_address,
    },
    SetFunction {
        source: "pg_get_object_address",
        columns: &[("classid", PgType::OID), ("objid", PgType::OID), ("objsubid", PgType::INT4)],
        rows: address_of,
    },
];

const REGPROCEDURE: TypeOid = TypeOid(2202);

/// What an object is called where names must not depend on the search path.
#[derive(Default)]
struct Identity {
    /// Its schema's name, quoted.
    schema: Option<String>,
    /// Its own name, quoted, if it is unique in the schema.
    name: Option<String>,
    /// Both, and whatever else tells it from others.
    whole: String,
    /// What `pg_get_object_address` is to be given.
    names: Vec<String>,
    arguments: Vec<String>,
}

fn address(args: &[Datum<'_>]) -> Result<ObjectAddress> {
    let (class, oid, subid) = (args[0].oid()?, args[1].oid()?, args[2].int4()?);
    let known = Class::of_oid(class).ok_or_else(|| {
        Error::at(SqlState::INTERNAL_ERROR, format!("unsupported object class: {class}"), None)
    })?;
    Ok(ObjectAddress { class: known, oid, subid })
}

fn identify<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let address = address(args)?;
    let kind = Datum::of_text(kind(frame.session(), address));
    let Some(found) = identity(frame.session(), address)? else {
        return Ok(vec![vec![kind, NULL, NULL, NULL]]);
    };
    Ok(vec![vec![kind, optional(found.schema), optional(found.name), Datum::of_text(found.whole)]])
}

fn identify_as_address<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let address = address(args)?;
    let kind = Datum::of_text(kind(frame.session(), address));
    let Some(found) = identity(frame.session(), address)? else {
        return Ok(vec![vec![kind, NULL, NULL]]);
    };
    let list = |parts: &[String]| texts(parts.iter().map(String::as_str));
    Ok(vec![vec![kind, list(&found.names), list(&found.arguments)]])
}

/// `getObjectTypeDescription`.
fn kind(session: &Session, address: ObjectAddress) -> String {
    let noun = match address.class {
        Class::DefaultAcl => "default acl",
        Class::Membership => "role membership",
        Class::ColumnDefault => "default value",
        Class::Constraint => "table constraint",
        Class::Function => match builtin::function_by_oid(address.oid).map(|it| it.kind) {
            Some('a') => "aggregate",
            Some('p') => "procedure",
            _ => "function",
        },
        Class::Relation => {
            let found = relations::by_oid(&session.snapshot, address.oid);
            let noun = match found.map(AnyRelation::kind) {
                Some('f') => "foreign table",
                Some('v') => "view",
                Some(_) => "table",
                None => "relation",
            };
            return if address.subid == 0 { noun.to_owned() } else { format!("{noun} column") };
        }
        class => class.noun(),
    };
    noun.to_owned()
}

fn identity(session: &Session, address: ObjectAddress) -> Result<Option<Identity>> {
    let oid = address.oid;
    Ok(match address.class {
        Class::Relation => of_relation(session, address),
        Class::UserMapping => of_mapping(session, oid),
        Class::Function => of_function(session, oid)?,
        Class::Type => of_type(session, oid)?,
        Class::Constraint => of_constraint(session, oid),
        Class::ColumnDefault => of_default(session, oid),
        Class::Rule => of_rule(session, oid),
        Class::DefaultAcl => of_default_acl(session, oid),
        Class::Membership => session
            .snapshot
            .describe(address, &session.path)
            .map(|whole| Identity { whole, ..Identity::default() }),
        _ => session.snapshot.name_of(address).map(bare),
    })
}

/// An object without a schema.
fn bare(name: String) -> Identity {
    let quoted = quote_identifier(&name).into_owned();
    Identity { name: Some(quoted.clone()), whole: quoted, names: vec![name], ..Identity::default() }
}

fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

fn full_name(session: &Session, relation: AnyRelation<'_>) -> String {
    qualified(&relation.schema_name(&session.snapshot), relation.name())
}

fn of_relation(session: &Session, address: ObjectAddress) -> Option<Identity> {
    let relation = relations::by_oid(&session.snapshot, address.oid)?;
    let schema = relation.schema_name(&session.snapshot);
    let mut found = Identity {
        schema: Some(quote_identifier(&schema).into_owned()),
        name: Some(quote_identifier(relation.name()).into_owned()),
        whole: full_name(session, relation),
        names: vec![schema, relation.name().to_owned()],
        arguments: Vec::new(),
    };
    if address.subid != 0 {
        let columns = relation.columns();
        let column = columns.iter().find(|it| i32::from(it.number) == address.subid)?;
        found.whole = format!("{}.{}", found.whole, quote_identifier(column.name));
        found.names.push(column.name.to_owned());
    }
    Some(found)
}

fn of_mapping(session: &Session, oid: u32) -> Option<Identity> {
    let mapping = session.snapshot.mapping(UserMappingOid(oid))?;
    let user = session.snapshot.user_name(mapping.user);
    let server = session.snapshot.name_of(mapping.server.address())?;
    Some(Identity {
        whole: format!("{} on server {server}", quote_identifier(&user)),
        names: vec![user],
        arguments: vec![server],
        ..Identity::default()
    })
}

fn of_function(session: &Session, oid: u32) -> Result<Option<Identity>> {
    let Some(name) = procedures::name(session, oid) else { return Ok(None) };
    let signature = printed(session, REGPROCEDURE, oid)?;
    let types = procedures::argument_types(session, oid).unwrap_or_default();
    Ok(Some(Identity {
        schema: Some("pg_catalog".to_owned()),
        whole: format!("pg_catalog.{signature}"),
        names: vec!["pg_catalog".to_owned(), name],
        arguments: types.iter().map(ToString::to_string).collect(),
        ..Identity::default()
    }))
}

fn of_type(session: &Session, oid: u32) -> Result<Option<Identity>> {
    if let Some(info) = medley_types::by_oid(TypeOid(oid)) {
        let whole = super::format_type::shown(session, oid, Some(-1));
        return Ok(Some(Identity {
            schema: Some("pg_catalog".to_owned()),
            name: Some(quote_identifier(info.name).into_owned()),
            names: vec![whole.clone()],
            whole,
            arguments: Vec::new(),
        }));
    }
    let found = super::super::types::owner_of(session, oid);
    Ok(found.and_then(|(relation, _)| {
        let whole = full_name(session, relation);
        let found = of_relation(session, RelationOid(relation.oid()).address())?;
        Some(Identity { names: vec![whole], ..found })
    }))
}

fn of_constraint(session: &Session, oid: u32) -> Option<Identity> {
    let (relation, name) = constraint(session, oid)?;
    let relation = AnyRelation::Stored(relation);
    let schema = relation.schema_name(&session.snapshot);
    Some(Identity {
        schema: Some(quote_identifier(&schema).into_owned()),
        whole: format!("{} on {}", quote_identifier(&name), full_name(session, relation)),
        names: vec![schema, relation.name().to_owned(), name],
        ..Identity::default()
    })
}

/// The relation that has this constraint, and the constraint's name.
pub fn constraint(session: &Session, oid: u32) -> Option<(&Relation, String)> {
    let relation = session.snapshot.relation_with(oid)?;
    let found = constraints::of(relation).into_iter().find(|it| it.oid == oid)?;
    Some((relation, found.name.to_owned()))
}

fn of_default(session: &Session, oid: u32) -> Option<Identity> {
    let (relation, column) = default(session, oid)?;
    let any = AnyRelation::Stored(relation);
    let schema = any.schema_name(&session.snapshot);
    Some(Identity {
        whole: format!("for {}.{}", full_name(session, any), quote_identifier(column)),
        names: vec![schema, relation.name.clone(), column.to_owned()],
        ..Identity::default()
    })
}

/// The relation that has this default, and the column's name.
pub fn default(session: &Session, oid: u32) -> Option<(&Relation, &str)> {
    let relation = session.snapshot.relation_with(oid)?;
    let mut columns = relation.live_columns();
    let found = columns.find(|it| it.default.as_ref().is_some_and(|it| it.oid == oid))?;
    Some((relation, &found.name))
}

fn of_rule(session: &Session, oid: u32) -> Option<Identity> {
    let relation = session.snapshot.relation_with(oid)?;
    let any = AnyRelation::Stored(relation);
    let schema = any.schema_name(&session.snapshot);
    Some(Identity {
        whole: format!("\"_RETURN\" on {}", full_name(session, any)),
        names: vec![schema, relation.name.clone(), "_RETURN".to_owned()],
        ..Identity::default()
    })
}

fn of_default_acl(session: &Session, oid: u32) -> Option<Identity> {
    let snapshot = &session.snapshot;
    let entry = snapshot.default_acl_by_oid(DefaultAclOid(oid))?;
    let (role, plural) = (snapshot.role_name(entry.role), plural(entry.kind));
    let schema = entry.schema.and_then(|schema| snapshot.name_of(schema.address()));
    let place = schema.as_ref().map(|name| format!(" in schema {}", quote_identifier(name)));
    Some(Identity {
        whole: format!(
            "for role {}{} on {plural}",
            quote_identifier(&role),
            place.unwrap_or_default()
        ),
        names: [role].into_iter().chain(schema).collect(),
        arguments: vec![entry.kind.letter().to_string()],
        ..Identity::default()
    })
}

/// What the statement that made it says.
fn plural(kind: DefaultAclKind) -> &'static str {
    match kind {
        DefaultAclKind::Relation => "tables",
        kind => kind.plural(),
    }
}

/// `pg_get_object_address(type, names, arguments)`.
fn address_of<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let strings = |datum: &Datum<'_>| -> Result<Vec<String>> {
        let reader = crate::semantics::Reader::new(PgType::TEXT, datum.list()?);
        (0..datum.list()?.len()).map(|row| Ok(reader.get_at(row)?.text()?.to_owned())).collect()
    };
    let (names, arguments) = (strings(&args[1])?, strings(&args[2])?);
    let found = find(frame.session(), args[0].text()?, &names, &arguments)?;
    Ok(vec![vec![oid(found.class.oid()), oid(found.oid), int4(found.subid)]])
}

fn find(
    session: &Session,
    kind: &str,
    names: &[String],
    arguments: &[String],
) -> Result<ObjectAddress> {
    let snapshot = &session.snapshot;
    let address = match kind {
        "foreign-data wrapper" => snapshot.wrapper_named(one(names)?).map(|it| it.oid.address()),
        "server" => snapshot.server_named(one(names)?).map(|it| it.oid.address()),
        "schema" => {
            let name = one(names)?;
            let found = snapshot.schema_named(name).map(|it| it.oid.address());
            return found.ok_or_else(|| names::no_schema(name));
        }
        "role" => snapshot.role_named(one(names)?).map(|it| it.oid.address()),
        "extension" => snapshot.extension_named(one(names)?).map(|it| it.oid.address()),
        "user mapping" => return find_mapping(session, names, arguments),
        "foreign table" | "view" | "table" => {
            return find_relation(session, names).map(|it| RelationOid(it.oid()).address());
        }
        "foreign table column" | "view column" | "table column" => {
            return find_column(session, names);
        }
        _ => {
            let message = format!("unrecognized object type \"{kind}\"");
            return Err(Error::invalid_parameter(message));
        }
    };
    address.ok_or_else(|| names::undefined(kind, &names[0]))
}

fn one(names: &[String]) -> Result<&str> {
    match names {
        [name] => Ok(name),
        _ => Err(Error::invalid_parameter("name list length must be exactly 1")),
    }
}

fn find_mapping(
    session: &Session,
    names: &[String],
    arguments: &[String],
) -> Result<ObjectAddress> {
    let snapshot = &session.snapshot;
    let user = one(names)?;
    let [server] = arguments else {
        return Err(Error::invalid_parameter("argument list length must be exactly 1"));
    };
    let missing = || {
        let message =
            format!("user mapping for user \"{user}\" on server \"{server}\" does not exist");
        Error::at(SqlState::UNDEFINED_OBJECT, message, None)
    };
    let role = match user {
        "public" => RoleOrPublic::Public,
        name => RoleOrPublic::Role(snapshot.role_named(name).ok_or_else(missing)?.oid),
    };
    let server =
        snapshot.server_named(server).ok_or_else(|| names::undefined("server", server))?.oid;
    let mut mappings = snapshot.mappings_of_server(server);
    mappings.find(|it| it.user == role).map(|it| it.oid.address()).ok_or_else(missing)
}

fn find_relation<'a>(session: &'a Session, names: &[String]) -> Result<AnyRelation<'a>> {
    let quoted: Vec<_> = names.iter().map(|name| quote_identifier(name)).collect();
    names::relation(session, &quoted.join("."))
}

fn find_column(session: &Session, names: &[String]) -> Result<ObjectAddress> {
    let Some((column, relation)) = names.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        let message = "column name must be qualified";
        return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
    };
    let found = find_relation(session, relation)?;
    let columns = found.columns();
    let number = columns.iter().find(|it| it.name == column).map(|it| it.number);
    let number = number.ok_or_else(|| {
        let relation = relation.join(".");
        let message = format!("column \"{column}\" of relation \"{relation}\" does not exist");
        Error::at(SqlState::UNDEFINED_COLUMN, message, None)
    })?;
    Ok(RelationOid(found.oid()).address().column(number))
}

/// The ACL as the catalog has it; NULL where there is none, or no such object.
fn acl_of<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (session, class, object) = (frame.session(), args[0].oid()?, args[1].oid()?);
    if class == 0 && object == 0 {
        return Ok(NULL);
    }
    let Some(class) = Class::of_oid(class) else {
        let message = format!("unrecognized class ID: {class}");
        return Err(Error::at(SqlState::INTERNAL_ERROR, message, None));
    };
    let subid = args[2].int4()?;
    let built_in = match class {
        Class::Relation if subid == 0 => {
            relations::by_oid(&session.snapshot, object).and_then(AnyRelation::acl)
        }
        _ => None,
    };
    let stored = session.snapshot.acl(ObjectAddress { class, oid: object, subid });
    acl(session, built_in.as_ref().or(stored))
}
