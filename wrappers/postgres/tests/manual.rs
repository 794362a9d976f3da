//! The page of the manual is what the wrapper declares.
use medley_wrapper_postgres::Postgres;

const PAGE: &str = "../../docs/reference/wrappers/postgres_fdw.md";

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    medley_fdw::manual::assert_page(&Postgres, std::path::Path::new(PAGE));
}
