//! EXPLAIN of changes.
use std::sync::Arc;

use medley_analyze::tree::ChangeKind;
use medley_sql::QueryStatement;

use super::change::{analyse_to_run, checked, logical};
use super::direct;
use super::identity::Identity;
use super::plan::source;
use super::rows::{insert_statement, returned, statement as row_statement};
use crate::context::QueryContext;
use crate::engine::{Engine, Parameter};
use crate::error::{Error, Result};
use crate::explain::{ChangeShown, ExplainOptions, change_lines};
use crate::lower::Lowering;
use crate::scan::Planner;

impl Engine {
    /// What EXPLAIN of a change prints, a line each. Nothing is asked of a remote.
    pub async fn explain_change(
        &self,
        context: &QueryContext,
        statement: &QueryStatement,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        if options.analyze {
            return Err(Error::unsupported("EXPLAIN ANALYZE of a change of rows"));
        }
        let change = analyse_to_run(context, statement, parameters)?;
        let table = checked(context, &change)?;
        let planner = Planner::new(self, context);
        let lowering = || Lowering::new(context, Arc::clone(&planner), Some(parameters));
        let mut shown = ChangeShown {
            kind: change.kind,
            schema: table.schema.clone(),
            name: table.relation.name.clone(),
            alias: change.alias.clone().unwrap_or_else(|| table.relation.name.clone()),
            direct: None,
            remote_sql: None,
            batch_size: None,
            skips_conflicts: change.skips_conflicts,
            output: change.output().into_iter().map(|column| column.name).collect(),
        };
        if let Some(direct) = direct::plan(context, &lowering(), &table, &change)? {
            shown.direct = Some(direct.sql.to_string());
            return Ok(change_lines(&shown, None, options));
        }
        let identity = match change.kind {
            ChangeKind::Insert => None,
            ChangeKind::Update | ChangeKind::Delete => Identity::known(&table)?,
        };
        let source = source(&change, identity.as_ref());
        let names = returned(&table, &change)?.map(|(names, _)| names).unwrap_or_default();
        shown.remote_sql = match (&identity, change.kind) {
            (None, ChangeKind::Insert) => Some(insert_statement(&table, &change, 1, &names)?),
            (Some(identity), _) => Some(row_statement(context, &table, &change, identity, &names)?),
            (None, _) => None,
        }
        .map(|sql| sql.to_string());
        if change.kind == ChangeKind::Insert {
            let is_batched = change.returning.is_none() && change.checks.is_empty();
            shown.batch_size = is_batched.then(|| table.batch_size(context)).or(Some(1));
        }
        let plan = logical(lowering(), &source, identity.as_ref())?;
        let plan = planner.physical(&plan).await?;
        Ok(change_lines(&shown, Some(&plan), options))
    }
}
