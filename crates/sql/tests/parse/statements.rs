//! What comes out, in few words.
use medley_sql::{
    AlterTableAction, ConstraintKind, OptionItem, QueryStatement, RoleSpec, Set, SetScope,
    SettingChange, Statement, TableBody, TableElement, parse,
};

fn one(text: &str) -> Statement {
    let mut statements = parse(text).unwrap().statements;
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0).statement
}

/// The part of a statement's Debug that matters.
fn check(text: &str, expected: &str) {
    let printed = format!("{:?}", one(text));
    assert!(printed.contains(expected), "{text}\n{printed}\nlacks {expected}");
}

fn items(options: &[OptionItem]) -> String {
    let item = |item: &OptionItem| match item {
        OptionItem::Add { name, .. } => format!("+{name}"),
        OptionItem::Set { name, .. } => format!("={name}"),
        OptionItem::Drop { name } => format!("-{name}"),
    };
    options.iter().map(item).collect::<Vec<_>>().join(" ")
}

#[test]
fn options_algebra() {
    let text = "alter server s options (add a '1', set b '2', drop c, d '3', set 'x', drop 'y', \
                add 'z', drop drop, set set 'w', add add 'v', \"A b\" '')";
    let Statement::AlterServer(alter) = one(text) else { panic!() };
    let options = items(&alter.options.unwrap());
    assert_eq!(options, "+a =b -c +d +set +drop +add -drop =set +add +A b");
}

#[test]
fn whose_mapping() {
    let role = |who: &str| match one(&format!("create user mapping for {who} server s")) {
        Statement::CreateUserMapping(create) => create.role,
        other => panic!("{other:?}"),
    };
    let named = |name: &str| RoleSpec::Named(name.to_owned());
    for (who, expected) in [
        ("Bob", named("bob")),
        ("user", RoleSpec::CurrentUser),
        ("\"user\"", named("user")),
        ("current_role", RoleSpec::CurrentUser),
        ("session_user", RoleSpec::SessionUser),
        ("public", RoleSpec::Public),
        ("\"public\"", RoleSpec::Public),
        ("PUBLIC", RoleSpec::Public),
        ("\"PUBLIC\"", named("PUBLIC")),
        ("\"CURRENT_USER\"", named("CURRENT_USER")),
        ("server", named("server")),
    ] {
        assert_eq!(role(who), expected, "{who}");
    }
}

#[test]
fn columns() {
    let text = "create foreign table a.t (x Integer options (n 'v') not null default 1 + 1 \
                collate \"C\", y varchar(3)[], z interval day to second(2), \
                constraint c check ( z > '1' ) no inherit) server s";
    let Statement::CreateForeignTable(create) = one(text) else { panic!() };
    assert_eq!(create.name.schema(), Some("a"));
    let TableBody::Columns { elements, .. } = create.body else { panic!() };
    let TableElement::Column(x) = &elements[0] else { panic!() };
    assert_eq!(x.data_type.as_ref().unwrap().parts, ["pg_catalog", "int4"]);
    assert_eq!(items(&x.options), "+n");
    assert_eq!(x.collation.as_ref().unwrap().name(), "C");
    let ConstraintKind::Default(default) = &x.constraints[1].kind else { panic!() };
    assert_eq!(default.text, "1 + 1");
    assert_eq!(default.position, text.find("1 + 1").unwrap() + 1);
    let TableElement::Column(y) = &elements[1] else { panic!() };
    let y = y.data_type.as_ref().unwrap();
    assert_eq!(
        (y.modifiers.as_slice(), y.dimensions.as_slice()),
        (&["3".to_owned()][..], &[None][..])
    );
    let TableElement::Column(z) = &elements[2] else { panic!() };
    // The masks of PostgreSQL 15: select atttypmod of such a column.
    assert_eq!(z.data_type.as_ref().unwrap().modifiers, ["7176", "2"]);
    let TableElement::Constraint(c) = &elements[3] else { panic!() };
    let ConstraintKind::Check(check) = &c.kind else { panic!() };
    assert_eq!((check.text.as_str(), c.no_inherit), ("z > '1'", true));
}

