//! UPDATE and DELETE in one statement at the remote, where it decides everything as we would:
//! PostgreSQL's "direct modify". What is sent is printed from the analysed tree, as `postgres_fdw`
//! prints it, and nothing is that is not known here: functions and types by the lists of `ship`.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_analyze::builtin::Operator;
use medley_analyze::tree::{
    BoolOp, CallForm, CastForm, Change, ChangeKind, Coerce, Conversion, Expr, ExprKind, Query,
};
use medley_fdw::{Facts, Family, RemoteColumn, RemoteTable as Described};
use medley_types::{Form, PgType};

use super::plan::returned_columns;
use super::table::Table;
use crate::context::QueryContext;
use crate::error::Result;
use crate::lower::Lowering;
use crate::ship::whole::Needs;
use crate::ship::whole::signature::{self, Order};

/// A change that is one statement at the remote.
#[derive(Clone, Debug)]
pub(super) struct Direct {
    pub sql: Arc<str>,
    needs: Needs,
    /// The columns that are named in it, as they are declared.
    columns: Vec<Named>,
}

/// A column that is named.
#[derive(Clone, Debug)]
struct Named {
    /// What the remote calls it.
    name: String,
    declared: PgType,
    /// It is not only set.
    is_read: bool,
}

/// The change as one statement, if it may be one.
pub(super) fn plan(
    context: &QueryContext,
    lowering: &Lowering<'_>,
    table: &Table,
    change: &Change,
) -> Result<Option<Direct>> {
    if !context.pushdown || !is_simple(table, change) || table.family()? != Family::Postgres {
        return Ok(None);
    }
    let needs = Needs { version: signature::OLDEST, order: false, letters: false };
    let mut printer = Printer { lowering, table, needs, used: BTreeSet::new() };
    let (equalities, others): (Vec<_>, Vec<_>) =
        conjuncts(change.source.filter.as_ref()).into_iter().partition(|it| is_equality(it));
    let conditions = others.into_iter().chain(equalities).map(|it| printer.expr(it));
    let conditions: Option<Vec<_>> = conditions.collect();
    let Some(conditions) = conditions else { return Ok(None) };
    let mut set = Vec::new();
    for (number, target) in change.columns.iter().zip(change.source.outputs()) {
        let column = table.column(*number)?;
        let Some(sql) = printer.expr(&target.expr) else { return Ok(None) };
        set.push((*number, table.remote_column(column)?, sql));
    }
    // In the table's order, as postgres_fdw has them.
    set.sort_by_key(|(number, ..)| *number);
    let set: Vec<_> = set.into_iter().map(|(_, name, sql)| (name, sql)).collect();
    let returning = returned_columns(table, change)?;
    let names = returning.iter().map(|column| table.remote_column(column));
    let names = names.collect::<Result<Vec<_>>>()?;
    let writing = table.writing()?;
    let sql = match change.kind {
        ChangeKind::Update => writing.update_where(&set, &conditions, &names),
        ChangeKind::Delete => writing.delete_where(&conditions, &names),
        ChangeKind::Insert => return Ok(None),
    };
    let (needs, used) = (printer.needs, printer.used);
    let named = used.iter().chain(&change.columns).copied().collect();
    let columns = table.columns(&named).into_iter().map(|it| {
        let (name, declared) = (table.plain_remote_column(it)?, it.pg_type);
        Ok(Named { name, declared, is_read: used.contains(&it.number) })
    });
    Ok(Some(Direct { sql: sql.into(), needs, columns: columns.collect::<Result<_>>()? }))
}

impl Direct {
    /// Whether the remote means what we mean, by what is known of it and of its table. A table
    /// that is not found is left to the remote to speak of.
    pub fn fits(&self, facts: &Facts, table: Option<&Described>) -> bool {
        let server_fits = facts.version >= self.needs.version
            && facts.version < signature::UNKNOWN
            && (!self.needs.order || facts.byte_order_collation)
            && (!self.needs.letters || facts.unicode_letters);
        let is_same = |column: &Named| {
            let remote = table?.columns.iter().find(|remote| remote.name == column.name)?;
            Some(match column.is_read {
                true => column.is_as_declared(remote),
                false => column.takes_the_same(remote),
            })
        };
        server_fits && self.columns.iter().all(|column| is_same(column).unwrap_or(true))
    }
}

