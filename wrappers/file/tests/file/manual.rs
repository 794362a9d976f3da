use std::path::Path;

#[test]
fn the_pages_of_the_manual_are_what_is_declared() {
    let page = Path::new("../../docs/reference/wrappers/file_fdw.md");
    medley_fdw::manual::assert_page(&medley_wrapper_file::Files, page);
    let page = Path::new("../../docs/reference/wrappers/parquet_s3_fdw.md");
    medley_fdw::manual::assert_page(&medley_wrapper_file::ParquetS3, page);
}
