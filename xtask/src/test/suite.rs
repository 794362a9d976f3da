use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{cargo, root};

/// Arguments that choose packages and how they are built; they hold for doc tests as well.
const CHOOSE: &[&str] =
    &["-p", "--package", "--exclude", "-F", "--features", "--profile", "-j", "--jobs"];
/// The same, without a value.
const CHOOSE_ALONE: &[&str] =
    &["--workspace", "--all-features", "--no-default-features", "--release", "-r", "--locked"];

/// Which tests are to run.
pub struct Suite {
    arguments: Vec<String>,
    /// The arguments that doc tests are run with; none when something else than packages is chosen.
    documented: Option<Vec<String>>,
    has_nextest: bool,
}

/// A run of cargo.
pub struct Cargo {
    /// What it is called in the lines of progress.
    pub title: &'static str,
    arguments: Vec<String>,
}

impl Suite {
    /// What the arguments choose: without a package, the whole workspace.
    pub fn of(arguments: &[String]) -> Result<Self> {
        let (chosen, rest) = split(arguments);
        let mut arguments = arguments.to_vec();
        if packages(&chosen).is_empty() {
            arguments.insert(0, "--workspace".to_owned());
        }
        let (chosen, _) = split(&arguments);
        let documented = (rest.is_empty() && has_library(&packages(&chosen))?).then_some(chosen);
        Ok(Self { arguments, documented, has_nextest: has_nextest() })
    }

    /// The runs, in their order.
    pub fn commands(&self) -> Vec<Cargo> {
        let run = |title, before: &[&str], arguments: &[String]| {
            let before = before.iter().map(ToString::to_string);
            Cargo { title, arguments: before.chain(arguments.iter().cloned()).collect() }
        };
        if !self.has_nextest {
            return vec![run("cargo test", &["test", "--no-fail-fast"], &self.arguments)];
        }
        let tests = run("nextest", &["nextest", "run", "--no-fail-fast"], &self.arguments);
        let documented =
            self.documented.iter().map(|chosen| run("doc tests", &["test", "--doc"], chosen));
        [tests].into_iter().chain(documented).collect()
    }
}

impl Cargo {
    /// With these arguments.
    pub fn new(title: &'static str, arguments: &[&str]) -> Self {
        Self { title, arguments: arguments.iter().map(ToString::to_string).collect() }
    }

    /// Runs it with `places` in its environment.
    pub fn run(&self, places: &[(&'static str, PathBuf)]) -> Result<()> {
        let status = cargo::command()
            .args(&self.arguments)
            .envs(places.iter().map(|(variable, place)| (variable, place)))
            .current_dir(root())
            .status()
            .context("running cargo")?;
        ensure!(status.success(), "cargo {} failed", self.arguments.join(" "));
        Ok(())
    }
}

/// Parts what chooses packages from everything else.
fn split(arguments: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if CHOOSE.contains(&argument.as_str()) {
            chosen.push(argument.clone());
            chosen.extend(arguments.next().cloned());
        } else if is_choice(argument) {
            chosen.push(argument.clone());
        } else {
            rest.push(argument.clone());
        }
    }
    (chosen, rest)
}

fn is_choice(argument: &str) -> bool {
    let name = argument.split_once('=').map_or(argument, |(name, _)| name);
    CHOOSE_ALONE.contains(&argument) || (name != argument && CHOOSE.contains(&name))
}

/// The packages named by `-p x`, `--package x` and `--package=x`.
fn packages(chosen: &[String]) -> Vec<&str> {
    let named = |argument: &str| ["-p", "--package"].contains(&argument);
    let apart = chosen.windows(2).filter(|pair| named(&pair[0])).map(|pair| pair[1].as_str());
    let joined = chosen.iter().filter_map(|argument| argument.strip_prefix("--package="));
    apart.chain(joined).collect()
}

/// Whether any of the packages (all, when none is named) has a library: cargo refuses to look for
/// doc tests where there is none.
fn has_library(packages: &[&str]) -> Result<bool> {
    let members = cargo::packages(&root())?;
    let mut chosen = members.iter().filter(|member| {
        packages.is_empty() || member["name"].as_str().is_some_and(|name| packages.contains(&name))
    });
    let is_library = |target: &Value| {
        target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"lib".into()))
    };
    Ok(chosen.any(|member| member["targets"].as_array().into_iter().flatten().any(is_library)))
}

fn has_nextest() -> bool {
    let mut command = cargo::command();
    command.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(arguments: &str, has_nextest: bool, expected: &[&str]) {
        let suite = Suite { has_nextest, ..Suite::of(&words(arguments)).unwrap() };
        let commands: Vec<_> =
            suite.commands().iter().map(|command| command.arguments.join(" ")).collect();
        assert_eq!(commands, expected);
    }

    #[test]
    fn everything() {
        check("", true, &["nextest run --no-fail-fast --workspace", "test --doc --workspace"]);
        check("", false, &["test --no-fail-fast --workspace"]);
    }

    #[test]
    fn one_package() {
        for chosen in ["-p xtask", "--package=xtask"] {
            let nextest = format!("nextest run --no-fail-fast {chosen}");
            check(chosen, true, &[&nextest, &format!("test --doc {chosen}")]);
        }
    }

    #[test]
    fn a_package_without_library_has_no_doc_tests() {
        check("-p medley", true, &["nextest run --no-fail-fast -p medley"]);
    }

    #[test]
    fn tests_by_name_leave_out_doc_tests() {
        check("canary", true, &["nextest run --no-fail-fast --workspace canary"]);
        check("-p xtask canary", true, &["nextest run --no-fail-fast -p xtask canary"]);
    }
}
