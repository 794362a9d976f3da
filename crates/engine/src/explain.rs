//! EXPLAIN, in PostgreSQL's words.

/// What EXPLAIN is asked to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplainOptions {
    /// VERBOSE: output columns and `Remote SQL`.
    pub verbose: bool,
    /// ANALYZE: run it, and count.
    pub analyze: bool,
    /// COSTS.
    pub costs: bool,
    /// FORMAT.
    pub format: Format,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        Self { verbose: false, analyze: false, costs: true, format: Format::Text }
    }
}

/// FORMAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Indented lines.
    Text,
    /// One JSON document.
    Json,
}
