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
}

#[test]
fn intended_differences_are_documented() {
    let document = std::fs::read_to_string(root().join("docs/differences.md")).unwrap();
    assert_eq!(suite().undocumented(&document), Vec::<&str>::new());
}
