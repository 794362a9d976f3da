//! FROM.
use super::Printer;
use medley_types::PgType;

use super::output::JOIN;
use crate::transform::MADE_ALIAS;
use crate::tree::{
    Expr, ExprKind, FromItem, FunctionRange, Join, JoinKind, Query, Range, RangeFunction, RangeKind,
};

impl<'a> Printer<'a> {
    pub(super) fn clause_of_from(&mut self, query: &'a Query) {
        if query.is_values() {
            self.out.clause(" FROM ", 2);
            return self.range(&query.ranges[0], 0);
        }
        for (index, item) in query.from.iter().enumerate() {
            if index == 0 {
                self.out.clause(" FROM ", 2);
                self.item_of_from(query, item);
                continue;
            }
            self.push(", ");
            let aside = self.out.begin_item();
            self.item_of_from(query, item);
            let item = self.out.end_item(aside);
            self.out.item(&item, self.layout.wrap, false, false);
        }
    }

    fn item_of_from(&mut self, query: &'a Query, item: &'a FromItem) {
        match item {
            FromItem::Join(join) => self.join(query, join),
            FromItem::Range(index) => {
                if let Some(range) = query.ranges.get(*index) {
                    self.range(range, *index);
                }
            }
        }
    }

    fn range(&mut self, range: &'a Range, index: usize) {
        if range.lateral {
            self.push("LATERAL ");
        }
        match &range.kind {
            RangeKind::Relation(it) => {
                let namespaces = &self.namespaces;
                let hidden = |name: &str| namespaces.iter().any(|it| it.has_cte(name));
                let text = self.names.relation_text(it.oid, hidden);
                self.push(&text);
            }
            RangeKind::Subquery(query) => {
                self.push("(");
                self.subquery(query, true);
                self.push(")");
            }
            RangeKind::Function(function) => self.function_range(function),
            RangeKind::Values(values) => {
                self.push("(");
                self.values(&values.rows);
                self.push(")");
            }
            RangeKind::Cte(cte) => self.name(&cte.name),
            // A join is no range of FROM by itself, and nothing that is stored changes rows.
            RangeKind::Join(_) | RangeKind::Changed(_) => {}
        }
        self.range_alias(range, index);
        match definitions_of(&range.kind) {
            Some(definitions) => self.definitions(definitions),
            None => self.column_aliases(index),
        }
    }

    fn function_range(&mut self, function: &'a FunctionRange) {
        match function.functions.as_slice() {
            [only] if only.definitions.is_none() || !function.with_ordinality => {
                self.range_call(&only.call);
            }
            functions if functions.iter().all(is_unnest) => {
                self.push("UNNEST(");
                self.list(functions, |this, it| {
                    if let ExprKind::Function(call) = &it.call.kind {
                        call.arguments.iter().for_each(|argument| this.expr(argument, true));
                    }
                });
                self.push(")");
            }
            functions => {
                self.push("ROWS FROM(");
                self.list(functions, |this, it| this.range_call(&it.call));
                self.push(")");
            }
        }
        if function.with_ordinality {
            self.push(" WITH ORDINALITY");
        }
    }

    fn range_call(&mut self, call: &'a Expr) {
        match looks_like_function(call) {
            true => self.expr(call, true),
            false => {
                self.push("CAST(");
                self.expr(call, false);
                self.push(" AS ");
                self.push(&call.t.to_string());
                self.push(")");
            }
        }
    }

    /// The columns that the query says a function has.
    fn definitions(&mut self, definitions: &'a [(String, PgType)]) {
        self.push("(");
        self.list(definitions, |this, (name, t)| {
            this.name(name);
            this.push(&format!(" {t}"));
        });
        self.push(")");
    }

    fn namespace_name(&self, index: usize) -> Option<String> {
        self.namespaces.last()?.range_names.get(index).cloned().flatten()
    }

