//! The statements that need two sides: a remote or the engine, and the catalog.
use std::sync::Arc;

use medley_analyze::Scope;
use medley_commands::ViewQuery;
use medley_diagnostic::{Diagnostic, Report};
use medley_sql::{CreateView, ImportForeignSchema};

use crate::session::Bounds;
use crate::settings::parse_name_list;
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

    /// CREATE VIEW: the engine says what comes out, `analyze` what it reads.
    pub(crate) async fn create_view(
        &mut self,
        view: CreateView,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        self.lock_relations(&view.query, &bounds.token)?;
        let context = self.query_context(bounds.token.clone());
        let prepared = self.instance.engine.prepare(&context, &view.query, &[]);
        let prepared = prepared.map_err(|error| error.report())?;
        let search_path = parse_name_list(self.settings.lock().get("search_path"));
        let snapshot = Arc::clone(&self.snapshot());
        let scope = Scope::new(&snapshot, &search_path, self.identity.current_user());
        let references = medley_analyze::relations(&view.query.ast, &scope);
        let relations = references.iter().map(|it| (&it.span, it.qualified_name.as_str()));
        let stars = prepared.stars.iter().map(|star| (&star.span, star.columns.as_str()));
        let start = view.query.span.start;
        let text = medley_analyze::rewritten(&view.query_text, start, relations.chain(stars));
        let columns = prepared.columns.into_iter().map(|it| (it.name, it.pg_type)).collect();
        let addresses = references.iter().filter_map(|reference| reference.address).collect();
        let query = ViewQuery { text, columns, references: addresses };
        self.commands(bounds, out, |context| medley_commands::create_view(context, view, query))
            .await?;
        Ok(())
    }
}
