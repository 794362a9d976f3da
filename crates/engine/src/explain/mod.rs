//! EXPLAIN, in PostgreSQL's words.
//!
//! What is shown is the plan that would run. Steps that PostgreSQL has no word for (exchanges
//! between threads, the first half of an aggregate) are left out, their inputs shown in their
//! place; expressions are printed as PostgreSQL's ruleutils print them.
mod change;
mod expr;
mod plan;
mod text;

pub(crate) use change::{ChangeShown, change_lines};

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use medley_foreign::Access;

use crate::ship::whole::{NotShipped, Whole};

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

/// The plan in PostgreSQL's words: a line each, or one document. With VERBOSE, where there is a
/// remote, it says why that was not sent the whole statement, and why no larger part of it.
pub(crate) fn lines(
    plan: &Arc<dyn ExecutionPlan>,
    options: &ExplainOptions,
    not_shipped: &[NotShipped],
) -> Vec<String> {
    let mut nodes = plan::nodes(plan, options.verbose);
    let reasons = not_shipped.iter().filter(|reason| reason.is_news);
    let reasons: Vec<_> = reasons.map(ToString::to_string).collect();
    if options.verbose && nodes.iter().any(plan::Node::has_foreign_scan) {
        nodes.iter_mut().for_each(|node| node.list("Not shipped", reasons.clone()));
    }
    print(&nodes, options)
}

/// A statement that is shipped as a whole.
pub(crate) fn whole_lines(access: &Access, whole: &Whole, options: &ExplainOptions) -> Vec<String> {
    let mut node = plan::Node::foreign_scan_of_all();
    match whole.only_source() {
        Some(source) => {
            node.relation = Some(plan::Relation {
                name: source.name.clone(),
                schema: options.verbose.then(|| source.schema.clone()),
                alias: source.alias.clone(),
            });
        }
        None => node.list("Relations", whole.relations()),
    }
    if options.verbose {
        let columns = whole.columns.iter();
        let columns = columns.map(|it| medley_catalog::quote_identifier(&it.name).into_owned());
        node.list("Output", columns.collect());
    }
    if options.verbose {
        node.note("Shipped", "the whole statement");
        node.note("Remote SQL", &whole.sql);
        let source = whole.sources.first();
        let mapping = source.and_then(|it| crate::scan::mapping(access, it.server, it.check_as));
        mapping.iter().for_each(|mapping| node.note("User Mapping", mapping));
    }
    print(&[node], options)
}

fn print(nodes: &[plan::Node], options: &ExplainOptions) -> Vec<String> {
    match options.format {
        Format::Text => text::lines(nodes),
        Format::Json => vec![text::json(nodes)],
    }
}
