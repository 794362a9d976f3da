//! The crates depend on each other as ARCHITECTURE.md draws it, and in no other way.
use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;
use super::workspace::{Dependency, Member, Workspace, short_name};
use super::{Finding, architecture};

/// Where the edge list stands.
const DRAWING: &str = architecture::FILE;
/// May stand to the right of `->`.
const EVERYTHING: &str = "everything";
/// What may be reached only from the crates to the right of `<-`.
const COSTLY: &str = "datafusion";

/// The edge list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Edges {
    /// Crate to the line that draws its arrows, and their ends.
    arrows: BTreeMap<String, (usize, BTreeSet<String>)>,
    /// The crates that may reach DataFusion.
    reach_datafusion: BTreeSet<String>,
}

/// Compares the declared dependencies with the edge list, both ways.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let edges = match Edges::parse(tree.text(DRAWING).unwrap_or_default()) {
        Ok(edges) => edges,
        Err(finding) => return vec![finding],
    };
    let mut findings = undrawn(&edges, workspace);
    findings.extend(drawn_only(&edges, workspace));
    findings.extend(costly(&edges, workspace));
    findings
}

impl Edges {
    /// Reads the block that is fenced as `edges`.
    fn parse(document: &str) -> Result<Self, Finding> {
        let lines = document.lines().enumerate().skip_while(|(_, line)| *line != "```edges");
        let block: Vec<_> = lines.skip(1).take_while(|(_, line)| *line != "```").collect();
        if block.is_empty() {
            return Err(Finding::file(DRAWING, "has no edge list (a block fenced as `edges`)"));
        }
        let mut edges = Self::default();
        for (index, line) in block {
            edges.add(index + 1, line)?;
        }
        Ok(edges)
    }

    fn add(&mut self, number: usize, line: &str) -> Result<(), Finding> {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        if let Some((from, to)) = line.split_once("->") {
            self.arrows.insert(from.trim().to_owned(), (number, names(to)));
        } else if let Some((COSTLY, from)) =
            line.split_once("<-").map(|(to, from)| (to.trim(), from))
        {
            self.reach_datafusion = names(from);
        } else {
            return Err(Finding::line(DRAWING, number, format!("`{line}` is no edge")));
        }
        Ok(())
    }

    /// The line of the list that speaks for a crate.
    fn line_for(&self, name: &str) -> Option<(&str, &(usize, BTreeSet<String>))> {
        let pattern = name.split_once('/').map(|(folder, _)| format!("{folder}/*"));
        let (key, line) = self
            .arrows
            .get_key_value(name)
            .or_else(|| self.arrows.get_key_value(pattern.as_deref()?))?;
        Some((key, line))
    }
}

/// Dependencies that are declared and not drawn. Tests may use what they like.
fn undrawn(edges: &Edges, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, member) in &workspace.members {
        let name = short_name(package);
        let manifest = format!("{}/Cargo.toml", member.folder);
        let Some((_, (number, allowed))) = edges.line_for(&name) else {
            findings
                .push(Finding::file(DRAWING, format!("the edge list has no line for `{name}`")));
            continue;
        };
        if allowed.contains(EVERYTHING) {
            continue;
        }
        for to in own(member, workspace).filter(|to| !allowed.contains(to)) {
            let message = format!("`{name} -> {to}` is not in the edge list ({DRAWING}:{number})");
            findings.push(Finding::file(&manifest, message));
        }
    }
    findings
}

/// Arrows that are drawn and that no Cargo.toml declares.
fn drawn_only(edges: &Edges, workspace: &Workspace) -> Vec<Finding> {
    let mut declared = BTreeMap::<&str, BTreeSet<String>>::new();
    for (package, member) in &workspace.members {
        if let Some((key, _)) = edges.line_for(&short_name(package)) {
            declared.entry(key).or_default().extend(own(member, workspace));
        }
    }
    let mut findings = Vec::new();
    for (from, (number, ends)) in &edges.arrows {
        let Some(declared) = declared.get(from.as_str()) else {
            findings.push(Finding::line(DRAWING, *number, format!("no crate is called `{from}`")));
            continue;
        };
        for to in ends.iter().filter(|to| *to != EVERYTHING && !declared.contains(*to)) {
            let message = format!("`{from} -> {to}` is drawn, and not in Cargo.toml");
            findings.push(Finding::line(DRAWING, *number, message));
        }
    }
    findings
}

