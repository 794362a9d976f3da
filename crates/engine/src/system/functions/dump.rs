//! `medley_dump(secrets)`: the catalog as SQL that makes it again, a row a statement.
use medley_catalog::objects::{Check, ColumnDefault, Relation};
use medley_dump::Definitions;

use super::super::definitions::view_text;
use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable =
    &[SetFunction { source: "medley_dump", columns: &[], rows: statements }];

/// What the session may see of its snapshot: the session knows the keys' wrapped form.
fn statements<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let secrets = args[0].text()?;
    let dumped = session.facts.dump(&session.snapshot, session.role, secrets, &Stored)?;
    Ok(dumped.into_iter().map(|statement| vec![Datum::of_text(statement)]).collect())
}

/// The texts that the catalog keeps, in which relations have their schemas.
struct Stored;

impl Definitions for Stored {
    fn view(&self, relation: &Relation) -> String {
        relation.view().map(view_text).unwrap_or_default()
    }

    fn default(&self, _: &Relation, default: &ColumnDefault) -> String {
        default.expression.clone()
    }

    fn check(&self, _: &Relation, check: &Check) -> String {
        check.expression.clone()
    }
}
