//! `medley_dump(secrets)`: the catalog as SQL that makes it again, a row a statement.
use medley_analyze::ruleutils::{Layout, Names};
use medley_analyze::stored;
use medley_catalog::objects::{Check, ColumnDefault, Relation};
use medley_catalog::{SearchPath, Snapshot};
use medley_dump::Definitions;

use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable =
    &[SetFunction { source: "medley_dump", columns: &[], rows: statements }];

/// What the session may see of its snapshot: the session knows the keys' wrapped form.
fn statements<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let secrets = args[0].text()?;
    let path = session.snapshot.search_path::<&str>(&[], session.role);
    let definitions = Stored { snapshot: &session.snapshot, path };
    let dumped = session.facts.dump(&session.snapshot, session.role, secrets, &definitions)?;
    Ok(dumped.into_iter().map(|statement| vec![Datum::of_text(statement)]).collect())
}

/// The texts as a session with an empty search path sees them. What cannot be read again is as it
/// is kept, where relations have their schemas too.
struct Stored<'a> {
    snapshot: &'a Snapshot,
    path: SearchPath,
}

impl Stored<'_> {
    fn expression(&self, relation: &Relation, text: &str) -> String {
        let names = Names::visible(self.snapshot, &self.path);
        let printed = stored::expression_definition(&names, relation, text, Layout::PLAIN);
        printed.unwrap_or_else(|_| text.to_owned())
    }
}

impl Definitions for Stored<'_> {
    fn view(&self, relation: &Relation) -> String {
        let names = Names::visible(self.snapshot, &self.path);
        let printed = stored::view_definition(&names, relation, Layout::PLAIN).ok().flatten();
        let kept = || relation.view().map(|view| format!("{};", view.query)).unwrap_or_default();
        printed.unwrap_or_else(kept)
    }

    fn default(&self, relation: &Relation, default: &ColumnDefault) -> String {
        self.expression(relation, &default.expression)
    }

    fn check(&self, relation: &Relation, check: &Check) -> String {
        self.expression(relation, &check.expression)
    }
}
