//! Expressions.
use medley_types::PgType;

use super::Printer;
use super::namespace::system_column;
use super::output::LIST;
use super::parens::{is_simple, is_twice};
use crate::tree::{
    ArrayComparison, BoolOp, Bounds, Case, CastForm, Coerce, ColumnRef, Expr, ExprKind,
    OperatorCall, RangeKind, RowComparison, SqlValue, SubqueryKind, SubqueryLink,
};

impl<'a> Printer<'a> {
    /// An expression. `show_implicit` shows a conversion that nobody wrote, too: where the type
    /// of an argument decides what is called.
    pub(super) fn expr(&mut self, expr: &'a Expr, show_implicit: bool) {
        match &expr.kind {
            ExprKind::Column(column) => {
                self.column(expr, *column, 0);
            }
            ExprKind::Constant(value) => self.constant(expr.t, value.as_deref(), false),
            ExprKind::Parameter(index) => self.push(&format!("${}", index + 1)),
            ExprKind::Function(call) => self.function(expr, call),
            ExprKind::Operator(call) => self.operator(expr, call),
            ExprKind::ArrayComparison(it) => self.array_comparison(expr, it),
            ExprKind::Bool(op, args) => self.bool(expr, *op, args),
            ExprKind::NullTest(arg, negated) => {
                let words = if *negated { "IS NOT NULL" } else { "IS NULL" };
                self.test(expr, arg, words, true);
            }
            ExprKind::TruthTest(test, arg) => self.test(expr, arg, test.words(), false),
            ExprKind::Distinct(call) => self.infix(expr, &call.operands, "IS DISTINCT FROM"),
            ExprKind::NullIf(call) => self.call_like("NULLIF", &call.operands),
            ExprKind::Case(case) => self.case(case),
            // Only the condition's other side is shown.
            ExprKind::CaseOperand | ExprKind::SubqueryColumn(_) => {}
            ExprKind::Coalesce(args) => self.call_like("COALESCE", args),
            ExprKind::Greatest(args) => self.call_like("GREATEST", args),
            ExprKind::Least(args) => self.call_like("LEAST", args),
            ExprKind::Array(elements, _) => self.array(expr, elements),
            ExprKind::Subscript(array, indexes) => self.subscript(array, indexes, show_implicit),
            ExprKind::Slice(array, bounds) => self.slice(array, bounds, show_implicit),
            ExprKind::Row(fields) => {
                self.push("ROW(");
                self.exprs(fields);
                self.push(")");
            }
            ExprKind::Field(row, _, name) => {
                self.field(row, name);
            }
            ExprKind::RowComparison(it) => self.row_comparison(it),
            ExprKind::Grouping(args) => self.call_like("GROUPING", args),
            ExprKind::Subquery(link) => self.subquery_link(link),
            ExprKind::Aggregate(call) => self.aggregate(call),
            ExprKind::Window(call) => self.window_call(call),
            ExprKind::SqlValue(value) => self.sql_value(*value, expr.t.typmod),
            ExprKind::Collate(arg, _, collation) => {
                self.plain_paren("(");
                self.collated(arg, expr, show_implicit);
                self.push(" COLLATE ");
                self.name(collation);
                self.plain_paren(")");
            }
            ExprKind::Coerce(coerce) => self.coerce(expr, coerce, show_implicit),
        }
    }

    /// An expression inside `parent`, in parentheses if it needs them.
    pub(super) fn operand(&mut self, expr: &'a Expr, parent: &Expr, show_implicit: bool) {
        let parentheses = self.layout.pretty && !is_simple(expr, parent);
        if parentheses {
            self.push("(");
        }
        self.expr(expr, show_implicit);
        if parentheses {
            self.push(")");
        }
    }

    pub(super) fn exprs(&mut self, exprs: &'a [Expr]) {
        self.list(exprs, |this, expr| this.expr(expr, true));
    }

    fn call_like(&mut self, name: &str, arguments: &'a [Expr]) {
        self.push(name);
        self.push("(");
        self.exprs(arguments);
        self.push(")");
    }

