//! ANALYZE: what is known of remote tables is asked for anew.
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::Analyze;

use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// Judged here, asked of the remotes; a table whose wrapper counts nothing is skipped.
    pub(crate) async fn analyze(
        &mut self,
        analyze: &Analyze,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let tables = self
            .commands(bounds, out, |context| medley_commands::plan_analyze(context, analyze))
            .await?;
        for table in tables {
            let context = self.query_context(bounds.token.clone());
            let counted = self.instance.engine.recount(&context, table.relation).await;
            if !counted.map_err(|error| error.report())? {
                let name = &table.name;
                let message = format!("skipping \"{name}\" --- cannot analyze this foreign table");
                self.notice(&Report::warning(SqlState::WARNING, message), out).await?;
            }
        }
        Ok(())
    }
}
