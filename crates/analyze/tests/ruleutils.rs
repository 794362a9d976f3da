//! What is printed of views and expressions, beside what PostgreSQL 18.4 prints of them.
//!
//! `ruleutils/*.golden` is PostgreSQL's answer (`ruleutils/record.sh` asks for it). What this
//! crate refuses to analyse is listed in `ruleutils/refused.txt` with the reason, and nothing
//! else may be; each text, analysed again, must print the same.
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use medley_analyze::ruleutils::{Layout, Names, expression, view_definition, view_query};
use medley_analyze::tree::{Query, used_columns};
use medley_analyze::{Context, ExpressionKind, TableExpression, stored};
use medley_catalog::ids::{RelationOid, RoleOid, SchemaOid, ServerOid, WrapperOid};
use medley_catalog::objects::{
    Column, ForeignTable, Options, Relation, RelationKind, Schema, Server, View, Wrapper,
};
use medley_catalog::{Backend, Bootstrap, Catalog, SearchPath, Snapshot, Transaction};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::{Statement, TableBody, TableElement};
use medley_types::{PgType, Style};

const DATABASE: &str = "medley";

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ruleutils");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The tables of `setup.sql`.
fn world() -> Arc<Snapshot> {
    let folder = tempfile::tempdir().unwrap();
    let bootstrap = Bootstrap {
        superuser: "postgres".to_owned(),
        password: None,
        data_keys: Vec::new(),
        wrappers: Vec::new(),
    };
    Catalog::create(folder.path(), bootstrap).unwrap();
    let catalog = Catalog::open(folder.path()).unwrap();
    let mut tx = catalog.begin(Backend::default());
    let mut world = World { server: None, tx: &mut tx };
    for parsed in medley_sql::parse(&file("setup.sql")).unwrap().statements {
        world.run(parsed.statement);
    }
    tx.snapshot()
}

struct World<'a> {
    server: Option<ServerOid>,
    tx: &'a mut Transaction,
}

impl World<'_> {
    fn run(&mut self, statement: Statement) {
        let owner = RoleOid::BOOTSTRAP;
        match statement {
            Statement::CreateForeignDataWrapper(_) => {}
            Statement::CreateServer(_) => self.make_server(),
            Statement::CreateSchema(it) => {
                let oid = SchemaOid(self.tx.allocate_oid().unwrap());
                let name = it.name.unwrap();
                self.tx.create(Schema { oid, name, owner, acl: None }).unwrap();
            }
            Statement::CreateForeignTable(it) => {
                let schema = it.name.schema().unwrap_or("public");
                let schema = self.tx.snapshot().schema_named(schema).unwrap().oid;
                let TableBody::Columns { elements, .. } = it.body else { panic!("columns") };
                let server = self.server.unwrap();
                let table = ForeignTable { server, options: Options::default() };
                let relation = Relation {
                    oid: RelationOid(self.tx.allocate_oid().unwrap()),
                    name: it.name.name().to_owned(),
                    schema,
                    owner,
                    acl: None,
                    row_type: self.tx.allocate_oid().unwrap(),
                    array_type: self.tx.allocate_oid().unwrap(),
                    columns: (1..).zip(&elements).map(|(n, it)| column(n, it)).collect(),
                    checks: Vec::new(),
                    kind: RelationKind::ForeignTable(table),
                };
                self.tx.create(relation).unwrap();
            }
            other => panic!("{} in setup.sql", other.tag()),
        }
    }

    fn make_server(&mut self) {
        let owner = RoleOid::BOOTSTRAP;
        let wrapper = Wrapper {
            oid: WrapperOid(self.tx.allocate_oid().unwrap()),
            name: "w".to_owned(),
            owner,
            handler: None,
            validator: None,
            options: Options::default(),
            acl: None,
            epoch: None,
        };
        let oid = ServerOid(self.tx.allocate_oid().unwrap());
        let server = Server {
            oid,
            name: "srv".to_owned(),
            owner,
            wrapper: wrapper.oid,
            server_type: None,
            version: None,
            options: Options::default(),
            acl: None,
            epoch: None,
        };
        self.tx.create(wrapper).unwrap();
        self.tx.create(server).unwrap();
        self.server = Some(oid);
    }
}

fn column(number: i16, element: &TableElement) -> Column {
    let TableElement::Column(it) = element else { panic!("a column") };
    let name = it.data_type.as_ref().unwrap();
    let parts: Vec<_> = name.parts.iter().map(|part| format!("\"{part}\"")).collect();
    let parts = parts.join(".");
    let modifiers = match name.modifiers.as_slice() {
        [] => String::new(),
        modifiers => format!("({})", modifiers.join(",")),
    };
    let mut t = PgType::parse(&format!("{parts}{modifiers}")).unwrap();
    if !name.dimensions.is_empty() {
        t = t.array().unwrap();
    }
    Column::new(&it.name, number, t)
}

