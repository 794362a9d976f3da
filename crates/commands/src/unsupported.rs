//! What PostgreSQL has and Medley has not, where PostgreSQL refuses it of foreign tables as well.
use std::sync::Arc;

use medley_catalog::objects::Relation;
use medley_sql::QualifiedName;

use crate::error::{Error, NameError, RelationError, Result};
use crate::{Context, authorize};

/// `CREATE INDEX … ON relation` and its like.
pub(crate) fn on_relation(ctx: &Context<'_>, what: &str, name: &QualifiedName) -> Result<()> {
    let found = ctx.relation(name)?;
    match what {
        "CREATE INDEX" => {
            authorize::owner(ctx, Arc::clone(&found))?;
            let kinds = plural(&found);
            Err(RelationError::CannotIndex { relation: found.name.clone(), kinds }.into())
        }
        "CREATE RULE" if found.view().is_none() => {
            Err(RelationError::NoRules(found.name.clone()).into())
        }
        "CREATE POLICY" => {
            authorize::owner(ctx, Arc::clone(&found))?;
            Err(is_no(&found, "a table"))
        }
        "CLUSTER" | "REINDEX" => Err(is_no(&found, "a table or materialized view")),
        _ => Err(Error::unsupported(what)),
    }
}

fn plural(relation: &Relation) -> &'static str {
    match relation.view() {
        Some(_) => "views",
        None => "foreign tables",
    }
}

fn is_no(relation: &Relation, expected: &'static str) -> Error {
    NameError::WrongKind { name: relation.name.clone(), expected, hint: None }.into()
}
