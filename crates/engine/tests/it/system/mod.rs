//! System relations and functions answer what PostgreSQL 18 answered for the same objects.
//!
//! `objects.sql` was run on a PostgreSQL 18.4, in a database called `medley`, and after it each
//! query of `psql15.sql` and `more15.sql` (what psql 15 sends) and `functions.sql`, as the role that its heading
//! names; the `.out` files are what `psql -At` printed, with `ft`'s oid as `<OID>`. Where `is_
//! updatable` is asked, the wrapper had a handler that only reads. The one answer of our own is
//! `\l+`: PostgreSQL 18 has no `daticulocale`.
use std::fmt::Write;
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_catalog::{Backend, Bootstrap, Catalog};
use medley_commands::{Context, Environment, Identity, execute};
use medley_engine::QueryContext;
use medley_fdw::Registry;
use medley_foreign::{Access, Foreign, Limits, Person};
use medley_secret::{Keyring, MasterKey};
use medley_types::Style;
use tokio_util::sync::CancellationToken;

use crate::world::{self, TestFacts};

/// A catalog that statements are run on, and an engine over it.
struct Place {
    catalog: Arc<Catalog>,
    keyring: Keyring,
    registry: Arc<Registry>,
    foreign: Arc<Foreign>,
    engine: medley_engine::Engine,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::generate();
        let data_keys = vec![Keyring::new_data_key(&master, 1)];
        let superuser = "postgres".to_owned();
        let bootstrap = Bootstrap { superuser, password: None, data_keys, wrappers: Vec::new() };
        Catalog::create(folder.path(), bootstrap).unwrap();
        let catalog = Catalog::open(folder.path()).unwrap();
        let keyring = Keyring::open(Some(&master), &catalog.data_keys());
        let registry = Arc::new(Registry::new(Vec::new()));
        let roots = Arc::new(rustls::RootCertStore::empty());
        let (limits, opener) = (Limits::default(), keyring.opener());
        let foreign = Foreign::new(&catalog, Arc::clone(&registry), opener, limits, roots);
        let engine = medley_engine::Engine::new(medley_engine::Limits::default(), None).unwrap();
        let place = Self { catalog, keyring, registry, foreign, engine, _folder: folder };
        place.execute(script);
        place
    }

    fn execute(&self, script: &str) {
        let identity =
            Identity { current_role: RoleOid::BOOTSTRAP, session_user: RoleOid::BOOTSTRAP };
        let (path, style) = (["public".to_owned()], Style::default());
        let sealer = self.keyring.sealer();
        let registry = &self.registry;
        let environment =
            Environment { identity, search_path: &path, style: &style, registry, sealer: &sealer };
        for parsed in medley_sql::parse(script).unwrap().statements {
            let mut tx = self.catalog.begin(Backend::default());
            let mut notices = Vec::new();
            let mut context = Context::new(&mut tx, environment, &mut notices);
            execute(&mut context, parsed.statement).unwrap();
            tx.commit().unwrap();
        }
    }

    fn oid_of(&self, schema: &str, name: &str) -> String {
        let snapshot = self.catalog.snapshot();
        let schema = snapshot.schema_named(schema).unwrap().oid;
        snapshot.relation_named(schema, name).unwrap().oid.to_string()
    }

    fn context(&self, role: &str) -> QueryContext {
        let snapshot = self.catalog.snapshot();
        let role = snapshot.role_named(role).unwrap().oid;
        let person = Person {
            session_user: RoleOid::BOOTSTRAP,
            session_user_name: "postgres".into(),
            application_name: "test".into(),
            session: 1,
            session_id: "1.1".into(),
            via: "".into(),
            scram_keys: None,
        };
        let cancel = CancellationToken::new();
        let foreign = Arc::clone(&self.foreign);
        let access = Access::new(foreign, Arc::clone(&snapshot), person, None, cancel.clone());
        QueryContext {
            listed: None,
            snapshot,
            role,
            session_user: RoleOid::BOOTSTRAP,
            search_path: ["$user".to_owned(), "public".to_owned()].into(),
            style: Arc::default(),
            memory: None,
            pushdown: true,
            statement_time: 0,
            transaction_time: 0,
            access,
            facts: Arc::new(TestFacts(Arc::clone(&self.registry))),
            cancel,
        }
    }

    async fn query(&self, role: &str, sql: &str) -> String {
        world::answer(&self.engine, &self.context(role), sql, &[]).await
    }

    /// Every query of a file under its heading, with what it answers.
    async fn answers(&self, queries: &str) -> String {
        let (ft, hidden) = (self.oid_of("public", "ft"), self.oid_of("films", "hidden"));
        let mut said = String::new();
        for (heading, sql) in blocks(queries) {
            let role = heading.split_once(" as ").map_or("postgres", |(_, role)| role);
            let sql = sql.replace("<OID>", &ft).replace("<HIDDEN>", &hidden);
            let answer = self.query(role, &sql).await;
            writeln!(said, "-- {heading}").unwrap();
            if !answer.is_empty() {
                let answer = answer.replace(&ft, "<OID>").replace(&hidden, "<HIDDEN>");
                writeln!(said, "{answer}").unwrap();
            }
        }
        said
    }
}

