//! Guides whose SQL is one session of psql: what is typed, and what is printed.
use std::fs;
use std::io::Write;
use std::process::Stdio;

use medley_testkit::{Medley, SUPERUSER};

/// The guide's statements, each with what it says is printed.
fn steps(guide: &str) -> Vec<(String, String)> {
    let block = |text: &str, fence: &str| {
        let (_, rest) = text.split_once(fence)?;
        let (block, rest) = rest.split_once("```")?;
        Some((block.to_owned(), rest.to_owned()))
    };
    let mut steps = Vec::new();
    let mut rest = guide.to_owned();
    while let Some((sql, after)) = block(&rest, "```sql\n") {
        let printed = after.trim_start().strip_prefix("```\n").and_then(|it| it.split_once("```"));
        steps.push((sql, printed.map(|(it, _)| it.to_owned()).unwrap_or_default()));
        rest = after;
    }
    steps
}

/// Types what a guide shows, changed so that it finds the servers of this test, and compares what
/// is printed; what goes wrong is said where it does.
#[track_caller]
pub fn check(medley: &Medley, guide: &str, least: usize, changed: impl Fn(&str) -> String) {
    let guide = fs::read_to_string(guide).unwrap();
    let steps = steps(&guide);
    assert!(steps.len() >= least, "{}", steps.len());
    let mark = |number: usize| format!("\\echo == {number}\n");
    let typed: String =
        steps.iter().enumerate().map(|(number, (sql, _))| mark(number) + sql).collect();
    let typed = changed(&typed);
    let mut psql = medley.psql_command(SUPERUSER, "").unwrap();
    psql.args(["-q", "-P", "tuples_only=off", "-P", "format=aligned"]);
    psql.args(["-f", "-"]);
    // Both in one, in the order in which they are printed.
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
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut printed = printed.split("== ").skip(1);
    for (number, (sql, expected)) in steps.iter().enumerate() {
        let said = printed.next().and_then(|it| it.split_once('\n')).map(|(_, said)| said);
        let said = tidy(said.unwrap_or_default());
        assert_eq!(said, tidy(expected), "step {number}: {sql}\n{said}");
    }
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