fn own(member: &Member, workspace: &Workspace) -> impl Iterator<Item = String> {
    member
        .dependencies
        .iter()
        .filter(|dependency| !dependency.dev && workspace.members.contains_key(&dependency.name))
        .map(|dependency| short_name(&dependency.name))
}

/// Crates that reach DataFusion, be it in their tests, and are not allowed to.
fn costly(edges: &Edges, workspace: &Workspace) -> Vec<Finding> {
    let may_not = |name: &String| !edges.reach_datafusion.contains(name);
    workspace
        .members
        .iter()
        .filter(|(package, _)| may_not(&short_name(package)))
        .filter_map(|(package, member)| {
            let path = Search { workspace, seen: BTreeSet::new() }.start(package)?;
            let message = format!("reaches DataFusion: {}", path.join(" -> "));
            Some(Finding::file(format!("{}/Cargo.toml", member.folder), message))
        })
        .collect()
}

/// Looks for a way from a crate to DataFusion, with the features that are asked for on the way.
struct Search<'a> {
    workspace: &'a Workspace,
    seen: BTreeSet<(String, Vec<String>)>,
}

impl Search<'_> {
    fn start(&mut self, package: &str) -> Option<Vec<String>> {
        let features: Vec<_> = self.workspace.members[package].features.keys().cloned().collect();
        self.way(package, &features, true)
    }

    /// The packages on the way, `package` first.
    fn way(&mut self, package: &str, features: &[String], dev: bool) -> Option<Vec<String>> {
        if is_costly(package) {
            return Some(vec![package.to_owned()]);
        }
        if !self.seen.insert((package.to_owned(), features.to_vec())) {
            return None;
        }
        let rest = match self.workspace.members.get(package) {
            Some(member) => active(member, features, dev)
                .into_iter()
                .find_map(|(name, features)| self.way(name, &features, false)),
            None => {
                let locked = self.workspace.locked.get(package)?;
                locked.iter().find_map(|name| self.way(name, &[], false))
            }
        }?;
        Some([vec![package.to_owned()], rest].concat())
    }
}

fn is_costly(package: &str) -> bool {
    package == COSTLY || package.starts_with("datafusion-")
}

/// The dependencies that are there under these features, each with the features asked of it.
fn active<'a>(member: &'a Member, features: &[String], dev: bool) -> Vec<(&'a str, Vec<String>)> {
    let on = switched_on(member, features);
    let there = |dependency: &&Dependency| {
        (dev || !dependency.dev) && (!dependency.optional || on.contains(&dependency.name))
    };
    member
        .dependencies
        .iter()
        .filter(there)
        .map(|dependency| (dependency.name.as_str(), dependency.features.clone()))
        .collect()
}

