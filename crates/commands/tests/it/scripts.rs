//! Runs each script of `tests/scripts` in a catalog of its own, and compares what is said with
//! the file beside it: the statements as they stand, then NOTICE, WARNING and ERROR lines with
//! their SQLSTATEs (and with AT, what stands where the error points), then the tag. `BLESS=1`
//! writes those files anew.
//!
//! A line `-- show server s` prints what the catalog has of an object; see `runner/show.rs`.
use std::path::{Path, PathBuf};

use crate::runner::Session;

#[test]
fn scripts_say_what_is_expected() {
    let failed: Vec<_> = scripts().into_iter().filter(|script| !is_as_expected(script)).collect();
    assert!(failed.is_empty(), "differing: {failed:?}");
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new("tests/scripts");
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut scripts: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "sql")).collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no scripts in {}", folder.display());
    scripts
}

fn is_as_expected(script: &Path) -> bool {
    let said = Session::new().run(&std::fs::read_to_string(script).unwrap());
    let beside = script.with_extension("out");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&beside, &said).unwrap();
        return true;
    }
    let expected = std::fs::read_to_string(&beside).unwrap_or_default();
    let name = script.file_name().unwrap().to_string_lossy();
    report_first_difference(&name, &expected, &said);
    expected == said
}

fn report_first_difference(name: &str, expected: &str, said: &str) {
    let (mut expected, mut said) = (expected.lines(), said.lines());
    for number in 1.. {
        match (expected.next(), said.next()) {
            (None, None) => return,
            (expected, said) if expected == said => {}
            (expected, said) => {
                println!("{name}:{number}\n  expected {expected:?}\n  said     {said:?}");
                return;
            }
        }
    }
}