    fn range_alias(&mut self, range: &Range, index: usize) {
        let Some(name) = self.namespace_name(index) else { return };
        let has_columns = self.namespaces.last().is_some_and(|it| it.columns[index].print_aliases);
        let needed = match &range.kind {
            _ if range.alias.is_some() || has_columns => true,
            RangeKind::Relation(it) => {
                self.names.relation_name(it.oid).or(range.name.as_deref()) != Some(&name)
            }
            RangeKind::Cte(cte) => cte.name != name,
            RangeKind::Function(_) | RangeKind::Subquery(_) | RangeKind::Values(_) => true,
            RangeKind::Join(_) | RangeKind::Changed(_) => false,
        };
        if needed {
            let made = self.names.is_qualified() && is_made(range, &name);
            self.push(" ");
            self.name(if made { MADE_ALIAS } else { &name });
        }
    }

    fn column_aliases(&mut self, index: usize) {
        let Some(columns) = self.namespaces.last().map(|it| &it.columns[index]) else { return };
        if !columns.print_aliases || columns.now.is_empty() {
            return;
        }
        let names: Vec<_> = columns.now.iter().map(|(name, _)| name.clone()).collect();
        self.push("(");
        self.list(&names, |this, name| this.name(name));
        self.push(")");
    }

    fn join(&mut self, query: &'a Query, join: &'a Join) {
        let around = !self.layout.pretty || join.alias.is_some();
        let right_paren = self.layout.pretty
            && matches!(&join.right, FromItem::Join(right) if right.alias.is_none());
        if around {
            self.push("(");
        }
        self.item_of_from(query, &join.left);
        self.out.clause(join_words(join), JOIN);
        if right_paren {
            self.push("(");
        }
        self.item_of_from(query, &join.right);
        if right_paren {
            self.push(")");
        }
        self.join_condition(join);
        if around {
            self.push(")");
        }
        if join.alias.is_some()
            && let Some(name) = self.namespace_name(join.range)
        {
            self.push(" ");
            self.name(&name);
            self.column_aliases(join.range);
        }
    }

    fn join_condition(&mut self, join: &'a Join) {
        if !join.using.is_empty() {
            let columns = self.namespaces.last().map(|it| it.columns[join.range].using.clone());
            self.push(" USING (");
            self.list(columns.unwrap_or_default(), |this, name| this.name(&name));
            self.push(")");
            if let Some(alias) = &join.using_alias {
                self.push(" AS ");
                self.name(alias);
            }
        } else if let Some(on) = &join.on {
            self.push(" ON ");
            self.plain_paren("(");
            self.expr(on, false);
            self.plain_paren(")");
        } else if join.kind != JoinKind::Inner {
            self.push(" ON TRUE");
        }
    }
}

/// Whether the alias is there for the names of the columns alone.
fn is_made(range: &Range, name: &str) -> bool {
    let relation = matches!(range.kind, RangeKind::Relation(_));
    relation && range.alias.is_none() && range.name.as_deref() == Some(name)
}

fn definitions_of(range: &RangeKind) -> Option<&[(String, PgType)]> {
    let RangeKind::Function(function) = range else { return None };
    match function.functions.as_slice() {
        [only] => only.definitions.as_deref(),
        _ => None,
    }
}

/// unnest of one array.
fn is_unnest(function: &RangeFunction) -> bool {
    match &function.call.kind {
        ExprKind::Function(call) => {
            call.builtin().is_some_and(|it| it.name == "unnest" && call.arguments.len() == 1)
        }
        _ => false,
    }
}

fn join_words(join: &Join) -> &'static str {
    match join.kind {
        JoinKind::Inner if join.on.is_none() => " CROSS JOIN ",
        JoinKind::Inner => " JOIN ",
        JoinKind::Left => " LEFT JOIN ",
        JoinKind::Right => " RIGHT JOIN ",
        JoinKind::Full => " FULL JOIN ",
    }
}

/// What FROM takes for a function's call.
fn looks_like_function(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Function(_)
            | ExprKind::Coalesce(_)
            | ExprKind::Greatest(_)
            | ExprKind::Least(_)
            | ExprKind::NullIf(_)
            | ExprKind::SqlValue(_)
    )
}
