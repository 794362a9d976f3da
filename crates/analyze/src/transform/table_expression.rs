//! Expressions that a table keeps: DEFAULT, CHECK, GENERATED; and WHERE of COPY FROM.
use std::ops::ControlFlow;

use medley_catalog::ids::RelationOid;
use medley_catalog::objects::Column;
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast as ast;
use medley_types::PgType;

use super::scope::{Clause, Scope};
use super::{Analyser, Context, Parameters};
use crate::error::{Error, Result};
use crate::resolve::Context as CastContext;
use crate::tree::{
    CastForm, Expr, ExprKind, Node, Place, Range, RangeColumn, RangeKind, RelationKind,
    RelationRange, visit_expr,
};

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionKind {
    /// DEFAULT of a column, which is given as it is (assignment).
    Default,
    /// CHECK.
    Check,
    /// GENERATED ALWAYS AS of a column.
    Generation,
    /// WHERE of COPY FROM, which no table keeps.
    CopyWhere,
    /// One that was stored, read again: it was judged then.
    Stored,
}

/// The table that keeps an expression.
#[derive(Clone, Copy, Debug)]
pub struct TableExpression<'a> {
    /// What the expression is for.
    pub kind: ExpressionKind,
    /// The table's oid; [`RelationOid`] 0 while it has none.
    pub relation: RelationOid,
    /// Its name.
    pub name: &'a str,
    /// Its columns. In the tree they are those of range 0.
    pub columns: &'a [Column],
    /// The column that a default or generation expression is of: its name and type.
    pub target: Option<(&'a str, PgType)>,
}

/// Analyses an expression of a table. It comes out as the type that is wanted: boolean for
/// conditions, the target's for others, its own if they have none.
pub fn expression(
    context: &Context<'_>,
    expr: &ast::Expr,
    table: &TableExpression<'_>,
) -> Result<Expr> {
    let parameters = Parameters { types: Vec::new(), complete: true };
    let trusted = table.kind == ExpressionKind::Stored;
    let analyser = Analyser { trusted, ..Analyser::new(context, parameters) };
    let mut scope = Scope::new(None);
    let range = range(context, table);
    scope.tables = vec![range.table(0, schema_of(context, table))];
    scope.ranges = vec![range];
    scope.clause.set(clause(table.kind));
    let value = analyser.expr(&scope, expr)?;
    let value = analyser.as_wanted(value, table)?;
    match table.kind {
        ExpressionKind::Generation => check_generation(&value, table)?,
        ExpressionKind::CopyWhere => check_copied(&value, table)?,
        ExpressionKind::Default | ExpressionKind::Check | ExpressionKind::Stored => {}
    }
    Ok(value)
}

fn clause(kind: ExpressionKind) -> Clause {
    match kind {
        ExpressionKind::Default => Clause::Default,
        ExpressionKind::Check | ExpressionKind::Stored => Clause::Check,
        ExpressionKind::Generation => Clause::Generation,
        ExpressionKind::CopyWhere => Clause::CopyWhere,
    }
}

fn range(context: &Context<'_>, table: &TableExpression<'_>) -> Range {
    let live = table.columns.iter().filter(|column| !column.dropped);
    let columns = live.map(|column| RangeColumn {
        name: column.name.clone(),
        number: column.number,
        t: column.pg_type,
    });
    Range {
        kind: RangeKind::Relation(RelationRange {
            oid: table.relation,
            kind: RelationKind::ForeignTable,
            check_as: context.role,
            view: None,
            place: Place::default(),
        }),
        alias: None,
        name: Some(table.name.to_owned()),
        columns: columns.collect(),
        lateral: false,
        in_from: true,
    }
}

fn schema_of(context: &Context<'_>, table: &TableExpression<'_>) -> Option<String> {
    let relation = context.snapshot.relation(table.relation)?;
    Some(context.snapshot.schema(relation.schema)?.name.clone())
}

/// A generated column that an expression names, and where.
fn generated_column<'a>(
    value: &Expr,
    table: &TableExpression<'a>,
) -> Option<(&'a str, Option<usize>)> {
    let found = visit_expr(value, &mut |node, _| {
        let Node::Expr(expr) = node else { return ControlFlow::Continue(()) };
        let ExprKind::Column(column) = &expr.kind else { return ControlFlow::Continue(()) };
        let mut columns = table.columns.iter();
        match columns.find(|it| it.number == column.number && it.is_generated()) {
            Some(found) => ControlFlow::Break((found.name.as_str(), expr.position)),
            None => ControlFlow::Continue(()),
        }
    });
    found.break_value()
}

/// Nothing is generated yet of a row that is copied.
fn check_copied(value: &Expr, table: &TableExpression<'_>) -> Result<()> {
    let Some((name, _)) = generated_column(value, table) else { return Ok(()) };
    let message = "generated columns are not supported in COPY FROM WHERE conditions";
    let report = Report::error(SqlState::INVALID_COLUMN_REFERENCE, message);
    Err(report.with_detail(format!("Column \"{name}\" is a generated column.")).into())
}

/// It names no generated column, and is the same whenever it is computed.
fn check_generation(value: &Expr, table: &TableExpression<'_>) -> Result<()> {
    if let Some((name, position)) = generated_column(value, table) {
        let message =
            format!("cannot use generated column \"{name}\" in column generation expression");
        let mut report = Report::error(SqlState::INVALID_OBJECT_DEFINITION, message)
            .with_detail("A generated column cannot reference another generated column.");
        report.position = position;
        return Err(report.into());
    }
    match value.is_mutable() {
        false => Ok(()),
        true => {
            let message = "generation expression is not immutable";
            Err(Error::at(SqlState::INVALID_OBJECT_DEFINITION, message, None))
        }
    }
}

impl Analyser<'_> {
    fn as_wanted(&self, value: Expr, table: &TableExpression<'_>) -> Result<Expr> {
        let (column, to) = match (table.kind, table.target) {
            (ExpressionKind::Check, _) => return self.boolean(value, "CHECK"),
            (ExpressionKind::CopyWhere, _) => return self.boolean(value, "WHERE"),
            (_, Some(target)) => target,
            (_, None) => return self.settle(value),
        };
        let from = value.t;
        self.coerce(value, to, CastContext::Assignment, CastForm::Implicit)?.ok_or_else(|| {
            let message = format!(
                "column \"{column}\" is of type {to} but default expression is of type {from}"
            );
            Report::error(SqlState::DATATYPE_MISMATCH, message)
                .with_hint("You will need to rewrite or cast the expression.")
                .into()
        })
    }
}
