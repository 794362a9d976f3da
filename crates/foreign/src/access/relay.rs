//! Rows that are relayed unread, and what must be known of a remote before.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_stream::try_stream;
use futures::future::BoxFuture;
use futures::stream;
use futures::{FutureExt, StreamExt};
use medley_diagnostic::Diagnostic;
use medley_fdw::{Facts, RawBatch, RawQuery, RemoteTable, TableName};
use parking_lot::Mutex;

use super::{Access, Inquiry};
use crate::{Audit, ConnKey, Error, Remote, RemoteEvent, Result};

/// Rows of a remote, as it encoded them.
pub type RawBatches = stream::BoxStream<'static, Result<RawBatch>>;

/// A table as it was at its remote, or none.
pub type Described = Option<Arc<RemoteTable>>;

/// What is known of remotes and their tables, for some time.
#[derive(Default)]
pub(crate) struct KnownTables {
    keys: Mutex<HashMap<ConnKey, Known>>,
}

struct Known {
    facts: Arc<Facts>,
    tables: HashMap<TableName, (Instant, Described)>,
}

impl KnownTables {
    /// What is known is asked for again after this time.
    const AGE: Duration = Duration::from_secs(60);
    /// For more keys than this nothing is remembered: one that is changed gets another epoch, so
    /// that some are never asked for again.
    const MOST_KEYS: usize = 1000;
    /// The same for the tables of a key.
    const MOST_TABLES: usize = 10_000;

    fn get(&self, key: &ConnKey, tables: &[TableName]) -> Option<(Arc<Facts>, Vec<Described>)> {
        let keys = self.keys.lock();
        let known = keys.get(key)?;
        let fresh = |table: &TableName| {
            let (since, described) = known.tables.get(table)?;
            (since.elapsed() < Self::AGE).then(|| described.clone())
        };
        let tables = tables.iter().map(fresh).collect::<Option<Vec<_>>>()?;
        Some((Arc::clone(&known.facts), tables))
    }

    /// The remote's tables are not what they were.
    fn forget(&self, key: &ConnKey) {
        self.keys.lock().remove(key);
    }

    /// Under uncommitted DDL a key is not of one state.
    fn set(&self, key: &ConnKey, facts: &Arc<Facts>, tables: &[(TableName, Described)]) {
        if key.epoch().is_none() {
            return;
        }
        let mut keys = self.keys.lock();
        if keys.len() >= Self::MOST_KEYS && !keys.contains_key(key) {
            keys.clear();
        }
        let known = keys
            .entry(*key)
            .or_insert_with(|| Known { facts: Arc::clone(facts), tables: HashMap::new() });
        known.facts = Arc::clone(facts);
        if known.tables.len() + tables.len() > Self::MOST_TABLES {
            known.tables.clear();
        }
        let now = Instant::now();
        let tables = tables.iter().map(|(name, table)| (name.clone(), (now, table.clone())));
        known.tables.extend(tables);
    }
}

impl Access {
    /// What is known already of a remote and these tables, without asking it.
    pub fn known_tables(
        &self,
        remote: &Remote,
        tables: &[TableName],
    ) -> Option<(Arc<Facts>, Vec<Described>)> {
        self.foreign.known_tables.get(remote.key(), tables)
    }

    /// What a remote is, and what these tables are there; it is asked if that is not known.
    pub async fn remote_tables(
        self: &Arc<Self>,
        remote: &Remote,
        tables: &[TableName],
    ) -> Result<(Arc<Facts>, Vec<Described>)> {
        if let Some(known) = self.known_tables(remote, tables) {
            return Ok(known);
        }
        // Seldom awaited, and large.
        let asking: BoxFuture<'_, _> = self.ask_for_tables(remote, tables).boxed();
        let (facts, described) = asking.await?;
        let facts = Arc::new(facts);
        let described: Vec<Described> = described.into_iter().map(|it| it.map(Arc::new)).collect();
        let named: Vec<_> = tables.iter().cloned().zip(described.iter().cloned()).collect();
        self.foreign.known_tables.set(remote.key(), &facts, &named);
        Ok((facts, described))
    }

