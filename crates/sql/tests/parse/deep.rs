//! No text overflows a stack of 2 MiB, neither while it is parsed nor when the tree is dropped.
use medley_diagnostic::{Diagnostic, SqlState};

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    thread.unwrap().join().unwrap();
}

fn too_deep(text: String) {
    on_a_small_stack(move || {
        let error = medley_sql::parse(&text).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::STATEMENT_TOO_COMPLEX, "{error}");
    });
}

fn accepted(text: String) {
    on_a_small_stack(move || {
        let script = medley_sql::parse(&text).unwrap();
        assert_eq!(script.statements.len(), 1);
        // Printing must not overflow either.
        drop(format!("{script:?}"));
        drop(script);
    });
}

#[test]
fn a_hundred_thousand_of_anything_is_an_error() {
    let n = 100_000;
    too_deep(format!("select {}1", "1 + ".repeat(n)));
    too_deep(format!("select {}1", "a || ".repeat(n)));
    too_deep(format!("select {}1", "- ".repeat(n)));
    too_deep(format!("select {}true", "not ".repeat(n)));
    too_deep(format!("select 1 where {}true", "true or ".repeat(n)));
    too_deep(format!("select {}1{}", "(".repeat(n), ")".repeat(n)));
    too_deep(format!("{}select 1{}", "(".repeat(n), ")".repeat(n)));
    too_deep(format!("select {}1{}", "f(".repeat(n), ")".repeat(n)));
    too_deep(format!("select {}1", "case when true then ".repeat(n)));
    too_deep(format!("select 1{}", "::int".repeat(n)));
    too_deep(format!("select a{}", " collate c".repeat(n)));
    too_deep(format!("select a{}", " is null".repeat(n)));
    too_deep(format!("{}select 1", "select 1 union all ".repeat(n)));
    too_deep(format!("select * from {}t{}", "(select * from ".repeat(n), ") a".repeat(n)));
    too_deep(format!("select array{}1{}", "[".repeat(n), "]".repeat(n)));
    let check = format!("a int check ({}1{})", "(".repeat(n), ")".repeat(n));
    too_deep(format!("create foreign table t ({check}) server s"));
}

#[test]
fn what_people_write_is_not() {
    accepted(format!("select {}1", "1 + ".repeat(1_400)));
    accepted(format!("select 1 where {}a = 1", "a = 1 or ".repeat(1_000)));
    accepted(format!("select {}1{}", "(".repeat(200), ")".repeat(200)));
    accepted(format!("select {}1{}", "f(".repeat(100), ")".repeat(100)));
    accepted(format!("select a in ({}1)", "1, ".repeat(100_000)));
    accepted(format!("insert into t values {}(1)", "(1, 'a', a + 1), ".repeat(20_000)));
    accepted(format!("{}select 1", "select 1 union all ".repeat(1_000)));
    accepted(format!("select 1 {}", "/*".repeat(100_000) + &"*/".repeat(100_000)));
}

#[test]
fn whatever_recurses_in_the_grammar_ends() {
    let n = 100_000;
    for (start, again) in [
        ("", "select * from ("),
        ("", "select ("),
        ("", "with a as ("),
        ("select * from ", "(a join "),
        ("select * from ", "a join "),
        ("select * from ", "lateral (select * from "),
        ("select ", "a["),
        ("select array", "["),
        ("select ", "a in ("),
        ("select ", "f(a, "),
        ("select ", "1 = any ("),
        ("select ", "case "),
        ("select ", "json_object(a: "),
        ("select ", "json_array(("),
        ("select ", "cast("),
        ("select ", "substring("),
        ("select ", "sum(a) over (order by "),
        ("select ", "not exists (select "),
        ("select ", "1::numeric("),
        ("insert into t ", "select ("),
        ("insert into t ", "(select * from "),
        ("create table t (a int check ", "("),
        ("create index on t (a, ", "("),
        ("create view v as ", "(select "),
        ("call f(", "g("),
        ("select 1 group by ", "grouping sets ("),
        ("select ", "a between ("),
        ("select * from json_table(a, b columns (", "nested 'x' columns ("),
    ] {
        too_deep(format!("{start}{}", again.repeat(n)));
    }
}
