use medley_wrapper_hello::Hello;

const PAGE: &str = "../../docs/reference/wrappers/hello_fdw.md";

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    medley_fdw::manual::assert_page(&Hello, std::path::Path::new(PAGE));
}
