//! ARCHITECTURE.md is true: what it names is there, and each crate is named.
use super::Finding;
use super::tree::Tree;
use super::workspace::Workspace;

/// The map of the project.
pub const FILE: &str = "ARCHITECTURE.md";

/// What ends the name of a file that can be told from a word by it.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".sh"];

/// Compares the document with the tree.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let Some(document) = tree.text(FILE) else {
        return vec![Finding::file(FILE, "is missing")];
    };
    let named = paths(document);
    let absent = named.iter().filter(|(_, path)| !tree.has(path));
    let mut findings: Vec<_> = absent
        .map(|(line, path)| Finding::line(FILE, *line, format!("`{path}` does not exist")))
        .collect();
    findings.extend(unnamed_crates(&named, workspace));
    findings
}

fn unnamed_crates(named: &[(usize, &str)], workspace: &Workspace) -> Vec<Finding> {
    let is_named =
        |folder: &str| named.iter().any(|(_, path)| path.trim_end_matches('/') == folder);
    workspace
        .members
        .values()
        .filter(|member| !is_named(&member.folder))
        .map(|member| Finding::file(FILE, format!("does not name the crate `{}`", member.folder)))
        .collect()
}

/// Every code span that is a path, with its line. Fenced blocks hold none.
fn paths(document: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in document.lines().enumerate() {
        fenced ^= line.starts_with("```");
        if !fenced {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter(|span| is_path(span)).map(|span| (index + 1, span)));
        }
    }
    found
}

fn is_path(span: &str) -> bool {
    let of_a_path = |c: char| c.is_ascii_alphanumeric() || "_-./*".contains(c);
    let ends_as_file = ENDINGS.iter().any(|ending| span.ends_with(ending));
    span.chars().all(of_a_path) && !span.starts_with('/') && (span.contains('/') || ends_as_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_code_spans_outside_fences() {
        let document = "`crates/sql/` and `SELECT 1/2`, `README.md`, `/proc/1`, `ConnKey`\n\
                        ```\n`no/path`\n```\n`xtask/src`";
        assert_eq!(paths(document), [(1, "crates/sql/"), (1, "README.md"), (5, "xtask/src")]);
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        let tree = Tree::of(&[(FILE, "`crates/gone`")]);
        let workspace = Workspace { members: [].into(), locked: [].into() };
        let said: Vec<_> = check(&tree, &workspace).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["ARCHITECTURE.md:1: error: `crates/gone` does not exist"]);
    }
}
