//! The words of files, modules and types are the field's own.
use super::Finding;
use super::tree::Tree;

/// Words that say nothing, or say what PostgreSQL says otherwise.
const FORBIDDEN: &[&str] =
    &["common", "connector", "credential", "datasource", "helper", "manager", "misc", "util"];
/// DataFusion's word, so right only where DataFusion is.
const PROVIDER: &str = "provider";
const DATAFUSION_IS_IN: &str = "crates/engine/";

/// Looks at the path of every Rust file, and at what it declares.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .flat_map(|(path, text)| [of_path(path), of_declarations(path, text)].concat())
        .collect()
}

fn of_path(path: &str) -> Vec<Finding> {
    let names = path.trim_end_matches(".rs").split('/');
    names
        .filter_map(|name| forbidden_in(path, name))
        .map(|word| Finding::file(path, format!("the word `{word}` is not used here")))
        .collect()
}

fn of_declarations(path: &str, text: &str) -> Vec<Finding> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, declared(line)?)))
        .filter_map(|(line, name)| {
            let word = forbidden_in(path, name)?;
            Some(Finding::line(path, line, format!("`{name}`: the word `{word}` is not used here")))
        })
        .collect()
}

/// The name of the module or type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let words: Vec<_> = line.split_whitespace().collect();
    let at = words.iter().position(|word| !word.starts_with("pub"))?;
    let keyword = ["mod", "struct", "enum", "trait", "type", "union"].contains(&words[at]);
    let name = words.get(at + 1).filter(|_| keyword)?;
    Some(name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(name))
}

fn forbidden_in(path: &str, name: &str) -> Option<&'static str> {
    let parts = parts(name);
    let pairs = parts.windows(2).map(<[String]>::concat);
    let words: Vec<_> = parts.iter().cloned().chain(pairs).collect();
    let is_in =
        |word: &&str| words.iter().any(|part| part.strip_suffix('s').unwrap_or(part) == *word);
    let provider = (!path.starts_with(DATAFUSION_IS_IN)).then_some(PROVIDER);
    FORBIDDEN.iter().copied().chain(provider).find(|word| is_in(word))
}

/// `UserMapping`, `user_mapping` and `user-mapping` are `user`, `mapping`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        let starts = c.is_uppercase() || !c.is_alphanumeric();
        if starts && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if c.is_alphanumeric() {
            parts.last_mut().expect("there is always one").extend(c.to_lowercase());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_the_words_forbidden_in_them() {
        for (name, word) in [
            ("ConnectionManager", Some("manager")),
            ("string_utils", Some("util")),
            ("DataSource", Some("datasource")),
            ("Credentials", Some("credential")),
            ("TableProvider", Some("provider")),
            ("futility", None),
            ("UserMapping", None),
            ("Commons", Some("common")),
        ] {
            assert_eq!(forbidden_in("crates/sql/src/a.rs", name), word, "{name}");
        }
        assert_eq!(forbidden_in("crates/engine/src/a.rs", "TableProvider"), None);
    }

    #[test]
    fn only_what_is_declared_counts() {
        let text = "use a::TableProvider;\npub(crate) struct PoolManager<T> {\nmod misc;\n\
                    let helper = 1;\nimpl TableProvider for X {\n";
        let tree = Tree::of(&[("crates/sql/src/util.rs", text)]);
        let said: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let expected = [
            "crates/sql/src/util.rs: error: the word `util` is not used here",
            "crates/sql/src/util.rs:2: error: `PoolManager`: the word `manager` is not used here",
            "crates/sql/src/util.rs:3: error: `misc`: the word `misc` is not used here",
        ];
        assert_eq!(said, expected);
    }
}
