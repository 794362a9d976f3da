use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo;

/// The crates of the workspace, and what crates from elsewhere depend on.
pub struct Workspace {
    /// Ours, by package name.
    pub members: BTreeMap<String, Member>,
    /// All packages of Cargo.lock: name to names.
    pub locked: BTreeMap<String, BTreeSet<String>>,
}

/// One crate of ours.
#[derive(Default)]
pub struct Member {
    /// Its folder, from the root.
    pub folder: String,
    /// What its Cargo.toml declares.
    pub dependencies: Vec<Dependency>,
    /// Feature to what it switches on.
    pub features: BTreeMap<String, Vec<String>>,
}

/// One declared dependency.
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// For tests and benchmarks only.
    pub dev: bool,
    /// Only there when a feature says so.
    pub optional: bool,
    /// The features asked for, `default` among them.
    pub features: Vec<String>,
}

impl Workspace {
    /// Asks `cargo metadata` (without network) and reads Cargo.lock.
    pub fn read(root: &Path) -> Result<Self> {
        let packages = cargo::packages(root)?;
        let lock = fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")?;
        Ok(Self { members: members(root, &packages)?, locked: locked(&lock) })
    }
}

/// What the edge list calls a package: `medley-sql` is `sql`, `medley-wrapper-x` is `wrappers/x`.
pub fn short_name(package: &str) -> String {
    match package.strip_prefix("medley-") {
        Some(rest) => match rest.strip_prefix("wrapper-") {
            Some(wrapper) => format!("wrappers/{wrapper}"),
            None => rest.to_owned(),
        },
        None => package.to_owned(),
    }
}

fn members(root: &Path, packages: &[Value]) -> Result<BTreeMap<String, Member>> {
    packages.iter().map(|package| Ok((text(&package["name"])?, member(root, package)?))).collect()
}

fn member(root: &Path, package: &Value) -> Result<Member> {
    let manifest = text(&package["manifest_path"])?;
    let folder = Path::new(&manifest).parent().context("a manifest without a folder")?;
    let folder = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
    let dependencies = list(&package["dependencies"]).map(dependency).collect::<Result<_>>()?;
    let features = package["features"].as_object().into_iter().flatten();
    let features = features
        .map(|(name, what)| Ok((name.clone(), list(what).map(text).collect::<Result<_>>()?)))
        .collect::<Result<_>>()?;
    Ok(Member { folder, dependencies, features })
}

fn dependency(value: &Value) -> Result<Dependency> {
    let mut features = list(&value["features"]).map(text).collect::<Result<Vec<_>>>()?;
    if value["uses_default_features"] == true {
        features.push("default".to_owned());
    }
    Ok(Dependency {
        name: text(&value["name"])?,
        dev: value["kind"] == "dev",
        optional: value["optional"] == true,
        features,
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("no text in metadata: {value}"))
}

/// Versions of one name are taken together, which can only find too much.
fn locked(lock: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut packages = BTreeMap::<String, BTreeSet<String>>::new();
    for block in lock.split("[[package]]").skip(1) {
        let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
        let Some(name) = block.lines().find(|line| line.starts_with("name = ")).and_then(quoted)
        else {
            continue;
        };
        let dependencies = block.lines().filter(|line| line.starts_with(" \"")).filter_map(quoted);
        let names = dependencies.filter_map(|text| text.split(' ').next().map(str::to_owned));
        packages.entry(name).or_default().extend(names);
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_edge_list() {
        for (package, short) in [
            ("medley", "medley"),
            ("medley-sql", "sql"),
            ("medley-wrapper-hello", "wrappers/hello"),
            ("xtask", "xtask"),
        ] {
            assert_eq!(short_name(package), short);
        }
    }

    #[test]
    fn the_lock_file_is_read_without_versions() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = \
                    [\n \"b 0.2.0\",\n \"c\",\n]\n\n[[package]]\nname = \"c\"\nversion = \"1\"\n";
        let locked = locked(lock);
        assert_eq!(locked["a"], BTreeSet::from(["b".to_owned(), "c".to_owned()]));
        assert!(locked["c"].is_empty());
    }
}
