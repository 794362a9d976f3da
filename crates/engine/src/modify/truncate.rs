//! TRUNCATE.
use medley_catalog::ids::RelationOid;
use medley_foreign::Remote;

use super::statement;
use super::table::Table;
use crate::context::QueryContext;
use crate::engine::Engine;
use crate::error::Result;

/// What TRUNCATE is asked to do besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct TruncateOptions {
    /// RESTART IDENTITY.
    pub restart_identity: bool,
    /// CASCADE.
    pub cascade: bool,
}

impl Engine {
    /// Empties foreign tables, those of one remote in one statement. Rights are checked by whoever
    /// found the tables.
    pub async fn truncate(
        &self,
        context: &QueryContext,
        relations: &[RelationOid],
        options: TruncateOptions,
    ) -> Result<()> {
        let tables = relations.iter().map(|oid| Table::find(context, *oid, context.role));
        let tables = tables.collect::<Result<Vec<_>>>()?;
        tables.iter().try_for_each(|table| table.check_truncates(context))?;
        let mut remotes: Vec<(Remote, Vec<&Table>)> = Vec::new();
        for table in &tables {
            let remote = table.resolve(context)?;
            match remotes.iter_mut().find(|(known, _)| known.key() == remote.key()) {
                Some((_, tables)) => tables.push(table),
                None => remotes.push((remote, vec![table])),
            }
        }
        for (remote, tables) in remotes {
            context.access.will_write(&remote)?;
            let names = tables.iter().map(|table| Ok(table.writing()?.table));
            let names = names.collect::<Result<Vec<_>>>()?;
            let family = tables[0].family()?;
            let TruncateOptions { restart_identity, cascade } = options;
            for sql in statement::truncate(family, &names, restart_identity, cascade) {
                context.access.truncate(&remote, sql).await?;
            }
        }
        Ok(())
    }
}
