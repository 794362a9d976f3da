//! Connections for a statement: reserved all at once before its first scan, or one by one.
use std::collections::HashMap;
use std::sync::Arc;

use super::Access;
use crate::connect::{self, Origin};
use crate::pool::Permit;
use crate::readers::{Readers, Shared, shares_snapshots};
use crate::{ConnKey, Error, Lease, Remote, RemoteTransactions, Result};

impl Access {
    /// Takes the right to as many connections for each of the statement's scans as it can use,
    /// all at once, or fewer where there are not as many, but one for each. To be called once,
    /// before the first scan: a statement never waits for a connection while it holds another.
    ///
    /// Answers how many readers each of the scans has: that many times [`Access::read`] is to be
    /// called for it. Inside a transaction block it is one, for all share a connection.
    ///
    /// `open` says that others will read too, one after another, who reserve nothing: they see
    /// the same snapshot as the statement's scans of their key.
    pub async fn reserve(&self, scans: &[(Remote, usize)], open: bool) -> Result<Vec<usize>> {
        let keeps_all = scans.iter().all(|(remote, _)| self.transaction_at(remote).is_some());
        let most = match keeps_all {
            true => 1,
            false => scans.iter().map(|(_, wanted)| *wanted).max().unwrap_or(1).max(1),
        };
        let shares = std::iter::successors(Some(most), |share| (*share > 1).then(|| share / 2));
        for share in shares {
            let grant = |(remote, wanted): &(Remote, usize)| match self.transaction_at(remote) {
                Some(_) => 1,
                None => (*wanted).clamp(1, share),
            };
            let granted: Vec<_> = scans.iter().map(grant).collect();
            let remotes = scans.iter().map(|(remote, _)| remote);
            let wanted = self.wanted(remotes.zip(granted.iter().copied()));
            let permits = match share {
                1 => Some(self.or_cancelled(self.foreign.pool.permits(&wanted)).await?),
                _ => self.foreign.pool.try_permits(&wanted),
            };
            if let Some(permits) = permits {
                let mut reserved = self.reserved.lock();
                for ((remote, _), permits) in wanted.into_iter().zip(permits) {
                    reserved.insert(*remote.key(), Readers::new(permits, open));
                }
                return Ok(granted);
            }
        }
        Err(Error::TooManyConnections(String::new()))
    }

    /// How many connections each key needs. Scans of a pinned connection take turns on it.
    fn wanted<'a>(
        &self,
        scans: impl Iterator<Item = (&'a Remote, usize)>,
    ) -> Vec<(&'a Remote, usize)> {
        let mut counts: HashMap<ConnKey, (&Remote, usize)> = HashMap::new();
        for (remote, readers) in scans {
            counts.entry(*remote.key()).or_insert((remote, 0)).1 += readers;
        }
        if let Some(transaction) = &self.transaction {
            counts.retain(|key, _| !transaction.has(key));
            let kept = counts.iter_mut().filter(|(key, _)| transaction.keeps(key));
            kept.for_each(|(_, (_, readers))| *readers = 1);
        }
        counts.into_values().collect()
    }

    /// A connection: one of those reserved, or, for a statement that reserved none, one more.
    pub(super) async fn lease(&self, remote: &Remote) -> Result<(Lease, Origin)> {
        let readers = self.readers(remote).filter(|readers| !readers.is_over());
        let Some(readers) = readers else {
            return self.lease_one(remote, None).await;
        };
        let leased = match readers.is_shared() {
            true => Box::pin(self.lease_shared(remote, &readers)).await,
            false => self.lease_one(remote, readers.take_permit()).await,
        };
        readers.arrived().await;
        leased
    }

    /// Several readers of one key see one snapshot, where the remote can share one: the first
    /// exports it, the others take it.
    async fn lease_shared(
        &self,
        remote: &Remote,
        readers: &Arc<Readers>,
    ) -> Result<(Lease, Origin)> {
        let mut known = self.or_cancelled(async { Ok(readers.snapshot().lock().await) }).await?;
        match known.clone() {
            None => {
                let (leased, shared) = self.lease_first(remote, readers).await?;
                *known = Some(shared);
                Ok(leased)
            }
            Some(shared) => {
                // The others need not wait until this one has its connection.
                drop(known);
                if let Some(lease) = readers.take_ready() {
                    return Ok((lease, Origin::New));
                }
                let permit = readers.take_permit();
                match shared {
                    Shared::Not => self.lease_one(remote, permit).await,
                    Shared::Snapshot(snapshot) => {
                        let lease = self.lease_one(remote, permit).await?;
                        self.begin(remote, lease, Some(&snapshot)).await
                    }
                }
            }
        }
    }