/// A question and PostgreSQL's answer.
fn cases(subject: &str) -> Vec<(String, String)> {
    let golden = file(&format!("{subject}.golden"));
    let cases = golden.split("\n> ").map(|case| case.trim_start_matches("> "));
    let parts = cases.map(|case| case.split_once('\n').unwrap_or((case, "")));
    parts.map(|(case, answer)| (case.to_owned(), answer.trim_end().to_owned())).collect()
}

/// Subject and case of what is refused here, and what is said of it.
fn refused() -> BTreeMap<String, String> {
    let text = file("refused.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut refused = BTreeMap::new();
    let lines: Vec<_> = lines.collect();
    for pair in lines.chunks(2) {
        refused.insert(pair[0].to_owned(), pair[1].trim().to_owned());
    }
    refused
}

/// Compares each case of a subject; all differences at once.
fn check(subject: &str, answer: impl Fn(&Snapshot, &str) -> Result<String, Report>) {
    let (snapshot, refused) = (world(), refused());
    let mut differences = String::new();
    for (case, expected) in cases(subject) {
        let found = answer(&snapshot, &case);
        let expected = match (refused.get(&case), &found) {
            (Some(why), _) => format!("ERROR:  {why}"),
            (None, _) => expected,
        };
        let found = found.unwrap_or_else(|report| {
            format!("ERROR:  {}: {}", report.sqlstate.code(), report.message)
        });
        if found != expected {
            let _ =
                writeln!(differences, "> {case}\n--- expected\n{expected}\n--- found\n{found}\n");
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}

fn path(snapshot: &Snapshot) -> SearchPath {
    snapshot.search_path(&["public"], RoleOid::BOOTSTRAP)
}

fn analysed(snapshot: &Snapshot, text: &str) -> Result<Query, Report> {
    let style = Style::default();
    let elements = ["public".to_owned()];
    let context = Context::new(snapshot, &elements, RoleOid::BOOTSTRAP, &style, DATABASE);
    let parsed = medley_sql::parse_query(text).map_err(|error| error.report())?;
    let analysed = medley_analyze::definition(&context, &parsed.ast);
    analysed.map(|it| it.query).map_err(|error| error.report())
}

/// What `golden_view` of `record.sql` answers.
fn view(snapshot: &Snapshot, text: &str) -> Result<String, Report> {
    let query = analysed(snapshot, text)?;
    let columns = query.columns();
    let mut names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let twice = (1..names.len()).any(|index| names[..index].contains(&names[index]));
    if twice {
        names = (1..=names.len()).map(|number| format!("c{number}")).collect();
    }
    if let Some(column) = columns.iter().zip(&names).find(|(it, _)| is_pseudo(it.pg_type)) {
        let message = format!("column \"{}\" has pseudo-type {}", column.1, column.0.pg_type);
        return Err(Report::error(SqlState::INVALID_TABLE_DEFINITION, message));
    }
    let path = path(snapshot);
    let visible = Names::visible(snapshot, &path);
    let definition = |layout| view_definition(&visible, &query, &names, layout);
    let plain = definition(Layout::PLAIN);
    let (pretty, wrapped) = (definition(Layout::PRETTY), definition(Layout::wrapped(60)));
    let mut answer = plain.clone();
    if pretty != plain {
        let _ = write!(answer, "\n--- pretty\n{pretty}");
    }
    if wrapped != pretty {
        let _ = write!(answer, "\n--- wrap\n{wrapped}");
    }
    let quoted = names.iter().map(|name| medley_sql::quote_identifier(name));
    let columns =
        quoted.zip(&columns).map(|(name, it)| format!("{name} {}", visible.type_text(it.pg_type)));
    let _ = write!(answer, "\n--- columns\n{}", columns.collect::<Vec<_>>().join(", "));
    let depends = depends(snapshot, &query);
    if !depends.is_empty() {
        let _ = write!(answer, "\n--- depends\n{depends}");
    }
    let kept = read_again(snapshot, &query, &names);
    if kept != plain {
        let _ = write!(answer, "\n--- read again\n{kept}");
    }
    Ok(answer)
}

fn is_pseudo(t: PgType) -> bool {
    t.info().is_some_and(|info| info.kind == 'p')
}

/// What is printed of the text that is kept: the same, or it does not mean the same.
fn read_again(snapshot: &Snapshot, query: &Query, names: &[String]) -> String {
    let kept = view_query(&Names::qualified(snapshot), query, names, Layout::PLAIN);
    let view = View { rule: 1, query: kept, reloptions: Vec::new(), depends_on: Vec::new() };
    let numbered = (1..).zip(names).zip(query.columns());
    let columns = numbered.map(|((number, name), it)| Column::new(name, number, it.pg_type));
    let relation = Relation {
        columns: columns.collect(),
        kind: RelationKind::View(view.clone()),
        ..Relation::clone(snapshot.relation_named(SchemaOid::PUBLIC, "t").unwrap())
    };
    let again = stored::view(snapshot, &relation, &view);
    let Ok(again) = again else { return view.query };
    let path = path(snapshot);
    view_definition(&Names::visible(snapshot, &path), &again, names, Layout::PLAIN)
}

fn depends(snapshot: &Snapshot, query: &Query) -> String {
    let used = used_columns(query);
    let has_columns =
        |oid| used.iter().any(|other| other.relation == oid && other.number.is_some());
    let wanted = used.iter().filter(|it| it.number.is_some() || !has_columns(it.relation));
    let described = wanted.filter_map(|it| {
        let relation = snapshot.relation(it.relation)?;
        let address = match it.number {
            Some(number) => relation.oid.address().column(number),
            None => relation.oid.address(),
        };
        let text = snapshot.describe(address, &path(snapshot))?;
        Some(text.replace(" of foreign table ", " of "))
    });
    let mut described: Vec<_> = described.collect();
    described.sort();
    described.dedup();
    described.join(", ")
}

/// What `golden_expression` of `record.sql` answers.
fn table_expression(snapshot: &Snapshot, line: &str) -> Result<String, Report> {
    let (head, text) = line.split_once(": ").unwrap();
    let (kind, t) = head.split_once(' ').unwrap_or((head, "boolean"));
    let kind = match kind {
        "DEFAULT" => ExpressionKind::Default,
        "CHECK" => ExpressionKind::Check,
        _ => ExpressionKind::Generation,
    };
    let target = PgType::parse(t).unwrap();
    let table = snapshot.relation_named(SchemaOid::PUBLIC, "t").unwrap();
    let style = Style::default();
    let elements = ["public".to_owned()];
    let context = Context::new(snapshot, &elements, RoleOid::BOOTSTRAP, &style, DATABASE);
    let place = TableExpression {
        kind,
        relation: table.oid,
        name: &table.name,
        columns: &table.columns,
        target: (kind != ExpressionKind::Check).then_some(("golden", target)),
    };
    let parsed = match kind {
        ExpressionKind::Default => default_of(text)?,
        _ => medley_sql::parse_expression(text).map_err(|error| error.report())?,
    };
    let tree = medley_analyze::expression(&context, &parsed.ast, &place)
        .map_err(|error| error.report())?;
    if kind == ExpressionKind::Default
        && matches!(tree.kind, medley_analyze::tree::ExprKind::Constant(None))
    {
        return Ok("(none)".to_owned());
    }
    let columns: Vec<_> = table.columns.iter().map(|it| (it.number, it.name.as_str())).collect();
    let path = path(snapshot);
    let names = Names::visible(snapshot, &path);
    let print = |layout| expression(&names, &tree, &table.name, &columns, layout);
    let (plain, pretty) = (print(Layout::PLAIN), print(Layout::PRETTY));
    let mut answer = plain.clone();
    if pretty != plain {
        let _ = write!(answer, "\n--- pretty\n{pretty}");
    }
    if kind == ExpressionKind::Check {
        let _ = write!(answer, "\n--- constraint\nCHECK ({plain})\nCHECK ({pretty})");
    }
    Ok(answer)
}

/// As it stands in a column's definition, where not every expression can.
fn default_of(text: &str) -> Result<medley_sql::Expression, Report> {
    let statement = format!("ALTER FOREIGN TABLE t ADD COLUMN golden text DEFAULT {text}");
    let script = medley_sql::parse(&statement).map_err(|error| error.report())?;
    let Some(Statement::AlterTable(alter)) =
        script.statements.into_iter().next().map(|parsed| parsed.statement)
    else {
        panic!("ALTER")
    };
    let Some(medley_sql::AlterTableAction::AddColumn { column, .. }) =
        alter.actions.into_iter().next()
    else {
        panic!("ADD COLUMN")
    };
    let default = column.constraints.into_iter().find_map(|constraint| match constraint.kind {
        medley_sql::ConstraintKind::Default(expression) => Some(expression),
        _ => None,
    });
    Ok(default.expect("a default"))
}

#[test]
fn select() {
    check("select", view);
}

#[test]
fn joins() {
    check("join", view);
}

#[test]
fn subqueries() {
    check("subquery", view);
}

#[test]
fn functions() {
    check("function", view);
}

#[test]
fn layout() {
    check("layout", view);
}

#[test]
fn expressions() {
    check("expression", table_expression);
}
