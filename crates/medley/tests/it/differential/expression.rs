//! Expressions over columns of types, from PostgreSQL's own catalog and from a list of forms.
use std::collections::HashSet;
use std::fs;

use tokio_postgres::Client;

use super::values::Types;
use crate::cinema::ask;

const FORMS: &str = "../../tests/differential/expressions.txt";
/// The functions whose answer depends on nothing but their arguments.
const PURE: &str = "../engine/src/ship/whole/functions.tsv";

/// For each number of arguments, how many values of each are tried.
const VALUES: [usize; 5] = [1, 20, 12, 5, 3];

/// An expression over the columns `a.v`, `b.v` … of tables of values.
pub struct Expression {
    pub text: String,
    pub tables: Vec<String>,
    pub is_aggregate: bool,
}

impl Expression {
    /// The row that an answer is of.
    pub fn key(&self) -> String {
        if self.is_aggregate {
            return "a.i % 3".to_owned();
        }
        let terms = aliases().zip(&self.tables).map(|(alias, _)| format!("{alias}.i"));
        terms.reduce(|all, i| format!("({all} * 100 + {i})")).unwrap_or_else(|| "0".to_owned())
    }

    /// FROM, and a condition that bounds the rows.
    pub fn source(&self) -> String {
        if self.tables.is_empty() {
            return "(VALUES (0)) z WHERE true".to_owned();
        }
        let values = VALUES.get(self.tables.len()).unwrap_or(&2);
        let tables = aliases().zip(&self.tables).map(|(alias, table)| format!("{table} {alias}"));
        let bounds = aliases().zip(&self.tables).map(|(alias, _)| format!("{alias}.i < {values}"));
        let (tables, bounds): (Vec<_>, Vec<_>) = (tables.collect(), bounds.collect());
        format!("{} WHERE {}", tables.join(", "), bounds.join(" AND "))
    }

    /// What comes behind the condition.
    pub fn tail(&self) -> &'static str {
        if self.is_aggregate { "GROUP BY a.i % 3 ORDER BY 1" } else { "ORDER BY 1" }
    }
}

fn aliases() -> impl Iterator<Item = &'static str> {
    ["a", "b", "c", "d", "e"].into_iter()
}

/// All there are, each once.
pub async fn all(types: &Types, straight: &Client) -> Vec<Expression> {
    let mut expressions = from_catalog(types, straight).await;
    expressions.extend(casts(types, straight).await);
    for line in fs::read_to_string(FORMS).unwrap().lines() {
        if !line.starts_with('#') && !line.is_empty() {
            expressions.extend(expand(line).iter().filter_map(|form| of_form(types, form)));
        }
    }
    let mut known = HashSet::new();
    expressions.retain(|expression| {
        known.insert(format!("{} {}", expression.text, expression.tables.join(" ")))
    });
    expressions
}

