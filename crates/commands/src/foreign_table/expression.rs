//! What DEFAULT, CHECK and GENERATED name.
use std::ops::ControlFlow;

use medley_catalog::objects::Column;
use medley_sql::Expression;
use medley_sql::query_ast::{Expr, Ident, Query, Visit, Visitor};

use crate::error::{RelationError, Result};

/// Where an expression stands, as messages call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionKind {
    /// DEFAULT.
    Default,
    /// CHECK.
    Check,
    /// GENERATED ALWAYS AS.
    Generation,
}

impl ExpressionKind {
    /// Its words in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT expression",
            Self::Check => "check constraint",
            Self::Generation => "column generation expression",
        }
    }
}

/// The numbers of the columns that an expression names, each once; an error if it may not name
/// them there, or if it has a subquery.
pub(super) fn columns(
    expression: &Expression,
    kind: ExpressionKind,
    relation: &str,
    columns: &[Column],
) -> Result<Vec<i16>> {
    let mut names = Names { columns: Vec::new(), subquery: false };
    let _: ControlFlow<()> = expression.ast.visit(&mut names);
    if names.subquery {
        return Err(RelationError::Subquery(kind).into());
    }
    let mut found = Vec::new();
    for name in names.columns {
        let number = column(&name, kind, relation, columns)?;
        if !found.contains(&number) {
            found.push(number);
        }
    }
    Ok(found)
}

fn column(name: &[Ident], kind: ExpressionKind, relation: &str, columns: &[Column]) -> Result<i16> {
    if kind == ExpressionKind::Default {
        return Err(RelationError::ColumnInDefault.into());
    }
    let (name, qualifier) = match name {
        [name] => (&name.value, relation),
        [qualifier, name] => (&name.value, qualifier.value.as_str()),
        _ => return Err(RelationError::MissingFrom(dotted(name)).into()),
    };
    if qualifier != relation {
        return Err(RelationError::MissingFrom(qualifier.to_owned()).into());
    }
    let found = columns.iter().find(|column| !column.dropped && column.name == *name);
    let column = found.ok_or_else(|| RelationError::NoSuchColumn(name.clone()))?;
    match kind == ExpressionKind::Generation && column.is_generated() {
        true => Err(RelationError::GeneratedFromGenerated(name.clone()).into()),
        false => Ok(column.number),
    }
}

/// The names of the columns that a kept expression has in it.
pub(super) fn named_columns(text: &str) -> Result<Vec<String>> {
    let expression = medley_sql::parse_expression(text)?;
    let mut names = Names { columns: Vec::new(), subquery: false };
    let _: ControlFlow<()> = expression.ast.visit(&mut names);
    let last = |mut name: Vec<Ident>| name.pop().map(|name| name.value);
    Ok(names.columns.into_iter().filter_map(last).collect())
}

fn dotted(name: &[Ident]) -> String {
    name.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

struct Names {
    columns: Vec<Vec<Ident>>,
    subquery: bool,
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subquery = true;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.columns.push(vec![name.clone()]),
            Expr::CompoundIdentifier(name) => self.columns.push(name.clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
