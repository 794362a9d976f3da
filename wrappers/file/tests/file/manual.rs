use std::path::Path;

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    let page = Path::new("../../docs/reference/wrappers/file_fdw.md");
    medley_fdw::manual::assert_page(&medley_wrapper_file::Files, page);
}
