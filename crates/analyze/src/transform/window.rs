//! Window functions and their windows.
use std::ops::ControlFlow;

use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, NamedWindowExpr, WindowType};
use medley_sql::span::position;

use super::Analyser;
use super::function::{Arguments, FunctionName};
use super::scope::{Clause, Scope, WindowDefinition};
use super::target::Targets;
use crate::error::{Error, Result};
use crate::tree::{
    Expr, ExprKind, Frame, FrameBound, FrameUnits, Node, Window, WindowCall, visit_expr,
};

impl Analyser<'_> {
    pub(super) fn window_function(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        name: &FunctionName,
        arguments: &Arguments<'_>,
        values: Vec<Expr>,
    ) -> Result<Expr> {
        let at = name.at;
        let found = self.resolve_function(name, &values)?;
        if !matches!(found.function.kind, 'a' | 'w') {
            let message = format!(
                "OVER specified, but {} is not a window function nor an aggregate function",
                name.name
            );
            return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at));
        }
        if arguments.distinct {
            let message = "DISTINCT is not implemented for window functions";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        if !arguments.order_by.is_empty() || function.null_treatment.is_some() {
            return Err(Error::unsupported("ORDER BY or IGNORE NULLS in a window call").or_at(at));
        }
        let filter = self.filter_of(scope, function)?;
        let arguments_given = self.coerce_arguments(values, &found)?;
        arguments_given.iter().try_for_each(no_nested_window)?;
        window_allowed(scope.clause.get(), at)?;
        let call = WindowCall {
            function: found.function.oid,
            arguments: arguments_given,
            star: arguments.star,
            filter,
            window: window_of(scope, function)?,
        };
        Ok(Expr::new(ExprKind::Window(Box::new(call)), found.result, at))
    }

    /// The windows, once all calls that name or define them are known.
    pub(super) fn windows(&self, scope: &Scope<'_>, targets: &mut Targets) -> Result<Vec<Window>> {
        let definitions = scope.windows.borrow().clone();
        scope.within(Clause::WindowDefinition, |scope| {
            definitions.iter().map(|it| self.window(scope, it, targets)).collect()
        })
    }

    fn window(
        &self,
        scope: &Scope<'_>,
        definition: &WindowDefinition,
        targets: &mut Targets,
    ) -> Result<Window> {
        let spec = &definition.spec;
        let mut order_by = Vec::new();
        for item in &spec.order_by {
            self.add_sort_key(scope, item, false, targets, &mut order_by)?;
        }
        let mut partition_by = Vec::new();
        for expr in &spec.partition_by {
            let index = targets.find_or_add(self.settle(self.expr(scope, expr)?)?);
            if !partition_by.contains(&index) {
                partition_by.push(index);
            }
        }
        let frame = spec.window_frame.as_ref().map(|frame| self.frame(scope, frame)).transpose()?;
        Ok(Window {
            name: definition.name.clone(),
            extends: None,
            partition_by,
            order_by,
            order_inherited: false,
            frame,
        })
    }

    fn frame(&self, scope: &Scope<'_>, frame: &ast::WindowFrame) -> Result<Frame> {
        let units = match frame.units {
            ast::WindowFrameUnits::Rows => FrameUnits::Rows,
            ast::WindowFrameUnits::Range => FrameUnits::Range,
            ast::WindowFrameUnits::Groups => FrameUnits::Groups,
        };
        let end = match &frame.end_bound {
            Some(end) => self.frame_bound(scope, units, end)?,
            None => FrameBound::CurrentRow,
        };
        let start = self.frame_bound(scope, units, &frame.start_bound)?;
        Ok(Frame { units, start, end, between: frame.end_bound.is_some(), exclusion: None })
    }

    fn frame_bound(
        &self,
        scope: &Scope<'_>,
        units: FrameUnits,
        bound: &ast::WindowFrameBound,
    ) -> Result<FrameBound> {
        use ast::WindowFrameBound as B;
        let (expr, preceding) = match bound {
            B::CurrentRow => return Ok(FrameBound::CurrentRow),
            B::Preceding(None) => return Ok(FrameBound::UnboundedPreceding),
            B::Following(None) => return Ok(FrameBound::UnboundedFollowing),
            B::Preceding(Some(expr)) => (expr, true),
            B::Following(Some(expr)) => (expr, false),
        };
        let word = match units {
            FrameUnits::Rows => "ROWS",
            FrameUnits::Groups => "GROUPS",
            FrameUnits::Range => {
                return Err(Error::unsupported("a frame offset that is no number of rows"));
            }
        };
        let count = self.expr(scope, expr)?;
        let count =
            self.coerce_to(count, medley_types::PgType::INT8, &format!("argument of {word}"))?;
        if count.has_columns() {
            let message = format!("argument of {word} must not contain variables");
            return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, count.position));
        }
        Ok(if preceding { FrameBound::Preceding(count) } else { FrameBound::Following(count) })
    }
}

/// The windows that WINDOW names.
pub(super) fn named_windows(select: &ast::Select) -> Result<Vec<WindowDefinition>> {
    let windows = select.named_window.iter();
    windows
        .map(|window| match &window.1 {
            NamedWindowExpr::WindowSpec(spec) => {
                not_extending(spec)?;
                Ok(WindowDefinition { name: Some(window.0.value.clone()), spec: spec.clone() })
            }
            NamedWindowExpr::NamedWindow(_) => {
                Err(Error::unsupported("a window that is another's name"))
            }
        })
        .collect()
}

fn not_extending(spec: &ast::WindowSpec) -> Result<()> {
    match spec.window_name {
        None => Ok(()),
        Some(_) => Err(Error::unsupported("a window that extends another")),
    }
}

/// The index of the window that OVER gives or names.
fn window_of(scope: &Scope<'_>, function: &ast::Function) -> Result<usize> {
    let mut windows = scope.windows.borrow_mut();
    match &function.over {
        Some(WindowType::NamedWindow(name)) => {
            let named = |it: &WindowDefinition| it.name.as_deref() == Some(&name.value);
            windows.iter().position(named).ok_or_else(|| {
                let message = format!("window \"{}\" does not exist", name.value);
                Error::at(SqlState::UNDEFINED_OBJECT, message, position(name.span))
            })
        }
        Some(WindowType::WindowSpec(spec)) => {
            not_extending(spec)?;
            let definition = WindowDefinition { name: None, spec: spec.clone() };
            if let Some(index) = windows.iter().position(|it| *it == definition) {
                return Ok(index);
            }
            windows.push(definition);
            Ok(windows.len() - 1)
        }
        None => Err(Error::Internal("a window call without OVER".to_owned())),
    }
}

fn window_allowed(clause: Clause, at: Option<usize>) -> Result<()> {
    match clause {
        Clause::Select | Clause::OrderBy | Clause::DistinctOn => Ok(()),
        clause => {
            let message = format!("window functions are not allowed in {}", clause.name());
            Err(Error::at(SqlState::from_remote("42P20"), message, at))
        }
    }
}

fn no_nested_window(argument: &Expr) -> Result<()> {
    let walked = visit_expr(argument, &mut |node, around| match node {
        Node::Expr(expr) if around.is_empty() && matches!(expr.kind, ExprKind::Window(_)) => {
            ControlFlow::Break(expr.position)
        }
        _ => ControlFlow::Continue(()),
    });
    match walked {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(at) => {
            let message = "window function calls cannot be nested";
            Err(Error::at(SqlState::from_remote("42P20"), message, at))
        }
    }
}
