//! Privileges on the system's own functions, types and languages.
use medley_analyze::builtin::{self, Function};
use medley_catalog::ids::{Class, ObjectAddress};
use medley_catalog::{LockMode, quote_identifier};
use medley_fdw::WrapperFunction;
use medley_sql::{FunctionName, Name, QualifiedName, RoutineKind, TypeName};
use medley_types::{PgType, TypeInfo};

use super::acl_change::{AclChange, Label};
use super::privileges::Wanted;
use crate::Context;
use crate::error::{Error, GrantError, NameError, Noun, Result};
use crate::foreign_table::resolve_name;

/// `sql`; C and `internal` are for superusers.
const SQL: u32 = 14;
const UNTRUSTED: [&str; 2] = ["internal", "c"];

/// A function, of the system or of a wrapper.
enum Found {
    Builtin(&'static Function),
    Wrapper(WrapperFunction),
}

impl Found {
    fn oid(&self) -> u32 {
        match self {
            Self::Builtin(it) => it.oid,
            Self::Wrapper(it) => it.oid,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Builtin(it) => it.name,
            Self::Wrapper(it) => &it.name,
        }
    }

    fn arguments(&self) -> Vec<PgType> {
        match self {
            Self::Builtin(it) => it.arguments.iter().map(|t| PgType::plain(t.0)).collect(),
            Self::Wrapper(it) if it.is_handler => Vec::new(),
            Self::Wrapper(_) => vec![PgType::TEXT_ARRAY, PgType::OID],
        }
    }

    /// Whether it is what it is said to be.
    fn is_kind(&self, kind: RoutineKind) -> bool {
        let is_procedure = matches!(self, Self::Builtin(it) if it.kind == 'p');
        match kind {
            RoutineKind::Function => !is_procedure,
            RoutineKind::Procedure => is_procedure,
            RoutineKind::Routine => true,
        }
    }

    /// `abs(integer)`
    fn signature(&self) -> String {
        signature(&quote_identifier(self.name()), &self.arguments())
    }

    fn address(&self) -> ObjectAddress {
        ObjectAddress::new(Class::Function, self.oid())
    }
}

/// All functions of this name, each found where the name says.
fn functions(ctx: &Context<'_>, name: &QualifiedName) -> Result<Vec<Found>> {
    let of_system = match name.schema() {
        Some(schema) => ctx.schema_named(schema)?.name == "pg_catalog",
        None => true,
    };
    let builtin = builtin::functions(name.name()).filter(|_| of_system).map(Found::Builtin);
    let of_wrappers = match crate::wrapper::holds_functions(ctx, name)? {
        true => ctx.registry.functions(),
        false => Vec::new(),
    };
    let of_wrappers = of_wrappers.into_iter().filter(|it| it.name == name.name());
    Ok(builtin.chain(of_wrappers.map(Found::Wrapper)).collect())
}

/// The function that GRANT names.
pub(super) fn function(
    ctx: &Context<'_>,
    kind: RoutineKind,
    function: &FunctionName,
) -> Result<ObjectAddress> {
    match &function.arguments {
        Some(arguments) => with_arguments(ctx, kind, &function.name, arguments),
        None => by_name_alone(ctx, kind, &function.name),
    }
}

fn with_arguments(
    ctx: &Context<'_>,
    kind: RoutineKind,
    name: &QualifiedName,
    arguments: &[TypeName],
) -> Result<ObjectAddress> {
    let types = arguments.iter().map(|name| argument(ctx, name)).collect::<Result<Vec<_>>>()?;
    let written = signature(&name.parts.join("."), &types);
    let same = |it: &Found| it.arguments().iter().map(|t| t.oid).eq(types.iter().map(|t| t.oid));
    let found = functions(ctx, name)?.into_iter().find(same);
    let missing = || match kind {
        RoutineKind::Procedure => NameError::NoProcedure(written.clone()),
        RoutineKind::Function | RoutineKind::Routine => NameError::NoFunction(written.clone()),
    };
    let found = found.ok_or_else(missing)?;
    match found.is_kind(kind) {
        true => Ok(found.address()),
        false => {
            let expected = if kind == RoutineKind::Procedure { "procedure" } else { "function" };
            Err(NameError::WrongRoutine { name: written, expected }.into())
        }
    }
}

fn argument(ctx: &Context<'_>, name: &TypeName) -> Result<PgType> {
    if let Some(schema) = name.schema() {
        ctx.schema_named(schema)?;
    }
    resolve_name(name)
}

fn by_name_alone(
    ctx: &Context<'_>,
    kind: RoutineKind,
    name: &QualifiedName,
) -> Result<ObjectAddress> {
    let what = if kind == RoutineKind::Procedure { "procedure" } else { "function" };
    let mut found = functions(ctx, name)?;
    found.retain(|it| it.is_kind(kind));
    let name = name.parts.join(".");
    match found.as_slice() {
        [] => Err(NameError::NoneNamed { what, name }.into()),
        [one] => Ok(one.address()),
        _ => Err(NameError::ManyNamed { what, name }.into()),
    }
}

/// `name(type, …)`
fn signature(name: &str, arguments: &[PgType]) -> String {
    let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    format!("{name}({})", arguments.join(", "))
}

/// All functions of `pg_catalog` that are such.
pub(super) fn all_functions(ctx: &Context<'_>, kind: RoutineKind) -> Vec<ObjectAddress> {
    let builtin = builtin::all_functions().iter().map(Found::Builtin);
    let of_wrappers = ctx.registry.functions().into_iter().map(Found::Wrapper);
    let all = builtin.chain(of_wrappers).filter(|it| it.is_kind(kind));
    all.map(|it| it.address()).collect()
}

/// A type by its name in the catalog.
pub(super) fn type_of(
    ctx: &Context<'_>,
    domains: bool,
    name: &QualifiedName,
) -> Result<ObjectAddress> {
    let schema = name.schema().map(|schema| ctx.schema_named(schema)).transpose()?;
    let of_system = schema.as_ref().is_none_or(|schema| schema.name == "pg_catalog");
    let found = catalog_type(name.name()).filter(|_| of_system);
    if found.is_none() && (ctx.find_relation(name)?.is_some() || is_domain(name)) {
        return Err(Error::unsupported("GRANT on a row type or domain"));
    }
    let written = name.parts.join(".");
    let found = found.ok_or_else(|| NameError::missing(Noun::Type, written.as_str()))?;
    match domains {
        true => {
            Err(NameError::WrongKind { name: written, expected: "a domain", hint: None }.into())
        }
        false => Ok(ObjectAddress::new(Class::Type, found.oid.0)),
    }
}

fn catalog_type(name: &str) -> Option<&'static TypeInfo> {
    medley_types::types().iter().find(|info| info.name == name)
}