/// Functions, aggregates and operators whose arguments there are values of.
async fn from_catalog(types: &Types, straight: &Client) -> Vec<Expression> {
    let pure = fs::read_to_string(PURE).unwrap();
    let pure: Vec<_> = pure.lines().filter_map(|line| line.split('\t').next()).collect();
    let query = format!(
        "SELECT p.prokind, p.proname, quote_ident(p.proname), o.oprname, o.oprkind, \
            array_to_string(ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), ';') \
         FROM pg_proc p LEFT JOIN pg_operator o ON o.oprcode = p.oid \
         WHERE p.oid IN ({}) AND NOT p.proretset AND p.prokind IN ('f', 'a') \
            AND p.provolatile <> 'v' \
            AND NOT EXISTS (SELECT FROM pg_aggregate g \
                            WHERE g.aggfnoid = p.oid AND g.aggkind <> 'n') \
         ORDER BY p.oid, o.oid",
        pure.join(",")
    );
    let rows = straight.query(&query, &[]).await.unwrap();
    let mut expressions = Vec::new();
    for row in rows {
        let arguments: String = row.get(5);
        let names = arguments.split(';').filter(|name| !name.is_empty());
        let Some(tables) = names.map(|name| types.table(name)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let is_aggregate = row.get::<_, i8>(0) == b'a' as i8;
        let columns: Vec<_> =
            aliases().zip(&tables).map(|(alias, _)| format!("{alias}.v")).collect();
        let called = format!("pg_catalog.{}({})", row.get::<_, String>(2), columns.join(", "));
        if is_aggregate {
            expressions.extend(aggregates(&row.get::<_, String>(2), &columns, &tables));
            continue;
        }
        expressions.push(Expression { text: called, tables: tables.clone(), is_aggregate });
        if let Some(operator) = row.get::<_, Option<String>>(3) {
            let text = match columns.as_slice() {
                [right] => format!("{operator} {right}"),
                [left, right] => format!("{left} {operator} {right}"),
                _ => continue,
            };
            expressions.push(Expression { text, tables, is_aggregate });
        }
    }
    expressions
}

/// In an order, so that what is put together, or rounded, has one answer.
fn aggregates(name: &str, columns: &[String], tables: &[String]) -> Vec<Expression> {
    let order: Vec<_> = aliases().zip(columns).map(|(alias, _)| format!("{alias}.i")).collect();
    let (columns, order) = (columns.join(", "), order.join(", "));
    if order.is_empty() {
        return Vec::new();
    }
    let forms = [
        format!("{name}({columns} ORDER BY {order})"),
        format!("{name}({columns} ORDER BY {order}) FILTER (WHERE a.i IN (0, 1, 2, 4))"),
    ];
    let expression = |text| Expression { text, tables: tables.to_vec(), is_aggregate: true };
    forms.into_iter().map(expression).collect()
}

/// A cast from each type to each that PostgreSQL has one to, and through text.
async fn casts(types: &Types, straight: &Client) -> Vec<Expression> {
    let query = "SELECT format_type(castsource, NULL), format_type(casttarget, NULL) FROM pg_cast";
    let mut pairs: Vec<(String, String)> = Vec::new();
    for row in straight.query(query, &[]).await.unwrap() {
        pairs.push((row.get(0), row.get(1)));
    }
    for name in types.names() {
        pairs.push((name.to_owned(), "text".to_owned()));
        pairs.push(("text".to_owned(), name.to_owned()));
    }
    let names: HashSet<_> = types.names().collect();
    let cast = |(from, to): (String, String)| {
        let tables = vec![types.table(&from)?];
        let text = format!("a.v::{to}");
        names.contains(to.as_str()).then_some(Expression { text, tables, is_aggregate: false })
    };
    let through_text = types.names().filter_map(|name| {
        let tables = vec![types.table(name)?];
        Some(Expression { text: format!("a.v::text::{name}"), tables, is_aggregate: false })
    });
    pairs.into_iter().filter_map(cast).chain(through_text).collect()
}

/// A line for each of the alternatives that it names.
fn expand(line: &str) -> Vec<String> {
    let Some(start) = line.find("%(") else { return vec![line.to_owned()] };
    let Some(length) = matching(&line[start + 2..]) else { return vec![line.to_owned()] };
    let (head, inner) = (&line[..start], &line[start + 2..start + 2 + length]);
    let rest = expand(&line[start + 3 + length..]);
    let with = |choice: &str| -> Vec<String> {
        rest.iter().map(|rest| format!("{head}{choice}{rest}")).collect()
    };
    alternatives(inner).into_iter().flat_map(with).collect()
}

/// Where the parenthesis closes, quotes aside.
fn matching(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (1, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Between bars that are not in quotes; `||` alone is an operator.
fn alternatives(text: &str) -> Vec<&str> {
    if text == "||" {
        return vec![text];
    }
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A form with its `{type}` as columns; none when there are no values of a type.
fn of_form(types: &Types, form: &str) -> Option<Expression> {
    let (mut text, mut tables, mut rest) = (String::new(), Vec::new(), form);
    while let Some(start) = rest.find('{') {
        let end = start + rest[start..].find('}')?;
        let name = &rest[start + 1..end];
        text.push_str(&rest[..start]);
        match types.table(name) {
            Some(table) => {
                text.push_str(&format!("{}.v", aliases().nth(tables.len())?));
                tables.push(table);
            }
            // An array's literal, or a number of times.
            None => text.push_str(&rest[start..=end]),
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Some(Expression { text, tables, is_aggregate: false })
}

/// Whether a client's answer is that something is not there.
pub fn is_refusal(said: &str) -> bool {
    ["0A000", "42883", "42704"].iter().any(|state| said.starts_with(state))
}

/// One query's rows, by their first column.
pub async fn rows(client: &Client, query: &str) -> Result<Vec<(String, String)>, String> {
    let rows = ask(client, query).await?;
    let split = |row: String| match row.split_once('|') {
        Some((key, value)) => (key.to_owned(), value.to_owned()),
        None => (row.clone(), String::new()),
    };
    Ok(rows.into_iter().map(split).collect())
}
