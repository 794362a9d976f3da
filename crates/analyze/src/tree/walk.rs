//! Walking over queries and expressions, subqueries included.
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use medley_catalog::ids::RelationOid;
use medley_types::PgType;

use super::expr::{Coerce, ColumnRef, Conversion, Expr, ExprKind};
use super::query::{FrameBound, Query};
use super::range::{FromItem, RangeKind};
use crate::builtin::{self, Function};

/// What is met on a walk.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A query, before what is in it.
    Query(&'a Query),
    /// An expression, before what is in it.
    Expr(&'a Expr),
}

/// A column of a relation that a query uses, or the relation itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedColumn {
    /// The relation.
    pub relation: RelationOid,
    /// The column; none for the relation itself.
    pub number: Option<i16>,
}

/// Each query and expression in a query, itself first. `visit` is also told the queries around the
/// node, the outermost first; of an expression the last is the one that it belongs to.
pub fn visit_query<'a, B>(
    query: &'a Query,
    visit: &mut impl FnMut(Node<'a>, &[&'a Query]) -> ControlFlow<B>,
) -> ControlFlow<B> {
    Walk { visit, around: Vec::new() }.query(query)
}

/// Each expression and query in an expression, itself first.
pub fn visit_expr<'a, B>(
    expr: &'a Expr,
    visit: &mut impl FnMut(Node<'a>, &[&'a Query]) -> ControlFlow<B>,
) -> ControlFlow<B> {
    Walk { visit, around: Vec::new() }.expr(expr)
}

/// The relations that a query names, and the columns of them that it uses: what a view depends
/// on. Queries of expanded views are not looked into.
pub fn used_columns(query: &Query) -> BTreeSet<UsedColumn> {
    let mut used = BTreeSet::new();
    let _: ControlFlow<()> = visit_query(query, &mut |node, around| {
        match node {
            Node::Query(query) => used.extend(relations(query)),
            Node::Expr(expr) if matches!(expr.kind, ExprKind::Column(_)) => {
                used.extend(used_by(expr, around));
            }
            Node::Expr(_) => {}
        }
        ControlFlow::Continue(())
    });
    used
}

/// The columns of its one table that an expression of a table names: a CHECK's, a default's.
pub fn columns_of_table(expr: &Expr) -> BTreeSet<i16> {
    let mut numbers = BTreeSet::new();
    let _: ControlFlow<()> = visit_expr(expr, &mut |node, _| {
        if let Node::Expr(Expr { kind: ExprKind::Column(column), .. }) = node {
            numbers.insert(column.number);
        }
        ControlFlow::Continue(())
    });
    numbers.into_iter().filter(|number| *number > 0).collect()
}

fn relations(query: &Query) -> impl Iterator<Item = UsedColumn> + '_ {
    query.ranges.iter().filter_map(|range| match &range.kind {
        RangeKind::Relation(it) => Some(UsedColumn { relation: it.oid, number: None }),
        _ => None,
    })
}

fn used_by(expr: &Expr, around: &[&Query]) -> Vec<UsedColumn> {
    let ExprKind::Column(column) = &expr.kind else {
        return expr.children().into_iter().flat_map(|child| used_by(child, around)).collect();
    };
    let Some(depth) = around.len().checked_sub(column.levels_up + 1) else { return Vec::new() };
    match around[depth].ranges.get(column.range).map(|range| &range.kind) {
        Some(RangeKind::Relation(it)) if column.number != 0 => {
            vec![UsedColumn { relation: it.oid, number: Some(column.number) }]
        }
        Some(RangeKind::Join(join)) => {
            let merged = usize::try_from(column.number - 1).ok().and_then(|i| join.columns.get(i));
            merged.map_or_else(Vec::new, |column| used_by(&column.value, &around[..=depth]))
        }
        _ => Vec::new(),
    }
}

/// `now()`, which changes as SQL's own values do.
const NOW: u32 = 1299;

