use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that are no part of the project.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "__pycache__"];

/// The checkout's files, by path from the root with `/` between folders.
pub struct Tree {
    /// A file that is not UTF-8 has no text.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads every file below `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        read_folder(root, "", &mut files)?;
        Ok(Self { files })
    }

    /// Every file's path.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files whose name ends in one of `endings`, with their text.
    pub fn texts<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)))
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Rust sources.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts(&[".rs"])
    }

    /// One file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file or folder of that name is there; one `*` may stand for a name.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.paths().any(|file| is_or_holds(path, file))
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self { files: files.iter().map(own).collect() }
    }
}

/// Whether `path` is `file`, or a folder above it.
fn is_or_holds(path: &str, file: &str) -> bool {
    let mut names = file.split('/');
    path.split('/').all(|part| names.next().is_some_and(|name| fits(part, name)))
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
        None => pattern == name,
    }
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Option<String>>,
) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && name != ".git" {
            files.insert(path, String::from_utf8(fs::read(entry.path())?).ok());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_file_a_folder_or_a_pattern() {
        let tree = Tree::of(&[("wrappers/hello/src/lib.rs", "")]);
        for there in ["wrappers", "wrappers/hello/", "wrappers/*/src", "wrappers/hello/src/*.rs"] {
            assert!(tree.has(there), "{there}");
        }
        for absent in ["wrap", "wrappers/hell", "wrappers/*/tests", "wrappers/hello/src/*.md"] {
            assert!(!tree.has(absent), "{absent}");
        }
    }
}
