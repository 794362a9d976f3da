//! Window functions and their windows.
use std::ops::ControlFlow;

use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, NamedWindowExpr, WindowType};
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::function::{Arguments, FunctionName};
use super::scope::{Clause, Scope, WindowDefinition};
use super::target::Targets;
use crate::error::{Error, Result};
use crate::tree::{
    Expr, ExprKind, Frame, FrameBound, FrameExclusion, FrameUnits, Node, Window, WindowCall,
    visit_expr,
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
            let mut windows: Vec<Window> = Vec::with_capacity(definitions.len());
            for definition in &definitions {
                let window = self.window(scope, definition, &windows, targets)?;
                windows.push(window);
            }
            Ok(windows)
        })
    }

    fn window(
        &self,
        scope: &Scope<'_>,
        definition: &WindowDefinition,
        before: &[Window],
        targets: &mut Targets,
    ) -> Result<Window> {
        let spec = &definition.spec;
        let (extends, exclusion) = extended(spec)?;
        let base = match &extends {
            Some(name) => Some(base_of(before, name, spec, definition)?),
            None => None,
        };
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
        let mut order_inherited = false;
        if let Some(base) = base {
            partition_by.clone_from(&base.partition_by);
            if order_by.is_empty() {
                order_by.clone_from(&base.order_by);
                order_inherited = !order_by.is_empty();
            }
        }
        let key = match order_by.as_slice() {
            [key] => Some(targets.list[key.target].expr.t),
            _ => None,
        };
        let frame = spec.window_frame.as_ref();
        let frame = frame.map(|frame| self.frame(scope, frame, key, !order_by.is_empty()));
        let frame = frame.transpose()?.map(|frame| Frame { exclusion, ..frame });
        let name = definition.name.clone();
        Ok(Window { name, extends, partition_by, order_by, order_inherited, frame })
    }

    /// A frame over keys of this type, if there is one key.
    fn frame(
        &self,
        scope: &Scope<'_>,
        frame: &ast::WindowFrame,
        key: Option<PgType>,
        ordered: bool,
    ) -> Result<Frame> {
        let units = match frame.units {
            ast::WindowFrameUnits::Rows => FrameUnits::Rows,
            ast::WindowFrameUnits::Range => FrameUnits::Range,
            ast::WindowFrameUnits::Groups => FrameUnits::Groups,
        };
        let end = match &frame.end_bound {
            Some(end) => self.frame_bound(scope, units, key, end)?,
            None => FrameBound::CurrentRow,
        };
        let start = self.frame_bound(scope, units, key, &frame.start_bound)?;
        if units == FrameUnits::Groups && !ordered {
            let message = "GROUPS mode requires an ORDER BY clause";
            return Err(Error::at(SqlState::from_remote("42P20"), message, None));
        }
        Ok(Frame { units, start, end, between: frame.end_bound.is_some(), exclusion: None })
    }

    fn frame_bound(
        &self,
        scope: &Scope<'_>,
        units: FrameUnits,
        key: Option<PgType>,
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
            FrameUnits::Range => "RANGE",
        };
        let count = self.expr(scope, expr)?;
        let wanted = match units {
            FrameUnits::Range => range_offset(key, &count)?,
            FrameUnits::Rows | FrameUnits::Groups => PgType::INT8,
        };
        let count = self.coerce_to(count, wanted, &format!("argument of {word}"))?;
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
                Ok(WindowDefinition { name: Some(window.0.value.clone()), spec: spec.clone() })
            }
            NamedWindowExpr::NamedWindow(_) => {
                Err(Error::unsupported("a window that is another's name"))
            }
        })
        .collect()
}

/// The window that one extends, and what EXCLUDE says in it.
fn extended(spec: &ast::WindowSpec) -> Result<(Option<String>, Option<FrameExclusion>)> {
    let Some(name) = &spec.window_name else { return Ok((None, None)) };
    let Some((_, said)) = medley_sql::construct(name) else {
        return Ok((Some(name.value.clone()), None));
    };
    let (word, base) = said.split_once(' ').unwrap_or((said, ""));
    let exclusion = match word {
        "current" => Some(FrameExclusion::CurrentRow),
        "group" => Some(FrameExclusion::Group),
        "ties" => Some(FrameExclusion::Ties),
        _ => None,
    };
    Ok((Some(base.to_owned()).filter(|base| !base.is_empty()), exclusion))
}

/// The window of this name, if another may extend it.
fn base_of<'w>(
    known: &'w [Window],
    name: &str,
    spec: &ast::WindowSpec,
    definition: &WindowDefinition,
) -> Result<&'w Window> {
    // It begins with its parenthesis, as what stands for one with EXCLUDE does.
    let before = |name: &ast::Ident| usize::from(medley_sql::construct(name).is_none());
    let at = spec.window_name.as_ref();
    let at = at.and_then(|name| position(name.span)?.checked_sub(before(name)));
    let base = known.iter().find(|it| it.name.as_deref() == Some(name)).ok_or_else(|| {
        let message = format!("window \"{name}\" does not exist");
        Error::at(SqlState::UNDEFINED_OBJECT, message, at)
    })?;
    let message = if !spec.partition_by.is_empty() {
        format!("cannot override PARTITION BY clause of window \"{name}\"")
    } else if !spec.order_by.is_empty() && !base.order_by.is_empty() {
        format!("cannot override ORDER BY clause of window \"{name}\"")
    } else if base.frame.is_some() {
        format!("cannot copy window \"{name}\" because it has a frame clause")
    } else {
        return Ok(base);
    };
    let mut report = Report::error(SqlState::from_remote("42P20"), message);
    report.position = at;
    let plain = definition.name.is_none() && spec.window_frame.is_none();
    if base.frame.is_some() && plain && spec.partition_by.is_empty() && spec.order_by.is_empty() {
        report = report.with_hint("Omit the parentheses in this OVER clause.");
    }
    Err(report.into())
}

/// What an offset of RANGE is, over keys of this type: `transformFrameOffset`.
fn range_offset(key: Option<PgType>, offset: &Expr) -> Result<PgType> {
    let Some(key) = key else {
        let message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column";
        return Err(Error::at(SqlState::from_remote("42P20"), message, offset.position));
    };
    const INTEGERS: [PgType; 3] = [PgType::INT2, PgType::INT4, PgType::INT8];
    let is = |t: &PgType| t.oid == key.oid;
    if INTEGERS.iter().any(is) {
        let given = INTEGERS.iter().find(|t| t.oid == offset.t.oid);
        return Ok(*given.unwrap_or(&PgType::plain(key.oid.0)));
    }
    match key.oid.0 {
        700 | 701 => Ok(PgType::FLOAT8),
        1700 => Ok(PgType::NUMERIC),
        1082 | 1083 | 1114 | 1184 | 1186 | 1266 => Ok(PgType::INTERVAL),
        _ => {
            let message = format!(
                "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}",
                super::coerce::untyped(key)
            );
            Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, offset.position))
        }
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
