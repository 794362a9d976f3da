//! Each script under `tests/` is run by something.
use super::Finding;
use super::tree::Tree;

/// A folder whose scripts a runner finds by themselves.
struct Found {
    folder: &'static str,
    ending: &'static str,
}

const FOUND_BY_FOLDER: &[Found] = &[
    Found { folder: "tests/slt/", ending: ".slt" },
    Found { folder: "tests/pg_compat/matrices/", ending: ".toml" },
    Found { folder: "tests/pg_compat/", ending: ".sql" },
    Found { folder: "tests/races/", ending: ".race" },
];

/// Files that explain a folder are no scripts.
const EXPLANATION: &str = "README.md";

/// Looks at every file under `tests/`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<_> =
        FOUND_BY_FOLDER.iter().filter_map(|found| runner(tree, found)).collect();
    for path in tree.paths().filter(|path| path.starts_with("tests/")) {
        if !path.ends_with(EXPLANATION) {
            findings.extend(script(tree, path));
        }
    }
    findings
}

/// A folder with scripts is named by a Rust test.
fn runner(tree: &Tree, found: &Found) -> Option<Finding> {
    let has_scripts = tree.paths().any(|path| path.starts_with(found.folder));
    let folder = found.folder.trim_end_matches('/');
    (has_scripts && !is_named(tree, folder))
        .then(|| Finding::file(found.folder, "no runner (a Rust file) names this folder"))
}

fn script(tree: &Tree, path: &str) -> Option<Finding> {
    let wrong = |message: &str| Some(Finding::file(path, message));
    if tree.text(path).is_some_and(|text| text.trim().is_empty()) {
        return wrong("is empty");
    }
    match FOUND_BY_FOLDER.iter().find(|found| path.starts_with(found.folder)) {
        Some(found) if path.ends_with(found.ending) => None,
        // What a runner knows of its scripts.
        Some(_) if is_named(tree, path.rsplit('/').next()?) => None,
        Some(found) => wrong(&format!("is no {} and so is run by nothing", found.ending)),
        None if is_named(tree, path) || is_named(tree, path.rsplit('/').next()?) => None,
        None => wrong("is run by nothing: no Rust file and no script in .ci names it"),
    }
}

fn is_named(tree: &Tree, name: &str) -> bool {
    let sources = tree.rust().filter(|(path, _)| !path.starts_with("xtask/src/tidy/"));
    let ci = tree.paths().filter(|path| path.starts_with(".ci/"));
    sources
        .map(|(_, text)| text)
        .chain(ci.filter_map(|path| tree.text(path)))
        .any(|text| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_says(files: &[(&str, &str)], expected: &[&str]) {
        let said: Vec<_> = check(&Tree::of(files)).iter().map(ToString::to_string).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn scripts_that_are_run() {
        check_says(
            &[
                ("crates/testkit/src/script.rs", "const A: &str = \"tests/slt\"; // psql.py"),
                ("tests/slt/server/create.slt", "statement ok\n"),
                ("tests/slt/README.md", "About."),
                ("tests/clients/psql.py", "print()"),
                ("crates/testkit/src/compat.rs", "(\"tests/pg_compat\", \"known.toml\")"),
                ("tests/pg_compat/known.toml", "[[a]]"),
            ],
            &[],
        );
    }

    #[test]
    fn scripts_that_are_not() {
        check_says(
            &[
                ("tests/slt/server/create.slt", ""),
                ("tests/slt/server/create.txt", "a"),
                ("tests/clients/psql.py", "print()"),
            ],
            &[
                "tests/slt/: error: no runner (a Rust file) names this folder",
                "tests/clients/psql.py: error: is run by nothing: no Rust file and no script in \
                 .ci names it",
                "tests/slt/server/create.slt: error: is empty",
                "tests/slt/server/create.txt: error: is no .slt and so is run by nothing",
            ],
        );
    }
}