fn blocks(queries: &str) -> impl Iterator<Item = (&str, &str)> {
    let begin = queries.strip_prefix("-- ").unwrap();
    begin.split("\n-- ").map(|block| block.split_once('\n').unwrap_or((block, "")))
}

/// Compares heading by heading, and shows all that differ.
fn compare(got: &str, wanted: &str) {
    let wanted: Vec<_> = blocks(wanted).collect();
    let got: Vec<_> = blocks(got).collect();
    assert_eq!(got.len(), wanted.len());
    let differing = got.iter().zip(&wanted).filter(|(got, wanted)| got != wanted);
    let shown: Vec<_> = differing
        .map(|((heading, got), (_, wanted))| format!("-- {heading}\n{wanted}got\n{got}"))
        .collect();
    assert!(shown.is_empty(), "{} of {}\n{}", shown.len(), wanted.len(), shown.join("\n"));
}

#[tokio::test]
async fn psql_reads_what_postgresql_tells_it() {
    let place = Place::new(include_str!("objects.sql"));
    let got = place.answers(include_str!("psql15.sql")).await;
    compare(&got, include_str!("psql15.out"));
}

#[tokio::test]
async fn psql_lists_what_postgresql_lists() {
    let place = Place::new(include_str!("objects.sql"));
    let got = place.answers(include_str!("more15.sql")).await;
    compare(&got, include_str!("more15.out"));
}

#[tokio::test]
async fn views_and_functions_answer_each_role_as_postgresql_does() {
    let place = Place::new(include_str!("objects.sql"));
    let got = place.answers(include_str!("functions.sql")).await;
    compare(&got, include_str!("functions.out"));
}

#[tokio::test]
async fn a_sealed_value_shows_as_a_mask_or_not_at_all() {
    let place = Place::new(
        "CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE carol;
         CREATE FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator;
         CREATE SERVER s FOREIGN DATA WRAPPER w;
         GRANT USAGE ON FOREIGN SERVER s TO alice, bob;
         CREATE USER MAPPING FOR alice SERVER s OPTIONS (user 'a', password 'cobra');",
    );
    let view = "SELECT umoptions FROM pg_user_mappings";
    let table = "SELECT umoptions FROM pg_user_mapping";
    let info = "SELECT option_name, option_value FROM information_schema.user_mapping_options";
    let masked = "{user=a,password=********}";
    for (role, sql, wanted) in [
        ("postgres", view, masked),
        ("alice", view, masked),
        ("bob", view, "NULL"),
        ("carol", view, "NULL"),
        ("postgres", table, masked),
        ("alice", table, "42501 permission denied for table pg_user_mapping"),
        ("postgres", info, "user|a\npassword|********"),
        ("alice", info, "user|a\npassword|********"),
        ("bob", info, "user|NULL\npassword|NULL"),
        ("carol", info, ""),
    ] {
        assert_eq!(place.query(role, sql).await, wanted, "{role}: {sql}");
    }
}

#[tokio::test]
async fn every_relation_can_be_read_or_refuses() {
    let place = Place::new(include_str!("objects.sql"));
    let names = place
        .query("postgres", "SELECT oid::regclass::text FROM pg_class WHERE relkind <> 'f'")
        .await;
    let mut refused = 0;
    for name in names.lines() {
        let answer = place.query("postgres", &format!("SELECT * FROM {name}")).await;
        match answer.strip_prefix("0A000 ") {
            Some(message) => {
                assert!(message.starts_with("reading "), "{name}: {answer}");
                refused += 1;
            }
            None => assert!(!answer.starts_with("XX000"), "{name}: {answer}"),
        }
    }
    assert!(refused < names.lines().count() / 3, "{refused} refuse");
}
