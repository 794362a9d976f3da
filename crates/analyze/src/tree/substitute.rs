//! Putting expressions in place of columns.
use super::expr::{ColumnRef, Expr, ExprKind};
use super::query::{FrameBound, Query};
use super::range::{FromItem, RangeKind};

/// Shows each expression of a query, and of the queries in it, to `f`, with how many queries it is
/// below the given one: what is in an expression before the expression.
pub fn each_in_query(query: &mut Query, depth: usize, f: &mut impl FnMut(&mut Expr, usize)) {
    for cte in &mut query.ctes {
        each_in_query(&mut cte.query, depth + 1, f);
    }
    for range in &mut query.ranges {
        match &mut range.kind {
            RangeKind::Subquery(inner) => each_in_query(inner, depth + 1, f),
            RangeKind::Function(function) => {
                function.functions.iter_mut().for_each(|it| each_in(&mut it.call, depth, f));
            }
            RangeKind::Values(values) => {
                values.rows.iter_mut().flatten().for_each(|it| each_in(it, depth, f));
            }
            RangeKind::Join(join) => {
                for column in &mut join.columns {
                    each_in(&mut column.value, depth, f);
                    if let Some(sides) = &mut column.sides {
                        each_in(&mut sides.0, depth, f);
                        each_in(&mut sides.1, depth, f);
                    }
                }
            }
            RangeKind::Relation(_) | RangeKind::Cte(_) | RangeKind::Changed(_) => {}
        }
    }
    query.from.iter_mut().for_each(|item| each_in_item(item, depth, f));
    let targets = query.targets.iter_mut().map(|target| &mut target.expr);
    let frames = query.windows.iter_mut().filter_map(|window| window.frame.as_mut());
    let offsets = frames.flat_map(|frame| [&mut frame.start, &mut frame.end]).filter_map(offset);
    let rest = query.filter.iter_mut().chain(targets).chain(&mut query.having).chain(offsets);
    rest.chain(&mut query.limit).chain(&mut query.offset).for_each(|it| each_in(it, depth, f));
}

fn offset(bound: &mut FrameBound) -> Option<&mut Expr> {
    match bound {
        FrameBound::Preceding(expr) | FrameBound::Following(expr) => Some(expr),
        FrameBound::UnboundedPreceding
        | FrameBound::CurrentRow
        | FrameBound::UnboundedFollowing => None,
    }
}

fn each_in_item(item: &mut FromItem, depth: usize, f: &mut impl FnMut(&mut Expr, usize)) {
    let FromItem::Join(join) = item else { return };
    each_in_item(&mut join.left, depth, f);
    each_in_item(&mut join.right, depth, f);
    join.on.iter_mut().for_each(|on| each_in(on, depth, f));
}

/// The same for an expression that is so many queries below the given one.
pub fn each_in(expr: &mut Expr, depth: usize, f: &mut impl FnMut(&mut Expr, usize)) {
    if let ExprKind::Subquery(link) = &mut expr.kind {
        each_in_query(&mut link.query, depth + 1, f);
    }
    expr.children_mut().into_iter().for_each(|child| each_in(child, depth, f));
    f(expr, depth);
}

/// The expression as it is named so many queries further in: columns of its own query and of those
/// around it are as many queries further out. Its own query's ranges are one, which gets another
/// index.
pub(crate) fn moved(expr: &Expr, levels: usize, range: usize) -> Expr {
    let mut moved = expr.clone();
    each_in(&mut moved, 0, &mut |expr, depth| {
        if let ExprKind::Column(column) = &mut expr.kind
            && column.levels_up >= depth
        {
            if column.levels_up == depth {
                column.range = range;
            }
            column.levels_up += levels;
        }
    });
    moved
}

/// Puts what `value` says in place of the columns of a range of the query.
pub(crate) fn replace_columns(
    (expr, depth): (&mut Expr, usize),
    range: usize,
    value: &impl Fn(ColumnRef) -> Option<Expr>,
) {
    if let ExprKind::Column(column) = expr.kind
        && column.levels_up == depth
        && column.range == range
        && let Some(value) = value(column)
    {
        let position = expr.position;
        *expr = moved(&value, depth, range).at(position);
    }
}

impl Expr {
    /// The expressions directly in it, to be changed; of a subquery only its test.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.kind {
            ExprKind::Column(_)
            | ExprKind::Constant(_)
            | ExprKind::Parameter(_)
            | ExprKind::CaseOperand
            | ExprKind::SubqueryColumn(_)
            | ExprKind::SqlValue(_) => Vec::new(),
            ExprKind::Function(call) => call.arguments.iter_mut().collect(),
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                call.operands.iter_mut().collect()
            }
            ExprKind::ArrayComparison(it) => vec![&mut it.value, &mut it.array],
            ExprKind::Bool(_, all)
            | ExprKind::Coalesce(all)
            | ExprKind::Greatest(all)
            | ExprKind::Least(all)
            | ExprKind::Grouping(all)
            | ExprKind::Row(all)
            | ExprKind::Array(all, _) => all.iter_mut().collect(),
            ExprKind::NullTest(arg, _)
            | ExprKind::TruthTest(_, arg)
            | ExprKind::Field(arg, ..)
            | ExprKind::Collate(arg, ..) => vec![arg],
            ExprKind::RowComparison(it) => it.left.iter_mut().chain(&mut it.right).collect(),
            ExprKind::Case(case) => {
                let whens = case.whens.iter_mut();
                let whens = whens.flat_map(|when| [&mut when.condition, &mut when.result]);
                case.operand.iter_mut().chain(whens).chain([&mut case.otherwise]).collect()
            }
            ExprKind::Subscript(array, indexes) => {
                std::iter::once(&mut **array).chain(indexes).collect()
            }
            ExprKind::Slice(array, bounds) => {
                let bounds = bounds.iter_mut().flat_map(|it| it.from.iter_mut().chain(&mut it.to));
                std::iter::once(&mut **array).chain(bounds).collect()
            }
            ExprKind::Subquery(link) => link.test.as_deref_mut().into_iter().collect(),
            ExprKind::Aggregate(call) => {
                let keys = call.order_by.iter_mut().map(|key| &mut key.expr);
                let arguments = call.direct.iter_mut().chain(&mut call.arguments);
                arguments.chain(keys).chain(&mut call.filter).collect()
            }
            ExprKind::Window(call) => call.arguments.iter_mut().chain(&mut call.filter).collect(),
            ExprKind::Coerce(coerce) => vec![&mut coerce.arg],
        }
    }
}
