//! The clauses of SELECT.
use super::Printer;
use super::output::STANDARD;
use crate::tree::{
    ColumnRef, Distinct, Expr, ExprKind, Frame, FrameBound, FrameExclusion, FrameUnits,
    GroupingSet, Query, Range, RangeKind, SortKey, Target, Window,
};

impl<'a> Printer<'a> {
    /// A SELECT, or VALUES, without what comes after a set operation.
    pub(super) fn simple_select(&mut self, query: &'a Query) {
        self.out.indent += STANDARD;
        self.push(" ");
        if let Some(rows) = self.bare_values(query) {
            return self.values(rows);
        }
        self.push("SELECT");
        self.distinct(query);
        self.targets(query);
        self.clause_of_from(query);
        if let Some(filter) = &query.filter {
            self.out.clause(" WHERE ", 1);
            self.expr(filter, false);
        }
        if let Some(group_by) = &query.group_by {
            self.group_by(query, group_by);
        }
        if let Some(having) = &query.having {
            self.out.clause(" HAVING ", 0);
            self.expr(having, false);
        }
        self.window_clause(query);
    }

    /// The rows, if the query is VALUES whose columns nobody has renamed.
    fn bare_values(&self, query: &'a Query) -> Option<&'a [Vec<Expr>]> {
        let [Range { kind: RangeKind::Values(values), columns, .. }] = query.ranges.as_slice()
        else {
            return None;
        };
        let mut targets = query.targets.iter().enumerate();
        let named = |(index, target): (usize, &'a Target)| {
            let name = self.result_name(index, target);
            columns.get(index).is_some_and(|column| column.name == name)
        };
        let plain = query.targets.iter().all(|target| !target.junk);
        // What is stored gets its names from the view.
        let unnamed = self.names.is_qualified() && self.result_names.is_some();
        (plain && (unnamed || targets.all(named)) && query.targets.len() == columns.len())
            .then_some(values.rows.as_slice())
    }

    /// `VALUES (…), (…)`
    pub(super) fn values(&mut self, rows: &'a [Vec<Expr>]) {
        self.push("VALUES ");
        self.list(rows, |this, row| {
            this.push("(");
            for (index, value) in row.iter().enumerate() {
                if index > 0 {
                    this.push(",");
                }
                this.expr(value, false);
            }
            this.push(")");
        });
    }

    fn distinct(&mut self, query: &'a Query) {
        match &query.distinct {
            None => {}
            Some(Distinct::Rows) => self.push(" DISTINCT"),
            Some(Distinct::On(targets)) => {
                self.push(" DISTINCT ON (");
                self.list(targets, |this, target| this.target_key(query, *target));
                self.push(")");
            }
        }
    }

    fn targets(&mut self, query: &'a Query) {
        let mut last_was_long = false;
        for (index, target) in query.targets.iter().filter(|target| !target.junk).enumerate() {
            self.push(if index > 0 { ", " } else { " " });
            let aside = self.out.begin_item();
            let own_name = self.target(&target.expr);
            let name = self.result_name(index, target);
            if own_name.as_deref() != Some(name) {
                self.push(" AS ");
                self.name(name);
            }
            let item = self.out.end_item(aside);
            self.out.item(&item, self.layout.wrap, index == 0, last_was_long);
            last_was_long = item.get(1..).is_some_and(|rest| rest.contains('\n'))
                || item.starts_with('\n') && item[1..].contains('\n');
        }
    }

    /// An expression of the select list; returns the name that it has by itself.
    fn target(&mut self, expr: &'a Expr) -> Option<String> {
        if let ExprKind::Column(column) = &expr.kind {
            let name = self.column(expr, *column, 0);
            if column.number == ColumnRef::WHOLE_ROW {
                // Else it would be all its columns.
                self.type_label(expr.t);
            }
            return name;
        }
        self.expr(expr, true);
        (!self.names_visible).then(|| "?column?".to_owned())
    }

    fn group_by(&mut self, query: &'a Query, group_by: &'a [usize]) {
        self.out.clause(" GROUP BY ", 1);
        let before = std::mem::replace(&mut self.in_group_by, true);
        if query.group_distinct {
            self.push("DISTINCT ");
        }
        match group_by {
            _ if !query.grouping_sets.is_empty() => {
                self.list(&query.grouping_sets, |this, set| this.grouping_set(query, set, true));
            }
            [] => self.push("()"),
            keys => self.list(keys, |this, target| this.target_key(query, *target)),
        }
        self.in_group_by = before;
    }

    /// A single expression has no parentheses, except in GROUPING SETS.
    fn grouping_set(&mut self, query: &'a Query, set: &'a GroupingSet, bare: bool) {
        let (words, parts, bare) = match set {
            GroupingSet::Empty => return self.push("()"),
            GroupingSet::Simple(targets) => {
                let parentheses = !bare || targets.len() != 1;
                self.push(if parentheses { "(" } else { "" });
                self.list(targets, |this, target| this.target_key(query, *target));
                return self.push(if parentheses { ")" } else { "" });
            }
            GroupingSet::Rollup(parts) => ("ROLLUP(", parts, true),
            GroupingSet::Cube(parts) => ("CUBE(", parts, true),
            GroupingSet::Sets(parts) => ("GROUPING SETS (", parts, false),
        };
        self.push(words);
        self.list(parts, |this, part| this.grouping_set(query, part, bare));
        self.push(")");
    }

    /// ORDER BY, GROUP BY and their like say their expression again.
    fn target_key(&mut self, query: &'a Query, target: usize) {
        if let Some(target) = query.targets.get(target) {
            self.key(&target.expr);
        }
    }

    /// An expression where a bare number or name could be taken for a column that comes out.
    pub(super) fn key(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Constant(value) => self.constant(expr.t, value.as_deref(), true),
            ExprKind::Column(column) => {
                let before = std::mem::replace(&mut self.in_order_by, true);
                self.column(expr, *column, 0);
                self.in_order_by = before;
            }
            _ if self.layout.pretty || is_call(expr) => {
                self.push("(");
                self.expr(expr, true);
                self.push(")");
            }
            _ => self.expr(expr, true),
        }
    }