#[test]
fn actions() {
    let text = "alter foreign table t add a int, add constraint c check (a > 0) not valid, \
                alter a set (n_distinct = -0.5), set tablespace x";
    let Statement::AlterTable(alter) = one(text) else { panic!() };
    assert!(matches!(alter.actions[0], AlterTableAction::AddColumn { .. }));
    let AlterTableAction::AddConstraint(constraint) = &alter.actions[1] else { panic!() };
    assert!(constraint.not_valid);
    let AlterTableAction::ColumnAttributes { attributes, .. } = &alter.actions[2] else { panic!() };
    assert_eq!(attributes[0].value.as_deref(), Some("-0.5"));
    assert!(matches!(alter.actions[3], AlterTableAction::Other("SET TABLESPACE")));
}

#[test]
fn settings() {
    let set = |text: &str| match one(text) {
        Statement::Set(Set::Setting { scope, change: SettingChange::Set { name, value } }) => {
            (scope == SetScope::Local, name, format!("{value:?}"))
        }
        other => panic!("{other:?}"),
    };
    let check = |text, local, name: &str, value: &str| {
        assert_eq!(set(text), (local, name.to_owned(), value.to_owned()), "{text}");
    };
    check("set Search_Path to \"A\", b", false, "search_path", "List([Text(\"A\"), Text(\"b\")])");
    check("set local a.B = -1.50", true, "a.b", "List([Number(\"-1.50\")])");
    check("set time zone local", false, "timezone", "Default");
    check("set role none", false, "role", "List([Text(\"none\")])");
    check("set session authorization default", false, "session_authorization", "Default");
    check("set names 'UTF8'", false, "client_encoding", "List([Text(\"UTF8\")])");
    check("set local to on", false, "local", "List([Text(\"on\")])");
}

#[test]
fn tags() {
    for (text, tag, refused) in [
        ("alter server s owner to x", "ALTER SERVER", Some("ALTER SERVER")),
        ("alter foreign table t rename a to b", "ALTER FOREIGN TABLE", Some("ALTER FOREIGN TABLE")),
        ("alter table t options (a 'b')", "ALTER TABLE", Some("ALTER TABLE")),
        ("drop user x", "DROP ROLE", Some("DROP ROLE")),
        ("grant a to b", "GRANT ROLE", Some("GRANT ROLE")),
        ("set role x", "SET", None),
        ("reset all", "RESET", None),
        ("end", "COMMIT", None),
        ("start transaction", "START TRANSACTION", None),
        ("select 1", "SELECT", None),
        ("select 1 for update", "SELECT", Some("SELECT FOR UPDATE")),
        ("with a as (delete from t returning 1) select 1", "SELECT", Some("SELECT")),
        ("with a as (select 1) insert into t select 1", "INSERT", Some("INSERT")),
        ("table t", "SELECT", None),
        ("copy t from stdin", "COPY", Some("COPY FROM")),
        ("lock t in row exclusive mode", "LOCK TABLE", None),
        ("lock t", "LOCK TABLE", Some("LOCK TABLE")),
        ("create table t ()", "CREATE TABLE", Some("CREATE TABLE")),
        (
            "create or replace function f() returns int as 'x'",
            "CREATE FUNCTION",
            Some("CREATE FUNCTION"),
        ),
        ("do 'x'", "DO", None),
        ("drop trigger t on u", "DROP TRIGGER", Some("DROP TRIGGER")),
    ] {
        let statement = one(text);
        assert_eq!((statement.tag(), statement.refused_read_only()), (tag, refused), "{text}");
    }
}

#[test]
fn scripts() {
    let script = parse(" ; select 'é;' ;; -- x\n set a to $1$;$1$; ").unwrap_err();
    assert_eq!(script.to_string(), "syntax error at or near \"$1\"");
    let text = " ; select 'é;', $2 ;; -- x\n set a to $x$;$x$; ";
    let script = parse(text).unwrap();
    let spans: Vec<_> = script.statements.iter().map(|s| &text[s.span.clone()]).collect();
    assert_eq!(spans, ["select 'é;', $2", "set a to $x$;$x$"]);
    assert_eq!(script.statements[0].parameters, 2);
    assert!(parse("; /* nothing */ ;").unwrap().statements.is_empty());
}