    async fn ask_for_tables(
        self: &Arc<Self>,
        remote: &Remote,
        tables: &[TableName],
    ) -> Result<(Facts, Vec<Option<RemoteTable>>)> {
        let audit = self.audit_of(remote, RemoteEvent::Describe);
        let answer = self.ask_somewhere(remote, tables, &audit).await;
        audit.ended(&answer);
        if answer.is_err() {
            // The statement ends with it.
            audit.is(RemoteEvent::Statement);
        }
        answer
    }

    async fn ask_somewhere(
        self: &Arc<Self>,
        remote: &Remote,
        tables: &[TableName],
        audit: &Arc<Audit>,
    ) -> Result<(Facts, Vec<Option<RemoteTable>>)> {
        if let Some(transaction) = self.transaction_at(remote).cloned()
            && let Some(answer) = transaction.tables(self, remote, tables.to_vec(), audit).await?
        {
            return Ok(answer);
        }
        self.asked(remote, audit, &Tables(tables)).await
    }

    /// Runs a query whose rows come as the remote encodes them. Nothing has begun before the first
    /// row is asked for.
    pub fn raw_query(self: &Arc<Self>, remote: Remote, query: RawQuery) -> RawBatches {
        let access = Arc::clone(self);
        try_stream! {
            let (audit, key) = (access.audit(&remote), *remote.key());
            let mut rows = match access.raw_rows(remote, query, &audit).await {
                Ok(rows) => rows,
                Err(error) => stream::once(async { Err(error) }).boxed(),
            };
            while let Some(batch) = rows.next().await {
                match &batch {
                    Ok(batch) => audit.count(batch.rows as u64, batch.messages.len() as u64),
                    Err(error) => {
                        audit.failed(error);
                        if is_of_names(error) {
                            access.foreign.known_tables.forget(&key);
                        }
                    }
                }
                yield batch?;
            }
            audit.succeeded();
        }
        .boxed()
    }

    /// On the connection that the transaction has pinned, else on one of the statement's own.
    async fn raw_rows(
        self: &Arc<Self>,
        remote: Remote,
        query: RawQuery,
        audit: &Arc<Audit>,
    ) -> Result<RawBatches> {
        if let Some(transaction) = self.transaction_at(&remote)
            && let Some(rows) =
                Box::pin(transaction.raw_query(self, &remote, &query, audit)).await?
        {
            return Ok(rows);
        }
        Ok(self.rows_leased(remote, query, Arc::new(|| None), Arc::clone(audit)))
    }
}

/// Something is not there that was, or may no longer be used.
fn is_of_names(error: &Error) -> bool {
    error.sqlstate().code().starts_with("42")
}

/// What a remote is, and what these tables are there.
struct Tables<'a>(&'a [TableName]);

impl Inquiry for Tables<'_> {
    type Answer = (Facts, Vec<Option<RemoteTable>>);

    fn ask<'a>(&'a self, lease: &'a mut crate::Lease) -> BoxFuture<'a, Result<Self::Answer>> {
        describe(lease, self.0).boxed()
    }
}

async fn describe(
    lease: &mut crate::Lease,
    tables: &[TableName],
) -> Result<(Facts, Vec<Option<RemoteTable>>)> {
    let connection = lease.sql()?;
    let facts = connection.facts().clone();
    if !facts.can.raw_rows {
        return Ok((facts, vec![None; tables.len()]));
    }
    Ok((facts, connection.tables(tables).await?))
}

/// The same, for a pinned connection.
pub(crate) fn describe_pinned(
    lease: &mut crate::Lease,
    tables: Vec<TableName>,
) -> BoxFuture<'_, Result<(Facts, Vec<Option<RemoteTable>>)>> {
    async move { describe(lease, &tables).await }.boxed()
}
