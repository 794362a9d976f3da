use medley_wrapper_sqlite::Sqlite;

const PAGE: &str = "../../docs/reference/wrappers/sqlite_fdw.md";

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    medley_fdw::manual::assert_page(&Sqlite, std::path::Path::new(PAGE));
}