    /// The keys of ORDER BY; by number after a set operation.
    pub(super) fn sort_keys(&mut self, query: &'a Query, keys: &'a [SortKey], by_number: bool) {
        self.list(keys, |this, key| {
            match by_number {
                true => this.push(&(key.target + 1).to_string()),
                false => this.target_key(query, key.target),
            }
            this.direction(key.descending, key.nulls_first);
        });
    }

    /// DESC and NULLS, where they are not the default.
    pub(super) fn direction(&mut self, descending: bool, nulls_first: bool) {
        self.push(match (descending, nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        });
    }

    fn window_clause(&mut self, query: &'a Query) {
        let named = query.windows.iter().filter_map(|it| Some((it.name.as_deref()?, it)));
        for (index, (name, window)) in named.enumerate() {
            match index {
                0 => self.out.clause(" WINDOW ", 1),
                _ => self.push(", "),
            }
            self.name(name);
            self.push(" AS ");
            self.window(query, window);
        }
    }

    /// `(PARTITION BY … ORDER BY … ROWS …)`
    pub(super) fn window(&mut self, query: &'a Query, window: &'a Window) {
        let mut separator = "";
        self.push("(");
        if let Some(name) = &window.extends {
            self.name(name);
            separator = " ";
        }
        if !window.partition_by.is_empty() && window.extends.is_none() {
            self.push("PARTITION BY ");
            self.list(&window.partition_by, |this, target| this.target_key(query, *target));
            separator = " ";
        }
        if !window.order_by.is_empty() && !window.order_inherited {
            self.push(separator);
            self.push("ORDER BY ");
            self.sort_keys(query, &window.order_by, false);
            separator = " ";
        }
        if let Some(frame) = &window.frame {
            self.push(separator);
            self.frame(frame);
        }
        self.push(")");
    }

    fn frame(&mut self, frame: &'a Frame) {
        self.push(match frame.units {
            FrameUnits::Rows => "ROWS ",
            FrameUnits::Range => "RANGE ",
            FrameUnits::Groups => "GROUPS ",
        });
        if frame.between {
            self.push("BETWEEN ");
        }
        self.bound(&frame.start);
        if frame.between {
            self.push(" AND ");
            self.bound(&frame.end);
        }
        self.push(match frame.exclusion {
            None => "",
            Some(FrameExclusion::CurrentRow) => " EXCLUDE CURRENT ROW",
            Some(FrameExclusion::Group) => " EXCLUDE GROUP",
            Some(FrameExclusion::Ties) => " EXCLUDE TIES",
        });
    }

    fn bound(&mut self, bound: &'a FrameBound) {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(offset) => {
                self.expr(offset, false);
                self.push(" PRECEDING");
            }
            FrameBound::Following(offset) => {
                self.expr(offset, false);
                self.push(" FOLLOWING");
            }
        }
    }
}

/// What looks like a call, and so like CUBE or ROLLUP.
fn is_call(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Function(_) | ExprKind::Aggregate(_) | ExprKind::Window(_) => true,
        ExprKind::Coerce(coerce) => super::parens::is_function(coerce, expr.t),
        _ => false,
    }
}
