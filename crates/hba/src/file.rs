//! Files of lines, with what they include.
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::rule::{Rule, Rules};
use crate::token::{Field, fields};

/// How deep files may include files, as in PostgreSQL.
const DEPTH: usize = 10;

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line's number, from 1; of several that are joined, the first's.
    pub line: usize,
}

/// `line 3 of configuration file "..."`, as PostgreSQL's log has it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of configuration file \"{}\"", self.line, self.file.display())
    }
}

/// A line, read.
#[derive(Clone, Debug)]
pub enum Line<T> {
    /// What it says.
    Good(T),
    /// Why nobody knows what it says.
    Bad(Place, String),
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It cannot be read.
    #[error("could not open file \"{}\": {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of it is bad; it is the first.
    #[error("{reason}\n{place}")]
    Line {
        /// The line.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// It lets nobody in.
    #[error("configuration file \"{}\" contains no entries", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// A file of rules, as it is when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(pub PathBuf);

impl Source {
    /// Each line of `pg_hba.conf`, for `pg_hba_file_rules`.
    pub fn lines(&self) -> Result<Vec<Line<Rule>>, BadFile> {
        read(&self.0, Rule::parse)
    }

    /// The rules, if they can be used.
    pub fn rules(&self) -> Result<Rules, BadFile> {
        let rules = good(self.lines()?)?;
        if rules.is_empty() {
            return Err(BadFile::Empty { path: self.0.clone() });
        }
        Ok(Rules(rules))
    }
}

/// What all lines say, or the first that is bad.
pub(crate) fn good<T>(lines: Vec<Line<T>>) -> Result<Vec<T>, BadFile> {
    let good = |line| match line {
        Line::Good(line) => Ok(line),
        Line::Bad(place, reason) => Err(BadFile::Line { place, reason }),
    };
    lines.into_iter().map(good).collect()
}

/// Reads a file line by line.
pub(crate) fn read<T>(
    path: &Path,
    parse: fn(Place, &[Field]) -> Result<T, String>,
) -> Result<Vec<Line<T>>, BadFile> {
    let text = fs::read_to_string(path)
        .map_err(|source| BadFile::Unreadable { path: path.to_owned(), source })?;
    let mut reader = Reader { lines: Vec::new(), parse };
    reader.text(path, &text, 0);
    Ok(reader.lines)
}

struct Reader<T> {
    lines: Vec<Line<T>>,
    parse: fn(Place, &[Field]) -> Result<T, String>,
}

impl<T> Reader<T> {
    fn text(&mut self, path: &Path, text: &str, depth: usize) {
        for (line, text) in joined_lines(text) {
            let place = Place { file: path.to_owned(), line };
            let done = expanded(path, fields(&text), depth).and_then(|fields| {
                match included(path, &fields) {
                    Some(files) => self.include(files?, depth + 1),
                    None if fields.is_empty() => Ok(()),
                    None => {
                        self.lines.push(Line::Good((self.parse)(place.clone(), &fields)?));
                        Ok(())
                    }
                }
            });
            if let Err(reason) = done {
                self.lines.push(Line::Bad(place, reason));
            }
        }
    }

    fn include(&mut self, include: Include, depth: usize) -> Result<(), String> {
        for path in include.paths {
            match open(&path, depth) {
                Ok(text) => self.text(&path, &text, depth),
                Err(Unopened::Missing(_)) if include.if_exists => {}
                Err(unopened) => return Err(unopened.into_reason()),
            }
        }
        Ok(())
    }
}

/// Lines with their numbers; one that ends in a backslash goes on in the next.
fn joined_lines(text: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        match joined.last_mut() {
            Some((_, last)) if goes_on => last.push_str(line),
            _ => joined.push((index + 1, line.to_owned())),
        }
        let last = &mut joined.last_mut().expect("a line was added").1;
        goes_on = last.ends_with('\\');
        if goes_on {
            last.pop();
        }
    }
    joined
}

/// With the tokens of each `@file` in its place.
fn expanded(path: &Path, fields: Vec<Field>, depth: usize) -> Result<Vec<Field>, String> {
    let expand = |field: Field| {
        let mut tokens = Field::new();
        for token in field {
            match token.after('@') {
                Some(name) => tokens.extend(tokens_of(&beside(path, name), depth + 1)?),
                None => tokens.push(token),
            }
        }
        Ok(tokens)
    };
    fields.into_iter().map(expand).collect()
}

fn tokens_of(path: &Path, depth: usize) -> Result<Field, String> {
    let text = open(path, depth).map_err(Unopened::into_reason)?;
    let mut tokens = Field::new();
    for (_, line) in joined_lines(&text) {
        tokens.extend(expanded(path, fields(&line), depth)?.into_iter().flatten());
    }
    Ok(tokens)
}

/// What a line asks to be read in its place.
struct Include {
    paths: Vec<PathBuf>,
    if_exists: bool,
}

fn included(path: &Path, fields: &[Field]) -> Option<Result<Include, String>> {
    let [directive, target] = fields else { return None };
    let ([directive], [target]) = (directive.as_slice(), target.as_slice()) else { return None };
    let target = beside(path, &target.text);
    let one = |if_exists| Ok(Include { paths: vec![target.clone()], if_exists });
    match directive.text.as_str() {
        "include" => Some(one(false)),
        "include_if_exists" => Some(one(true)),
        "include_dir" => {
            let paths = files_of(&target);
            Some(paths.map(|paths| Include { paths, if_exists: false }))
        }
        _ => None,
    }
}

/// The `.conf` files of a folder by name, without hidden ones.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |_| format!("could not open directory \"{}\"", folder.display());
    let mut paths = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".conf") && !name.starts_with('.') && path.is_file() {
            paths.insert(path);
        }
    }
    Ok(paths.into_iter().collect())
}

enum Unopened {
    Missing(String),
    Other(String),
}

impl Unopened {
    fn into_reason(self) -> String {
        match self {
            Self::Missing(reason) | Self::Other(reason) => reason,
        }
    }
}

fn open(path: &Path, depth: usize) -> Result<String, Unopened> {
    let shown = path.display();
    if depth > DEPTH {
        let reason = format!("could not open file \"{shown}\": maximum nesting depth exceeded");
        return Err(Unopened::Other(reason));
    }
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Unopened::Missing(format!("could not open file \"{shown}\": No such file or directory"))
        }
        _ => Unopened::Other(format!("could not open file \"{shown}\": {error}")),
    })
}

/// A name in a file means a file in the same folder.
fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(name)
}
