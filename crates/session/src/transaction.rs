use std::sync::Arc;
use std::time::SystemTime;

use medley_catalog::{Savepoint, Snapshot};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_fdw::Isolation;
use medley_foreign::RemoteTransactions;

/// A transaction: the catalog's side of it, the remotes', and how it came to be.
pub(crate) struct Transaction {
    pub(crate) catalog: medley_catalog::Transaction,
    /// Inside a block, or where rows are changed: a query by itself needs no transaction at its
    /// remotes.
    pub(crate) remote: Option<Arc<RemoteTransactions>>,
    pub(crate) kind: Kind,
    savepoints: Vec<Named>,
    pub(crate) started: SystemTime,
    /// The catalog as the first statement saw it.
    pub(crate) first_seen: Option<Arc<Snapshot>>,
    /// A query has run: it is too late to change how the transaction is isolated.
    pub(crate) queried: bool,
}

/// How a transaction began, and so how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With a statement, and ends with the message that the statement came in.
    Implicit,
    /// With BEGIN.
    Block,
    /// With BEGIN, and a statement has failed: it can only be undone.
    Failed,
}

struct Named {
    name: String,
    catalog: Savepoint,
}

impl Transaction {
    pub(crate) fn new(catalog: medley_catalog::Transaction, kind: Kind) -> Self {
        let savepoints = Vec::new();
        Self {
            catalog,
            remote: None,
            kind,
            savepoints,
            started: SystemTime::now(),
            first_seen: None,
            queried: false,
        }
    }

    /// A statement changes rows: what it does at remotes ends with the transaction, also if that
    /// is the statement alone.
    pub(crate) fn change_remotes(&mut self, isolation: Isolation) {
        if self.kind == Kind::Implicit {
            self.remote.get_or_insert_with(|| RemoteTransactions::for_changes(isolation));
        }
    }

    /// The remote side, begun now if it is not there. Only blocks have one, and what changes rows.
    pub(crate) fn remote(
        &mut self,
        isolation: Isolation,
        read_only: bool,
    ) -> Option<Arc<RemoteTransactions>> {
        if self.kind != Kind::Block {
            return self.remote.clone();
        }
        let levels = self.savepoints.len();
        let remote = self.remote.get_or_insert_with(|| {
            let remote = RemoteTransactions::new(isolation, read_only);
            (0..levels).for_each(|_| remote.savepoint());
            remote
        });
        Some(Arc::clone(remote))
    }

    /// How many savepoints there are.
    pub(crate) fn depth(&self) -> usize {
        self.savepoints.len()
    }

    pub(crate) fn savepoint(&mut self, name: &str) {
        let catalog = self.catalog.savepoint();
        self.savepoints.push(Named { name: name.to_owned(), catalog });
        if let Some(remote) = &self.remote {
            remote.savepoint();
        }
    }

    /// Forgets a savepoint and those after it. Returns how many are left.
    pub(crate) async fn release(&mut self, name: &str) -> Result<usize, Report> {
        let index = self.find(name)?;
        self.catalog.release(self.savepoints[index].catalog).map_err(|e| e.report())?;
        self.savepoints.truncate(index);
        if let Some(remote) = &self.remote {
            remote.release(index + 1).await.map_err(|error| error.report())?;
        }
        Ok(index)
    }

    /// Undoes what came after a savepoint, which stays. Returns its index.
    pub(crate) async fn rollback_to(&mut self, name: &str) -> Result<usize, Report> {
        let index = self.find(name)?;
        self.catalog.rollback_to(self.savepoints[index].catalog).map_err(|e| e.report())?;
        self.savepoints.truncate(index + 1);
        if let Some(remote) = &self.remote {
            remote.rollback_to(index + 2).await;
        }
        Ok(index)
    }

    fn find(&self, name: &str) -> Result<usize, Report> {
        self.savepoints.iter().rposition(|savepoint| savepoint.name == name).ok_or_else(|| {
            let message = format!("savepoint \"{name}\" does not exist");
            Report::error(SqlState::INVALID_SAVEPOINT_SPECIFICATION, message)
        })
    }

    /// A statement failed: what was done since the last savepoint is undone now, and its locks
    /// are given back; the rest waits for ROLLBACK or ROLLBACK TO.
    pub(crate) fn fail(&mut self) {
        self.kind = Kind::Failed;
        let innermost = self.savepoints.last().map(|savepoint| savepoint.catalog);
        // Without a savepoint, the session puts a transaction without changes in its place.
        if let Some(innermost) = innermost {
            self.catalog.rollback_to(innermost).expect("the savepoint is the transaction's own");
        }
    }
}
