use medley_fdw::{Actor, Diagnostic, GivenOption, GivenValue, Options, Scope, ShapedBy, Wrapper};
use medley_wrapper_http_json::HttpJson;

/// What the validator says of a list.
fn judged(scope: Scope, given: &[(&str, &str)]) -> String {
    let option = |(name, value)| GivenOption { name, value: GivenValue::Plain(value) };
    let given: Vec<_> = given.iter().copied().map(option).collect();
    match medley_fdw::check(&HttpJson, scope, &given, Actor::ORDINARY, &mut Vec::new()) {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            let more = error.detail().or_else(|| error.hint());
            format!("{} {error}: {}", error.sqlstate(), more.unwrap_or_default())
        }
    }
}

#[test]
fn options_are_judged() {
    let check = |scope, given: &[(&str, &str)], said: &str| assert_eq!(judged(scope, given), said);
    check(Scope::Server, &[("url", "https://api.example.org/v1")], "ok");
    check(Scope::Server, &[("url", "http://localhost:8080")], "ok");
    check(Scope::Server, &[], "HV002 required option \"url\" is missing: ");
    check(
        Scope::Server,
        &[("url", "http://api.example.org")],
        "22023 invalid value for option \"url\": http://api.example.org: \
         http is for this machine only: use https.",
    );
    check(
        Scope::Server,
        &[("url", "https://api.example.org"), ("timeout", "0")],
        "22023 \"timeout\" must be an integer value greater than zero: ",
    );
    check(Scope::Table, &[("path", "/films?all=yes"), ("rows", "/data")], "ok");
    check(Scope::Table, &[("rows", "")], "HV002 required option \"path\" is missing: ");
    check(
        Scope::Table,
        &[("path", "/films"), ("rows", "data")],
        "22023 invalid value for option \"rows\": data: \
         A JSON pointer begins with a slash: /data/items.",
    );
    check(Scope::Column, &[("member", "id")], "ok");
    check(
        Scope::Column,
        &[("members", "id")],
        "HV00D invalid option \"members\": Perhaps you meant the option \"member\".",
    );
}

#[test]
fn a_connection_is_its_mappings() {
    let none = Options::default();
    assert_eq!(HttpJson.shaped_by(&none, &none), ShapedBy::default());
    assert_eq!(HttpJson.endpoint_options(), Some(&["url"][..]));
}