    /// The parser reads `x::text COLLATE c` only where the cast has parentheses of its own.
    fn collated(&mut self, arg: &'a Expr, parent: &Expr, show_implicit: bool) {
        let labelled = matches!(arg.kind, ExprKind::Constant(_) | ExprKind::Coerce(_));
        match labelled && self.names.is_qualified() {
            true => {
                self.push("(");
                self.expr(arg, show_implicit);
                self.push(")");
            }
            false => self.operand(arg, parent, show_implicit),
        }
    }

    /// A column by the names of its query; returns its own name.
    pub(super) fn column(
        &mut self,
        expr: &'a Expr,
        column: ColumnRef,
        further_out: usize,
    ) -> Option<String> {
        let depth = self.namespaces.len().checked_sub(1 + column.levels_up + further_out)?;
        let namespace = &self.namespaces[depth];
        let range = namespace.query.and_then(|query| query.ranges.get(column.range));
        if let Some(range) = range
            && let RangeKind::Join(join) = &range.kind
            && range.alias.is_none()
            && let Some(merged) = join.columns.get(usize::try_from(column.number - 1).ok()?)
            && let ExprKind::Column(inner) = merged.value.kind
        {
            return self.column(&merged.value, inner, column.levels_up + further_out);
        }
        let range_name = namespace.range_names.get(column.range).cloned().flatten();
        if column.number == ColumnRef::WHOLE_ROW {
            self.name(range_name.as_deref().unwrap_or("unnamed_join"));
            self.push(".*");
            return None;
        }
        let name = match column.number {
            number if number < 0 => system_column(number),
            number => namespace.columns.get(column.range)?.name(number),
        };
        let name = name.unwrap_or("?dropped?column?").to_owned();
        let qualified = self.qualified || self.could_mean_output(expr, &name);
        if let Some(range_name) = range_name.filter(|_| qualified) {
            self.name(&range_name);
            self.push(".");
        }
        self.name(&name);
        Some(name)
    }

    /// In ORDER BY a bare name means a column that comes out, if there is one.
    fn could_mean_output(&self, expr: &Expr, name: &str) -> bool {
        if !self.in_order_by || self.in_group_by {
            return false;
        }
        let targets = self.query.into_iter().flat_map(|query| query.outputs()).enumerate();
        let mut others = targets.filter(|(_, target)| target.expr != *expr);
        others.any(|(index, target)| self.result_name(index, target) == name)
    }

    fn operator(&mut self, expr: &'a Expr, call: &'a OperatorCall) {
        let name = call.builtin().map_or("?", |operator| operator.name);
        match call.operands.as_slice() {
            [only] => {
                self.plain_paren("(");
                self.push(name);
                self.push(" ");
                self.operand(only, expr, true);
                self.plain_paren(")");
            }
            operands => self.infix(expr, operands, name),
        }
    }

    fn infix(&mut self, expr: &'a Expr, operands: &'a [Expr], words: &str) {
        let [left, right] = operands else { return };
        self.plain_paren("(");
        self.operand(left, expr, true);
        self.push(" ");
        self.push(words);
        self.push(" ");
        self.operand(right, expr, true);
        self.plain_paren(")");
    }

    fn test(&mut self, expr: &'a Expr, arg: &'a Expr, words: &str, show_implicit: bool) {
        self.plain_paren("(");
        self.operand(arg, expr, show_implicit);
        self.push(" ");
        self.push(words);
        self.plain_paren(")");
    }

    fn bool(&mut self, expr: &'a Expr, op: BoolOp, args: &'a [Expr]) {
        let word = match op {
            BoolOp::And => " AND ",
            BoolOp::Or => " OR ",
            BoolOp::Not => "NOT ",
        };
        self.plain_paren("(");
        for (index, arg) in args.iter().enumerate() {
            if index > 0 || op == BoolOp::Not {
                self.push(word);
            }
            self.operand(arg, expr, false);
        }
        self.plain_paren(")");
    }

