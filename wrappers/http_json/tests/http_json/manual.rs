use medley_wrapper_http_json::HttpJson;

const PAGE: &str = "../../docs/reference/wrappers/http_json_fdw.md";

#[test]
fn the_page_of_the_manual_is_what_is_declared() {
    medley_fdw::manual::assert_page(&HttpJson, std::path::Path::new(PAGE));
}
