//! Each option that a wrapper declares is in the manual.
use super::Finding;
use super::tree::Tree;

const MANUAL: &str = "docs/reference/wrappers/";

/// Looks for each option of `wrappers/NAME` in `docs/reference/wrappers/NAME.md`, once the manual
/// has pages of wrappers at all.
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
    let page = format!("{MANUAL}{wrapper}.md");
    let manual = tree.text(&page).unwrap_or_default();
    declared(text)
        .filter(|(_, option)| !manual.contains(&format!("`{option}`")))
        .map(|(line, option)| Finding::line(path, line, format!("`{option}` is not in {page}")))
        .collect()
}

/// The options that a source file declares: `Scope::X, "name"`, over one line or two.
fn declared(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("Scope::").filter_map(|(at, _)| {
        let rest = text[at + "Scope::".len()..].trim_start_matches(char::is_alphanumeric);
        let name = rest.strip_prefix(',')?.trim_start().strip_prefix('"')?;
        let line = text[..at].lines().count().max(1);
        Some((line, name.split_once('"')?.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "const OPTIONS: &[OptionSpec] = &[\n    OptionSpec::new(Scope::Server, \
                          \"host\", TEXT),\n    OptionSpec::new(\n        Scope::UserMapping,\n        \
                          \"user\",\n    ),\n];\nfn f(s: Scope) { s == Scope::Table }";

    #[test]
    fn an_option_must_be_on_its_page() {
        let source = ("wrappers/x/src/options.rs", SOURCE);
        let page = ("docs/reference/wrappers/x.md", "- `host`: where.");
        let said = check(&Tree::of(&[source, page]));
        let expected = "`user` is not in docs/reference/wrappers/x.md";
        assert_eq!(said, [Finding::line("wrappers/x/src/options.rs", 4, expected)]);
        assert_eq!(check(&Tree::of(&[source])), []);
    }
}
