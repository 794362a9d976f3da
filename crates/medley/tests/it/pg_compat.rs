//! The scripts of `tests/pg_compat` print the same here and on PostgreSQL.
use std::path::Path;

use medley_testkit::compat::Suite;

fn root() -> &'static Path {
    Path::new("../..")
}

fn suite() -> Suite {
    Suite::read(&root().join("tests/pg_compat"), "").unwrap()
}

#[test]
fn scripts_print_what_they_print_on_postgresql() {
    let report = suite().run(None, Path::new(env!("CARGO_BIN_EXE_medley"))).unwrap();
    assert!(report.is_clean(), "{report}");
    for table in &report.tables {
        let file = root().join("docs/matrices").join(&table.file);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), table.text, "{}", table.file);
    }
}

#[test]
fn gaps_are_documented_and_refused() {
    let document = std::fs::read_to_string(root().join("docs/gaps.md")).unwrap();
    assert_eq!(suite().undocumented_gaps(&document), Vec::<&str>::new());
    assert_eq!(suite().answered_gaps(), Vec::<&str>::new());
}

#[test]
fn intended_differences_are_documented() {
    let document = std::fs::read_to_string(root().join("docs/differences.md")).unwrap();
    assert_eq!(suite().undocumented(&document), Vec::<&str>::new());
}
