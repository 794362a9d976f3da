//! No marks of unfinished work, no blanks at a line's end.
use super::Finding;
use super::tree::Tree;

/// Taken apart so that this file may be checked as well.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const CHECKED: &[&str] =
    &[".rs", ".toml", ".md", ".sh", ".sql", ".slt", ".race", ".py", ".yml", ".ci/run"];
/// Blanks at the end of what a test script expects may be what it expects.
const MAY_END_IN_BLANKS: &str = ".slt";

/// Looks at every line that people write.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(CHECKED) {
        for (index, line) in text.lines().enumerate() {
            findings
                .extend(wrong_with(path, line).map(|what| Finding::line(path, index + 1, what)));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            findings.push(Finding::file(path, "does not end with a line feed"));
        }
    }
    findings
}

fn wrong_with(path: &str, line: &str) -> Option<String> {
    if line.ends_with([' ', '\t', '\r']) && !path.ends_with(MAY_END_IN_BLANKS) {
        return Some("blanks at the end of the line".to_owned());
    }
    let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
    Some(format!("{word}: do it, or open an issue"))
}

fn has_word(line: &str, word: &str) -> bool {
    let alone = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        alone(line[..at].chars().next_back()) && alone(line[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_unfinished_work() {
        let [mark, ..] = UNFINISHED else { panic!("no marks") };
        let unfinished = format!("// {mark}(me): later\nlet {mark}S = 1;\n");
        let tree = Tree::of(&[
            ("a.md", "one \ntwo\n"),
            ("b.rs", &unfinished),
            ("c.slt", "a  \n"),
            ("d.toml", "a = 1"),
        ]);
        let said: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let expected = [
            "a.md:1: error: blanks at the end of the line".to_owned(),
            format!("b.rs:1: error: {mark}: do it, or open an issue"),
            "d.toml: error: does not end with a line feed".to_owned(),
        ];
        assert_eq!(said, expected);
    }
}
