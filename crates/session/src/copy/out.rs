//! COPY … TO STDOUT.
use std::sync::Arc;

use medley_copy::{Encoding, Format, Options, Pieces, Writer};
use medley_diagnostic::{Report, SqlState};
use medley_engine::{Batch, RawFormats, Rows, RunOptions};
use medley_sql::QueryStatement;

use super::named;
use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// Copies a query's rows to the client.
    pub(super) async fn copy_out(
        &mut self,
        copied: &QueryStatement,
        options: &Options,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        if let Some(Encoding::Other(name)) = options.encoding {
            return Err(Report::unsupported(format!("COPY in encoding \"{name}\"")));
        }
        let binary = options.format == Format::Binary;
        let token = &bounds.token;
        let mut rows = self.copied_rows(copied, binary, bounds, out).await?;
        let names = rows.columns.iter().map(|column| column.name.as_str());
        let force_quote = named(options.force_quote.as_ref(), names, |name| {
            let message = format!("column \"{name}\" does not exist");
            Report::error(SqlState::UNDEFINED_COLUMN, message)
        })?;
        let style = Arc::clone(self.settings.lock().style());
        let count = rows.columns.len();
        let mut writer = Writer::new(options, rows.columns.to_vec(), force_quote, style);
        let mut pieces = Pieces::default();
        out.copy_out(binary, count).await?;
        writer.begin(&mut pieces)?;
        let mut copied = 0;
        while let Some(batch) = self.next_rows(&mut rows, token, out).await {
            let batch = batch?;
            copied += batch.rows();
            match &batch {
                Batch::Columns(batch) => writer.columns(batch, &mut pieces)?,
                Batch::Raw(batch) => writer.messages(&batch.messages, &mut pieces)?,
            }
            out.copy_data(&pieces).await?;
            pieces.clear();
        }
        writer.end(&mut pieces);
        out.copy_data(&pieces).await?;
        out.copy_done().await?;
        Ok(format!("COPY {copied}"))
    }

    /// The rows of a query, or those that a change of rows returns.
    async fn copied_rows(
        &mut self,
        copied: &QueryStatement,
        binary: bool,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Rows, Report> {
        match copied {
            QueryStatement::Select(query) if !query.changes_rows() => {
                let raw = if binary { RawFormats::Binary } else { RawFormats::Text };
                let run = RunOptions { raw: Some(raw), plan: None };
                self.start_query(query, &[], run, bounds.token.clone(), out).await
            }
            change if !change.returns_rows() => Err(without_returning()),
            change => {
                let changes = self.start_change(change, &[], bounds, out).await?;
                changes.returned.ok_or_else(without_returning)
            }
        }
    }
}

fn without_returning() -> Report {
    let message = "COPY query must have a RETURNING clause";
    Report::error(SqlState::FEATURE_NOT_SUPPORTED, message)
}
