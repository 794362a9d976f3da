//! Whole queries: WITH, set operations, ORDER BY and LIMIT.
use super::Printer;
use super::namespace::Namespace;
use super::output::STANDARD;
use crate::tree::{Cte, ExprKind, Query, RangeKind, SetNode, SetOperation};

impl<'a> Printer<'a> {
    /// A query inside what is open.
    pub(super) fn query(&mut self, query: &'a Query) {
        let namespace = Namespace::of_query(query, &self.namespaces, self.names);
        let qualified = !self.namespaces.is_empty() || query.ranges.len() != 1;
        self.namespaces.push(namespace);
        let outer_query = self.query.replace(query);
        let outer_qualified = std::mem::replace(&mut self.qualified, qualified);
        let outer_clauses = std::mem::take(&mut self.in_group_by);
        let outer_order = std::mem::take(&mut self.in_order_by);
        let indent = self.out.indent;
        self.clauses(query);
        self.out.indent = indent;
        (self.in_group_by, self.in_order_by) = (outer_clauses, outer_order);
        self.qualified = outer_qualified;
        self.query = outer_query;
        self.namespaces.pop();
    }

    /// A query with columns that somebody else names, or nobody.
    pub(super) fn subquery(&mut self, query: &'a Query, names_visible: bool) {
        let result_names = self.result_names.take();
        let visible = std::mem::replace(&mut self.names_visible, names_visible);
        self.query(query);
        self.names_visible = visible;
        self.result_names = result_names;
    }

    fn clauses(&mut self, query: &'a Query) {
        self.with_clause(query);
        match &query.set_operation {
            Some(operation) => self.set_operation(query, operation),
            None => self.simple_select(query),
        }
        if !query.order_by.is_empty() {
            self.out.clause(" ORDER BY ", 1);
            self.sort_keys(query, &query.order_by, query.set_operation.is_some());
        }
        if let Some(offset) = &query.offset {
            self.out.clause(" OFFSET ", 0);
            self.expr(offset, false);
        }
        if let Some(limit) = query.limit.as_ref().filter(|_| query.with_ties) {
            self.out.clause(" FETCH FIRST ", 0);
            self.push("(");
            self.expr(limit, false);
            self.push(") ROWS WITH TIES");
        } else if let Some(limit) = &query.limit {
            self.out.clause(" LIMIT ", 0);
            match limit.kind {
                // The parser forgets ALL.
                ExprKind::Constant(None) if self.names.is_qualified() => self.push("NULL"),
                ExprKind::Constant(None) => self.push("ALL"),
                _ => self.expr(limit, false),
            }
        }
    }

    fn with_clause(&mut self, query: &'a Query) {
        if query.ctes.is_empty() {
            return;
        }
        self.out.indent += STANDARD;
        self.push(if query.recursive { " WITH RECURSIVE " } else { " WITH " });
        self.list(&query.ctes, Self::cte);
        self.out.keyword("", -STANDARD, 0, 0);
    }

    fn cte(&mut self, cte: &'a Cte) {
        self.name(&cte.name);
        if !cte.aliases.is_empty() {
            self.push("(");
            self.list(&cte.aliases, |this, name| this.name(name));
            self.push(")");
        }
        self.push(" AS ");
        self.push(match cte.materialized {
            None => "",
            Some(true) => "MATERIALIZED ",
            Some(false) => "NOT MATERIALIZED ",
        });
        self.push("(");
        self.out.keyword("", 0, 0, 0);
        self.subquery(&cte.query, true);
        self.out.keyword("", 0, 0, 0);
        self.push(")");
    }

    fn set_operation(&mut self, query: &'a Query, operation: &'a SetOperation) {
        let nested = match &operation.left {
            SetNode::Operation(left) => {
                left.operator != operation.operator || left.all != operation.all
            }
            SetNode::Leaf(_) => false,
        };
        if nested {
            self.push("(");
            self.out.keyword("", STANDARD, 0, 0);
        }
        self.set_node(query, &operation.left);
        match nested {
            true => self.out.keyword(") ", -STANDARD, 0, 0),
            false => self.out.keyword("", 0, 0, 0),
        }
        self.push(operation.operator.word());
        self.push(if operation.all { " ALL " } else { " " });
        let nested = matches!(operation.right, SetNode::Operation(_));
        let indent = if nested { STANDARD } else { 0 };
        if nested {
            self.push("(");
        }
        self.out.keyword("", indent, 0, 0);
        let visible = std::mem::take(&mut self.names_visible);
        self.set_node(query, &operation.right);
        self.names_visible = visible;
        self.out.indent -= indent;
        if nested {
            self.out.keyword(")", 0, 0, 0);
        }
    }

    fn set_node(&mut self, query: &'a Query, node: &'a SetNode) {
        let leaf = match node {
            SetNode::Operation(operation) => return self.set_operation(query, operation),
            SetNode::Leaf(leaf) => leaf.range,
        };
        let Some(RangeKind::Subquery(leaf)) = query.ranges.get(leaf).map(|range| &range.kind)
        else {
            return;
        };
        let in_parentheses = !leaf.ctes.is_empty()
            || !leaf.order_by.is_empty()
            || leaf.offset.is_some()
            || leaf.limit.is_some()
            || leaf.set_operation.is_some();
        if in_parentheses {
            self.push("(");
        }
        self.query(leaf);
        if in_parentheses {
            self.push(")");
        }
    }
}
