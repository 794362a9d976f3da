//! What sqlparser's tree tells: that sqlparser took words for what they are not, and what Medley
//! does not have.
use std::ops::ControlFlow;

use medley_diagnostic::SqlState;
use sqlparser::ast::{
    Expr, Ident, ObjectName, Select, SelectItem, Spanned, TableAlias, TableFactor, Visit, Visitor,
};

use crate::SyntaxError;
use crate::keyword::{KeywordCategory, keyword};
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

type Flow = ControlFlow<SyntaxError>;

const GO_ON: Flow = Flow::Continue(());

impl Visitor for Refusals {
    type Break = SyntaxError;

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if let Some(into) = &select.into {
            return refused("SELECT INTO", span::position(into.name.span()));
        }
        select.projection.iter().try_for_each(item)
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> Flow {
        match table {
            TableFactor::NestedJoin { alias, .. }
            | TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => table_alias(alias.as_ref()),
            _ => GO_ON,
        }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Flow {
        name.0.first().and_then(|part| part.as_ident()).map_or(GO_ON, reserved)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(ident) => reserved(ident),
            Expr::CompoundIdentifier(parts) => parts.first().map_or(GO_ON, reserved),
            _ => GO_ON,
        }
    }
}

/// `x 'y'` is a constant of the type x, not a column with a label.
fn item(item: &SelectItem) -> Flow {
    match item {
        SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => {
            refused("this form of query", span::position(item.span()))
        }
        _ => GO_ON,
    }
}

fn table_alias(alias: Option<&TableAlias>) -> Flow {
    alias.map_or(GO_ON, |alias| match category(&alias.name) {
        Some(KeywordCategory::Reserved | KeywordCategory::TypeFunctionName) => misread(&alias.name),
        _ => GO_ON,
    })
}

/// A reserved word names nothing: it is where an expression or a list has ended, and sqlparser
/// went on. Of DEFAULT whoever resolves names knows where it may stand.
fn reserved(ident: &Ident) -> Flow {
    match category(ident) {
        _ if ident.value == "default" || is_value(&ident.value) => GO_ON,
        Some(KeywordCategory::Reserved | KeywordCategory::TypeFunctionName) => misread(ident),
        _ => GO_ON,
    }
}

fn misread(ident: &Ident) -> Flow {
    refused("this form of query", span::position(ident.span))
}

fn refused(what: &str, position: Option<usize>) -> Flow {
    ControlFlow::Break(SyntaxError::Refused {
        message: format!("{what} is not supported"),
        position,
        sqlstate: SqlState::FEATURE_NOT_SUPPORTED,
        hint: None,
    })
}

fn category(ident: &Ident) -> Option<KeywordCategory> {
    let keyword = ident.quote_style.is_none().then(|| keyword(&ident.value)).flatten();
    keyword.map(|keyword| keyword.category)
}

/// Reserved words that are values: sqlparser has some of them as names.
fn is_value(word: &str) -> bool {
    word.starts_with("current_")
        || matches!(
            word,
            "user"
                | "session_user"
                | "system_user"
                | "localtime"
                | "localtimestamp"
                | "true"
                | "false"
                | "null"
        )
}
