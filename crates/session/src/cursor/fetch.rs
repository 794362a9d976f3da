//! FETCH, MOVE, CLOSE.
use std::sync::Arc;

use medley_diagnostic::{Report, SqlState};
use medley_sql::FetchCursor;

use super::sink::{Client, Sink};
use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// FETCH and MOVE; the result is the tag.
    pub(crate) async fn fetch(
        &mut self,
        fetch: &FetchCursor,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        let name = fetch.cursor.as_str();
        let style = Arc::clone(self.settings.lock().style());
        let cursor = self.cursors.get_mut(name).ok_or_else(|| no_cursor(name))?;
        if fetch.move_only {
            let moved = cursor.go(name, fetch.direction, &bounds.token, &mut Sink::Nobody).await?;
            return Ok(format!("MOVE {moved}"));
        }
        match cursor.binary {
            true => out.binary_columns(&cursor.columns).await?,
            false => out.columns(&cursor.columns).await?,
        }
        let (columns, made) = (cursor.columns.clone(), Arc::clone(&cursor.style));
        let client = Client { out, columns: &columns, made: &made, style };
        let mut sink = Sink::Client(client);
        let fetched = cursor.go(name, fetch.direction, &bounds.token, &mut sink).await?;
        Ok(format!("FETCH {fetched}"))
    }

    /// CLOSE; without a name, of all.
    pub(crate) fn close_cursor(&mut self, name: Option<&str>) -> Result<(), Report> {
        match name {
            None => {
                self.cursors.clear();
                self.portals.clear();
            }
            Some(name) => {
                let was_there = self.cursors.remove(name).is_some();
                if !was_there && self.portals.remove(name).is_none() {
                    return Err(no_cursor(name));
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn no_cursor(name: &str) -> Report {
    Report::error(SqlState::INVALID_CURSOR_NAME, format!("cursor \"{name}\" does not exist"))
}
