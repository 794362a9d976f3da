//! Who may create, alter and drop whose user mapping: every kind of actor, every target, every
//! statement. `tests/user_mapping_rights.txt` has the whole table; `BLESS=1` writes it anew.
//!
//! A cell is `yes`, `P` (permission denied for the server) or `O` (must be owner of the server).
use std::fmt::Write;
use std::path::Path;

use crate::runner::Session;

/// Roles and grants. Server `s` is `m_owner`'s; `open` is too, and PUBLIC may use it.
const SETUP: &str = "\
create role m_owner; create role m_heir in role m_owner; create role m_noheir noinherit;
grant m_owner to m_noheir;
create role m_usage; create role m_grantor; create role m_group; create role m_grouped;
create role m_ungrouped noinherit; grant m_group to m_grouped, m_ungrouped;
create role m_other; create role m_mate in role m_other;
create role m_wrapper superuser; create role m_maker createrole; create role m_former;
create role m_nobody;
create foreign data wrapper w; alter foreign data wrapper w owner to m_wrapper;
alter role m_wrapper nosuperuser;
create server s foreign data wrapper w; alter server s owner to m_owner;
create server closed foreign data wrapper w; alter server closed owner to m_owner;
create server open foreign data wrapper w; alter server open owner to m_owner;
revoke usage on foreign server closed from m_owner;
grant usage on foreign server open to public;
grant usage on foreign server s to m_usage, m_group, m_former;
grant usage on foreign server s to m_grantor with grant option;
create user mapping for m_former server s;
revoke usage on foreign server s from m_former;
";

/// What the actor is to the server, its role, and the server.
const ACTORS: [(&str, &str, &str); 16] = [
    ("superuser", "postgres", "s"),
    ("owner", "m_owner", "s"),
    ("owner, own USAGE revoked", "m_owner", "closed"),
    ("member of owner, INHERIT", "m_heir", "s"),
    ("member of owner, NOINHERIT", "m_noheir", "s"),
    ("USAGE", "m_usage", "s"),
    ("USAGE WITH GRANT OPTION", "m_grantor", "s"),
    ("USAGE by an inherited group", "m_grouped", "s"),
    ("USAGE by a group, NOINHERIT", "m_ungrouped", "s"),
    ("USAGE by PUBLIC", "m_nobody", "open"),
    ("member of the target", "m_mate", "s"),
    ("member of the target, may use", "m_mate", "open"),
    ("owner of the wrapper", "m_wrapper", "s"),
    ("CREATEROLE", "m_maker", "s"),
    ("had USAGE", "m_former", "s"),
    ("nobody", "m_nobody", "s"),
];

const TARGETS: [&str; 3] = ["itself", "m_other", "public"];

/// A statement, and whether the mapping must be there before.
const STATEMENTS: [(&str, &str, bool); 6] = [
    ("CREATE", "create user mapping for WHO server WHERE;", false),
    ("IF NOT", "create user mapping if not exists for WHO server WHERE;", false),
    ("EXISTS", "create user mapping if not exists for WHO server WHERE;", true),
    ("ALTER", "alter user mapping for WHO server WHERE options (add a '1');", true),
    ("DROP", "drop user mapping for WHO server WHERE;", true),
    ("IF EX.", "drop user mapping if exists for WHO server WHERE;", true),
];

#[test]
fn rights_on_user_mappings_are_as_the_table_says() {
    let table = table();
    let file = Path::new("tests/user_mapping_rights.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), table);
}

fn table() -> String {
    let mut session = Session::new();
    session.run(SETUP);
    let mut table = format!("{:<32}{:<9}", "actor", "target");
    STATEMENTS.iter().for_each(|(name, ..)| write!(table, "{name:<8}").unwrap());
    for (actor, role, server) in ACTORS {
        for target in TARGETS {
            write!(table, "\n{actor:<32}{target:<9}").unwrap();
            let who = if target == "itself" { role } else { target };
            for (_, statement, exists) in STATEMENTS {
                let statement = statement.replace("WHO", who).replace("WHERE", server);
                let said = session.run(&cell_script(role, who, server, &statement, exists));
                write!(table, "{:<8}", verdict(&said, &statement)).unwrap();
            }
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn cell_script(role: &str, who: &str, server: &str, statement: &str, exists: bool) -> String {
    let before = match exists {
        true => format!("create user mapping if not exists for {who} server {server};\n"),
        false => format!("drop user mapping if exists for {who} server {server};\n"),
    };
    format!("begin;\n{before}set role {role};\n{statement}\nrollback;\n")
}

/// What is said behind the statement.
fn verdict(said: &str, statement: &str) -> &'static str {
    let (_, said) = said.split_once("set role").unwrap();
    let (_, said) = said.split_once(statement).unwrap();
    match said.contains("ERROR") {
        false => "yes",
        true if said.contains("permission denied for foreign server") => "P",
        true if said.contains("must be owner of foreign server") => "O",
        true => panic!("{said}"),
    }
}
