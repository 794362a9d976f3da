//! SECURITY.md's last table is true: the files that hold a claim are there, and the tests in them.
use super::Finding;
use super::tree::Tree;

const FILE: &str = "SECURITY.md";
const SECTION: &str = "## What holds these claims";

/// Looks at each row.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.text(FILE) else {
        return vec![Finding::file(FILE, "is missing")];
    };
    let rows = document.lines().enumerate().skip_while(|(_, line)| *line != SECTION);
    let rows: Vec<_> = rows.filter(|(_, line)| line.starts_with("| ")).skip(1).collect();
    match rows.is_empty() {
        true => vec![Finding::file(FILE, format!("has no table in \"{SECTION}\""))],
        false => rows.into_iter().flat_map(|(index, row)| wrong(tree, index + 1, row)).collect(),
    }
}

fn wrong(tree: &Tree, line: usize, row: &str) -> Vec<Finding> {
    let cells: Vec<_> = row.split(" | ").collect();
    let [_, files, tests] = cells[..] else {
        return vec![Finding::line(FILE, line, "is no row of claim, files and tests")];
    };
    let texts: Vec<_> = spans(files).map(|path| (path, tree.text(path))).collect();
    let absent = texts.iter().filter(|(_, text)| text.is_none());
    let absent = absent.map(|(path, _)| format!("`{path}` does not exist"));
    let is_there = |name: &str| {
        let function = format!("fn {name}(");
        texts.iter().any(|(_, text)| text.is_some_and(|text| text.contains(&function)))
    };
    let names = spans(tests).filter(|name| !name.contains(' '));
    let gone = names.filter(|name| !is_there(name));
    let gone = gone.map(|name| format!("no file of the row has a test `{name}`"));
    let unnamed = tests.trim_matches([' ', '|']).is_empty();
    let unnamed = unnamed.then(|| "names no test".to_owned());
    absent.chain(gone).chain(unnamed).map(|what| Finding::line(FILE, line, what)).collect()
}

fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_gone_is_found() {
        let document = format!(
            "| x | `gone` | |\n{SECTION}\n\n| claim | files | tests |\n|---|---|---|\n\
             | a | `a.rs` | `holds_a` |\n| b | `a.rs`, `b.rs` | `holds_b`, by `cargo x` |\n\
             | c | `a.rs` | |\n"
        );
        let tree = Tree::of(&[(FILE, &document), ("a.rs", "async fn holds_a() {}")]);
        let said: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "SECURITY.md:7: error: `b.rs` does not exist",
                "SECURITY.md:7: error: no file of the row has a test `holds_b`",
                "SECURITY.md:8: error: names no test"
            ]
        );
    }
}
