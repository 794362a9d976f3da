//! UNION, INTERSECT, EXCEPT.
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SetExpr, SetQuantifier};
use medley_types::PgType;

use super::Analyser;
use super::query::{Around, order_items, range_columns};
use super::scope::Scope;
use super::target::Targets;
use crate::error::{Error, Result};
use crate::resolve::{Context, common_type};
use crate::tree::{
    CastForm, ColumnRef, Expr, ExprKind, Query, Range, RangeKind, SetLeaf, SetNode, SetOperation,
    SetOperator, Target,
};

impl Analyser<'_> {
    pub(super) fn set_operation(
        &self,
        mut scope: Scope<'_>,
        body: &SetExpr,
        around: &Around<'_>,
    ) -> Result<Query> {
        let (node, types) = self.set_node(&mut scope, body)?;
        let SetNode::Operation(operation) = node else {
            return Err(Error::Internal("a set operation of one".to_owned()));
        };
        let outputs = scope.ranges[0].columns.iter().zip(types).map(|(column, t)| {
            let reference = ColumnRef { levels_up: 0, range: 0, number: column.number };
            let expr = Expr::new(ExprKind::Column(reference), t, None);
            Target { name: column.name.clone(), expr, junk: false }
        });
        let mut targets = Targets { list: outputs.collect(), closed: true };
        let order_by = self.order_by(&scope, &order_items(around.query)?, &mut targets)?;
        let (limit, offset) = self.limit(&scope, around.query)?;
        Ok(Query {
            ctes: scope.ctes,
            ranges: scope.ranges,
            targets: targets.list,
            order_by,
            limit,
            offset,
            set_operation: Some(*operation),
            ..Query::default()
        })
    }

    /// A side, with the types of its columns.
    fn set_node(&self, scope: &mut Scope<'_>, body: &SetExpr) -> Result<(SetNode, Vec<PgType>)> {
        let SetExpr::SetOperation { left, op, set_quantifier, right } = unwrapped(body) else {
            return self.leaf(scope, body);
        };
        let operator = match op {
            ast::SetOperator::Union => SetOperator::Union,
            ast::SetOperator::Intersect => SetOperator::Intersect,
            ast::SetOperator::Except | ast::SetOperator::Minus => SetOperator::Except,
        };
        let word = operator.word();
        let all = match set_quantifier {
            SetQuantifier::All => true,
            SetQuantifier::Distinct | SetQuantifier::None => false,
            _ => return Err(Error::unsupported(format_args!("{word} BY NAME"))),
        };
        let (left, left_types) = self.set_node(scope, left)?;
        let (right, right_types) = self.set_node(scope, right)?;
        if left_types.len() != right_types.len() {
            let message = format!("each {word} query must have the same number of columns");
            let at = position_in(scope, &right, 0);
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        let mut types = Vec::with_capacity(left_types.len());
        for (index, pair) in left_types.iter().zip(&right_types).enumerate() {
            let t = common_type(&[*pair.0, *pair.1])
                .ok_or_else(|| self.cannot_match(scope, &right, index, word, *pair.0, *pair.1))?;
            self.settle_column(scope, &left, index, t)?;
            self.settle_column(scope, &right, index, t)?;
            types.push(t);
        }
        let node = SetOperation { operator, all, left, right, types: types.clone() };
        Ok((SetNode::Operation(Box::new(node)), types))
    }

    fn leaf(&self, scope: &mut Scope<'_>, body: &SetExpr) -> Result<(SetNode, Vec<PgType>)> {
        let query = match body {
            SetExpr::Query(query) => self.query(Some(&*scope), query, false)?,
            body => self.query(Some(&*scope), &bare_query(body.clone()), false)?,
        };
        let columns = query.columns();
        let range = scope.ranges.len();
        scope.ranges.push(Range {
            kind: RangeKind::Subquery(Box::new(query)),
            alias: None,
            name: Some(format!("*SELECT* {}", range + 1)),
            columns: range_columns(&columns),
            lateral: false,
            in_from: false,
        });
        let types = columns.iter().map(|column| column.pg_type).collect();
        Ok((SetNode::Leaf(SetLeaf { range }), types))
    }

    /// An unknown literal of a leaf is of the type that the set operation's column has.
    fn settle_column(
        &self,
        scope: &mut Scope<'_>,
        node: &SetNode,
        index: usize,
        t: PgType,
    ) -> Result<()> {
        let SetNode::Leaf(leaf) = node else { return Ok(()) };
        let range = &mut scope.ranges[leaf.range];
        let RangeKind::Subquery(query) = &mut range.kind else { return Ok(()) };
        let Some(target) = query.targets.iter_mut().filter(|it| !it.junk).nth(index) else {
            return Ok(());
        };
        if !target.expr.is_untyped() {
            return Ok(());
        }
        let read = self.coerce(target.expr.clone(), t, Context::Implicit, CastForm::Implicit)?;
        target.expr = read.ok_or_else(|| Error::Internal("a literal is of no type".to_owned()))?;
        range.columns[index].t = target.expr.t;
        Ok(())
    }

    fn cannot_match(
        &self,
        scope: &Scope<'_>,
        right: &SetNode,
        index: usize,
        word: &str,
        first: PgType,
        second: PgType,
    ) -> Error {
        let at = position_in(scope, right, index);
        let plain = super::coerce::untyped;
        let message =
            format!("{word} types {} and {} cannot be matched", plain(first), plain(second));
        Error::at(SqlState::DATATYPE_MISMATCH, message, at)
    }
}

/// Where a column of a side stands.
fn position_in(scope: &Scope<'_>, node: &SetNode, index: usize) -> Option<usize> {
    match node {
        SetNode::Leaf(leaf) => match &scope.ranges[leaf.range].kind {
            RangeKind::Subquery(query) => query.outputs().nth(index)?.expr.position,
            _ => None,
        },
        SetNode::Operation(operation) => position_in(scope, &operation.left, index),
    }
}

/// A set operation in parentheses, with nothing around it, is as it is without them.
fn unwrapped(body: &SetExpr) -> &SetExpr {
    match body {
        SetExpr::Query(query) if is_bare(query) => unwrapped(&query.body),
        body => body,
    }
}

fn is_bare(query: &ast::Query) -> bool {
    query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
}

/// A query that is nothing but its body.
pub(super) fn bare_query(body: SetExpr) -> ast::Query {
    ast::Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
