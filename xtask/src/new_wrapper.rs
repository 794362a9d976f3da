//! `cargo xtask new-wrapper NAME`: a wrapper that greets, to begin another from.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What is copied.
const MODEL: &str = "hello";

/// The lines elsewhere that make a wrapper a part of the build: in which file, and as what of the
/// model's lines.
const LINES: &[(&str, &str)] = &[
    ("Cargo.toml", "medley-wrapper-hello = { path = \"wrappers/hello\" }"),
    ("crates/medley/Cargo.toml", "medley-wrapper-hello.workspace = true"),
    (
        "crates/medley/src/wrappers.rs",
        "        Handler::Scan(Arc::new(medley_wrapper_hello::Hello)),",
    ),
    ("crates/medley/src/main.rs", "        \"medley_wrapper_hello\","),
    ("ARCHITECTURE.md", "- `wrappers/hello`: the smallest wrapper, and the one to copy."),
];

/// Makes `wrappers/NAME` with its tests, and adds the lines; the files that are new or changed.
pub fn make(root: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    ensure!(is_name, "a wrapper's name is lower case letters, digits and underscores: clock");
    let folder = root.join("wrappers").join(name);
    ensure!(!folder.exists(), "{} is there already", folder.display());
    let names = Names::of(name);
    let mut made = Vec::new();
    copy(&root.join("wrappers").join(MODEL), &folder, &names, &mut made)?;
    for (file, line) in LINES {
        let path = root.join(file);
        add(&path, line, &names)?;
        made.push(path);
    }
    Ok(made)
}

/// The model's names, each with what stands for it.
struct Names {
    folder: String,
    pairs: [(&'static str, String); 5],
}

impl Names {
    fn of(name: &str) -> Self {
        let word = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        let type_name: String = name.split('_').map(word).collect();
        let pairs = [
            ("hello_fdw", format!("{name}_fdw")),
            ("medley-wrapper-hello", format!("medley-wrapper-{}", name.replace('_', "-"))),
            ("medley_wrapper_hello", format!("medley_wrapper_{name}")),
            ("wrappers/hello", format!("wrappers/{name}")),
            ("Hello", type_name),
        ];
        Self { folder: name.to_owned(), pairs }
    }

    fn applied(&self, text: &str) -> String {
        // The greeting is no name.
        const GREETINGS: [(&str, &str); 3] =
            [("Hello, alice", "\u{1}"), ("Hello, bob", "\u{2}"), ("\"Hello\"", "\u{3}")];
        let hide = |text: String, (greeting, mark): &(&str, &str)| text.replace(greeting, mark);
        let show = |text: String, (greeting, mark): &(&str, &str)| text.replace(mark, greeting);
        let hidden = GREETINGS.iter().fold(text.to_owned(), hide);
        let named = self.pairs.iter().fold(hidden, |text, (model, own)| text.replace(model, own));
        GREETINGS.iter().fold(named, show)
    }
}

fn copy(from: &Path, to: &Path, names: &Names, made: &mut Vec<PathBuf>) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    let mut entries: Vec<_> = fs::read_dir(from)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_model = entry.file_name() == MODEL;
        let to = to.join(if is_model { names.folder.clone().into() } else { entry.file_name() });
        if path.is_dir() {
            copy(&path, &to, names, made)?;
            continue;
        }
        let text = fs::read_to_string(&path)?;
        fs::write(&to, names.applied(&text))?;
        made.push(to);
    }
    Ok(())
}

/// Adds the new wrapper's line behind the model's.
fn add(path: &Path, line: &str, names: &Names) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let whole = format!("{line}\n");
    ensure!(text.contains(&whole), "{} has no line {line:?} any more", path.display());
    let own = names.applied(&whole).replace(", and the one to copy", "'s copy, to begin from");
    fs::write(path, text.replacen(&whole, &format!("{whole}{own}"), 1))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use medley_testkit::TempFolder;

    use super::*;

    /// What of the checkout the command touches.
    fn checkout() -> TempFolder {
        let folder = TempFolder::new().unwrap();
        let root = crate::root();
        for (file, _) in LINES {
            let to = folder.join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(root.join(file), to).unwrap();
        }
        let model = Path::new("wrappers").join(MODEL);
        let to = folder.join("wrappers").join(MODEL);
        copy(&root.join(&model), &to, &Names::of(MODEL), &mut Vec::new()).unwrap();
        folder
    }

    #[test]
    fn it_makes_a_folder_and_adds_its_lines() {
        let folder = checkout();
        make(&folder.join(""), "world_clock").unwrap();
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        for (file, line) in LINES {
            let own = Names::of("world_clock").applied(line);
            let start = own.split(':').next().unwrap();
            assert!(read(file).contains(line) && read(file).contains(start), "{file}");
        }
        let library = read("wrappers/world_clock/src/lib.rs");
        assert!(library.contains("pub struct WorldClock;"), "{library}");
        assert!(library.contains("\"world_clock_fdw_handler\""), "{library}");
        assert!(library.contains(".default(\"Hello\")"), "{library}");
        let manifest = read("wrappers/world_clock/Cargo.toml");
        assert!(manifest.contains("name = \"medley-wrapper-world-clock\""), "{manifest}");
        let registry = read("crates/medley/src/wrappers.rs");
        let entry = "Handler::Scan(Arc::new(medley_wrapper_world_clock::WorldClock)),";
        assert!(registry.contains(entry), "{registry}");
        assert!(make(&folder.join(""), "world_clock").is_err());
        assert!(make(&folder.join(""), "World").is_err());
    }
}
