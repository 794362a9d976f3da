//! The binary: cli, config, serve, init, demo, sql.
fn main() {}
