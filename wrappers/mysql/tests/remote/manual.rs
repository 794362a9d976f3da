use medley_wrapper_mysql::MySql;

const PAGE: &str = "../../docs/reference/wrappers/mysql_fdw.md";

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    medley_fdw::manual::assert_page(&MySql, std::path::Path::new(PAGE));
}