fn conversion(coerce: &Coerce, to: PgType) -> Vec<&'static Function> {
    match coerce.conversion {
        Conversion::Relabel | Conversion::Elements => Vec::new(),
        Conversion::Function(oid) => builtin::function_by_oid(oid).into_iter().collect(),
        Conversion::Text => {
            let output = text_function(coerce.arg.t, "out");
            output.into_iter().chain(text_function(to, "in")).collect()
        }
    }
}

/// A type's input or output function: `int4in`, `date_in`.
fn text_function(t: PgType, kind: &str) -> Option<&'static Function> {
    let name = t.info()?.name;
    let named = |name: String| builtin::functions(&name).next();
    named(format!("{name}{kind}")).or_else(|| named(format!("{name}_{kind}")))
}

struct Walk<'a, 'v, V> {
    visit: &'v mut V,
    around: Vec<&'a Query>,
}

impl<'a, B, V: FnMut(Node<'a>, &[&'a Query]) -> ControlFlow<B>> Walk<'a, '_, V> {
    fn query(&mut self, query: &'a Query) -> ControlFlow<B> {
        (self.visit)(Node::Query(query), &self.around)?;
        self.around.push(query);
        let walked = self.parts(query);
        self.around.pop();
        walked
    }

    fn parts(&mut self, query: &'a Query) -> ControlFlow<B> {
        query.ctes.iter().try_for_each(|cte| self.query(&cte.query))?;
        query.ranges.iter().try_for_each(|range| self.range(&range.kind))?;
        query.from.iter().try_for_each(|item| self.joined(item))?;
        self.exprs(&query.filter)?;
        self.exprs(query.targets.iter().map(|target| &target.expr))?;
        self.exprs(&query.having)?;
        let frames = query.windows.iter().filter_map(|window| window.frame.as_ref());
        self.exprs(frames.flat_map(|frame| [&frame.start, &frame.end]).filter_map(offset))?;
        self.exprs(query.limit.iter().chain(&query.offset))
    }

    fn range(&mut self, range: &'a RangeKind) -> ControlFlow<B> {
        match range {
            RangeKind::Subquery(query) => self.query(query),
            RangeKind::Function(function) => {
                self.exprs(function.functions.iter().map(|function| &function.call))
            }
            RangeKind::Values(values) => self.exprs(values.rows.iter().flatten()),
            // What a join's columns are is in its condition, or looked up where they are used.
            RangeKind::Relation(_)
            | RangeKind::Cte(_)
            | RangeKind::Join(_)
            | RangeKind::Changed(_) => ControlFlow::Continue(()),
        }
    }

    fn joined(&mut self, item: &'a FromItem) -> ControlFlow<B> {
        let FromItem::Join(join) = item else { return ControlFlow::Continue(()) };
        self.joined(&join.left)?;
        self.joined(&join.right)?;
        self.exprs(&join.on)
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) -> ControlFlow<B> {
        exprs.into_iter().try_for_each(|expr| self.expr(expr))
    }

    fn expr(&mut self, expr: &'a Expr) -> ControlFlow<B> {
        (self.visit)(Node::Expr(expr), &self.around)?;
        if let ExprKind::Subquery(link) = &expr.kind {
            self.exprs(link.test.as_deref())?;
            return self.query(&link.query);
        }
        self.exprs(expr.children())
    }
}

fn offset(bound: &FrameBound) -> Option<&Expr> {
    match bound {
        FrameBound::Preceding(expr) | FrameBound::Following(expr) => Some(expr),
        FrameBound::UnboundedPreceding
        | FrameBound::CurrentRow
        | FrameBound::UnboundedFollowing => None,
    }
}

impl Expr {
    /// The columns of the query that it belongs to, and of those around it, that it names
    /// directly: not inside a subquery.
    pub fn columns(&self) -> Vec<ColumnRef> {
        match self.kind {
            ExprKind::Column(column) => vec![column],
            _ => self.children().into_iter().flat_map(Self::columns).collect(),
        }
    }

