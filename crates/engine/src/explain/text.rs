//! Nodes as indented lines, or as JSON.
use super::plan::{Node, Value};

/// Indented lines.
pub(super) fn lines(nodes: &[Node]) -> Vec<String> {
    let mut lines = Vec::new();
    nodes.iter().for_each(|node| node_lines(node, None, &mut lines));
    lines
}

/// A node whose arrow stands so far to the right; the topmost has none.
fn node_lines(node: &Node, arrow_at: Option<usize>, lines: &mut Vec<String>) {
    let (arrow, inside) = match arrow_at {
        None => (String::new(), 2),
        Some(at) => (format!("{}->  ", " ".repeat(at)), at + 6),
    };
    lines.push(format!("{arrow}{}{}", node.title(), actual(node)));
    let pad = " ".repeat(inside);
    let details = node.details.iter().map(|(key, value)| match value {
        Value::One(text) => format!("{pad}{key}: {text}"),
        Value::List(items) => format!("{pad}{key}: {}", items.join(", ")),
    });
    lines.extend(details);
    for (index, init_plan) in node.init_plans.iter().enumerate() {
        lines.push(format!("{pad}InitPlan {}", index + 1));
        node_lines(init_plan, Some(inside + 2), lines);
    }
    node.children.iter().for_each(|child| node_lines(child, Some(inside), lines));
}

/// What came out of a node, if it ran.
fn actual(node: &Node) -> String {
    let of = |key: &str| node.actual.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    let (Some(rows), Some(loops)) = (of("Actual Rows"), of("Actual Loops")) else {
        return String::new();
    };
    if loops == "0" {
        return " (never executed)".to_owned();
    }
    let time = of("Actual Startup Time").zip(of("Actual Total Time"));
    let time = time.map(|(first, total)| format!("time={first}..{total} ")).unwrap_or_default();
    format!(" (actual {time}rows={rows} loops={loops})")
}

/// One document, laid out as PostgreSQL lays it out.
pub(super) fn json(nodes: &[Node], summary: &[(&'static str, String)]) -> String {
    let summary: String =
        summary.iter().map(|(key, value)| format!(",\n    \"{key}\": {value}")).collect();
    let plans: Vec<_> = nodes
        .iter()
        .map(|node| format!("  {{\n    \"Plan\": {}{summary}\n  }}", object(node, &[], 4)))
        .collect();
    format!("[\n{}\n]", plans.join(",\n"))
}

fn object(node: &Node, place: &[(&'static str, String)], indent: usize) -> String {
    let mut parts = vec![("Node Type", string(node.kind))];
    let strategy = match node.kind {
        "ModifyTable" | "Foreign Scan" => "Operation",
        _ => "Strategy",
    };
    parts.extend(node.strategy.map(|said| (strategy, string(said))));
    parts.extend(place.iter().map(|(key, value)| (*key, string(value))));
    parts.extend(node.join.map(|join| ("Join Type", string(join))));
    if let Some(relation) = &node.relation {
        parts.push(("Relation Name", string(&relation.name)));
        parts.extend(relation.schema.as_deref().map(|schema| ("Schema", string(schema))));
        parts.push(("Alias", string(&relation.alias)));
    }
    parts.extend(node.actual.iter().map(|(key, value)| (*key, value.clone())));
    parts.extend(node.details.iter().map(|(key, value)| (*key, json_value(value))));
    if !(node.children.is_empty() && node.init_plans.is_empty()) {
        parts.push(("Plans", children(node, indent + 2)));
    }
    let pad = " ".repeat(indent);
    let parts: Vec<_> =
        parts.iter().map(|(key, value)| format!("{pad}  \"{key}\": {value}")).collect();
    format!("{{\n{}\n{pad}}}", parts.join(",\n"))
}

fn children(node: &Node, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let init_plans = node.init_plans.iter().enumerate().map(|(index, child)| {
        let name = format!("InitPlan {}", index + 1);
        let place = [("Parent Relationship", "InitPlan".to_owned()), ("Subplan Name", name)];
        object(child, &place, indent + 2)
    });
    let children = node.children.iter().enumerate().map(|(index, child)| {
        let relationship = match (node.kind, index) {
            ("Append", _) => "Member",
            (_, 0) => "Outer",
            _ => "Inner",
        };
        object(child, &[("Parent Relationship", relationship.to_owned())], indent + 2)
    });
    let objects: Vec<_> =
        init_plans.chain(children).map(|object| format!("{pad}  {object}")).collect();
    format!("[\n{}\n{pad}]", objects.join(",\n"))
}

fn json_value(value: &Value) -> String {
    match value {
        Value::One(text) => string(text),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| string(item)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
