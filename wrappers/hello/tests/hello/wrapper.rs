use medley_fdw::{
    Actor, Diagnostic, GivenOption, GivenValue, ImportSchema, Options, Restriction, Scope,
    ShapedBy, Wrapper, check,
};
use medley_types::PgType;
use medley_wrapper_hello::Hello;

use crate::rows::{connect, options};

/// What the validator says of one option.
fn judged(scope: Scope, name: &str, value: &str) -> String {
    let given = [GivenOption { name, value: GivenValue::Plain(value) }];
    match check(&Hello, scope, &given, Actor::ORDINARY, &mut Vec::new()) {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            let hint = error.hint().map(|hint| format!(" H: {hint}")).unwrap_or_default();
            format!("{} {error}{hint}", error.sqlstate())
        }
    }
}

#[test]
fn options_are_judged() {
    let check = |scope, name, value, said: &str| assert_eq!(judged(scope, name, value), said);
    check(Scope::Server, "greeting", "", "ok");
    check(Scope::UserMapping, "user", "bob", "ok");
    check(Scope::Table, "rows", "3", "ok");
    let not_positive = "22023 \"rows\" must be an integer value greater than zero";
    check(Scope::Table, "rows", "0", not_positive);
    check(Scope::Table, "rows", "x", "22023 invalid value for integer option \"rows\": x");
    let near = "HV00D invalid option \"greetings\" \
                H: Perhaps you meant the option \"greeting\".";
    check(Scope::Server, "greetings", "Hi", near);
    let none = "HV00D invalid option \"user\" H: There are no valid options in this context.";
    check(Scope::Column, "user", "bob", none);
}

#[test]
fn a_mapping_that_names_nobody_is_not_shared_between_roles() {
    let shaped_by = |mapping| Hello.shaped_by(&Options::default(), &mapping);
    assert_eq!(shaped_by(options(&[("user", "bob")])), ShapedBy::default());
    assert_eq!(shaped_by(options(&[])), ShapedBy { role: true, ..ShapedBy::default() });
}

#[tokio::test]
async fn one_table_is_imported() {
    let mut connection = connect(&[], &[], "alice").await;
    let mut import = async |restriction| {
        let remote_schema = "any".to_owned();
        let wanted = ImportSchema { remote_schema, restriction, options: Options::default() };
        connection.import(&wanted).await.expect("it cannot fail")
    };
    let tables = import(Restriction::None).await;
    assert_eq!(tables.len(), 1);
    let table = &tables[0];
    let columns: Vec<_> =
        table.columns.iter().map(|c| (c.name.as_str(), c.type_name.as_str(), c.pg_type)).collect();
    let expected = [("n", "integer", Some(PgType::INT4)), ("greeting", "text", Some(PgType::TEXT))];
    assert_eq!((table.name.as_str(), columns), ("greetings", expected.to_vec()));
    assert_eq!(import(Restriction::LimitTo(vec!["greetings".to_owned()])).await, tables);
    assert_eq!(import(Restriction::LimitTo(vec!["other".to_owned()])).await, []);
    assert_eq!(import(Restriction::Except(vec!["greetings".to_owned()])).await, []);
}
