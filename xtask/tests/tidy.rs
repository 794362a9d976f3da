//! The checkout is tidy.

#[test]
fn the_checkout_is_tidy() {
    let findings = xtask::tidy::check(&xtask::root()).unwrap();
    let errors: Vec<_> =
        findings.iter().filter(|finding| finding.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "\n{}\n", errors.join("\n"));
}
