//! COPY, to and from the client.
mod into;
mod out;

use medley_copy::{Columns, Direction, Given, Options};
use medley_diagnostic::{Report, SqlState};
use medley_sql::{Copy, CopyDirection, CopyEnd, CopySource, QueryStatement, Statement};

use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// Runs COPY; the result is its tag.
    pub(crate) async fn copy(
        &mut self,
        copy: Copy,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        match (&copy.source, copy.direction, &copy.end) {
            (CopySource::Query(query), CopyDirection::To, CopyEnd::Client)
                if !matches!(query, QueryStatement::Merge { .. }) =>
            {
                self.copy_out(query, &options(&copy)?, bounds, out).await
            }
            (CopySource::Table { columns, .. }, CopyDirection::From, CopyEnd::Client) => {
                let columns: Vec<_> = columns.iter().map(|name| name.as_str().to_owned()).collect();
                self.copy_from_client(&copy, &columns, bounds, out).await
            }
            _ => self.utility(Statement::Copy(copy), bounds, out).await.map(str::to_owned),
        }
    }
}

/// The options as they are judged.
fn options(copy: &Copy) -> Result<Options, Report> {
    let direction = match copy.direction {
        CopyDirection::From => Direction::From,
        CopyDirection::To => Direction::To,
    };
    let given = copy.options.iter().map(|option| Given {
        name: option.name.as_str().to_owned(),
        values: option.values.clone(),
        position: Some(option.position),
    });
    Options::parse(direction, &given.collect::<Vec<_>>())
}

/// Which of these columns an option is about; `missing` says that one is not among them.
fn named<'a>(
    of: Option<&Columns>,
    columns: impl Iterator<Item = &'a str>,
    missing: impl Fn(&str) -> Report,
) -> Result<Vec<bool>, Report> {
    let columns: Vec<&str> = columns.collect();
    let mut chosen = vec![matches!(of, Some(Columns::All)); columns.len()];
    let Some(Columns::Named(names)) = of else { return Ok(chosen) };
    for (index, name) in names.iter().enumerate() {
        let Some(found) = columns.iter().position(|column| column == name) else {
            return Err(missing(name));
        };
        if names[..index].contains(name) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Report::error(SqlState::DUPLICATE_COLUMN, message));
        }
        chosen[found] = true;
    }
    Ok(chosen)
}
