//! What every wrapper gets from the contract: refusals, judged options, batches.
use std::sync::Arc;

use arrow_schema::Schema;
use async_trait::async_trait;
use futures::FutureExt;
use futures::StreamExt as _;
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_fdw::{
    Actor, Batches, Begin, Capabilities, Connect, Dialect, Facts, Family, GivenOption, GivenValue,
    Handler, ImportSchema, Isolation, Kind, Modify, OptionSpec, Options, Query, RawQuery, Registry,
    Restriction, Result, RowBuilder, Scan, ScanConnection, ScanWrapper, Scope, Secret,
    SqlConnection, TableName, Wrapper, check,
};
use medley_types::{PgType, field};

/// A wrapper that says no more than it must.
struct Least;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(Scope::Server, "updatable", Kind::Bool, "Whether rows may be changed."),
    OptionSpec::new(Scope::UserMapping, "pin", Kind::Secret, "A secret."),
    OptionSpec::new(Scope::Import, "import_default", Kind::Bool, "Whether defaults come along."),
];

impl Wrapper for Least {
    fn name(&self) -> &'static str {
        "least"
    }
    fn summary(&self) -> &'static str {
        "as little as there can be"
    }
    fn handler(&self) -> &'static str {
        "least_handler"
    }
    fn validator(&self) -> &'static str {
        "least_validator"
    }
    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }
    fn check_option(
        &self,
        _: Scope,
        option: &GivenOption<'_>,
        _: Actor,
        notices: &mut Vec<Report>,
    ) -> Result<()> {
        notices.push(Report::notice(option.name));
        Ok(())
    }
    fn unknown_option_state(&self) -> SqlState {
        SqlState::SYNTAX_ERROR
    }
}

#[async_trait]
impl ScanWrapper for Least {
    async fn connect(&self, _: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Ok(Box::new(Session))
    }
}

struct Session;

#[async_trait]
impl ScanConnection for Session {
    fn scan<'a>(&'a mut self, _: Scan<'a>) -> Batches<'a> {
        Box::pin(futures::stream::empty())
    }
}

static DIALECT: Dialect =
    Dialect { family: Family::Sqlite, name_quote: '"', backslash_is_plain: true };

struct SqlSession(Facts);

#[async_trait]
impl SqlConnection for SqlSession {
    fn facts(&self) -> &Facts {
        &self.0
    }
    fn query(&mut self, _: Query) -> Batches<'_> {
        Box::pin(futures::stream::empty())
    }
    async fn reset(&mut self) -> bool {
        true
    }
}

fn query() -> Query {
    let schema = Arc::new(Schema::empty());
    Query { sql: "SELECT".to_owned(), schema, parameters: Vec::new() }
}

fn state<T>(answer: impl Future<Output = Result<T>>) -> SqlState {
    match answer.now_or_never().expect("nothing here waits") {
        Ok(_) => panic!("it succeeded in silence"),
        Err(error) => error.sqlstate(),
    }
}

#[test]
fn what_a_sql_wrapper_leaves_out_is_refused() {
    let facts = Facts {
        dialect: &DIALECT,
        version: 1,
        byte_order_collation: true,
        unicode_letters: true,
        can: Capabilities::default(),
    };
    let mut session = SqlSession(facts);
    let s = &mut session;
    let table = TableName { schema: None, table: "t".to_owned() };
    let modify = Modify { sql: "".into(), types: vec![], runs: vec![vec![]], returning: None };
    let begin = Begin { isolation: Isolation::Serializable, read_only: true, snapshot: None };
    let rows: Batches<'static> = Box::pin(futures::stream::empty());
    let states = [
        state(async { s.raw_query(raw_query()).next().await.expect("it says no") }),
        state(s.raw_declare("c", raw_query())),
        state(s.raw_fetch("c", 1)),
        state(s.tables(&[])),
        state(s.declare("c", query())),
        state(s.fetch("c", 1)),
        state(s.close("c")),
        state(s.describe("SELECT")),
        state(s.modify(modify)),
        state(s.copy_in(&table, &[], rows)),
        state(s.truncate("TRUNCATE t")),
        state(s.begin(begin)),
        state(s.savepoint("s")),
        state(s.release("s")),
        state(s.rollback_to("s")),
        state(s.commit()),
        state(s.rollback()),
        state(s.prepare_transaction("x")),
        state(s.finish_prepared("x", true)),
        state(s.export_snapshot()),
        state(s.splits(&table, 2)),
        state(s.statistics(&table)),
        state(s.estimate("SELECT")),
    ];
    assert!(states.iter().all(|s| *s == SqlState::FEATURE_NOT_SUPPORTED), "{states:?}");
    assert_eq!(state(s.import(&import())), SqlState::FDW_NO_SCHEMAS);
    assert!(s.canceller().is_none());
}

