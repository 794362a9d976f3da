//! Generated columns name others, which they keep.
use medley_catalog::objects::Relation;

use super::expression::named_columns;
use crate::error::{RelationError, Result};

/// Refuses to drop a column that a generated one is computed from.
pub(super) fn check_unused(relation: &Relation, column: &str) -> Result<()> {
    match generated_from(relation, column)? {
        None => Ok(()),
        Some(generated) => Err(RelationError::GeneratedNeeds {
            generated,
            column: column.to_owned(),
            relation: relation.name.clone(),
        }
        .into()),
    }
}

/// Refuses to change the type of a column that a generated one is computed from.
pub(super) fn check_type_is_free(relation: &Relation, column: &str) -> Result<()> {
    match generated_from(relation, column)? {
        None => Ok(()),
        Some(generated) => {
            Err(RelationError::TypeOfGeneratedFrom { generated, column: column.to_owned() }.into())
        }
    }
}

/// A generated column that names this one.
fn generated_from(relation: &Relation, column: &str) -> Result<Option<String>> {
    for generated in relation.live_columns().filter(|column| column.is_generated()) {
        let Some(default) = &generated.default else { continue };
        if named_columns(&default.expression)?.iter().any(|name| name == column) {
            return Ok(Some(generated.name.clone()));
        }
    }
    Ok(None)
}
