//! INSERT, UPDATE and DELETE as PostgreSQL's EXPLAIN has them.
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use medley_analyze::tree::ChangeKind;

use super::plan::{Node, Relation, nodes};
use super::{Actual, ExplainOptions, Ran, print};

/// What is shown of a change.
pub(crate) struct ChangeShown {
    pub kind: ChangeKind,
    /// Schema and name of the table, and what the statement calls it.
    pub schema: String,
    pub name: String,
    pub alias: String,
    /// The one statement that does it at the remote.
    pub direct: Option<String>,
    /// The statement that is run for each row.
    pub remote_sql: Option<String>,
    /// Rows of one such statement.
    pub batch_size: Option<usize>,
    pub skips_conflicts: bool,
    /// RETURNING's columns.
    pub output: Vec<String>,
    /// What it did, if it ran.
    pub actual: Option<ChangeActual>,
}

/// Rows of a change that ran.
#[derive(Clone, Copy)]
pub(crate) struct ChangeActual {
    /// Those that were changed.
    pub count: u64,
    /// Those that RETURNING returned.
    pub returned: u64,
}

/// The change, over what is read for it.
pub(crate) fn change_lines(
    shown: &ChangeShown,
    plan: Option<&Arc<dyn ExecutionPlan>>,
    options: &ExplainOptions,
    ran: &Ran,
) -> Vec<String> {
    let verbose = options.verbose;
    let measured = |rows: fn(ChangeActual) -> u64| {
        let total_us = ran.execution.map_or(0, |it| u64::try_from(it.as_micros()).unwrap_or(0));
        let actual = |rows| Actual { rows, bytes: 0, first_us: total_us, total_us, ran: true };
        shown.actual.map(|it| actual(rows(it)))
    };
    let mut node = modifying(shown, "ModifyTable", verbose);
    node.measured(measured(|actual| actual.returned), options.timing);
    if verbose {
        let quoted =
            shown.output.iter().map(|it| medley_catalog::quote_identifier(it).into_owned());
        node.list("Output", quoted.collect());
        shown.remote_sql.iter().for_each(|sql| node.note("Remote SQL", sql));
        shown.batch_size.iter().for_each(|size| node.note("Batch Size", &size.to_string()));
    }
    if shown.skips_conflicts {
        node.note("Conflict Resolution", "NOTHING");
        if let (Some(actual), Some(plan)) = (shown.actual, plan) {
            let offered = ran.measurements.of(plan).map_or(actual.count, |it| it.rows);
            node.note("Tuples Inserted", &actual.count.to_string());
            node.note("Conflicting Tuples", &offered.saturating_sub(actual.count).to_string());
        }
    }
    if let Some(sql) = &shown.direct {
        let mut remote = modifying(shown, "Foreign Scan", verbose);
        remote.measured(measured(|actual| actual.count), options.timing);
        if verbose {
            remote.note("Remote SQL", sql);
        }
        node.children.push(remote);
    }
    if let Some(plan) = plan {
        node.children.extend(nodes(plan, options, ran));
    }
    print(&[node], options, ran)
}

fn modifying(shown: &ChangeShown, kind: &'static str, verbose: bool) -> Node {
    let strategy = Some(match shown.kind {
        ChangeKind::Insert => "Insert",
        ChangeKind::Update => "Update",
        ChangeKind::Delete => "Delete",
    });
    let relation = Some(Relation {
        name: shown.name.clone(),
        schema: verbose.then(|| shown.schema.clone()),
        alias: shown.alias.clone(),
    });
    Node { kind, strategy, relation, ..Node::default() }
}
