use medley_fdw::{
    Actor, Diagnostic, GivenOption, GivenValue, OptionSpec, Options, Scope, ShapedBy, SqlWrapper,
    TableName, Wrapper, check,
};
use medley_wrapper_sqlite::Sqlite;

use crate::fixture::options;

/// What the validator says of a list of options.
fn judged(scope: Scope, given: &[(&str, &str)], superuser: bool) -> String {
    let given: Vec<_> =
        given.iter().map(|(n, v)| GivenOption { name: n, value: GivenValue::Plain(v) }).collect();
    match check(&Sqlite, scope, &given, Actor { superuser, ..Actor::ORDINARY }, &mut Vec::new()) {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            let said = [Some(error.to_string()), error.detail(), error.hint()];
            let said: Vec<_> = said.into_iter().flatten().collect();
            format!("{} {}", error.sqlstate(), said.join(" / "))
        }
    }
}

#[test]
fn only_superusers_name_files() {
    let file = [("database", "/tmp/films.db")];
    assert_eq!(judged(Scope::Server, &file, true), "ok");
    let refusal = "42501 permission denied to set the \"database\" option of a sqlite_fdw server \
                   / Only superusers may set this option. \
                   / Ask a superuser to create the server, and for USAGE on it.";
    assert_eq!(judged(Scope::Server, &file, false), refusal);
    let missing = "HV002 required option \"database\" is missing";
    assert_eq!(judged(Scope::Server, &[], true), missing);
    assert_eq!(judged(Scope::Server, &[("updatable", "off")], false), missing);
}

#[test]
fn a_mapping_is_empty() {
    assert!(!Sqlite.needs_mapping());
    assert_eq!(judged(Scope::UserMapping, &[], false), "ok");
    let refusal = "HV00D invalid option \"user\" / There are no valid options in this context.";
    assert_eq!(judged(Scope::UserMapping, &[("user", "bob")], true), refusal);
    let shaped_by = Sqlite.shaped_by(&Options::default(), &Options::default());
    assert_eq!(shaped_by, ShapedBy::default());
}

#[test]
fn every_option_of_sqlite_fdw_is_there() {
    let check = |scope, expected: &[&str]| {
        let here = |spec: &&OptionSpec| spec.scope == scope;
        let names: Vec<_> = Sqlite.options().iter().filter(here).map(|spec| spec.name).collect();
        assert_eq!(names, expected);
    };
    let server = [
        "database",
        "updatable",
        "force_readonly",
        "truncatable",
        "keep_connections",
        "batch_size",
    ];
    check(Scope::Wrapper, &[]);
    check(Scope::Server, &server);
    check(Scope::UserMapping, &[]);
    check(Scope::Table, &["table", "truncatable", "batch_size", "updatable"]);
    check(Scope::Column, &["column_name", "column_type", "key"]);
    check(Scope::Import, &["import_default", "import_not_null"]);
    let near = "HV00D invalid option \"tabel\" / Perhaps you meant the option \"table\".";
    assert_eq!(judged(Scope::Table, &[("tabel", "t")], true), near);
    let boolean = "42601 key requires a Boolean value";
    assert_eq!(judged(Scope::Column, &[("key", "maybe")], true), boolean);
}

#[test]
fn remote_names_are_given_or_the_same() {
    let table = |given| Sqlite.remote_table("public", "films", &options(given));
    let named = |table: &str| TableName { schema: None, table: table.to_owned() };
    assert_eq!(table(&[]), named("films"));
    assert_eq!(table(&[("table", "Films")]), named("Films"));
    assert_eq!(Sqlite.remote_column("a", &options(&[])), "a");
    assert_eq!(Sqlite.remote_column("a", &options(&[("column_name", "A")])), "A");
}
