//! Functions in FROM, and those that return sets in a select list; LATERAL.
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::TreeNode as _;
use datafusion::common::{Column as PlanColumn, UnnestOptions};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use medley_analyze::builtin;
use medley_analyze::tree::{
    self, ExprKind, FunctionCall, FunctionRange, Range, RangeFunction, RangeKind,
};
use medley_types::PgType;

use super::call::plain_arguments;
use super::expr::misplaced;
use super::frame::{Frame, Outer};
use super::select::Computed;
use super::{Bound, Lowering, Typed, resolved};
use crate::error::{Error, Result};
use crate::scan::{Answer, WrittenQuery, is_sub_plan};
use crate::semantics::call_function;
use crate::semantics::set_returning::{field_call, none_if_empty, numbers, set_call, set_function};

impl Lowering<'_> {
    /// A function or lateral subquery of FROM, for each row of what stands before it; `outer` keeps
    /// the rows for which it has none.
    pub(super) fn lateral(
        &self,
        frame: &Frame<'_>,
        index: usize,
        before: Option<LogicalPlan>,
        outer: bool,
    ) -> Result<LogicalPlan> {
        let before = match before {
            Some(before) => before,
            None => LogicalPlanBuilder::empty(true).build()?,
        };
        let range = frame.query.ranges.get(index).ok_or_else(|| misplaced("a range"))?;
        match &range.kind {
            RangeKind::Function(function) => {
                self.function_range(frame, index, range, function, before, outer)
            }
            RangeKind::Subquery(query) => {
                let (bound, parameters) = self.query(Some(frame), query, true)?;
                let (plan, columns) = self.lateral_rows(bound, parameters, before, outer)?;
                let numbers = range.columns.iter().map(|column| column.number);
                self.known(frame, index, numbers.zip(columns).collect());
                Ok(plan)
            }
            _ => Err(misplaced("LATERAL")),
        }
    }

    /// The rows of a plan for each row of another, whose columns it takes as parameters.
    fn lateral_rows(
        &self,
        bound: Bound,
        parameters: Vec<Outer>,
        before: LogicalPlan,
        outer: bool,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let names: Vec<_> = (0..bound.columns.len()).map(|index| format!("c{index}")).collect();
        let columns = bound.columns.iter().zip(&names);
        let exprs: Vec<_> = columns.map(|(column, name)| column.expr.clone().alias(name)).collect();
        let rows = LogicalPlanBuilder::from(bound.plan).project(exprs)?.build()?;
        let fields = rows
            .schema()
            .fields()
            .iter()
            .map(|field| Field::new(field.name(), field.data_type().clone(), true));
        let row = DataType::Struct(fields.collect());
        let list = DataType::List(Arc::new(Field::new("item", row, true)));
        let answer = Answer::Rows { or_null: outer };
        let list = self.sub_plan_as(rows, parameters, list, answer);
        let (plan, lists) = self.unnested(before, vec![list], outer)?;
        let row = lists.into_iter().next().ok_or_else(|| misplaced("LATERAL"))?;
        let columns = names.into_iter().map(|name| get_field(row.clone(), name));
        Ok((plan, columns.collect()))
    }

    fn function_range(
        &self,
        frame: &Frame<'_>,
        index: usize,
        range: &Range,
        function: &FunctionRange,
        before: LogicalPlan,
        outer: bool,
    ) -> Result<LogicalPlan> {
        let [function_call] = function.functions.as_slice() else {
            return Err(Error::unsupported("ROWS FROM"));
        };
        if function_call.definitions.is_some() {
            return Err(Error::unsupported("a column definition list"));
        }
        let t = function_call.call.t;
        let at = function_call.call.position;
        let ExprKind::Function(call) = &function_call.call.kind else {
            return Err(misplaced("a function in FROM"));
        };
        plain_arguments(call)?;
        let call_columns = range.columns.len() - usize::from(function.with_ordinality);
        let has_rows = |it: &builtin::Function| it.returns_set || set_function(it.source).is_some();
        let is_set = call.builtin().is_some_and(has_rows);
        let mut lists = Vec::with_capacity(range.columns.len());
        for (number, column) in range.columns.iter().take(call_columns).enumerate() {
            let list = match is_set {
                true => self.set_list(frame, call, t, number, column.t),
                false => self.one_value(frame, call, t, call_columns),
            };
            lists.push((list.map_err(|error| error.or_at(at))?, column.t));
        }
        if function.with_ordinality {
            let (first, t) = lists.first().ok_or_else(|| misplaced("ORDINALITY"))?;
            lists.push((numbers(first.clone(), *t, &self.env)?, PgType::INT8));
        }
        if outer {
            for (list, t) in &mut lists {
                *list = none_if_empty(list.clone(), *t, &self.env)?;
            }
        }
        let lists = lists.into_iter().map(|(list, _)| list).collect();
        let (plan, columns) = self.unnested(before, lists, outer)?;
        let numbers = range.columns.iter().map(|column| column.number);
        let columns: HashMap<_, _> = numbers.zip(columns).collect();
        self.known(frame, index, columns);
        Ok(plan)
    }

    /// `medley_remote_query`, whose rows come as those of a foreign table do.
    pub(super) fn written_query(
        &self,
        frame: &Frame<'_>,
        range: &FunctionRange,
    ) -> Result<Option<Bound>> {
        let [RangeFunction { call, definitions: Some(columns), .. }] = range.functions.as_slice()
        else {
            return Ok(None);
        };
        let ExprKind::Function(called) = &call.kind else { return Ok(None) };
        let [server, sql] = called.arguments.as_slice() else { return Ok(None) };
        if called.builtin().is_none_or(|it| it.source != "medley_remote_query") {
            return Ok(None);
        }
        plain_arguments(called)?;
        let text = |expr| {
            let expr = self.expr_as(frame, expr, PgType::TEXT)?;
            let asks = expr.exists(|it| Ok(is_subquery(it)))?;
            match asks {
                true => Err(Error::unsupported("a subquery in a call of medley_remote_query")),
                false => Ok(expr),
            }
        };
        let arguments = [text(server)?, text(sql)?];
        self.planner.note_remote();
        let planner = Arc::clone(&self.planner);
        let provider = WrittenQuery::new(arguments, self.context.role, columns, planner);
        let plan = self.scan(Arc::new(provider), self.unique("medley_remote_query"))?;
        let (names, types) = columns.iter().cloned().unzip();
        Ok(Some(Bound::of_plan(plan, names, types)))
    }

    /// One column of a call's rows, as a list of its values.
    fn set_list(
        &self,
        frame: &Frame<'_>,
        call: &FunctionCall,
        result: PgType,
        column: usize,
        t: PgType,
    ) -> Result<Expr> {
        plain_arguments(call)?;
        let found = resolved(call.function, &call.arguments, result)?;
        let arguments = self.arguments(frame, &call.arguments)?;
        set_call(&found, &arguments, column, t, &self.env)
    }

    /// What a function that returns no set returns, as a list of one.
    fn one_value(
        &self,
        frame: &Frame<'_>,
        call: &FunctionCall,
        t: PgType,
        columns: usize,
    ) -> Result<Expr> {
        let found = resolved(call.function, &call.arguments, t)?;
        if columns != 1 {
            let name = found.function.name;
            return Err(Error::unsupported(format_args!("function {name} in FROM")));
        }
        let value = call_function(&found, self.arguments(frame, &call.arguments)?, &self.env)?;
        let array = t.array().ok_or_else(|| Error::unsupported("a function of such a result"))?;
        Ok(crate::semantics::array_constructor(t, array, 1, &self.env).on(vec![value]))
    }

    /// Lists side by side as rows, beside the rows that they belong to.
    fn unnested(
        &self,
        plan: LogicalPlan,
        lists: Vec<Expr>,
        outer: bool,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let fields = plan.schema().iter().map(PlanColumn::from).map(Expr::Column).collect();
        self.projected_lists(plan, fields, lists, outer)
    }

    /// Expressions, and beside them lists as rows.
    fn projected_lists(
        &self,
        plan: LogicalPlan,
        mut exprs: Vec<Expr>,
        lists: Vec<Expr>,
        outer: bool,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let mut names = Vec::with_capacity(lists.len());
        for list in lists {
            let internal = self.unique("set");
            exprs.push(list.alias(internal.clone()));
            names.push(PlanColumn::new_unqualified(internal));
        }
        let columns = names.iter().cloned().map(Expr::Column).collect();
        let options = UnnestOptions::new().with_preserve_nulls(outer);
        let plan = LogicalPlanBuilder::from(plan)
            .project(exprs)?
            .unnest_columns_with_options(names, options)?
            .build()?;
        Ok((plan, columns))
    }

    /// A function that returns a set, in a select list: the list of its values for now.
    pub(super) fn set_target(&self, frame: &Frame<'_>, expr: &tree::Expr) -> Result<Typed> {
        let list = match &expr.kind {
            ExprKind::Function(call) => self.set_list(frame, call, expr.t, 0, expr.t),
            ExprKind::Field(row, number, _) => self.field_list(frame, row, *number, expr.t),
            _ => return Err(misplaced("a set")),
        };
        let list = list.map_err(|error| error.or_at(expr.position))?;
        Ok(Typed { expr: list, t: expr.t, position: expr.position })
    }

    /// A field of each row that a function returns, as a list.
    fn field_list(
        &self,
        frame: &Frame<'_>,
        row: &tree::Expr,
        number: i16,
        t: PgType,
    ) -> Result<Expr> {
        let (call, column) = called_field(row, number)?;
        self.set_list(frame, call, row.t, column, t)
    }

    /// A field of the one row that a function returns.
    pub(super) fn field(
        &self,
        frame: &Frame<'_>,
        row: &tree::Expr,
        number: i16,
        t: PgType,
    ) -> Result<Expr> {
        let (call, column) = called_field(row, number)?;
        plain_arguments(call)?;
        let found = resolved(call.function, &call.arguments, row.t)?;
        let arguments = self.arguments(frame, &call.arguments)?;
        field_call(&found, &arguments, column, t, &self.env)
    }

    /// The rows that the sets of a select list make.
    pub(super) fn expanded_sets(
        &self,
        plan: LogicalPlan,
        sets: &[usize],
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        let mut others = Vec::new();
        let mut lists = Vec::new();
        for (index, value) in computed.targets.iter_mut().enumerate() {
            let Some(value) = value else { continue };
            if sets.contains(&index) {
                lists.push(value.expr.clone());
                continue;
            }
            let internal = self.unique("target");
            let column = Expr::Column(PlanColumn::new_unqualified(internal.clone()));
            others.push(std::mem::replace(&mut value.expr, column).alias(internal));
        }
        let (plan, columns) = self.projected_lists(plan, others, lists, false)?;
        let sets = sets.iter().zip(columns);
        for (index, column) in sets {
            if let Some(value) = &mut computed.targets[*index] {
                value.expr = column;
            }
        }
        Ok(plan)
    }
}

/// Its value is not known before the statement's rows are read.
fn is_subquery(expr: &Expr) -> bool {
    let by_datafusion =
        matches!(expr, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_));
    by_datafusion || is_sub_plan(expr)
}

/// The call whose row a field is of, and the field's index.
fn called_field(row: &tree::Expr, number: i16) -> Result<(&FunctionCall, usize)> {
    let ExprKind::Function(call) = &row.kind else {
        return Err(Error::unsupported("a field of a row"));
    };
    Ok((call, usize::try_from(number - 1).map_err(|_| misplaced("a field"))?))
}