fn raw_query() -> RawQuery {
    RawQuery {
        sql: "SELECT".into(),
        parameters: Vec::new(),
        columns: [].into(),
        binary: Vec::new(),
        settings: [].into(),
        is_prepared: false,
        leaves_nothing: false,
    }
}

fn import() -> ImportSchema {
    ImportSchema {
        remote_schema: "s".to_owned(),
        restriction: Restriction::None,
        options: Options::default(),
    }
}

#[test]
fn what_a_scan_wrapper_leaves_out_is_refused() {
    let rows = RowBuilder::new(Arc::new(Schema::empty())).finish().expect("no rows");
    assert_eq!(state(Session.insert(&Options::default(), rows)), SqlState::FEATURE_NOT_SUPPORTED);
    assert_eq!(state(Session.import(&import())), SqlState::FDW_NO_SCHEMAS);
}

fn judge(scope: Scope, options: &[(&str, GivenValue<'_>)]) -> (String, Vec<String>) {
    let options: Vec<_> =
        options.iter().map(|&(name, value)| GivenOption { name, value }).collect();
    let mut notices = Vec::new();
    let judged = check(&Least, scope, &options, Actor::SUPERUSER, &mut notices);
    let text = match judged {
        Ok(()) => "ok".to_owned(),
        Err(error) => format!("{} {error} {:?}", error.sqlstate(), error.hint()),
    };
    (text, notices.iter().map(ToString::to_string).collect())
}

#[test]
fn options_are_judged_in_order_until_one_offends() {
    use GivenValue::{Plain, Secret};
    let (text, judged) = judge(
        Scope::Server,
        &[("updatable", Plain("on")), ("updatabel", Plain("x")), ("updatable", Plain("x"))],
    );
    let hint = "Some(\"Perhaps you meant the option \\\"updatable\\\".\")";
    assert_eq!(text, format!("42601 invalid option \"updatabel\" {hint}"));
    assert_eq!(judged, ["updatable"]);
    assert_eq!(judge(Scope::UserMapping, &[("pin", Secret)]).0, "ok");
    let (text, _) = judge(Scope::Import, &[("import_defaul", Plain("x"))]);
    assert_eq!(text, "42601 invalid option \"import_defaul\" None");
    let (text, _) = judge(Scope::Column, &[("x", Plain("x"))]);
    let hint = "Some(\"There are no valid options in this context.\")";
    assert_eq!(text, format!("42601 invalid option \"x\" {hint}"));
}

#[test]
fn wrappers_are_found_by_their_functions() {
    let registry = Registry::new(vec![Handler::Scan(Arc::new(Least))]);
    assert!(registry.handler("least_handler").is_some());
    assert!(registry.handler("least_validator").is_none());
    assert_eq!(registry.validator("least_validator").map(Wrapper::name), Some("least"));
    assert_eq!(registry.extension("least").map(Wrapper::name), Some("least"));
    assert!(registry.extension("least_handler").is_none());
}

#[test]
fn resolved_options_keep_secrets_apart() {
    let mut options = Options::default();
    options.set("updatable", "OFF");
    options.set("odd", "yes");
    options.set_secret("pin", Secret::new("1234".to_owned()));
    assert_eq!(options.boolean("updatable").ok(), Some(Some(false)));
    assert_eq!(options.boolean("absent").ok(), Some(None));
    assert!(options.boolean("odd").is_err());
    assert_eq!(options.text("pin"), None);
    assert!(options.secret("pin").is_some());
    assert!(!format!("{options:?}").contains("1234"));
    let missing = options.require("host").expect_err("it is missing");
    assert_eq!(missing.sqlstate(), SqlState::FDW_DYNAMIC_PARAMETER_VALUE_NEEDED);
}

#[test]
fn restrictions_go_by_bare_name() {
    let names = || vec!["a".to_owned()];
    for (restriction, a, b) in [
        (Restriction::None, true, true),
        (Restriction::LimitTo(names()), true, false),
        (Restriction::Except(names()), false, true),
    ] {
        assert_eq!((restriction.admits("a"), restriction.admits("b")), (a, b));
    }
}

#[test]
fn batches_are_bounded_by_rows_and_by_bytes() {
    let schema = Arc::new(Schema::new(vec![field("t", PgType::TEXT, true)]));
    let fill = |text: &str| {
        let mut rows = RowBuilder::new(schema.clone());
        while !rows.is_full() {
            rows.columns()[0].append_str(text).expect("text");
            rows.end_row();
        }
        let batch = rows.finish().expect("a batch");
        assert!(rows.is_empty());
        batch.num_rows()
    };
    assert_eq!(fill("x"), 8192);
    assert!(fill(&"x".repeat(1 << 20)) <= 5);
}
