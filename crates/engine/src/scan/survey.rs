//! What remotes say of the tables that a statement reads, before its plan is made.
use std::collections::HashMap;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_foreign::{Access, ConnKey, Question, Remote, Survey};
use parking_lot::Mutex;

use super::ForeignTable;
use crate::error::Result;

/// A scan: where, as whom, and with which query.
pub(super) type ScanName = (ServerOid, RoleOid, String);

/// What is asked about a scan.
pub(super) struct Asked {
    pub scan: ScanName,
    pub question: Question,
}

/// The answers.
#[derive(Default)]
pub(super) struct Surveys(Mutex<HashMap<ScanName, Survey>>);

impl Surveys {
    /// What is known of a scan.
    pub fn get(&self, scan: &ScanName) -> Survey {
        self.0.lock().get(scan).cloned().unwrap_or_default()
    }

    /// Asks about each scan of an optimized plan. A role without a mapping has nobody to ask; that
    /// is an error when the plan runs.
    pub async fn ask(&self, access: &Access, plan: &LogicalPlan) -> Result<()> {
        let mut asked: HashMap<ConnKey, (Remote, Vec<Asked>)> = HashMap::new();
        for scan in scans(plan)? {
            let Ok(remote) = access.resolve(scan.scan.0, scan.scan.1) else { continue };
            asked.entry(*remote.key()).or_insert_with(|| (remote, Vec::new())).1.push(scan);
        }
        for (remote, asked) in asked.into_values() {
            let questions: Vec<_> = asked.iter().map(|it| it.question.clone()).collect();
            let answers = access.survey(&remote, &questions).await?;
            self.0.lock().extend(asked.into_iter().map(|it| it.scan).zip(answers));
        }
        Ok(())
    }
}

fn scans(plan: &LogicalPlan) -> Result<Vec<Asked>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(TableScan { source, projection, filters, fetch, .. }) = node {
            let provider = source_as_provider(source)?;
            let table = provider.downcast_ref::<ForeignTable>();
            found.extend(table.and_then(|it| it.question(projection.as_ref(), filters, *fetch)));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}
