//! What sqlparser's tree tells, takes, and Medley does not have.
use std::ops::ControlFlow;

use sqlparser::ast::{Select, Spanned, Visit, Visitor};

use crate::SyntaxError;
use crate::parser::Result;
use crate::span;

/// Goes over a tree.
pub(super) fn check(tree: &impl Visit) -> Result<()> {
    match tree.visit(&mut Refusals) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(Box::new(error)),
    }
}

struct Refusals;

impl Visitor for Refusals {
    type Break = SyntaxError;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SyntaxError> {
        match &select.into {
            None => ControlFlow::Continue(()),
            Some(into) => ControlFlow::Break(SyntaxError::Refused {
                message: "SELECT INTO is not supported".to_owned(),
                position: span::position(into.name.span()),
                sqlstate: medley_diagnostic::SqlState::FEATURE_NOT_SUPPORTED,
                hint: None,
            }),
        }
    }
}
