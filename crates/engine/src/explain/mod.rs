//! EXPLAIN, in PostgreSQL's words.
//!
//! What is shown is the plan that would run. Steps that PostgreSQL has no word for (exchanges
//! between threads, the first half of an aggregate) are left out, their inputs shown in their
//! place; expressions are printed as PostgreSQL's ruleutils print them.
mod expr;
mod plan;
mod text;

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

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

/// The plan in PostgreSQL's words: a line each, or one document.
pub(crate) fn lines(plan: &Arc<dyn ExecutionPlan>, options: &ExplainOptions) -> Vec<String> {
    let nodes = plan::nodes(plan, options.verbose);
    match options.format {
        Format::Text => text::lines(&nodes),
        Format::Json => vec![text::json(&nodes)],
    }
}
