//! Two transactions at once: the second waits for the first, and then fails or succeeds at its
//! own statement.
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use medley_catalog::Backend;

use crate::runner::Session;

/// What locks know the second session by.
const SECOND: u32 = 2;

/// Runs `first` in a block, `second` in another session meanwhile, then ends the block; what the
/// second session was told.
fn race(setup: &str, first: &str, second: &str, end: &str) -> String {
    let mut one = Session::new();
    one.run(setup);
    let mut two = one.beside_as(Backend { process_id: SECOND, ..Backend::default() });
    one.run(&format!("begin;\n{first}\n"));
    let (done, told) = mpsc::channel();
    let second = second.to_owned();
    let waiter = thread::spawn(move || done.send(two.run(&format!("{second}\n"))).unwrap());
    while one.catalog().blocking(SECOND).is_empty() {
        assert!(!waiter.is_finished(), "the second did not wait");
        thread::sleep(Duration::from_millis(1));
    }
    one.run(&format!("{end}\n"));
    let said = told.recv_timeout(Duration::from_secs(10)).unwrap();
    waiter.join().unwrap();
    said
}

fn check(setup: &str, first: &str, second: &str, committed: &str, rolled_back: &str) {
    let said = race(setup, first, second, "commit;");
    assert!(said.contains(committed), "after COMMIT: {said}");
    let said = race(setup, first, second, "rollback;");
    assert!(said.contains(rolled_back), "after ROLLBACK: {said}");
}

const SETUP: &str = "\
create role r; create foreign data wrapper w; create server s foreign data wrapper w;
create foreign table t (a int) server s;
create user mapping for public server s;";

#[test]
fn two_of_one_name_do_not_fit() {
    let name = "23505: duplicate key value violates unique constraint \"pg_foreign_server_name_index\"\n\
                DETAIL:  Key (srvname)=(n) already exists.";
    let create = "create server n foreign data wrapper w;";
    check(SETUP, create, create, name, "CREATE SERVER");
    let again = "create server if not exists n foreign data wrapper w;";
    check(SETUP, create, again, name, "CREATE SERVER");
    check(SETUP, create, "alter server s rename to n;", name, "ALTER SERVER");
    let mapping = "create user mapping for r server s;";
    let key = "unique constraint \"pg_user_mapping_user_server_index\"";
    check(SETUP, mapping, mapping, key, "CREATE USER MAPPING");
    let table = "create foreign table n (a int) server s;";
    let key = "unique constraint \"pg_type_typname_nsp_index\"";
    check(SETUP, table, table, key, "CREATE FOREIGN TABLE");
    let key = "unique constraint \"pg_authid_rolname_index\"";
    check(SETUP, "create role n;", "create role n;", key, "CREATE ROLE");
    let key = "unique constraint \"pg_foreign_data_wrapper_name_index\"";
    let wrapper = "create foreign data wrapper n;";
    check(SETUP, wrapper, wrapper, key, "CREATE FOREIGN DATA WRAPPER");
}

#[test]
fn a_lost_update_is_told() {
    let lost = "XX000: tuple concurrently updated";
    let alter = "alter server s version 'v';";
    check(SETUP, alter, alter, lost, "ALTER SERVER");
    let grant = "grant usage on foreign server s to r;";
    check(SETUP, alter, grant, lost, "GRANT");
    let alter = "alter user mapping for public server s options (add a '1');";
    check(SETUP, alter, alter, lost, "ALTER USER MAPPING");
    check(SETUP, alter, "drop user mapping for public server s;", lost, "DROP USER MAPPING");
    let drop = "drop user mapping for public server s;";
    check(SETUP, drop, alter, "XX000: tuple concurrently deleted", "ALTER USER MAPPING");
    check(SETUP, drop, drop, "XX000: cache lookup failed for user mapping", "DROP USER MAPPING");
}

#[test]
fn what_is_found_by_name_is_looked_up_again() {
    let setup = "create foreign data wrapper w; create server s foreign data wrapper w;
create foreign table t (a int) server s;
create server u foreign data wrapper w;";
    let gone = "42704: server \"u\" does not exist";
    check(setup, "drop server u;", "drop server u;", gone, "DROP SERVER");
    let skipped = "NOTICE:  00000: server \"u\" does not exist, skipping";
    check(setup, "drop server u;", "drop server if exists u;", skipped, "DROP SERVER");
    let alter = "alter foreign table t options (add a '1');";
    let other = "alter foreign table t options (add b '1');";
    check(setup, alter, other, "ALTER FOREIGN TABLE", "ALTER FOREIGN TABLE");
    let twice = "42710: option \"a\" provided more than once";
    check(setup, alter, alter, twice, "ALTER FOREIGN TABLE");
    let gone = "42P01: relation \"t\" does not exist";
    check(setup, "drop foreign table t;", alter, gone, "ALTER FOREIGN TABLE");
}

#[test]
fn what_is_referred_to_stays() {
    let create = "create user mapping for r server s;";
    let kept = "2BP01: role \"r\" cannot be dropped because some objects depend on it";
    check(SETUP, create, "drop role r;", kept, "DROP ROLE");
    let gone = "was concurrently dropped";
    check(SETUP, "drop role r;", create, gone, "CREATE USER MAPPING");
    let setup =
        "create role r; create foreign data wrapper w; create server s foreign data wrapper w;";
    let kept = "2BP01: cannot drop server s because other objects depend on it";
    check(setup, create, "drop server s;", kept, "DROP SERVER");
    check(setup, "drop server s;", create, gone, "CREATE USER MAPPING");
    let server = "create server n foreign data wrapper w2;";
    let setup = "create foreign data wrapper w2;";
    let kept = "2BP01: cannot drop foreign-data wrapper w2 because other objects depend on it";
    check(setup, server, "drop foreign data wrapper w2;", kept, "DROP FOREIGN DATA WRAPPER");
    check(setup, "drop foreign data wrapper w2;", server, gone, "CREATE SERVER");
}