    /// It names columns of the query that it belongs to, if only inside a subquery.
    pub fn has_columns(&self) -> bool {
        self.any(|expr, depth| {
            matches!(&expr.kind, ExprKind::Column(column) if column.levels_up == depth)
        })
    }

    /// Its value may change from one time to the next, or with settings.
    pub fn is_mutable(&self) -> bool {
        self.any(|expr, _| expr.calls().iter().any(|function| function.volatility != 'i'))
    }

    /// Its value may change within a statement.
    pub fn is_volatile(&self) -> bool {
        self.any(|expr, _| expr.calls().iter().any(|function| function.volatility == 'v'))
    }

    /// Whether something in it is so; it is told how many queries it is below.
    fn any(&self, is_so: impl Fn(&Self, usize) -> bool) -> bool {
        visit_expr(self, &mut |node, around| match node {
            Node::Expr(expr) if is_so(expr, around.len()) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    }

    /// The functions that it calls itself; not those of what is in it.
    pub fn calls(&self) -> Vec<&'static Function> {
        let of_operator = |oid| Some(builtin::operator_by_oid(oid)?.function);
        let oids = match &self.kind {
            ExprKind::Function(call) => vec![call.function],
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                of_operator(call.operator).into_iter().collect()
            }
            ExprKind::ArrayComparison(it) => of_operator(it.operator).into_iter().collect(),
            ExprKind::RowComparison(it) => {
                it.operators.iter().filter_map(|operator| of_operator(*operator)).collect()
            }
            ExprKind::Aggregate(call) => vec![call.function],
            ExprKind::Window(call) => vec![call.function],
            ExprKind::SqlValue(_) => vec![NOW],
            ExprKind::Coerce(coerce) => return conversion(coerce, self.t),
            _ => Vec::new(),
        };
        oids.into_iter().filter_map(builtin::function_by_oid).collect()
    }

    /// The expressions directly in it; of a subquery only its test.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Column(_)
            | ExprKind::Constant(_)
            | ExprKind::Parameter(_)
            | ExprKind::CaseOperand
            | ExprKind::SubqueryColumn(_)
            | ExprKind::SqlValue(_) => Vec::new(),
            ExprKind::Function(call) => call.arguments.iter().collect(),
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                call.operands.iter().collect()
            }
            ExprKind::ArrayComparison(it) => vec![&it.value, &it.array],
            ExprKind::Bool(_, all)
            | ExprKind::Coalesce(all)
            | ExprKind::Greatest(all)
            | ExprKind::Least(all)
            | ExprKind::Grouping(all)
            | ExprKind::Row(all)
            | ExprKind::Array(all, _) => all.iter().collect(),
            ExprKind::NullTest(arg, _)
            | ExprKind::TruthTest(_, arg)
            | ExprKind::Field(arg, ..)
            | ExprKind::Collate(arg, ..) => vec![arg],
            ExprKind::RowComparison(it) => it.left.iter().chain(&it.right).collect(),
            ExprKind::Case(case) => {
                let whens = case.whens.iter().flat_map(|when| [&when.condition, &when.result]);
                case.operand.iter().chain(whens).chain([&case.otherwise]).collect()
            }
            ExprKind::Subscript(array, indexes) => {
                std::iter::once(&**array).chain(indexes).collect()
            }
            ExprKind::Slice(array, bounds) => {
                let bounds = bounds.iter().flat_map(|it| it.from.iter().chain(&it.to));
                std::iter::once(&**array).chain(bounds).collect()
            }
            ExprKind::Subquery(link) => link.test.as_deref().into_iter().collect(),
            ExprKind::Aggregate(call) => {
                let keys = call.order_by.iter().map(|key| &key.expr);
                call.direct.iter().chain(&call.arguments).chain(keys).chain(&call.filter).collect()
            }
            ExprKind::Window(call) => call.arguments.iter().chain(&call.filter).collect(),
            ExprKind::Coerce(coerce) => vec![&coerce.arg],
        }
    }
}
