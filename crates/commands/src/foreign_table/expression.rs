//! What DEFAULT, CHECK and GENERATED name.
use std::ops::ControlFlow;

use medley_catalog::objects::Column;
use medley_sql::query_ast::{Expr, Ident, Query, Spanned, Visit, Visitor};
use medley_sql::{Expression, quote_identifier, span};

use crate::error::{Error, RelationError, Result};

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

/// What an expression comes to when it is kept.
pub(super) struct Kept {
    /// Its text, in which columns stand without their relation's name.
    pub(super) text: String,
    /// The numbers of the columns that it names, each once.
    pub(super) columns: Vec<i16>,
}

/// Reads an expression over these columns; an error if it may not name what it names.
pub(super) fn keep(
    expression: &Expression,
    kind: ExpressionKind,
    relation: &str,
    columns: &[Column],
) -> Result<Kept> {
    let names = Names::of(expression);
    if let Some(position) = names.subquery {
        return Err(at(RelationError::Subquery(kind).into(), position));
    }
    let mut numbers = Vec::new();
    for name in &names.columns {
        let number = column(name, kind, relation, columns)
            .map_err(|error| at(error, name.first().and_then(position_of)))?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let text = rewritten(&expression.text, |name| {
        let (last, qualifiers) = name.split_last()?;
        (!qualifiers.is_empty()).then(|| quote_identifier(&last.value).into_owned())
    })?;
    Ok(Kept { text, columns: numbers })
}

/// The names of the columns that a kept expression has in it.
pub(super) fn named_columns(text: &str) -> Result<Vec<String>> {
    let names = Names::of(&medley_sql::parse_expression(text)?);
    let last = |mut name: Vec<Ident>| name.pop().map(|name| name.value);
    Ok(names.columns.into_iter().filter_map(last).collect())
}

/// A kept expression after a column got another name.
pub(super) fn with_renamed(text: &str, from: &str, to: &str) -> Result<String> {
    rewritten(text, |name| {
        let is_it = matches!(name, [name] if name.value == from);
        is_it.then(|| quote_identifier(to).into_owned())
    })
}

/// An expression's text with other names where there are others, each in its place.
fn rewritten(text: &str, instead: impl Fn(&[Ident]) -> Option<String>) -> Result<String> {
    let names = Names::of(&medley_sql::parse_expression(text)?).columns;
    let change = |name: &Vec<Ident>| {
        let (first, last) = (name.first()?, name.last()?);
        let bytes = span::bytes(first.span)?.start..span::bytes(last.span)?.end;
        Some((bytes, instead(name)?))
    };
    let mut changes: Vec<_> = names.iter().filter_map(change).collect();
    changes.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.start));
    let mut text = text.to_owned();
    changes.into_iter().for_each(|(bytes, name)| text.replace_range(bytes, &name));
    Ok(text)
}

fn at(error: Error, position: Option<usize>) -> Error {
    match position {
        Some(position) => error.at(position),
        None => error,
    }
}

fn position_of(name: &Ident) -> Option<usize> {
    span::position(name.span)
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

fn dotted(name: &[Ident]) -> String {
    name.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

/// What an expression names.
struct Names {
    columns: Vec<Vec<Ident>>,
    /// Where the first subquery is, if there is one, and if that is known.
    subquery: Option<Option<usize>>,
}

impl Names {
    fn of(expression: &Expression) -> Self {
        let mut names = Self { columns: Vec::new(), subquery: None };
        let _: ControlFlow<()> = expression.ast.visit(&mut names);
        names
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.subquery.get_or_insert(span::position(query.span()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_column_is_renamed_wherever_it_stands_for_itself() {
        let check = |text, expected: &str| {
            assert_eq!(with_renamed(text, "a", "B b").unwrap(), expected);
        };
        check("a > 0", "\"B b\" > 0");
        check("a>0 AND aa < a + 'a'", "\"B b\">0 AND aa < \"B b\" + 'a'");
        check("length(\"a\") > b", "length(\"B b\") > b");
        check("1 > 0", "1 > 0");
        check("'é' <> a", "'é' <> \"B b\"");
    }
}