    fn array_comparison(&mut self, expr: &'a Expr, it: &'a ArrayComparison) {
        let name = it.builtin().map_or("?", |operator| operator.name);
        self.plain_paren("(");
        self.operand(&it.value, expr, true);
        let word = if it.all { "ALL" } else { "ANY" };
        self.push(&format!(" {name} {word} ("));
        self.operand(&it.array, expr, true);
        // Else the subquery's rows would be compared, not the elements of its one array.
        if let ExprKind::Subquery(link) = &it.array.kind
            && link.kind == SubqueryKind::Scalar
        {
            self.type_label(it.array.t);
        }
        self.push(")");
        self.plain_paren(")");
    }

    fn case(&mut self, case: &'a Case) {
        self.out.keyword("CASE", 0, LIST, 0);
        if let Some(operand) = &case.operand {
            self.push(" ");
            self.expr(operand, true);
        }
        for when in &case.whens {
            self.out.keyword("WHEN ", 0, 0, 0);
            self.expr(shown_condition(case, &when.condition), false);
            self.push(" THEN ");
            self.expr(&when.result, true);
        }
        self.out.keyword("ELSE ", 0, 0, 0);
        self.expr(&case.otherwise, true);
        self.out.keyword("END", -LIST, 0, 0);
    }

    fn array(&mut self, expr: &'a Expr, elements: &'a [Expr]) {
        self.push("ARRAY[");
        self.exprs(elements);
        self.push("]");
        if elements.is_empty() {
            self.type_label(expr.t.with_typmod(-1));
        }
    }

    fn row_comparison(&mut self, it: &'a RowComparison) {
        let operator = it.operators.first().and_then(|it| crate::builtin::operator_by_oid(*it));
        self.push("(ROW(");
        self.list(&it.left, |this, field| this.expr(field, false));
        self.push(&format!(") {} ROW(", operator.map_or("?", |it| it.name)));
        self.list(&it.right, |this, field| this.expr(field, false));
        self.push("))");
    }

    fn field(&mut self, row: &'a Expr, name: &str) {
        let parentheses = !matches!(row.kind, ExprKind::Field(..));
        if parentheses {
            self.push("(");
        }
        self.expr(row, true);
        if parentheses {
            self.push(")");
        }
        self.push(".");
        self.name(name);
    }

    fn slice(&mut self, array: &'a Expr, bounds: &'a [Bounds], show_implicit: bool) {
        self.subscripted(array, show_implicit);
        for bounds in bounds {
            self.push("[");
            bounds.from.iter().for_each(|from| self.expr(from, false));
            self.push(":");
            bounds.to.iter().for_each(|to| self.expr(to, false));
            self.push("]");
        }
    }

    fn subscript(&mut self, array: &'a Expr, indexes: &'a [Expr], show_implicit: bool) {
        self.subscripted(array, show_implicit);
        for index in indexes {
            self.push("[");
            self.expr(index, false);
            self.push("]");
        }
    }

    fn subscripted(&mut self, array: &'a Expr, show_implicit: bool) {
        let parentheses = !matches!(array.kind, ExprKind::Column(_));
        if parentheses {
            self.push("(");
        }
        self.expr(array, show_implicit);
        if parentheses {
            self.push(")");
        }
    }

    fn subquery_link(&mut self, link: &'a SubqueryLink) {
        self.push(if link.kind == SubqueryKind::Array { "ARRAY(" } else { "(" });
        let operator = link.test.as_deref().and_then(|test| self.compared(test));
        let operator = operator.unwrap_or("=");
        let words = match link.kind {
            SubqueryKind::Exists => "EXISTS (".to_owned(),
            SubqueryKind::Any if operator == "=" => " IN (".to_owned(),
            SubqueryKind::Any => format!(" {operator} ANY ("),
            SubqueryKind::All => format!(" {operator} ALL ("),
            SubqueryKind::Row => format!(" {operator} ("),
            SubqueryKind::Scalar | SubqueryKind::Array => String::new(),
        };
        self.push(&words);
        self.subquery(&link.query, false);
        self.push(if words.is_empty() { ")" } else { "))" });
    }

