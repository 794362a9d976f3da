//! Each option that a wrapper declares is in the manual.
use super::Finding;
use super::tree::Tree;

const MANUAL: &str = "docs/reference/wrappers/";

/// Looks for each option of `wrappers/NAME` in `docs/reference/wrappers/NAME_fdw.md`, once the
/// manual has pages of wrappers at all.
pub fn check(tree: &Tree) -> Vec<Finding> {
    if !tree.has(MANUAL) {
        return Vec::new();
    }
    tree.rust().flat_map(|(path, text)| missing(tree, path, text)).collect()
}

fn missing(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let Some((wrapper, _)) =
        path.strip_prefix("wrappers/").and_then(|rest| rest.split_once("/src/"))
    else {
        return Vec::new();
    };
    // Where a folder has a second wrapper, what its options are begins with its name.
    let name = match path.rsplit('/').next() {
        Some("s3_options.rs") => "parquet_s3",
        Some("dblink_options.rs") => "dblink",
        _ => wrapper,
    };
    let page = format!("{MANUAL}{name}_fdw.md");
    let manual = tree.text(&page).unwrap_or_default();
    declared(text)
        .into_iter()
        .filter(|(_, option)| !manual.contains(&format!("`{option}`")))
        .map(|(line, option)| Finding::line(path, line, format!("`{option}` is not in {page}")))
        .collect()
}

/// The options that a source file declares, with their lines: of each call in a table of
/// `OptionSpec`, the first literal.
fn declared(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("[OptionSpec] = &[") {
        let table = &text[at + "[OptionSpec] = &[".len()..];
        let start = text.len() - table.len();
        let names = names_in(&table[..table.find("\n];").unwrap_or(table.len())]);
        found.extend(names.into_iter().map(|(at, name)| (line_of(text, start + at), name)));
    }
    found
}

/// The first literal within each outermost pair of parentheses, and where it stands.
fn names_in(table: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let (mut depth, mut named) = (0_usize, true);
    let mut at = 0;
    while let Some(step) = table[at..].find(['(', ')', '"']) {
        at += step;
        match table.as_bytes()[at] {
            b'(' => {
                // A method called on the entry, `.default("x")`, names no other.
                named = if depth == 0 { is_method(&table[..at]) } else { named };
                depth += 1;
            }
            b')' => depth = depth.saturating_sub(1),
            _ => {
                let literal = literal(&table[at + 1..]);
                if !std::mem::replace(&mut named, true) {
                    names.push((at, literal));
                }
                at += literal.len() + 1;
            }
        }
        at += 1;
    }
    names
}

fn is_method(before: &str) -> bool {
    let name_start = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    name_start.ends_with('.')
}

/// What stands before the closing quote.
fn literal(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    &text[..end.unwrap_or(text.len())]
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(Scope::Server, "host", TEXT, "Where (a \"name\")."),
    server(
        "port",
        Kind::OneOf(&["a", "b"]),
    )
    .default("5432"),
];
fn f() { g("nothing") }
"#;

    #[test]
    fn every_form_of_a_declaration_is_read() {
        assert_eq!(declared(SOURCE), [(2, "host"), (4, "port")]);
    }

    #[test]
    fn an_option_must_be_on_its_page() {
        let source = ("wrappers/x/src/options.rs", SOURCE);
        let page = ("docs/reference/wrappers/x_fdw.md", "- `host`: where.");
        let said = check(&Tree::of(&[source, page]));
        let expected = "`port` is not in docs/reference/wrappers/x_fdw.md";
        assert_eq!(said, [Finding::line("wrappers/x/src/options.rs", 4, expected)]);
        assert_eq!(check(&Tree::of(&[source])), []);
    }
}
