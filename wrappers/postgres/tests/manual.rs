//! The pages of the manual are what the wrapper declares under each of its names.
use std::path::Path;

use medley_wrapper_postgres::Postgres;

#[test]
fn the_pages_of_the_manual_are_what_is_declared() {
    let check = |wrapper: Postgres, page: &str| {
        let page = format!("../../docs/reference/wrappers/{page}.md");
        medley_fdw::manual::assert_page(&wrapper, Path::new(&page));
    };
    check(Postgres::new(), "postgres_fdw");
    check(Postgres::dblink(), "dblink_fdw");
    check(Postgres::medley(), "medley_fdw");
}