    /// What is compared with a subquery's rows; returns the operator.
    fn compared(&mut self, test: &'a Expr) -> Option<&'static str> {
        match &test.kind {
            ExprKind::Operator(call) => {
                self.expr(call.operands.first()?, true);
                call.builtin().map(|operator| operator.name)
            }
            ExprKind::Bool(_, tests) => {
                let calls = tests.iter().filter_map(|test| match &test.kind {
                    ExprKind::Operator(call) => Some(call),
                    _ => None,
                });
                self.push("(");
                self.list(calls.clone().filter_map(|call| call.operands.first()), |this, left| {
                    this.expr(left, true);
                });
                self.push(")");
                calls.clone().next()?.builtin().map(|operator| operator.name)
            }
            ExprKind::Coerce(coerce) => self.compared(&coerce.arg),
            ExprKind::RowComparison(it) => {
                self.push("(");
                self.list(&it.left, |this, left| this.expr(left, true));
                self.push(")");
                Some(crate::builtin::operator_by_oid(*it.operators.first()?)?.name)
            }
            _ => None,
        }
    }

    fn coerce(&mut self, expr: &'a Expr, coerce: &'a Coerce, show_implicit: bool) {
        if coerce.form == CastForm::Implicit && !show_implicit && !is_interval_literal(expr, coerce)
        {
            return self.coerced(expr, coerce);
        }
        match &coerce.arg {
            // A literal that was read as the type and then cut to its length.
            Expr { kind: ExprKind::Constant(value), t, .. }
                if t.oid == expr.t.oid && t.typmod == -1 =>
            {
                match value {
                    Some(value) => {
                        self.literal(*t, value);
                    }
                    None => self.push("NULL"),
                }
            }
            _ => {
                self.plain_paren("(");
                self.coerced(expr, coerce);
                self.plain_paren(")");
            }
        }
        self.type_label(expr.t);
    }

    /// What is converted. Where PostgreSQL has a conversion and then one to the length, the inner
    /// one is never shown, but has parentheses of its own.
    fn coerced(&mut self, expr: &'a Expr, coerce: &'a Coerce) {
        let twice = self.layout.pretty && is_twice(coerce, expr.t) && !is_simple(&coerce.arg, expr);
        if twice {
            self.push("(");
        }
        self.operand(&coerce.arg, expr, false);
        if twice {
            self.push(")");
        }
    }

    fn sql_value(&mut self, value: SqlValue, typmod: i32) {
        self.push(match value {
            SqlValue::CurrentDate => "CURRENT_DATE",
            SqlValue::CurrentTime => "CURRENT_TIME",
            SqlValue::CurrentTimestamp => "CURRENT_TIMESTAMP",
            SqlValue::LocalTime => "LOCALTIME",
            SqlValue::LocalTimestamp => "LOCALTIMESTAMP",
            SqlValue::CurrentRole => "CURRENT_ROLE",
            SqlValue::CurrentUser => "CURRENT_USER",
            SqlValue::User => "USER",
            SqlValue::SessionUser => "SESSION_USER",
            SqlValue::CurrentCatalog => "CURRENT_CATALOG",
            SqlValue::CurrentSchema => "CURRENT_SCHEMA",
        });
        let has_precision = matches!(
            value,
            SqlValue::CurrentTime
                | SqlValue::CurrentTimestamp
                | SqlValue::LocalTime
                | SqlValue::LocalTimestamp
        );
        if has_precision && typmod >= 0 {
            self.push(&format!("({typmod})"));
        }
    }
}

/// With an operand, only the other side of the comparison.
fn shown_condition<'e>(case: &Case, condition: &'e Expr) -> &'e Expr {
    match &condition.kind {
        ExprKind::Operator(call) if case.operand.is_some() => match call.operands.as_slice() {
            [left, right] if is_case_operand(left) => right,
            _ => condition,
        },
        _ => condition,
    }
}

/// Of all literals only an interval's is read with its fields and precision.
fn is_interval_literal(expr: &Expr, coerce: &Coerce) -> bool {
    expr.t.oid == PgType::INTERVAL.oid
        && coerce.arg.t == PgType::INTERVAL
        && matches!(coerce.arg.kind, ExprKind::Constant(_))
}

fn is_case_operand(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::CaseOperand => true,
        ExprKind::Coerce(coerce) => {
            coerce.form == CastForm::Implicit && is_case_operand(&coerce.arg)
        }
        _ => false,
    }
}