#[test]
fn names_are_cut_at_a_character() {
    let long = "é".repeat(40);
    let script = parse(&format!("drop server {long}")).unwrap();
    let Statement::Drop(drop) = &script.statements[0].statement else { panic!() };
    assert_eq!(drop.names[0].name(), "é".repeat(31));
    let notice = &script.notices[0];
    assert_eq!(notice.sqlstate.code(), "42622");
    let short = "é".repeat(31);
    assert_eq!(notice.message, format!("identifier \"{long}\" will be truncated to \"{short}\""));
}

#[test]
fn queries_know_their_places() {
    let text = "set a to 'ü'; select x.Y, \"Z\" from Ünder u where a = 1";
    let script = parse(text).unwrap();
    let Statement::Query(QueryStatement::Select(query)) = &script.statements[1].statement else {
        panic!()
    };
    assert_eq!(&text[query.span.clone()], "select x.Y, \"Z\" from Ünder u where a = 1");
    let medley_sql::query_ast::SetExpr::Select(select) = &*query.ast.body else { panic!() };
    let medley_sql::query_ast::TableFactor::Table { name, .. } = &select.from[0].relation else {
        panic!()
    };
    let medley_sql::query_ast::ObjectNamePart::Identifier(ident) = &name.0[0] else { panic!() };
    assert_eq!(ident.value, "Ünder");
    let bytes = medley_sql::span::bytes(ident.span).unwrap();
    assert_eq!(&text[bytes], "Ünder");
    assert_eq!(medley_sql::span::position(ident.span), Some(36));
}

#[test]
fn views_keep_their_text() {
    let text = "create or replace view v (a) with (security_invoker) as\n select  1 -- one\n \
                with local check option";
    let Statement::CreateView(view) = one(text) else { panic!() };
    assert_eq!(view.query_text, "select  1");
    assert!(medley_sql::parse_query(&view.query_text).is_ok());
    assert_eq!(view.options[0].name, "security_invoker");
    assert_eq!(format!("{:?}", view.check_option), "Some(Local)");
}

#[test]
fn schemas_hold_statements() {
    let text = "create schema a create view v as select 1 as grant grant select on v to public";
    let Statement::CreateSchema(create) = one(text) else { panic!() };
    let tags: Vec<_> = create.elements.iter().map(Statement::tag).collect();
    assert_eq!(tags, ["CREATE VIEW", "GRANT"]);
}

#[test]
fn literals_say_what_they_mean() {
    let literal = |text: &str| match one(&format!("comment on server s is {text}")) {
        Statement::Comment(comment) => comment.text.unwrap(),
        other => panic!("{other:?}"),
    };
    for (text, value) in [
        ("'it''s'", "it's"),
        ("'a'\n  'b'", "ab"),
        ("'a' -- c\n'b'", "ab"),
        ("'\\'", "\\"),
        ("E'\\n\\x41\\101\\u00e9\\''''", "\nAAé''"),
        ("e'a\\\\'\n'b\\t'", "a\\b\t"),
        ("$$a'b$$", "a'b"),
        ("$x$a$$b$x$", "a$$b"),
        ("U&'d\\0061t\\+000061'", "data"),
        ("U&'d!0061t' uescape '!'", "dat"),
        ("E'\\ud83d\\ude00'", "😀"),
    ] {
        assert_eq!(literal(text), value, "{text}");
    }
}

#[test]
fn other_shapes() {
    check("fetch next from c", "direction: Forward(Some(1)), cursor: \"c\"");
    check("move backward all in c", "move_only: true, direction: Backward(None)");
    check("copy t to stdout csv header", "values: [\"csv\"]");
    check(
        "revoke admin option for a from b",
        "options: [MemberOption { name: \"admin\", value: false, position: 8 }]",
    );
    check(
        "grant a to b with inherit false, set true",
        "{ name: \"inherit\", value: false, position: 19 }, \
         MemberOption { name: \"set\", value: true, position: 34 }",
    );
    check(
        "alter role all in database d reset x",
        "role: None, database: Some(\"d\"), change: Reset(\"x\")",
    );
    check(
        "import foreign schema a limit to (x.b, only c) from server s into d",
        "LimitTo([\"b\", \"c\"])",
    );
    check("create user mapping password 'x'", "CreateRole");
    check("rollback work to savepoint a", "RollbackTo(\"a\")");
    check("explain (analyze, format json) select 1", "value: Some(\"json\")");
    check("comment on column a.b.c is null", "column: \"c\" }, text: None");
}
