//! `medley demo`.
use std::sync::Arc;

use medley_fdw::Registry;

/// Runs `medley demo`.
pub async fn run(_demo: &crate::cli::Demo, _registry: Arc<Registry>) -> anyhow::Result<()> {
    anyhow::bail!("not here yet")
}