    async fn lease_first(
        &self,
        remote: &Remote,
        readers: &Arc<Readers>,
    ) -> Result<((Lease, Origin), Shared)> {
        let mut leased = self.lease_one(remote, readers.take_permit()).await?;
        if !shares_snapshots(&mut leased.0) {
            return Ok((leased, Shared::Not));
        }
        let (mut lease, origin) = self.begin(remote, leased, None).await?;
        let snapshot = self.or_cancelled(lease.export_snapshot(readers)).await?;
        Ok(((lease, origin), Shared::Snapshot(snapshot.into())))
    }

    /// Begins a transaction under a snapshot. A connection that turns out to have died while it
    /// waited in the pool is replaced.
    async fn begin(
        &self,
        remote: &Remote,
        (mut lease, origin): (Lease, Origin),
        snapshot: Option<&str>,
    ) -> Result<(Lease, Origin)> {
        if let Err(error) = self.or_cancelled(lease.begin_snapshot(snapshot)).await {
            lease = self.replace(remote, lease, origin, error).await?;
            self.or_cancelled(lease.begin_snapshot(snapshot)).await?;
        }
        Ok((lease, Origin::New))
    }

    /// Another connection for one that has failed, if it had died while it waited in the pool and
    /// nobody knew; else what it failed by, and it is closed.
    pub(crate) async fn replace(
        &self,
        remote: &Remote,
        failed: Lease,
        origin: Origin,
        error: Error,
    ) -> Result<Lease> {
        if matches!(error, Error::Cancelled) {
            // What it does is cancelled at the remote.
            drop(failed);
            return Err(error);
        }
        let permit = failed.close();
        if !(origin == Origin::Pool && error.is_connection_lost()) {
            return Err(error);
        }
        self.forget_idle(remote);
        Ok(self.lease_one(remote, permit).await?.0)
    }

    fn readers(&self, remote: &Remote) -> Option<Arc<Readers>> {
        self.reserved.lock().get(remote.key()).cloned()
    }

    /// A reader will not begin.
    pub(super) async fn pass(&self, remote: &Remote) {
        if let Some(readers) = self.readers(remote) {
            readers.arrived().await;
        }
    }

    /// Everything that was asked of the lease has been answered.
    pub(super) async fn give_back(&self, remote: &Remote, lease: Lease) {
        match self.readers(remote) {
            Some(readers) => readers.give_back(lease).await,
            None => lease.finish().await,
        }
    }

    /// For what is no part of a statement.
    pub(crate) async fn lease_by_itself(&self, remote: &Remote) -> Result<Lease> {
        Ok(self.lease_one(remote, None).await?.0)
    }

    async fn lease_one(&self, remote: &Remote, permit: Option<Permit>) -> Result<(Lease, Origin)> {
        let permit = match permit {
            Some(permit) => permit,
            None => self.permit(remote).await?,
        };
        let author = self.author(remote);
        let leased = connect::lease(&self.foreign, remote, &self.person, author, permit);
        let (mut lease, origin) = self.or_cancelled(leased).await?;
        lease.begin_query(self.query_id);
        Ok((lease, origin))
    }

    /// One connection of the pool turned out to be dead, so that its like are not tried.
    pub(crate) fn forget_idle(&self, remote: &Remote) {
        self.foreign.pool.forget(remote.key());
    }

    /// Without a reservation: at once, or, if the statement holds nothing yet, after waiting.
    pub(crate) async fn permit(&self, remote: &Remote) -> Result<Permit> {
        if let Some(permit) = self.foreign.pool.permit_now(remote) {
            return Ok(permit);
        }
        let holds_others = !self.reserved.lock().is_empty();
        let wanted = [(remote, 1)];
        let mut permits = match self.foreign.pool.try_permits(&wanted) {
            Some(permits) => permits,
            None if holds_others => return Err(too_many(remote)),
            None => Box::pin(self.or_cancelled(self.foreign.pool.permits(&wanted))).await?,
        };
        permits.pop().and_then(|mut permits| permits.pop()).ok_or_else(|| too_many(remote))
    }

    /// For what is asked before the statement's scans begin: it is given back at once.
    pub(crate) async fn lease_alone(&self, remote: &Remote) -> Result<Lease> {
        Ok(self.lease_one(remote, None).await?.0)
    }

    pub(crate) fn surveys(&self) -> &crate::survey::Surveys {
        &self.foreign.surveys
    }

    /// The transaction that the statement is in.
    pub(crate) fn transaction(&self) -> Option<&Arc<RemoteTransactions>> {
        self.transaction.as_ref()
    }

    /// The transaction, where it keeps a connection for this remote.
    pub(crate) fn transaction_at(&self, remote: &Remote) -> Option<&Arc<RemoteTransactions>> {
        self.transaction.as_ref().filter(|transaction| transaction.keeps(remote.key()))
    }

    /// For a transaction to pin.
    pub(crate) async fn lease_to_pin(&self, remote: &Remote) -> Result<(Lease, Origin)> {
        let permit = self.readers(remote).and_then(|readers| readers.take_permits().pop());
        self.lease_one(remote, permit).await
    }
}

fn too_many(remote: &Remote) -> Error {
    Error::TooManyConnections(remote.server_name().to_owned())
}
