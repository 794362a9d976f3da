//! Every dependency from elsewhere is argued.
use super::Finding;
use super::tree::Tree;

const ARGUED: &str = "docs/design/0001-dependencies.md";
const MANIFEST: &str = "Cargo.toml";

/// Looks for each workspace dependency in the design note.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let note = tree.text(ARGUED).unwrap_or_default();
    let manifest = tree.text(MANIFEST).unwrap_or_default();
    declared(manifest)
        .filter(|(_, name)| !note.contains(&format!("`{name}`")))
        .map(|(line, name)| {
            Finding::line(MANIFEST, line, format!("`{name}` is not argued in {ARGUED}"))
        })
        .collect()
}

/// The names under `[workspace.dependencies]` that are not ours, with their lines.
fn declared(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    manifest
        .lines()
        .enumerate()
        .skip_while(|(_, line)| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter_map(|(index, line)| Some((index + 1, line.split_once(" = ")?.0)))
        .filter(|(_, name)| !name.starts_with([' ', '#']) && !name.starts_with("medley-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_declared_dependency_must_be_argued() {
        let manifest = "[workspace]\n[workspace.dependencies]\nbytes = \"1\"\nlibc = { version = \
                        \"1\", features = [\n  \"a\",\n] }\nmedley-sql = { path = \"x\" }\n\n\
                        [profile.dev]\ndebug = false\n";
        let tree = Tree::of(&[(MANIFEST, manifest), (ARGUED, "| `bytes` | buffers |")]);
        let said: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        let expected =
            "Cargo.toml:4: error: `libc` is not argued in docs/design/0001-dependencies.md";
        assert_eq!(said, [expected]);
    }
}
