//! Calls of functions, aggregates and window functions.
use medley_types::{PgType, TypeOid};

use super::Printer;
use crate::builtin;
use crate::tree::{Aggregate, AggregateKey, CallForm, Expr, ExprKind, FunctionCall, WindowCall};

/// `"any"`: a VARIADIC of which takes each argument as it is.
const ANY: TypeOid = TypeOid(2276);

impl<'a> Printer<'a> {
    pub(super) fn function(&mut self, expr: &'a Expr, call: &'a FunctionCall) {
        if call.form == CallForm::Sql && self.sql_syntax(expr, call) {
            return;
        }
        self.function_name(call.function);
        self.push("(");
        match call.names.is_empty() && !call.is_array {
            true => self.arguments(call.function, &call.arguments, call.variadic_from),
            false => self.named_arguments(&call.arguments, &call.names, call.is_array),
        }
        self.push(")");
    }

    /// The last ones with their names, or VARIADIC before the last one.
    fn named_arguments(&mut self, arguments: &'a [Expr], names: &'a [String], is_array: bool) {
        let positional = arguments.len() - names.len();
        self.list(arguments.iter().enumerate(), |this, (index, argument)| {
            if let Some(name) = index.checked_sub(positional).and_then(|at| names.get(at)) {
                this.name(name);
                this.push(" => ");
            } else if is_array && index + 1 == arguments.len() {
                this.push("VARIADIC ");
            }
            this.expr(argument, true);
        });
    }

    /// All functions are PostgreSQL's own, and need no schema.
    fn function_name(&mut self, function: u32) {
        let name = builtin::function_by_oid(function).map_or("?", |function| function.name);
        let rolls_up = self.in_group_by && matches!(name, "cube" | "rollup");
        if rolls_up {
            self.push("pg_catalog.");
        }
        self.name(name);
    }

    /// The arguments; those that VARIADIC collects, as the array that they are collected in.
    fn arguments(&mut self, function: u32, arguments: &'a [Expr], variadic_from: Option<usize>) {
        let variadic = builtin::function_by_oid(function).and_then(|it| it.variadic);
        let from = variadic_from.filter(|from| {
            variadic.is_some_and(|element| element != ANY) && *from < arguments.len()
        });
        let Some(from) = from else { return self.plain_arguments(function, arguments) };
        let (alone, collected) = arguments.split_at(from);
        self.exprs(alone);
        if !alone.is_empty() {
            self.push(", ");
        }
        self.push("VARIADIC ARRAY[");
        self.exprs(collected);
        self.push("]");
    }

    /// A literal stays without a type where a function takes any: the tree calls it text, which is
    /// what the function does with it.
    fn plain_arguments(&mut self, function: u32, arguments: &'a [Expr]) {
        let declared = builtin::function_by_oid(function).map(|it| it.arguments.as_slice());
        let wanted = |index: usize| declared.and_then(|all| all.get(index).or(all.last()));
        self.list(arguments.iter().enumerate(), |this, (index, argument)| match &argument.kind {
            ExprKind::Constant(Some(value))
                if wanted(index) == Some(&ANY) && argument.t == PgType::TEXT =>
            {
                this.literal(PgType::TEXT, value);
            }
            _ => this.expr(argument, true),
        });
    }

    pub(super) fn aggregate(&mut self, call: &'a Aggregate) {
        self.function_name(call.function);
        self.push(if call.distinct { "(DISTINCT " } else { "(" });
        if call.within_group {
            self.exprs(&call.direct);
            self.push(") WITHIN GROUP (ORDER BY ");
            self.aggregate_keys(&call.order_by);
            self.filter(call.filter.as_ref());
            return self.push(")");
        }
        match call.star {
            true => self.push("*"),
            false if call.is_array => self.named_arguments(&call.arguments, &[], true),
            false => self.arguments(call.function, &call.arguments, call.variadic_from),
        }
        if !call.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.aggregate_keys(&call.order_by);
        }
        self.filter(call.filter.as_ref());
        self.push(")");
    }

    fn aggregate_keys(&mut self, keys: &'a [AggregateKey]) {
        self.list(keys, |this, key| {
            this.key(&key.expr);
            this.direction(key.descending, key.nulls_first);
        });
    }

    fn filter(&mut self, filter: Option<&'a Expr>) {
        if let Some(filter) = filter {
            self.push(") FILTER (WHERE ");
            self.expr(filter, false);
        }
    }

    pub(super) fn window_call(&mut self, call: &'a WindowCall) {
        self.function_name(call.function);
        self.push("(");
        match call.star {
            true => self.push("*"),
            false => self.exprs(&call.arguments),
        }
        self.filter(call.filter.as_ref());
        self.push(") OVER ");
        let Some(query) = self.query else { return };
        let Some(window) = query.windows.get(call.window) else { return };
        match &window.name {
            Some(name) => self.name(name),
            None => self.window(query, window),
        }
    }
}
