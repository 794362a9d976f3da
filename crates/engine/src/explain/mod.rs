//! EXPLAIN, in PostgreSQL's words.
//!
//! What is shown is the plan that would run. Steps that PostgreSQL has no word for (exchanges
//! between threads, the first half of an aggregate) are left out, their inputs shown in their
//! place; expressions are printed as PostgreSQL's ruleutils print them.
mod change;
mod expr;
mod measure;
mod plan;
mod text;

pub(crate) use change::{ChangeActual, ChangeShown, change_lines};

use std::sync::Arc;
use std::time::Duration;

use datafusion::physical_plan::ExecutionPlan;

use medley_foreign::Access;

use crate::ship::whole::{NotShipped, Whole};

pub(crate) use measure::{Actual, Measurements, measured};

/// What EXPLAIN is asked to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplainOptions {
    /// VERBOSE: output columns and `Remote SQL`.
    pub verbose: bool,
    /// ANALYZE: run it, and count.
    pub analyze: bool,
    /// COSTS.
    pub costs: bool,
    /// TIMING: with ANALYZE, when rows came.
    pub timing: bool,
    /// SUMMARY: how long planning and execution took; with ANALYZE unless it is off.
    pub summary: Option<bool>,
    /// FORMAT.
    pub format: Format,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        Self {
            verbose: false,
            analyze: false,
            costs: true,
            timing: true,
            summary: None,
            format: Format::Text,
        }
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
    ran: &Ran,
) -> Vec<String> {
    let mut nodes = plan::nodes(plan, options, ran);
    let reasons = not_shipped.iter().filter(|reason| reason.is_news);
    let reasons: Vec<_> = reasons.map(ToString::to_string).collect();
    if options.verbose && nodes.iter().any(plan::Node::has_foreign_scan) {
        nodes.iter_mut().for_each(|node| node.list("Not shipped", reasons.clone()));
    }
    print(&nodes, options, ran)
}

/// What is known of how a statement was planned, and how it ran if it did.
#[derive(Default)]
pub(crate) struct Ran {
    pub planning: Duration,
    /// Nothing where it did not run.
    pub execution: Option<Duration>,
    pub measurements: Measurements,
}

/// A statement that is shipped as a whole.
pub(crate) fn whole_lines(
    access: &Access,
    whole: &Whole,
    options: &ExplainOptions,
    ran: &Ran,
    actual: Option<Actual>,
) -> Vec<String> {
    let mut node = plan::Node::foreign_scan_of_all();
    node.measured(actual, options.timing);
    match whole.only_source() {
        Some(source) => {
            node.relation = Some(plan::Relation {
                name: source.name.clone(),
                schema: options.verbose.then(|| source.schema.clone()),
                alias: source.alias.clone(),
            });
        }
        None => node.list("Relations", whole.relations.to_vec()),
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
    if let Some(actual) = actual {
        node.note("Bytes", &actual.bytes.to_string());
    }
    print(&[node], options, ran)
}

fn print(nodes: &[plan::Node], options: &ExplainOptions, ran: &Ran) -> Vec<String> {
    let summary = match options.summary.unwrap_or(options.analyze) {
        true => summary(ran),
        false => Vec::new(),
    };
    match options.format {
        Format::Text => {
            let mut lines = text::lines(nodes);
            lines.extend(summary.iter().map(|(key, value)| format!("{key}: {value} ms")));
            lines
        }
        Format::Json => vec![text::json(nodes, &summary)],
    }
}

fn summary(ran: &Ran) -> Vec<(&'static str, String)> {
    let shown = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1e3);
    let execution = ran.execution.map(|time| ("Execution Time", shown(time)));
    [("Planning Time", shown(ran.planning))].into_iter().chain(execution).collect()
}
