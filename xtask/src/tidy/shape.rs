//! Files and functions that are too long.
use super::Finding;
use super::tree::Tree;

const FILE_LONG: usize = 700;
const FILE_TOO_LONG: usize = 1000;
const FUNCTION_TOO_LONG: usize = 120;

/// Measures every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .flat_map(|(path, text)| {
            let functions = functions(text).into_iter().filter(|f| f.lines > FUNCTION_TOO_LONG);
            let too_long = functions.map(|function| {
                let Function { name, lines, line } = function;
                let message = format!("fn {name} has {lines} lines, {FUNCTION_TOO_LONG} at most");
                Finding::line(path, line, message)
            });
            file(path, text.lines().count()).into_iter().chain(too_long).collect::<Vec<_>>()
        })
        .collect()
}

fn file(path: &str, lines: usize) -> Option<Finding> {
    let finding = Finding::file(path, format!("has {lines} lines: is it one concept?"));
    match lines {
        _ if lines > FILE_TOO_LONG => Some(finding),
        _ if lines > FILE_LONG => Some(finding.as_warning()),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// The functions of a formatted source: each ends at a brace that stands where its `fn` does.
fn functions(text: &str) -> Vec<Function<'_>> {
    let lines: Vec<_> = text.lines().collect();
    let starts = lines.iter().enumerate().filter_map(|(at, line)| Some((at, name_of(line)?)));
    starts.map(|(at, name)| Function { name, line: at + 1, lines: length(&lines[at..]) }).collect()
}

/// `pub(crate) async fn name(` gives `name`.
fn name_of(line: &str) -> Option<&str> {
    let mut words = line.trim_start().split(' ');
    let qualifier = |word: &&str| {
        ["const", "async", "unsafe", "extern"].contains(word) || word.starts_with("pub")
    };
    let first = words.by_ref().find(|word| !qualifier(word))?;
    (first == "fn").then(|| words.next())?.map(|name| {
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        &name[..end]
    })
}

fn length(lines: &[&str]) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let first = lines[0];
    if first.ends_with(';') || first.ends_with('}') {
        return 1;
    }
    let is_last = |line: &&str| indent(line) == indent(first) && line.ends_with(['}', ';']);
    lines.iter().skip(1).position(is_last).map_or(lines.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_their_lengths() {
        let text = "pub const fn one() {}\nimpl A {\n    pub(crate) async fn two<T>(\n        a: \
                    T,\n    ) {\n        a();\n    }\n    fn three(\n        a: A,\n    ) -> B;\n}\n\
                    // fn none() {\nfn four()\nwhere\n    A: B,\n{\n}\n";
        let found: Vec<_> = functions(text).iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("one", 1, 1), ("two", 3, 5), ("three", 8, 3), ("four", 13, 5)]);
    }

    #[test]
    fn too_long_is_an_error_and_long_a_warning() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    a();\n".repeat(lines - 2));
        let (ok, long) = (function(120), function(121));
        let file_of = |lines| "a();\n".repeat(lines);
        let (warned, failed) = (file_of(701), file_of(1001));
        let tree =
            Tree::of(&[("a.rs", &ok), ("b.rs", &long), ("c.rs", &warned), ("d.rs", &failed)]);
        let said: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let expected = [
            "b.rs:1: error: fn f has 121 lines, 120 at most",
            "c.rs: warning: has 701 lines: is it one concept?",
            "d.rs: error: has 1001 lines: is it one concept?",
        ];
        assert_eq!(said, expected);
    }
}
