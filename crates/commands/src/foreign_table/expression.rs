//! DEFAULT, CHECK and GENERATED: analysed when they are stated, and kept as PostgreSQL prints
//! them.
use std::borrow::Cow;

use medley_analyze::tree::{ExprKind, columns_of_table};
use medley_analyze::{ExpressionKind, TableExpression};
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{Column, ColumnDefault, DefaultKind, Relation};
use medley_diagnostic::{Diagnostic, SqlState};
use medley_sql::Expression;
use medley_types::PgType;

use super::definition::expression_kind;
use crate::error::{RelationError, Result};
use crate::{Context, stored};

/// An expression as it is kept.
pub(super) struct Kept {
    /// Its text, in which columns stand without their relation's name.
    pub(super) text: String,
    /// The numbers of the columns that it names, each once, in ascending order.
    pub(super) columns: Vec<i16>,
    /// It is NULL alone.
    pub(super) is_null: bool,
}

/// A relation that states an expression, as it is or will be.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// Its oid; 0 while it has none.
    pub(super) oid: RelationOid,
    pub(super) name: &'a str,
    pub(super) columns: &'a [Column],
    /// Columns that are generated besides those that have their expression already.
    pub(super) generated: &'a [i16],
}

/// Reads an expression; of a default and of a generated column also for which column it is.
pub(super) fn keep(
    ctx: &Context<'_>,
    expression: &Expression,
    kind: ExpressionKind,
    place: Place<'_>,
    target: Option<(&str, PgType)>,
) -> Result<Kept> {
    let snapshot = ctx.catalog();
    let columns = with_generated(place);
    let table =
        TableExpression { kind, relation: place.oid, name: place.name, columns: &columns, target };
    let tree = medley_analyze::expression(&ctx.analysis(snapshot), &expression.ast, &table)?;
    stored::check_expression(ctx, &tree)?;
    Ok(Kept {
        text: stored::expression_text(snapshot, &tree, place.name, place.columns),
        columns: columns_of_table(&tree).into_iter().collect(),
        is_null: matches!(tree.kind, ExprKind::Constant(None)),
    })
}

/// The columns, of which those that will be generated are marked so.
fn with_generated<'a>(place: Place<'a>) -> Cow<'a, [Column]> {
    let mut columns = Cow::Borrowed(place.columns);
    for number in place.generated {
        let position = columns.iter().position(|column| column.number == *number);
        if let Some(position) = position.filter(|position| columns[*position].default.is_none()) {
            let expression = String::new();
            let default = ColumnDefault { oid: 0, expression, kind: DefaultKind::Stored };
            columns.to_mut()[position].default = Some(default);
        }
    }
    columns
}

/// The generated columns that are computed from this one, by the age of their expressions.
pub(super) fn generated_from(
    ctx: &Context<'_>,
    relation: &Relation,
    number: i16,
) -> Result<Vec<i16>> {
    let mut found = Vec::new();
    for generated in relation.live_columns().filter(|column| column.is_generated()) {
        let Some(default) = &generated.default else { continue };
        let text = &default.expression;
        let tree = medley_analyze::stored::expression(ctx.catalog(), relation, text)?;
        if columns_of_table(&tree).contains(&number) {
            found.push((default.oid, generated.number));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, number)| number).collect())
}

/// What ALTER TYPE does to the expressions of a relation: its column's own is converted to the new
/// type, and the checks that name the column are understood anew.
pub(super) fn retype(ctx: &mut Context<'_>, relation: &mut Relation, number: i16) -> Result<()> {
    let columns = relation.columns.clone();
    let (oid, name) = (relation.oid, relation.name.clone());
    let place = Place { oid, name: &name, columns: &columns, generated: &[] };
    for column in relation.columns.iter_mut().filter(|column| column.number == number) {
        retype_default(ctx, column, place)?;
    }
    for check in relation.checks.iter_mut().filter(|check| check.columns.contains(&number)) {
        let parsed = medley_sql::parse_expression(&check.expression)?;
        let kept = keep(ctx, &parsed, ExpressionKind::Check, place, None);
        check.expression = kept.map_err(crate::Error::without_position)?.text;
    }
    Ok(())
}

fn retype_default(ctx: &mut Context<'_>, column: &mut Column, place: Place<'_>) -> Result<()> {
    let Some(default) = &mut column.default else { return Ok(()) };
    let kind = expression_kind(default.kind);
    let parsed = medley_sql::parse_expression(&default.expression)?;
    let target = Some((column.name.as_str(), column.pg_type));
    let kept = keep(ctx, &parsed, kind, place, target).map_err(|error| {
        let (name, to) = (column.name.clone(), column.pg_type.to_string());
        match (error.sqlstate(), default.is_generated()) {
            (SqlState::DATATYPE_MISMATCH, true) => {
                RelationError::GenerationType { column: name, to }.into()
            }
            (SqlState::DATATYPE_MISMATCH, false) => {
                RelationError::DefaultType { column: name, to }.into()
            }
            _ => error.without_position(),
        }
    })?;
    default.oid = ctx.allocate_oid()?;
    default.expression = kept.text;
    Ok(())
}