impl Named {
    /// It is read as it is declared.
    fn is_as_declared(&self, remote: &RemoteColumn) -> bool {
        self.declared.oid == remote.pg_type.oid
            && self.declared.typmod == remote.pg_type.typmod
            && self.declared.collation.name() == remote.collation.as_deref()
    }

    /// A value that is assigned there becomes what it would if it were sent as text.
    fn takes_the_same(&self, remote: &RemoteColumn) -> bool {
        let is_text = |t: PgType| [PgType::TEXT.oid, PgType::VARCHAR.oid].contains(&t.oid);
        let same = self.declared.oid == remote.pg_type.oid
            || is_text(self.declared) && is_text(remote.pg_type);
        same && (self.declared.typmod == -1 || self.declared.typmod == remote.pg_type.typmod)
    }
}

/// A column that equals a constant: PostgreSQL's planner has those behind the others.
fn is_equality(condition: &Expr) -> bool {
    let ExprKind::Operator(call) = &condition.kind else { return false };
    let [left, right] = call.operands.as_slice() else { return false };
    call.builtin().is_some_and(|operator| operator.name == "=")
        && (is_column(left) && is_constant(right) || is_constant(left) && is_column(right))
}

/// One table, whose rows before are not asked for where they are changed, and nothing to be
/// looked at here for each of them.
fn is_simple(table: &Table, change: &Change) -> bool {
    let has_old = change.returning.as_ref().is_some_and(|returning| {
        change.kind == ChangeKind::Update && names_range(returning, Change::old_row(returning))
    });
    let mut columns = table.relation.live_columns();
    let is_generated = change.kind == ChangeKind::Update && columns.any(|it| it.is_generated());
    change.kind != ChangeKind::Insert
        && change.source.from.len() == 1
        && change.source.ctes.is_empty()
        && change.checks.is_empty()
        && !has_old
        && !is_generated
}

