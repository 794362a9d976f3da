//! The statements that need two sides: a remote, and the catalog.
use medley_diagnostic::{Diagnostic, Report};
use medley_sql::{ImportForeignSchema, RefreshForeignTable};

use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// IMPORT FOREIGN SCHEMA: judged here, asked of the remote, and done here.
    pub(crate) async fn import(
        &mut self,
        import: ImportForeignSchema,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let plan = self
            .commands(bounds, out, |context| medley_commands::plan_import(context, import))
            .await?;
        let context = self.query_context(bounds.token.clone());
        let remote = context
            .access
            .resolve(plan.server, self.identity.current_user())
            .map_err(|error| error.report())?;
        let tables =
            context.access.import(&remote, &plan.request).await.map_err(|error| error.report())?;
        self.commands(bounds, out, |context| medley_commands::apply_import(context, plan, tables))
            .await?;
        Ok(())
    }

    /// ALTER FOREIGN TABLE … REFRESH, the same way.
    pub(crate) async fn refresh(
        &mut self,
        refresh: &RefreshForeignTable,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let plan = self
            .commands(bounds, out, |context| medley_commands::plan_refresh(context, refresh))
            .await?;
        let Some(plan) = plan else { return Ok(()) };
        let access = self.query_context(bounds.token.clone()).access;
        let remote = access
            .resolve(plan.server, self.identity.current_user())
            .map_err(|error| error.report())?;
        let tables = std::slice::from_ref(&plan.relation);
        let drifts = access.drift(&remote, tables).await.map_err(|error| error.report())?;
        let drifts = drifts.into_iter().flatten().collect::<Vec<_>>();
        self.commands(bounds, out, |context| {
            medley_commands::apply_refresh(context, &plan, &drifts)
        })
        .await?;
        Ok(())
    }
}
