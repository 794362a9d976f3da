//! EXPLAIN, in PostgreSQL's words.
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::scan::ForeignScan;

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

/// The plan in PostgreSQL's words.
pub(crate) fn lines(plan: &Arc<dyn ExecutionPlan>, options: &ExplainOptions) -> Vec<String> {
    let mut tree = Vec::new();
    node(plan, options, &mut tree);
    match options.format {
        Format::Text => {
            let mut lines = Vec::new();
            tree.iter().for_each(|node| text(node, 0, &mut lines));
            lines
        }
        Format::Json => {
            let plans: Vec<_> = tree.iter().map(json).collect();
            let document = format!("[{{\"Plan\": {}}}]", plans.join(", "));
            vec![document]
        }
    }
}

/// A node of the plan as it is shown.
struct Node {
    title: String,
    details: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

/// Nodes that PostgreSQL has no word for are left out, their inputs shown in their place.
fn node(plan: &Arc<dyn ExecutionPlan>, options: &ExplainOptions, out: &mut Vec<Node>) {
    let mut children = Vec::new();
    plan.children().into_iter().for_each(|child| node(child, options, &mut children));
    let any: &dyn std::any::Any = plan.as_ref();
    if let Some(scan) = any.downcast_ref::<ForeignScan>() {
        out.push(foreign_scan(scan, options));
        return;
    }
    match title(plan.name()) {
        Some(title) => {
            out.push(Node { title: title.to_owned(), details: Vec::new(), children });
        }
        None => out.extend(children),
    }
}

fn foreign_scan(scan: &ForeignScan, options: &ExplainOptions) -> Node {
    let (schema, name) = scan.relation_name();
    let quote = |name| medley_catalog::quote_identifier(name);
    let mut details = Vec::new();
    let title = match options.verbose {
        true => {
            let schema_of_scan = scan.schema();
            let columns: Vec<_> =
                schema_of_scan.fields().iter().map(|f| quote(f.name()).into_owned()).collect();
            if !columns.is_empty() {
                details.push(("Output", columns.join(", ")));
            }
            if let Some(sql) = scan.remote_sql() {
                details.push(("Remote SQL", sql.to_owned()));
            }
            format!("Foreign Scan on {}.{}", quote(schema), quote(name))
        }
        false => format!("Foreign Scan on {}", quote(name)),
    };
    Node { title, details, children: Vec::new() }
}

fn title(name: &str) -> Option<&'static str> {
    Some(match name {
        "FilterExec" => "Filter",
        "HashJoinExec" => "Hash Join",
        "NestedLoopJoinExec" | "CrossJoinExec" => "Nested Loop",
        "SortMergeJoinExec" => "Merge Join",
        "SortExec" => "Sort",
        "AggregateExec" => "Aggregate",
        "GlobalLimitExec" | "LocalLimitExec" => "Limit",
        "UnionExec" | "InterleaveExec" => "Append",
        "WindowAggExec" | "BoundedWindowAggExec" => "WindowAgg",
        "PlaceholderRowExec" | "EmptyExec" => "Result",
        "DataSourceExec" => "Scan",
        "UnnestExec" => "ProjectSet",
        _ => return None,
    })
}

fn text(node: &Node, depth: usize, lines: &mut Vec<String>) {
    let (arrow, inside) = match depth {
        0 => (String::new(), "  ".to_owned()),
        _ => (format!("{}->  ", " ".repeat(depth * 6 - 4)), " ".repeat(depth * 6 + 2)),
    };
    lines.push(format!("{arrow}{}", node.title));
    let details = node.details.iter().map(|(key, value)| format!("{inside}{key}: {value}"));
    lines.extend(details);
    node.children.iter().for_each(|child| text(child, depth + 1, lines));
}

fn json(node: &Node) -> String {
    let mut parts = vec![format!("\"Node Type\": {}", string(&node.title))];
    parts.extend(node.details.iter().map(|(key, value)| format!("\"{key}\": {}", string(value))));
    if !node.children.is_empty() {
        let children: Vec<_> = node.children.iter().map(json).collect();
        parts.push(format!("\"Plans\": [{}]", children.join(", ")));
    }
    format!("{{{}}}", parts.join(", "))
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
