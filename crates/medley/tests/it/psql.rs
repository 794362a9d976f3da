//! psql's own commands.
use std::path::Path;

use medley_testkit::psql::Corpus;

fn root() -> &'static Path {
    Path::new("../..")
}

fn corpus() -> Corpus {
    Corpus::read(&root().join("tests/clients/psql")).unwrap()
}

#[test]
fn its_commands_print_what_they_print_on_postgresql() {
    let report = corpus().compare(Path::new(env!("CARGO_BIN_EXE_medley"))).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn intended_differences_are_documented() {
    let document = std::fs::read_to_string(root().join("docs/differences.md")).unwrap();
    assert_eq!(corpus().undocumented(&document), Vec::<&str>::new());
}
