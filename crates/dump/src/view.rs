//! Views.
use medley_catalog::objects::Relation;

use crate::Dump;
use crate::script::{literal, name};

impl Dump<'_> {
    pub(crate) fn view(&mut self, relation: &Relation, view: &str) {
        let columns: Vec<_> = relation.live_columns().map(|column| name(&column.name)).collect();
        let columns = match columns.is_empty() {
            true => String::new(),
            false => format!(" ({})", columns.join(", ")),
        };
        let query = self.request.definitions.view(relation);
        let query = query.trim_end().trim_end_matches(';');
        let options = options(relation);
        self.script.push(format!("CREATE VIEW {view}{columns}{options} AS\n{query}"));
        for column in relation.live_columns() {
            let Some(default) = &column.default else { continue };
            let expression = self.request.definitions.default(relation, default);
            let column = name(&column.name);
            self.script
                .push(format!("ALTER VIEW {view} ALTER COLUMN {column} SET DEFAULT {expression}"));
        }
    }
}

/// ` WITH (…)`.
fn options(relation: &Relation) -> String {
    let given = relation.view().map(|view| view.reloptions.as_slice()).unwrap_or_default();
    let given: Vec<_> = given
        .iter()
        .map(|(option, value)| format!("{} = {}", name(option), literal(value)))
        .collect();
    match given.is_empty() {
        true => String::new(),
        false => format!(" WITH ({})", given.join(", ")),
    }
}
