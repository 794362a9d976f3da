//! What `pg_proc` has beyond what calling functions needs, and the wrappers' own functions.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_catalog::acl::{Acl, AclItem, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic};
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
    /// `proacl`: the oids of those who may execute it, where that is not everybody.
    grantees: Option<&'static str>,
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
        grantees: None,
    };

    /// `proacl`.
    pub fn acl(&self) -> Option<Acl> {
        let item = |oid: u32| AclItem {
            grantee: RoleOrPublic::Role(RoleOid(oid)),
            grantor: RoleOid::BOOTSTRAP,
            privileges: Privileges::EXECUTE,
            grant_options: Privileges::NONE,
        };
        let oids = self.grantees?.trim_matches(['{', '}']).split(',');
        Some(oids.filter_map(|oid| oid.parse().ok()).map(item).collect())
    }
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
        grantees,
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
        grantees: nullable(grantees),
    };
    Some((oid.parse().ok()?, details))
}

/// A wrapper's handler or validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapperFunction {
    /// Its oid, from the range that PostgreSQL never gives out.
    pub oid: u32,
    /// Its name, in `pg_catalog`.
    pub name: String,
    /// A handler, not a validator.
    pub is_handler: bool,
}

impl WrapperFunction {
    /// Its result.
    pub fn result(&self) -> PgType {
        const FDW_HANDLER: PgType = PgType::plain(3115);
        if self.is_handler { FDW_HANDLER } else { PgType::VOID }
    }

    /// Its arguments.
    pub fn arguments(&self) -> &'static [PgType] {
        if self.is_handler { &[] } else { &[PgType::TEXT_ARRAY, PgType::OID] }
    }
}

/// The oids that PostgreSQL leaves to those who change it, but for those of our own functions.
const OIDS: std::ops::Range<u32> = 8000..9900;

/// The handlers and validators of this build.
///
/// The oid of each follows from its name, so that it is the same in every build; of two whose
/// names lead to the same, the second in the alphabet has the next that is free.
pub fn wrapper_functions(session: &Session) -> Vec<WrapperFunction> {
    let mut names: Vec<_> = session
        .facts
        .registry()
        .wrappers()
        .flat_map(|wrapper| [(wrapper.handler(), true), (wrapper.validator(), false)])
        .collect();
    names.sort_unstable();
    let mut functions: Vec<WrapperFunction> = Vec::with_capacity(names.len());
    for (name, is_handler) in names {
        let mut oid = oid_of(name);
        while functions.iter().any(|known| known.oid == oid) {
            oid = next(oid);
        }
        functions.push(WrapperFunction { oid, name: name.to_owned(), is_handler });
    }
    functions
}

/// FNV-1a over the name, folded into the range.
fn oid_of(name: &str) -> u32 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    OIDS.start + hash % (OIDS.end - OIDS.start)
}

fn next(oid: u32) -> u32 {
    if oid + 1 < OIDS.end { oid + 1 } else { OIDS.start }
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
    Some(found.arguments().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oids_of_wrappers_functions_follow_from_their_names() {
        assert_eq!(oid_of("postgres_fdw_handler"), 8417);
        assert_eq!(oid_of("postgres_fdw_validator"), 8415);
        assert_eq!(next(9899), 8000);
    }

    #[test]
    fn some_functions_are_not_for_everybody() {
        let function = builtin::functions("pg_read_file").next().expect("it is there");
        let acl = details(function.oid).and_then(|it| it.acl()).expect("it has one");
        assert_eq!(acl.shown(|role| Some(role.0.to_string())), ["10=X/10"]);
    }
}