fn names_range(query: &Query, range: usize) -> bool {
    use std::ops::ControlFlow;
    medley_analyze::tree::visit_query(query, &mut |node, around| match node {
        medley_analyze::tree::Node::Expr(Expr { kind: ExprKind::Column(column), .. })
            if column.range == range && around.len() == column.levels_up + 1 =>
        {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

/// What AND joins.
pub(super) fn conjuncts(filter: Option<&Expr>) -> Vec<&Expr> {
    match filter {
        None => Vec::new(),
        Some(Expr { kind: ExprKind::Bool(BoolOp::And, all), .. }) => {
            all.iter().flat_map(|it| conjuncts(Some(it))).collect()
        }
        Some(other) => vec![other],
    }
}

/// How a constant says its type, as `deparseConst` counts it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    /// Where it would be read as another.
    Needed,
    /// Not where it is a string, which is read as the type of what stands beside it.
    ByNeighbour,
}

/// Prints expressions over the columns of the table; `None` for what the remote is not sent.
struct Printer<'a> {
    lowering: &'a Lowering<'a>,
    table: &'a Table,
    needs: Needs,
    used: BTreeSet<i16>,
}

impl Printer<'_> {
    fn expr(&mut self, expr: &Expr) -> Option<String> {
        self.labelled(expr, Label::Needed)
    }

    fn labelled(&mut self, expr: &Expr, label: Label) -> Option<String> {
        if !signature::is_shippable_type(expr.t) {
            return None;
        }
        if let ExprKind::Constant(value) = &expr.kind {
            return Some(constant(value.as_deref(), expr.t, label));
        }
        if is_constant(expr) {
            // What it comes to, here and now, in this session.
            let value = self.lowering.constant_text(expr).ok()?;
            return Some(constant(value.as_deref(), expr.t, label));
        }
        self.check_calls(expr)?;
        self.kind(expr)
    }

    fn kind(&mut self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Column(column) => {
                let is_own = column.levels_up == 0 && column.range == Change::TABLE;
                let of_table = self.table.column(column.number).ok().filter(|_| is_own)?;
                if of_table.is_generated() && of_table.virtual_expression().is_some() {
                    return None;
                }
                self.used.insert(column.number);
                self.table.remote_column(of_table).ok()
            }
            ExprKind::Operator(call) => self.operator(call.builtin()?, &call.operands),
            ExprKind::Distinct(call) => {
                let [left, right] = call.operands.as_slice() else { return None };
                Some(format!("({} IS DISTINCT FROM {})", self.expr(left)?, self.expr(right)?))
            }
            ExprKind::NullIf(call) => {
                let [left, right] = call.operands.as_slice() else { return None };
                Some(format!("NULLIF({}, {})", self.expr(left)?, self.expr(right)?))
            }
            ExprKind::Function(call) => {
                let is_plain = call.form == CallForm::Call
                    && call.names.is_empty()
                    && call.variadic_from.is_none()
                    && !call.is_array;
                let function = call.builtin().filter(|_| is_plain)?;
                Some(format!("{}({})", name(function.name), self.list(&call.arguments)?))
            }
            ExprKind::ArrayComparison(it) => {
                let operator = it.builtin()?;
                self.ordered_by(operator, it.value.t)?;
                let word = if it.all { "ALL" } else { "ANY" };
                let (value, array) = (self.expr(&it.value)?, self.expr(&it.array)?);
                Some(format!("({value} {} {word} ({array}))", operator.name))
            }
            ExprKind::Bool(BoolOp::Not, all) => Some(format!("(NOT {})", self.expr(all.first()?)?)),
            ExprKind::Bool(op, all) => {
                let word = if *op == BoolOp::And { " AND " } else { " OR " };
                Some(format!("({})", self.parts(all)?.join(word)))
            }
            ExprKind::NullTest(arg, is_not) => {
                let not = if *is_not { "NOT " } else { "" };
                Some(format!("({} IS {not}NULL)", self.expr(arg)?))
            }
            ExprKind::TruthTest(test, arg) => {
                Some(format!("({} {})", self.expr(arg)?, test.words()))
            }
            ExprKind::Coalesce(all) => Some(format!("COALESCE({})", self.list(all)?)),
            ExprKind::Case(case) if case.operand.is_none() => {
                let mut text = "(CASE".to_owned();
                for when in &case.whens {
                    let (condition, result) =
                        (self.expr(&when.condition)?, self.expr(&when.result)?);
                    text.push_str(&format!(" WHEN {condition} THEN {result}"));
                }
                Some(format!("{text} ELSE {} END)", self.expr(&case.otherwise)?))
            }
            ExprKind::Coerce(coerce) => self.coerce(coerce, expr.t),
            _ => None,
        }
    }

    fn parts(&mut self, all: &[Expr]) -> Option<Vec<String>> {
        all.iter().map(|it| self.expr(it)).collect()
    }

    fn list(&mut self, all: &[Expr]) -> Option<String> {
        Some(self.parts(all)?.join(", "))
    }

    fn operator(&mut self, operator: &Operator, operands: &[Expr]) -> Option<String> {
        match operands {
            [only] => Some(format!("({} {})", operator.name, self.expr(only)?)),
            [left, right] => {
                self.ordered_by(operator, left.t)?;
                let same = left.t.oid == right.t.oid;
                let beside = |it: &Expr| match same && is_column(it) {
                    true => Label::ByNeighbour,
                    false => Label::Needed,
                };
                let (of_left, of_right) = (beside(right), beside(left));
                let left = self.labelled(left, of_left)?;
                let right = self.labelled(right, of_right)?;
                Some(format!("({left} {} {right})", operator.name))
            }
            _ => None,
        }
    }

    /// What compares by an order is shipped where that order is known.
    fn ordered_by(&mut self, operator: &Operator, t: PgType) -> Option<()> {
        if !matches!(operator.name, "<" | "<=" | ">" | ">=") {
            return Some(());
        }
        match signature::order_of(t) {
            Order::Same => {}
            Order::Database => self.needs.order = true,
            Order::Other => return None,
        }
        Some(())
    }

    /// An implicit conversion is left to the remote, which makes the same.
    fn coerce(&mut self, coerce: &Coerce, to: PgType) -> Option<String> {
        if coerce.conversion == Conversion::Elements {
            return None;
        }
        let arg = self.expr(&coerce.arg)?;
        match coerce.form {
            CastForm::Implicit => Some(arg),
            CastForm::Explicit => Some(format!("{arg}::{to}")),
        }
    }

    fn check_calls(&mut self, expr: &Expr) -> Option<()> {
        if let ExprKind::Coerce(coerce) = &expr.kind
            && coerce.conversion == Conversion::Text
        {
            return Some(());
        }
        for function in expr.calls() {
            let known = signature::of(function)?;
            if function.volatility != 'i' {
                return None;
            }
            self.needs.version = self.needs.version.max(known.since);
            let mut children = expr.children().into_iter();
            self.needs.letters |= known.reads_letters
                && children.any(|it| !signature::BYTE_ORDER.contains(&it.t.collation));
            if known.orders {
                self.needs.order = true;
            }
        }
        Some(())
    }
}

