//! Guides whose SQL is one session of psql: what is typed, and what is printed.
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::process::Stdio;

use medley_testkit::{Medley, SUPERUSER};

/// A statement or several of a guide, and what it says is printed: where each stands in it.
struct Step {
    sql: Range<usize>,
    /// Empty where nothing is.
    printed: Range<usize>,
}

fn steps(guide: &str) -> Vec<Step> {
    let end = |from: usize| from + guide[from..].find("```").expect("a fence that ends");
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(found) = guide[at..].find("```sql\n") {
        let start = at + found + "```sql\n".len();
        let sql = start..end(start);
        at = sql.end + "```\n".len();
        let printed = match guide[at..].strip_prefix("\n```\n") {
            Some(_) => at + "\n```\n".len()..end(at + "\n```\n".len()),
            None => at..at,
        };
        at = printed.end;
        steps.push(Step { sql, printed });
    }
    steps
}

/// A guide's blocks in some other language, one after another.
pub fn blocks(guide: &str, language: &str) -> String {
    let text = fs::read_to_string(guide).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Types what a guide shows, changed so that it finds the servers of this test, and compares what
/// is printed; what goes wrong is said where it does. With `MEDLEY_BLESS` in the environment,
/// writes it into the guide.
#[track_caller]
pub fn check(medley: &Medley, guide: &str, least: usize, changed: impl Fn(&str) -> String) {
    let mut text = fs::read_to_string(guide).unwrap();
    let steps = steps(&text);
    assert!(steps.len() >= least, "{}", steps.len());
    let typed: String = steps
        .iter()
        .enumerate()
        .map(|(number, step)| format!("\\echo == {number}\n{}", &text[step.sql.clone()]))
        .collect();
    let printed = printed(medley, &changed(&typed));
    let said: Vec<String> = printed
        .split("== ")
        .skip(1)
        .map(|it| tidy(it.split_once('\n').map_or("", |(_, said)| said)))
        .collect();
    assert_eq!(said.len(), steps.len(), "{printed}");
    if std::env::var_os("MEDLEY_BLESS").is_some() {
        for (step, said) in steps.iter().zip(&said).rev() {
            let was_there = !step.printed.is_empty();
            let said = match (was_there, said.is_empty()) {
                (false, true) => continue,
                (false, false) => format!("\n```\n{said}\n```\n"),
                (true, _) => format!("{said}\n"),
            };
            text.replace_range(step.printed.clone(), &said);
        }
        fs::write(guide, &text).unwrap();
        return;
    }
    for (number, (step, said)) in steps.iter().zip(&said).enumerate() {
        let sql = &text[step.sql.clone()];
        assert_eq!(*said, tidy(&text[step.printed.clone()]), "step {number}: {sql}\n{said}");
    }
}

/// What psql prints, notices and errors included, in the order in which it does.
fn printed(medley: &Medley, typed: &str) -> String {
    let mut psql = medley.psql_command(SUPERUSER, "").unwrap();
    psql.args(["-q", "-P", "tuples_only=off", "-P", "format=aligned"]);
    psql.args(["-f", "-"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(psql.get_program()).args(psql.get_args());
    for (name, value) in psql.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Without what psql says of its input's lines, blanks at the ends of lines, and empty lines.
fn tidy(text: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((place, rest)) if place.starts_with("psql:") => rest.trim_end().to_owned(),
        _ => line.trim_end().to_owned(),
    };
    let lines = text.lines().map(line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
