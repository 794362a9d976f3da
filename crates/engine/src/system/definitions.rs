//! The text of what is defined by an expression or a query, as this session sees names.
use medley_analyze::ruleutils::{Layout, Names};
use medley_analyze::stored;
use medley_catalog::objects::Relation;
use medley_diagnostic::Diagnostic;

use super::Session;
use crate::error::{Error, Result};

/// `pg_get_viewdef`; none for what is no view.
pub fn view(session: &Session, relation: &Relation, layout: Layout) -> Result<Option<String>> {
    let names = Names::visible(&session.snapshot, &session.path).with_style(&session.style);
    stored::view_definition(&names, relation, layout).map_err(malformed)
}

/// `pg_get_expr` of an expression of a relation.
pub fn expression(
    session: &Session,
    relation: &Relation,
    text: &str,
    layout: Layout,
) -> Result<String> {
    let names = Names::visible(&session.snapshot, &session.path).with_style(&session.style);
    stored::expression_definition(&names, relation, text, layout).map_err(malformed)
}

fn malformed(error: medley_analyze::Error) -> Error {
    error.report().into()
}
