//! All ways by which something leaves the server, driven one by one.
use std::path::Path;

use medley_testkit::{Medley, SUPERUSER};

use super::search::{Ear, Search};

/// Every relation, of the system and of people.
pub async fn relations(ears: &[Ear<'_>]) {
    let list = "SELECT n.nspname || '.' || c.relname FROM pg_class c \
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'f')";
    let names = ears[0].rows(list).await;
    assert!(names.len() > 150, "{} relations", names.len());
    for name in names {
        for ear in ears {
            ear.hear(&format!("SELECT * FROM {name}"), &format!("relation {name}")).await;
        }
    }
}

/// Functions that need nothing, or an object with secrets: its oid, or its address.
pub async fn functions(ears: &[Ear<'_>]) {
    let objects = "SELECT '1417,' || oid FROM pg_foreign_server \
                   UNION ALL SELECT '1418,' || umid FROM pg_user_mappings \
                   UNION ALL SELECT '2328,' || oid FROM pg_foreign_data_wrapper \
                   UNION ALL SELECT '1260,' || oid FROM pg_roles WHERE rolname = 'alice' \
                   UNION ALL SELECT '1259,' || oid FROM pg_class WHERE oid >= 16384";
    let objects = ears[0].rows(objects).await;
    let oids = objects.iter().filter_map(|it| it.split_once(',')).map(|(_, oid)| oid.to_owned());
    let addresses = objects.iter().map(|it| format!("{it},0"));
    let values =
        [("", vec![String::new()]), ("26", oids.collect()), ("26 26 23", addresses.collect())];
    let mut count = 0;
    for (arguments, values) in values {
        let named = format!(
            "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 11 AND prokind = 'f' \
             AND proargtypes::text = '{arguments}' AND proname !~ 'sleep|terminate|reload'"
        );
        for name in ears[0].rows(&named).await {
            for value in &values {
                for ear in ears {
                    let sql = format!("SELECT * FROM {name}({value})");
                    ear.hear(&sql, &format!("function {name}")).await;
                    count += 1;
                }
            }
        }
    }
    assert!(count > 300, "{count} calls");
}

/// Each list of options, taken apart.
pub async fn options(ears: &[Ear<'_>]) {
    for (relation, column) in [
        ("pg_user_mappings", "umoptions"),
        ("pg_user_mapping", "umoptions"),
        ("pg_foreign_server", "srvoptions"),
        ("pg_foreign_data_wrapper", "fdwoptions"),
        ("pg_foreign_table", "ftoptions"),
        ("pg_attribute", "attfdwoptions"),
    ] {
        for ear in ears {
            let sql = format!("SELECT o.* FROM {relation}, pg_options_to_table({column}) o");
            ear.hear(&sql, "pg_options_to_table").await;
        }
    }
}

/// EXPLAIN in every form.
pub async fn plans(ears: &[Ear<'_>]) {
    for options in [
        "VERBOSE off",
        "VERBOSE",
        "ANALYZE",
        "ANALYZE, VERBOSE",
        "FORMAT json",
        "ANALYZE, VERBOSE, FORMAT json",
        "COSTS off",
        "SETTINGS",
        "GENERIC_PLAN",
        "FORMAT xml",
        "FORMAT yaml",
    ] {
        for ear in ears {
            ear.hear(&format!("EXPLAIN ({options}) SELECT account FROM whoami"), "EXPLAIN").await;
        }
    }
}

/// What the program writes of a running server, and of a stopped one's folder if there is none.
pub fn dumps(search: &Search, medley: &Medley, is_running: bool) {
    for secrets in ["omit", "sealed"] {
        let mut dump = medley.command();
        dump.args(["-vvv", "dump", "--secrets", secrets]);
        match is_running {
            true => {
                dump.arg(server(medley));
                dump.env("PGPASSWORD", search.canary.value())
            }
            false => dump.arg("--data").arg(medley.data_folder()),
        };
        let output = dump.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.len() > 1000, "a dump has much in it");
        search.look(&output.stdout, "medley dump");
        search.look(&output.stderr, "what is said of a dump");
    }
}

/// Other things that the program prints.
pub fn programs(search: &Search, medley: &Medley) {
    let server = server(medley);
    for arguments in [
        vec!["key", "status", &server],
        vec!["key", "rotate", &server],
        vec!["wrapper", "show", "postgres_fdw"],
        vec!["sql", &server, "-c", "TABLE pg_user_mappings"],
    ] {
        let mut command = medley.command();
        command.arg("-vvv").args(&arguments).env("PGPASSWORD", search.canary.value());
        let output = command.output().unwrap();
        search.look(&output.stdout, "a program");
        search.look(&output.stderr, "a program's log");
    }
}

fn server(medley: &Medley) -> String {
    format!("host=127.0.0.1 port={} user={SUPERUSER}", medley.port())
}

/// The log, and all files of the data folder and beside it.
pub fn traces(search: &Search, medley: &Medley) {
    let log = medley.log().unwrap();
    assert!(log.lines().count() > 100, "the log says little: {log}");
    search.look(log.as_bytes(), "log");
    assert!(search.look_below(medley.folder().path(), "disk") >= 4);
}

/// What a process shows of itself.
pub fn process(search: &Search, medley: &Medley) {
    let proc = format!("/proc/{}", medley.pid());
    for file in ["cmdline", "environ", "limits", "status"] {
        if let Ok(text) = std::fs::read(Path::new(&proc).join(file)) {
            search.look(&text, "process");
        }
    }
}