/// Of nothing but constants, parameters and what this session tells.
pub(super) fn is_constant(expr: &Expr) -> bool {
    use std::ops::ControlFlow;
    let walked = medley_analyze::tree::visit_expr(expr, &mut |node, _| match node {
        medley_analyze::tree::Node::Query(_) => ControlFlow::Break(()),
        medley_analyze::tree::Node::Expr(it) => match it.kind {
            ExprKind::Column(_)
            | ExprKind::Subquery(_)
            | ExprKind::CaseOperand
            | ExprKind::SubqueryColumn(_)
            | ExprKind::Aggregate(_)
            | ExprKind::Window(_)
            | ExprKind::Grouping(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
    });
    walked.is_continue() && !expr.is_volatile() && !returns_set(expr)
}

fn returns_set(expr: &Expr) -> bool {
    expr.calls().iter().any(|function| function.returns_set)
        || expr.children().into_iter().any(returns_set)
}

fn is_column(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(_) => true,
        ExprKind::Coerce(coerce) => {
            coerce.form == CastForm::Implicit
                && coerce.conversion == Conversion::Relabel
                && is_column(&coerce.arg)
        }
        _ => false,
    }
}

fn name(function: &str) -> String {
    medley_catalog::quote_identifier(function).into_owned()
}

/// `deparseConst`
fn constant(value: Option<&str>, t: PgType, label: Label) -> String {
    let Some(text) = value else { return format!("NULL::{t}") };
    let mut is_float = false;
    let mut is_string = false;
    let said = match Form::of(t) {
        Form::Bool => if text == "t" { "true" } else { "false" }.to_owned(),
        _ if is_number(t) && text.bytes().all(|byte| b"0123456789+-eE.".contains(&byte)) => {
            is_float = text.contains(['e', 'E', '.']);
            match text.starts_with(['+', '-']) {
                true => format!("({text})"),
                false => text.to_owned(),
            }
        }
        _ => {
            is_string = true;
            crate::ship::quoted(text)
        }
    };
    let is_needed = match t.oid {
        oid if oid == PgType::BOOL.oid || oid == PgType::INT4.oid => false,
        oid if oid == PgType::NUMERIC.oid => !is_float || t.typmod >= 0,
        _ => label == Label::Needed || !is_string,
    };
    if is_needed { format!("{said}::{t}") } else { said }
}

fn is_number(t: PgType) -> bool {
    [
        PgType::INT2,
        PgType::INT4,
        PgType::INT8,
        PgType::OID,
        PgType::FLOAT4,
        PgType::FLOAT8,
        PgType::NUMERIC,
    ]
    .iter()
    .any(|number| number.oid == t.oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_said_as_postgres_fdw_says_them() {
        let check = |value, t, expected: &str| {
            assert_eq!(constant(value, t, Label::Needed), expected);
        };
        check(Some("1"), PgType::INT4, "1");
        check(Some("-1"), PgType::INT4, "(-1)");
        check(Some("1"), PgType::INT8, "1::bigint");
        check(Some("1.5"), PgType::NUMERIC, "1.5");
        check(Some("1"), PgType::NUMERIC, "1::numeric");
        check(Some("7.00"), PgType::numeric(6, 2), "7.00::numeric(6,2)");
        check(Some("t"), PgType::BOOL, "true");
        check(Some("it's"), PgType::TEXT, "'it''s'::text");
        check(None, PgType::INT4, "NULL::integer");
        assert_eq!(constant(Some("x"), PgType::TEXT, Label::ByNeighbour), "'x'");
        assert_eq!(constant(Some("1"), PgType::INT8, Label::ByNeighbour), "1::bigint");
    }
}
