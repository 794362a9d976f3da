//! Generated columns name others, which they keep.
use medley_catalog::objects::Relation;
use medley_diagnostic::Report;
use medley_sql::DropBehavior;

use super::expression::generated_from;
use crate::Context;
use crate::error::{RelationError, Result};

/// The generated columns that go with a column they are computed from: with RESTRICT that is an
/// error, with CASCADE a notice.
pub(super) fn dropped_with(
    ctx: &mut Context<'_>,
    relation: &Relation,
    number: i16,
    behavior: DropBehavior,
) -> Result<Vec<i16>> {
    let generated = generated_from(ctx, relation, number)?;
    let needing: Vec<_> = generated.iter().map(|it| describe(ctx, relation, *it)).collect();
    match (behavior, needing.as_slice()) {
        (_, []) => {}
        (DropBehavior::Restrict, needing) => {
            return Err(needed_by(&describe(ctx, relation, number), needing));
        }
        (DropBehavior::Cascade, [one]) => ctx.notice(format!("drop cascades to {one}")),
        (DropBehavior::Cascade, many) => {
            let lines: Vec<_> = many.iter().map(|it| format!("drop cascades to {it}")).collect();
            let notice = format!("drop cascades to {} other objects", many.len());
            ctx.notices.push(Report::notice(notice).with_detail(lines.join("\n")));
        }
    }
    Ok(generated)
}

fn describe(ctx: &Context<'_>, relation: &Relation, number: i16) -> String {
    let column = relation.oid.address().column(number);
    ctx.catalog().describe(column, &ctx.path()).unwrap_or_default()
}

fn needed_by(needed: &str, needing: &[String]) -> crate::Error {
    let lines: Vec<_> = needing.iter().map(|it| format!("{it} depends on {needed}")).collect();
    medley_catalog::Error::DependentsExist {
        message: format!("cannot drop {needed} because other objects depend on it"),
        detail: Some(lines.join("\n")),
        hint: Some("Use DROP ... CASCADE to drop the dependent objects too.".into()),
    }
    .into()
}

/// Refuses to change the type of a column that a generated one is computed from.
pub(super) fn check_type_is_free(
    ctx: &Context<'_>,
    relation: &Relation,
    column: &str,
    number: i16,
) -> Result<()> {
    let first = generated_from(ctx, relation, number)?.first().copied();
    let generated = first.and_then(|number| relation.column_numbered(number));
    match generated {
        None => Ok(()),
        Some(generated) => {
            let (generated, column) = (generated.name.clone(), column.to_owned());
            Err(RelationError::TypeOfGeneratedFrom { generated, column }.into())
        }
    }
}