/// The optional dependencies that features switch on, directly or through other features.
fn switched_on(member: &Member, features: &[String]) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut open = features.to_vec();
    let mut done = BTreeSet::new();
    while let Some(feature) = open.pop() {
        if !done.insert(feature.clone()) {
            continue;
        }
        for what in member.features.get(&feature).into_iter().flatten() {
            match what.strip_prefix("dep:").or_else(|| Some(what.split_once('/')?.0)) {
                Some(name) => on.insert(name.to_owned()),
                None => {
                    open.push(what.clone());
                    true
                }
            };
        }
    }
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# A\n```edges\nsql -> diagnostic\nwrappers/* -> fdw\nengine -> sql\n\
                            medley -> everything\ndiagnostic ->\nfdw ->\n\
                            datafusion <- engine medley\n```\n";

    fn dependency(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), dev: false, optional: false, features: Vec::new() }
    }

    fn member(folder: &str, dependencies: &[&str]) -> Member {
        let dependencies = dependencies.iter().map(|name| dependency(name)).collect();
        Member { folder: folder.to_owned(), dependencies, ..Member::default() }
    }

    fn as_drawn() -> Workspace {
        let members = [
            ("medley-diagnostic", member("crates/diagnostic", &[])),
            ("medley-fdw", member("crates/fdw", &[])),
            ("medley-sql", member("crates/sql", &["medley-diagnostic", "sqlparser"])),
            ("medley-engine", member("crates/engine", &["medley-sql", "datafusion"])),
            ("medley", member("crates/medley", &["medley-engine"])),
            ("medley-wrapper-hello", member("wrappers/hello", &["medley-fdw"])),
        ];
        let members = members.map(|(name, member)| (name.to_owned(), member)).into();
        Workspace { members, locked: BTreeMap::new() }
    }

    #[track_caller]
    fn check_says(workspace: &Workspace, expected: &[&str]) {
        let tree = Tree::of(&[(DRAWING, DOCUMENT)]);
        let said: Vec<_> = check(&tree, workspace).iter().map(ToString::to_string).collect();
        assert_eq!(said, expected);
    }

    fn depend(workspace: &mut Workspace, from: &str, to: Dependency) {
        workspace.members.get_mut(from).unwrap().dependencies.push(to);
    }

    #[test]
    fn as_drawn_is_tidy() {
        check_says(&as_drawn(), &[]);
    }

    #[test]
    fn an_arrow_that_is_not_drawn() {
        let mut workspace = as_drawn();
        depend(&mut workspace, "medley-wrapper-hello", dependency("medley-sql"));
        check_says(
            &workspace,
            &["wrappers/hello/Cargo.toml: error: `wrappers/hello -> sql` is not in the edge list \
               (ARCHITECTURE.md:4)"],
        );
    }

    #[test]
    fn an_arrow_that_is_only_drawn() {
        let mut workspace = as_drawn();
        workspace.members.get_mut("medley-sql").unwrap().dependencies.clear();
        check_says(
            &workspace,
            &["ARCHITECTURE.md:3: error: `sql -> diagnostic` is drawn, and not in Cargo.toml"],
        );
    }

    #[test]
    fn a_crate_without_a_line() {
        let mut workspace = as_drawn();
        workspace.members.insert("medley-new".to_owned(), member("crates/new", &[]));
        check_says(&workspace, &["ARCHITECTURE.md: error: the edge list has no line for `new`"]);
    }

    #[test]
    fn tests_may_not_reach_datafusion_either() {
        let mut workspace = as_drawn();
        depend(&mut workspace, "medley-fdw", Dependency { dev: true, ..dependency("medley") });
        check_says(
            &workspace,
            &["crates/fdw/Cargo.toml: error: reaches DataFusion: medley-fdw -> medley -> \
               medley-engine -> datafusion"],
        );
    }

    #[test]
    fn a_stranger_that_brings_datafusion() {
        let mut workspace = as_drawn();
        depend(&mut workspace, "medley-fdw", dependency("stranger"));
        let brought = BTreeSet::from(["datafusion-common".to_owned()]);
        workspace.locked.insert("stranger".to_owned(), brought);
        check_says(
            &workspace,
            &[
                "crates/fdw/Cargo.toml: error: reaches DataFusion: medley-fdw -> stranger -> \
               datafusion-common",
                "wrappers/hello/Cargo.toml: error: reaches DataFusion: medley-wrapper-hello -> \
               medley-fdw -> stranger -> datafusion-common",
            ],
        );
    }

    #[test]
    fn a_feature_that_is_not_asked_for_brings_nothing() {
        let mut workspace = as_drawn();
        let engine = Dependency { optional: true, ..dependency("medley-engine") };
        let mut kit = member("crates/kit", &[]);
        kit.dependencies.push(engine);
        kit.features.insert("all".to_owned(), vec!["engine".to_owned()]);
        kit.features.insert("engine".to_owned(), vec!["dep:medley-engine".to_owned()]);
        workspace.members.insert("medley-kit".to_owned(), kit);
        let way = |features: &[&str]| {
            let features: Vec<_> = features.iter().map(ToString::to_string).collect();
            Search { workspace: &workspace, seen: BTreeSet::new() }
                .way("medley-kit", &features, false)
                .is_some()
        };
        assert!(!way(&["default"]));
        assert!(way(&["engine"]));
        assert!(way(&["all"]));
    }
}
