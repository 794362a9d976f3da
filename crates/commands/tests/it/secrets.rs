//! A secret is sealed for its very place, and is nowhere in clear.
use medley_catalog::ids::{Class, ServerOid};
use medley_catalog::objects::{OptionValue, Options};
use medley_secret::{Place, Sealed};

use crate::runner::Session;

const CANARY: &str = "canary-2f7a";

const SCRIPT: &str = "\
create role m;
create extension postgres_fdw;
create foreign data wrapper plain options (api_key 'canary-2f7a');
create server s foreign data wrapper plain options (host 'h', token 'canary-2f7a');
create user mapping for m server s options (user 'u', password 'canary-2f7a');
create user mapping for m server s options (password 'canary-2f7a');
alter user mapping for m server s options (add password 'canary-2f7a');
alter user mapping for m server s options (nosuch set 'canary-2f7a');
create server p foreign data wrapper postgres_fdw;
create user mapping for m server p options (password 'canary-2f7a', nosuch 'canary-2f7a');
create foreign table t (a int options (my_secret 'canary-2f7a')) server s options (x_token 'canary-2f7a');
alter foreign table t rename to u;
alter server s options (add y_password 'canary-2f7a');
create role r login password 'canary-2f7a';
-- show server s
-- show mapping m s
-- show table u
";

#[test]
fn a_secret_is_nowhere_in_clear() {
    let mut session = Session::new();
    let said = session.run(SCRIPT);
    let told: String = said.lines().filter(|line| !SCRIPT.contains(line)).collect();
    assert!(told.contains("********"), "{told}");
    assert!(!told.contains(CANARY), "{told}");
    for entry in std::fs::read_dir(session.folder().join("data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
    }
}

#[test]
fn a_secret_opens_at_its_own_place_only() {
    let mut session = Session::new();
    session.run(SCRIPT);
    let catalog = session.snapshot();
    let server = catalog.server_named("s").unwrap();
    let user = catalog.role_named("m").unwrap().oid.into();
    let mapping = catalog.mapping_for(server.oid, user).unwrap().oid;
    let mapping = catalog.user_mapping(mapping).unwrap().unwrap();
    let table = catalog.relations().next().unwrap();
    let opener = session.opener();
    let check = |class: Class, object: u32, column: i16, option: &str, options: &Options| {
        let sealed = sealed(options, option);
        let place = Place { class: class.oid(), object, column, option };
        assert!(opener.open(place, sealed).is_ok(), "{option}");
        assert!(opener.open(Place { object: object + 1, ..place }, sealed).is_err(), "{option}");
    };
    let ServerOid(oid) = server.oid;
    check(Class::Server, oid, 0, "token", &server.options);
    check(Class::Server, oid, 0, "y_password", &server.options);
    check(Class::UserMapping, mapping.oid.0, 0, "password", &mapping.options);
    let options = &table.foreign_table().unwrap().options;
    check(Class::Relation, table.oid.0, 0, "x_token", options);
    check(Class::Relation, table.oid.0, 1, "my_secret", &table.columns[0].options);
}

fn sealed<'a>(options: &'a Options, name: &str) -> &'a Sealed {
    match options.get(name).unwrap() {
        OptionValue::Sealed(sealed) => sealed,
        OptionValue::Plain(_) | OptionValue::Reference(_) => panic!("{name} is in clear"),
    }
}