fn is_domain(name: &QualifiedName) -> bool {
    name.schema() == Some("information_schema")
}

/// A language by its name.
pub(super) fn language(name: &Name) -> Result<ObjectAddress> {
    match name.as_str() {
        "sql" => Ok(ObjectAddress::new(Class::Language, SQL)),
        known if UNTRUSTED.contains(&known) => {
            Err(GrantError::UntrustedLanguage(name.clone()).into())
        }
        _ => Err(NameError::missing(Noun::Language, name.as_str()).into()),
    }
}

/// There are the two that PostgreSQL begins with.
pub(super) fn tablespace(name: &Name) -> Result<()> {
    match matches!(name.as_str(), "pg_default" | "pg_global") {
        true => Ok(()),
        false => Err(NameError::missing(Noun::Tablespace, name.as_str()).into()),
    }
}

/// There are none.
pub(super) fn large_object(number: &str) -> Error {
    match number.parse::<u32>() {
        Ok(oid) => NameError::NoLargeObject(oid).into(),
        Err(_) => NameError::NotAnOid(number.to_owned()).into(),
    }
}

/// What messages and descriptions call it.
struct Names {
    /// `function`, `abs`.
    label: Label,
    /// `abs(integer)`.
    described: String,
}

/// Changes the ACL of one of them, by whoever came first.
pub(super) fn apply(
    ctx: &mut Context<'_>,
    object: ObjectAddress,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<()> {
    ctx.change(|tx| tx.lock_object(object, LockMode::Exclusive))?;
    let names = names(ctx, object);
    let acl = change.acl_of(ctx, object, wanted.whole, wanted.all, &names.label)?;
    ctx.change(|tx| tx.set_system_acl(object, names.described, acl))
}

fn names(ctx: &Context<'_>, object: ObjectAddress) -> Names {
    match object.class {
        Class::Function => {
            let found = function_of_oid(ctx, object.oid);
            let name = found.as_ref().map(Found::name).unwrap_or_default();
            let described = found.as_ref().map(Found::signature).unwrap_or_default();
            Names { label: Label::named("function", name), described }
        }
        Class::Type => {
            let t = PgType::plain(object.oid);
            let name = t.info().map_or("", |info| info.name);
            Names { label: Label::named("type", name), described: t.to_string() }
        }
        _ => Names { label: Label::named("language", "sql"), described: "sql".to_owned() },
    }
}

fn function_of_oid(ctx: &Context<'_>, oid: u32) -> Option<Found> {
    let of_wrappers = || ctx.registry.functions().into_iter().find(|it| it.oid == oid);
    let builtin = builtin::function_by_oid(oid).map(Found::Builtin);
    builtin.or_else(|| of_wrappers().map(Found::Wrapper))
}

/// Arrays have no privileges of their own.
pub(super) fn check_is_no_array(objects: &[ObjectAddress]) -> Result<()> {
    let is_array = |it: &&ObjectAddress| {
        let info = PgType::plain(it.oid).info();
        it.class == Class::Type && info.is_some_and(|info| info.category == 'A')
    };
    match objects.iter().find(is_array) {
        None => Ok(()),
        Some(_) => Err(GrantError::OfArray.into()),
    }
}
