//! What remotes say of the tables that a statement reads, before its plan is made.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_fdw::{Estimate, RemoteTable, TableName};
use medley_foreign::{Access, ConnKey, Question, Remote, Survey};
use parking_lot::Mutex;

use super::ForeignTable;
use crate::error::Result;
use crate::ship::Place;

/// Of smaller tables nothing is asked.
pub(crate) const BIG_BYTES: u64 = 8 << 20;

/// A scan: where, as whom, and with which query.
pub(super) type ScanName = (ServerOid, RoleOid, String);

/// What is asked about a scan.
pub(super) struct Asked {
    pub scan: ScanName,
    pub question: Question,
}

/// What is asked about queries that may be shipped to one place.
#[derive(Debug, Default)]
pub(crate) struct QueriesAsked {
    /// The tables that they read.
    pub tables: Vec<TableName>,
    /// Those whose costs matter.
    pub queries: Vec<String>,
}

/// The answers.
#[derive(Default)]
pub(super) struct Surveys {
    scans: Mutex<HashMap<ScanName, Survey>>,
    big: Mutex<HashSet<(Place, TableName)>>,
    tables: Mutex<HashMap<(Place, TableName), Described>>,
    estimates: Mutex<HashMap<(Place, String), Estimate>>,
}

/// What a table is at the remote: known or not; there or not.
type Described = Option<Arc<RemoteTable>>;

impl Surveys {
    /// What is known of a scan.
    pub fn get(&self, scan: &ScanName) -> Survey {
        self.scans.lock().get(scan).cloned().unwrap_or_default()
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
            let mut big = self.big.lock();
            for (it, survey) in asked.iter().zip(&answers) {
                if survey.bytes.is_some_and(|bytes| bytes >= BIG_BYTES) {
                    let place = Place { server: it.scan.0, check_as: it.scan.1 };
                    big.insert((place, it.question.table.clone()));
                }
            }
            self.scans.lock().extend(asked.into_iter().map(|it| it.scan).zip(answers));
        }
        Ok(())
    }

    /// Whether a table is so big that it matters how it is read.
    pub fn is_big(&self, place: Place, table: &TableName) -> bool {
        self.big.lock().contains(&(place, table.clone()))
    }

    /// What a table is at the remote; none where that is not known.
    pub fn described(&self, place: Place, table: &TableName) -> Option<Described> {
        self.tables.lock().get(&(place, table.clone())).cloned()
    }

    /// What the remote expects of a query.
    pub fn estimate(&self, place: Place, sql: &str) -> Option<Estimate> {
        self.estimates.lock().get(&(place, sql.to_owned())).copied()
    }

    /// Asks about queries that may be shipped.
    pub async fn ask_about(
        &self,
        access: &Arc<Access>,
        asked: HashMap<Place, QueriesAsked>,
    ) -> Result<()> {
        for (place, asked) in asked {
            let Ok(remote) = access.resolve(place.server, place.check_as) else { continue };
            match access.remote_tables(&remote, &asked.tables).await {
                Err(error @ medley_foreign::Error::Cancelled) => return Err(error.into()),
                // What goes wrong there goes wrong when it is read.
                Err(_) => {}
                Ok((_, described)) => {
                    let tables = asked.tables.iter().map(|table| (place, table.clone()));
                    self.tables.lock().extend(tables.zip(described));
                }
            }
            let estimates = access.estimates(&remote, &asked.queries).await?;
            let known = asked.queries.into_iter().zip(estimates);
            let known = known.filter_map(|(sql, estimate)| Some(((place, sql), estimate?)));
            self.estimates.lock().extend(known);
        }
        Ok(())
    }

    /// The same of what is known already, without asking anybody anything.
    pub fn recall(&self, access: &Access, asked: HashMap<Place, QueriesAsked>) {
        for (place, asked) in asked {
            let Ok(remote) = access.resolve(place.server, place.check_as) else { continue };
            if let Some((_, described)) = access.known_tables(&remote, &asked.tables) {
                let tables = asked.tables.iter().map(|table| (place, table.clone()));
                self.tables.lock().extend(tables.zip(described));
            }
        }
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
