//! What `pg_proc` has beyond what calling functions needs, and the wrappers' own functions.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_catalog::acl::Acl;
use medley_catalog::ids::{Class, ObjectAddress};
pub use medley_fdw::WrapperFunction;
use medley_types::PgType;

use super::Session;
use crate::semantics::builtin;

/// The columns of `pg_proc` that only clients ask for; arrays as their text.
#[derive(Clone, Copy, Debug)]
pub struct Details {
    /// `procost`.
    pub cost: f32,
    /// `prorows`.
    pub rows: f32,
    /// `prosupport`.
    pub support: u32,
    /// `proleakproof`.
    pub leakproof: bool,
    /// `proparallel`.
    pub parallel: char,
    /// `prolang`.
    pub language: u32,
    /// `proallargtypes`.
    pub all_types: Option<&'static str>,
    /// `proargmodes`.
    pub modes: Option<&'static str>,
    /// `proargnames`.
    pub names: Option<&'static str>,
    /// `pg_get_function_arguments`.
    pub arguments: &'static str,
    /// `probin`.
    pub file: Option<&'static str>,
}

impl Details {
    /// Of a function that is not in the table.
    pub const UNKNOWN: Self = Self {
        cost: 1.0,
        rows: 0.0,
        support: 0,
        leakproof: false,
        parallel: 'u',
        language: 12,
        all_types: None,
        modes: None,
        names: None,
        arguments: "",
        file: None,
    };
}

/// What is known of a built-in function.
pub fn details(oid: u32) -> Option<Details> {
    static TABLE: LazyLock<HashMap<u32, Details>> =
        LazyLock::new(|| include_str!("data/functions.tsv").lines().filter_map(read).collect());
    TABLE.get(&oid).copied()
}

fn read(line: &'static str) -> Option<(u32, Details)> {
    let fields: Vec<_> = line.split('\t').collect();
    let nullable = |field: &'static str| Some(field).filter(|field| *field != "\\N");
    let [
        oid,
        cost,
        rows,
        support,
        leakproof,
        parallel,
        language,
        all_types,
        modes,
        names,
        arguments,
        _grantees,
        file,
    ] = fields[..]
    else {
        return None;
    };
    let details = Details {
        cost: cost.parse().ok()?,
        rows: rows.parse().ok()?,
        support: support.parse().ok()?,
        leakproof: leakproof == "t",
        parallel: parallel.chars().next()?,
        language: language.parse().ok()?,
        all_types: nullable(all_types),
        modes: nullable(modes),
        names: nullable(names),
        arguments,
        file: nullable(file),
    };
    Some((oid.parse().ok()?, details))
}

/// The handlers and validators of this build.
pub fn wrapper_functions(session: &Session) -> Vec<WrapperFunction> {
    session.facts.registry().functions()
}

/// What a wrapper's function returns.
pub fn wrapper_result(function: &WrapperFunction) -> PgType {
    const FDW_HANDLER: PgType = PgType::plain(3115);
    if function.is_handler { FDW_HANDLER } else { PgType::VOID }
}

/// The arguments of a wrapper's function.
pub fn wrapper_arguments(function: &WrapperFunction) -> &'static [PgType] {
    if function.is_handler { &[] } else { &[PgType::TEXT_ARRAY, PgType::OID] }
}

/// Who may execute a function; none for the default.
pub fn acl(session: &Session, oid: u32) -> Option<&Acl> {
    session.snapshot.acl(ObjectAddress::new(Class::Function, oid))
}

/// The oid of the handler or validator of this name.
pub fn wrapper_function(session: &Session, name: &str) -> Option<u32> {
    let of_wrappers = wrapper_functions(session);
    let found = of_wrappers.iter().find(|function| function.name == name).map(|it| it.oid);
    found.or_else(|| builtin::functions(name).next().map(|function| function.oid))
}

/// The oids of all functions of this name.
pub fn named(session: &Session, name: &str) -> Vec<u32> {
    let of_wrappers = wrapper_functions(session).into_iter().filter(|it| it.name == name);
    let builtin = builtin::functions(name).map(|function| function.oid);
    builtin.chain(of_wrappers.map(|it| it.oid)).collect()
}

/// The name of the function of this oid.
pub fn name(session: &Session, oid: u32) -> Option<String> {
    if let Some(function) = builtin::function_by_oid(oid) {
        return Some(function.name.to_owned());
    }
    wrapper_functions(session).into_iter().find(|it| it.oid == oid).map(|it| it.name)
}

/// The types of its arguments.
pub fn argument_types(session: &Session, oid: u32) -> Option<Vec<PgType>> {
    if let Some(function) = builtin::function_by_oid(oid) {
        return Some(function.arguments.iter().map(|t| PgType::plain(t.0)).collect());
    }
    let found = wrapper_functions(session).into_iter().find(|it| it.oid == oid)?;
    Some(wrapper_arguments(&found).to_vec())
}
