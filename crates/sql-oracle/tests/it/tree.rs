//! sqlparser's tree means what PostgreSQL's means: printed with every operand in parentheses, it
//! is to PostgreSQL the query that was written. What sqlparser cannot read is no answer; what it
//! reads otherwise would be a wrong one.
use std::ops::ControlFlow;

use medley_sql::query_ast::{Expr, Value as SqlValue, VisitMut, VisitorMut};
use medley_sql::{QueryStatement, Statement};
use serde_json::Value;

use crate::corpus;
use crate::mutation::{Random, mutate};

/// Of each query.
const MUTANTS: usize = 100;

/// Puts parentheses around what has operators, where its tree is printed.
struct Parentheses;

impl VisitorMut for Parentheses {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let compound = matches!(
            expr,
            Expr::AllOp { .. }
                | Expr::AnyOp { .. }
                | Expr::AtTimeZone { .. }
                | Expr::Between { .. }
                | Expr::BinaryOp { .. }
                | Expr::Cast { .. }
                | Expr::Collate { .. }
                | Expr::ILike { .. }
                | Expr::InList { .. }
                | Expr::InSubquery { .. }
                | Expr::IsDistinctFrom(..)
                | Expr::IsFalse(_)
                | Expr::IsNotDistinctFrom(..)
                | Expr::IsNotFalse(_)
                | Expr::IsNotNull(_)
                | Expr::IsNotTrue(_)
                | Expr::IsNotUnknown(_)
                | Expr::IsNull(_)
                | Expr::IsTrue(_)
                | Expr::IsUnknown(_)
                | Expr::Like { .. }
                | Expr::SimilarTo { .. }
                | Expr::UnaryOp { .. }
        );
        if compound {
            let inside = std::mem::replace(expr, Expr::Value(SqlValue::Null.into()));
            *expr = Expr::Nested(Box::new(inside));
        }
        ControlFlow::Continue(())
    }
}

/// A query as its tree prints; nothing for other statements, for what is refused, and for what has
/// marks in it, which sqlparser cannot print.
fn printed(text: &str) -> Option<String> {
    let mut statements = medley_sql::parse(text).ok()?.statements;
    let only = statements.pop().filter(|_| statements.is_empty())?;
    let Statement::Query(QueryStatement::Select(mut query)) = only.statement else { return None };
    let _ = VisitMut::visit(&mut *query.ast, &mut Parentheses);
    Some(query.ast.to_string()).filter(|printed| !printed.contains('`'))
}

/// PostgreSQL's tree, without places in the text.
fn tree(text: &str) -> Option<Value> {
    let parsed = pg_query::parse(text, 0).ok()?;
    let mut tree = serde_json::to_value(&parsed.protobuf).expect("it has text keys");
    without_places(&mut tree);
    Some(tree)
}

fn without_places(tree: &mut Value) {
    const PLACES: &[&str] = &["stmt_len", "list_start", "list_end"];
    match tree {
        Value::Object(fields) => {
            let place = |name: &str| PLACES.iter().any(|place| name.ends_with(place));
            fields.retain(|name, _| !name.ends_with("location") && !place(name));
            fields.values_mut().for_each(without_places);
        }
        Value::Array(items) => items.iter_mut().for_each(without_places),
        _ => {}
    }
}

/// What loses nothing that has a meaning: LIMIT ALL is no limit, numbers print in decimal, a type's
/// modifiers without quotes, `ORDER BY … USING <` as ASC, and grouping sets within grouping sets as
/// calls.
fn is_harmless(text: &str) -> bool {
    let text = text.to_lowercase();
    let written = [
        "limit all",
        "0x",
        "0o",
        "0b",
        " using <",
        " using >",
        "grouping sets (rollup",
        "grouping sets (cube",
    ];
    written.iter().any(|written| text.contains(written))
        || text.split("::").skip(1).any(|rest| rest.contains("('"))
}

#[derive(Default)]
struct Tally {
    same: usize,
    unprintable: usize,
    other: Vec<String>,
}

impl Tally {
    fn add(&mut self, text: &str) {
        let Some(printed) = printed(text).filter(|_| !is_harmless(text)) else { return };
        match (tree(text), tree(&printed)) {
            (Some(theirs), Some(ours)) if theirs == ours => self.same += 1,
            (Some(_), Some(_)) => self.other.push(format!("{text}\n  is read as {printed}")),
            _ => self.unprintable += 1,
        }
    }

    #[track_caller]
    fn check(&self) {
        assert!(self.other.is_empty(), "{}", self.other.join("\n"));
        assert!(self.unprintable * 200 < self.same, "{} {}", self.unprintable, self.same);
    }
}

#[test]
fn queries_and_mutations() {
    let mut tally = Tally::default();
    for text in corpus::statements() {
        tally.add(&text);
    }
    assert!(tally.same > 300, "{}", tally.same);
    let cases = corpus::cases_of_the_parser();
    let queries: Vec<_> = cases.iter().filter(|text| printed(text).is_some()).collect();
    let mut random = Random::new(3);
    for text in &queries {
        for _ in 0..MUTANTS {
            let other = queries[random.below(queries.len())];
            tally.add(&mutate(text, other, &mut random).replace('\0', " "));
        }
    }
    tally.check();
}

/// Operators with words and signs around them, each with each.
#[test]
fn operators_bind_as_they_do_at_postgresql() {
    const BINARY: &[&str] = &[
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "<",
        ">",
        "=",
        "<=",
        ">=",
        "<>",
        "!=",
        "||",
        "->",
        "->>",
        "#>",
        "@>",
        "<@",
        "&&",
        "&",
        "|",
        "#",
        "<<",
        ">>",
        "~",
        "!~",
        "~*",
        "==",
        "@@",
        "?",
        "?|",
        "**",
        "|/",
        "<=>",
        "and",
        "or",
        "like",
        "not ilike",
        "similar to",
        "is distinct from",
        "is not distinct from",
        "at time zone",
        "operator(pg_catalog.+)",
    ];
    const BEFORE: &[&str] = &["", "-", "+", "not", "~", "@", "!!", "|/"];
    const BEHIND: &[&str] = &[
        "",
        "is null",
        "is not null",
        "isnull",
        "notnull",
        "is true",
        "is not false",
        "::text",
        "collate \"C\"",
        "in (1, 2)",
        "between 1 and 2",
        "is unknown",
        "[1]",
        ".c",
    ];
    let mut tally = Tally::default();
    for one in BINARY {
        for other in BINARY {
            tally.add(&format!("select a {one} b {other} c"));
        }
        for before in BEFORE {
            for behind in BEHIND {
                tally.add(&format!("select {before} a {one} {before} b {behind}"));
                tally.add(&format!("select a {behind} {one} b"));
            }
        }
    }
    tally.check();
}
