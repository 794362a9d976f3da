//! What pg_dump and pg_dumpall write of a PostgreSQL full of foreign objects runs here, and psql
//! then lists the same as on a PostgreSQL where it was run.
use std::path::PathBuf;
use std::process::{Command, Output};

use medley_testkit::{Medley, Postgres, Program, SUPERUSER};

use crate::medley;

const OBJECTS: &str = include_str!("replay/objects.sql");
const OBJECTS_18: &str = include_str!("replay/objects_18.sql");
const OBJECTS_OF_FILE_FDW: &str = include_str!("replay/objects_file_fdw.sql");
const LISTINGS: &str = include_str!("replay/listings.sql");

/// What a dump is called that `CREATE DATABASE` would make: the one that there is here.
const DATABASE: &str = "medley";

/// What replays, and lists.
const PSQL: Program = Program::PSQL_18;

/// A way of writing a dump: what it is called, and the arguments.
type Style = (&'static str, &'static [&'static str]);

const STYLES: [Style; 4] = [
    ("plain", &[]),
    ("quoted", &["--quote-all-identifiers"]),
    ("without owners", &["--no-owner"]),
    ("without owners and privileges", &["--no-owner", "--no-acl"]),
];

/// A real PostgreSQL, and what dumps it.
struct Source {
    server: Postgres,
    clients: Vec<Clients>,
}

/// pg_dump and pg_dumpall of one version.
#[derive(Clone, Copy)]
struct Clients {
    database: Program,
    cluster: Program,
}

const INSTALLED: Clients = Clients { database: Program::PG_DUMP, cluster: Program::PG_DUMPALL };
const OF_16: Clients = Clients { database: Program::PG_DUMP_16, cluster: Program::PG_DUMPALL_16 };
const OF_18: Clients = Clients { database: Program::PG_DUMP_18, cluster: Program::PG_DUMPALL_18 };

fn folder(program: Program) -> PathBuf {
    program.locate().unwrap().parent().unwrap().to_owned()
}

/// PostgreSQL 18.4.
fn measure() -> Postgres {
    let programs = folder(Program::INITDB_18);
    Postgres::builder().trust().programs(&programs).start().unwrap()
}

fn source_18() -> Source {
    let source = Source { server: measure(), clients: vec![OF_18] };
    source.fill(&[OBJECTS, OBJECTS_18]);
    source
}

/// The installed one, of whatever version.
fn source_installed() -> Source {
    let server = Postgres::builder().trust().start().unwrap();
    let source = Source { server, clients: vec![INSTALLED, OF_16, OF_18] };
    source.fill(&[OBJECTS]);
    source
}

impl Source {
    fn fill(&self, scripts: &[&str]) {
        self.server.psql(&format!("CREATE DATABASE {DATABASE}")).unwrap();
        for script in scripts {
            let output = run(&mut psql_of(&self.server), script, &["-v", "ON_ERROR_STOP=1"]);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
    }

    fn dump(&self, clients: Clients, arguments: &[&str]) -> String {
        let mut command = connected(clients.database.locate().unwrap(), &self.server);
        written(command.args(["--schema-only", "-d", DATABASE]).args(arguments))
    }

    fn globals(&self, clients: Clients, arguments: &[&str]) -> String {
        let mut command = connected(clients.cluster.locate().unwrap(), &self.server);
        written(command.arg("--globals-only").args(arguments))
    }
}

fn connected(program: PathBuf, server: &Postgres) -> Command {
    let mut command = Command::new(program);
    command.arg("-h").arg(server.socket_folder()).args(["-U", SUPERUSER]);
    command.args(["-p", &server.port().to_string()]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn written(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn psql_of(server: &Postgres) -> Command {
    let mut command = connected(PSQL.locate().unwrap(), server);
    command.args(["-X", "-w", "-q", "-d", DATABASE]);
    command
}

fn psql_here(medley: &Medley) -> Command {
    let mut command = Command::new(PSQL.locate().unwrap());
    command.args(["-X", "-w", "-q", "-h", "127.0.0.1", "-d", DATABASE, "-U", SUPERUSER]);
    command.args(["-p", &medley.port().to_string()]);
    command
}

/// Runs a script from a file, as a DBA would.
fn run(psql: &mut Command, script: &str, arguments: &[&str]) -> Output {
    let folder = medley_testkit::TempFolder::new().unwrap();
    let file = folder.write("script.sql", script).unwrap();
    psql.args(arguments).arg("-f").arg(file).output().unwrap()
}

/// Replays what must run through without an error.
#[track_caller]
fn replay(psql: &mut Command, script: &str, what: &str) {
    let output = run(psql, script, &["-v", "ON_ERROR_STOP=1"]);
    assert!(output.status.success(), "{what}: {}", text(&output.stderr));
}

/// Replays all of it; the result is what the errors say.
fn errors(psql: &mut Command, script: &str) -> Vec<String> {
    let said = text(&run(psql, script, &[]).stderr);
    said.lines().filter_map(|line| Some(line.split_once("ERROR:  ")?.1.to_owned())).collect()
}

/// What psql lists, without what is documented to differ.
fn listed(psql: &mut Command) -> String {
    let output = run(psql, LISTINGS, &["-A"]);
    assert_eq!(text(&output.stderr), "");
    let common = |line: &&str| {
        const OURS: [&str; 9] = [
            "dblink_fdw|",
            "file_fdw|",
            "hello_fdw|",
            "http_json_fdw|",
            "medley_fdw|",
            "mysql_fdw|",
            "parquet_s3_fdw|",
            "sqlite_fdw|",
            "plpgsql|",
        ];
        !OURS.iter().any(|it| line.starts_with(it))
    };
    // Sealed values show as a mask here.
    let shown = text(&output.stdout).replace(r"password E'it''s \\ hers'", "password '********'");
    shown.lines().filter(common).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_same(here: &str, there: &str, what: &str) {
    for (number, (here, there)) in here.lines().zip(there.lines()).enumerate() {
        assert_eq!(here, there, "{what}: line {} of what psql lists", number + 1);
    }
    assert_eq!(here.lines().count(), there.lines().count(), "{what}");
}

/// What of the globals fails on every server: the superuser is there already; and a dump of what
/// is older than 16 grants by a role before that role may grant, which the measure refuses too.
const GLOBALS_FAIL: [&str; 2] = [
    "role \"postgres\" already exists",
    "permission denied to grant privileges as role \"dmp_owner\"",
];

#[track_caller]
fn assert_globals_replayed(failed: &[String]) {
    assert_eq!(failed[0], GLOBALS_FAIL[0]);
    assert!(failed.iter().all(|error| GLOBALS_FAIL.contains(&error.as_str())), "{failed:?}");
}

/// The roles of a dump, of which each server has one already.
fn replay_globals(source: &Source, clients: Clients, medley: &Medley, arguments: &[&str]) {
    let globals = source.globals(clients, arguments);
    assert!(globals.contains("dmp_owner"), "{globals}");
    assert_globals_replayed(&errors(&mut psql_here(medley), &globals));
}

/// Replays here and into an empty database of the measure, and compares.
fn compare(source: &Source, clients: Clients, styles: &[Style], measure: &Postgres) {
    for (style, arguments) in styles {
        let what = format!("{style}, by {}", clients.database.variable);
        let dump = source.dump(clients, arguments);
        let medley = medley();
        replay_globals(source, clients, &medley, &[]);
        replay(&mut psql_here(&medley), &dump, &what);
        measure.psql(&format!("DROP DATABASE IF EXISTS {DATABASE}")).unwrap();
        measure.psql(&format!("CREATE DATABASE {DATABASE}")).unwrap();
        replay(&mut psql_of(measure), &dump, &what);
        let (here, there) = (listed(&mut psql_here(&medley)), listed(&mut psql_of(measure)));
        assert_same(&here, &there, &what);
        if arguments.contains(&"--no-owner") {
            continue;
        }
        // What goes, comes again.
        let clean = source.dump(clients, &[&["--clean", "--if-exists"], *arguments].concat());
        replay(&mut psql_here(&medley), &clean, &what);
        assert_same(&listed(&mut psql_here(&medley)), &there, &what);
    }
}

/// A measure that knows the roles.
fn measure_with_roles(source: &Source, clients: Clients) -> Postgres {
    let measure = measure();
    let globals = source.globals(clients, &[]);
    let mut psql = connected(PSQL.locate().unwrap(), &measure);
    psql.args(["-X", "-w", "-q", "-d", "postgres"]);
    assert_globals_replayed(&errors(&mut psql, &globals));
    measure
}

#[test]
fn dumps_of_postgresql_18_replay() {
    let source = source_18();
    let measure = measure_with_roles(&source, source.clients[0]);
    compare(&source, OF_18, &STYLES, &measure);
}

#[test]
fn dumps_of_the_installed_postgresql_replay() {
    let source = source_installed();
    let measure = measure_with_roles(&source, source.clients[0]);
    for &clients in &source.clients {
        compare(&source, clients, &STYLES[..2], &measure);
    }
}

/// What cannot be dropped or made here, because a server has it already or has only one.
#[test]
fn globals_that_are_dropped_first_replay_but_for_the_superuser() {
    let source = source_18();
    let medley = medley();
    let globals = source.globals(source.clients[0], &["--clean", "--if-exists"]);
    let expected = ["current user cannot be dropped", "role \"postgres\" already exists"];
    assert_eq!(errors(&mut psql_here(&medley), &globals), expected);
    let quoted = source.globals(source.clients[0], &["--quote-all-identifiers"]);
    let again = errors(&mut psql_here(&medley), &quoted);
    assert!(again.iter().all(|error| error.ends_with("already exists")), "{again:?}");
}

/// A dump with CREATE DATABASE of a database that is called as the one here.
#[test]
fn dumps_with_create_database_replay_but_for_that() {
    let source = source_18();
    let medley = medley();
    let clients = source.clients[0];
    replay_globals(&source, clients, &medley, &[]);
    let dump = source.dump(clients, &["--create"]);
    let failed = errors(&mut psql_here(&medley), &dump);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0], "database \"medley\" already exists");
    let database = format!("(SELECT oid FROM pg_database WHERE datname = '{DATABASE}')");
    let asked = format!(
        "SELECT shobj_description({database}, 'pg_database'); \
         SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = {database} ORDER BY setrole"
    );
    assert_eq!(medley.psql(&asked).unwrap(), source.server.psql(&asked).unwrap());
    // In another order, for GRANT adds what REVOKE had taken out.
    let asked = format!("SELECT datacl FROM pg_database WHERE datname = '{DATABASE}'");
    let items = |acl: String| {
        let mut items: Vec<_> =
            acl.trim_matches(['{', '}']).split(',').map(str::to_owned).collect();
        items.sort();
        items
    };
    let (here, there) = (medley.psql(&asked).unwrap(), source.server.psql(&asked).unwrap());
    assert_eq!(items(here), items(there));
}

#[test]
fn what_needs_file_fdw_comes_over() {
    let server = measure();
    let source = Source { server, clients: vec![OF_18] };
    source.fill(&[OBJECTS_OF_FILE_FDW]);
    let medley = medley();
    let dump = source.dump(source.clients[0], &[]);
    let failed = errors(&mut psql_here(&medley), &dump);
    assert_eq!(failed, Vec::<String>::new());
    let asked = "SELECT ftoptions FROM pg_foreign_table";
    let expected = "{filename=/nowhere/lines.txt,format=csv,header=true}";
    assert_eq!(medley.psql(asked).unwrap(), expected);
}
