//! Changing rows at remotes: on the connections that the transaction has pinned, so that what is
//! changed is kept or undone with it, and is seen by whatever it reads there afterwards.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use futures::future::BoxFuture;
use medley_fdw::{Batches, Facts, Modified, Modify, RowIdentity, TableName};

use crate::transaction::Pinned;
use crate::{Access, Audit, Error, Remote, RemoteTransactions, Result};

impl Access {
    /// From now on rows are changed there: all that the transaction does at this remote, reading
    /// too, is done on one connection. To be called before connections are reserved, and with a
    /// place for the connection among them.
    pub fn will_write(&self, remote: &Remote) -> Result<()> {
        let transaction = self.writing_transaction(remote)?;
        transaction.will_write(remote.key());
        Ok(())
    }

    /// Changes rows; see [`Modify`].
    pub async fn modify(self: &Arc<Self>, remote: &Remote, modify: Modify) -> Result<Modified> {
        let audit = self.audit(remote);
        let changed = self.at_connection(remote, &audit, move |pinned| {
            async move { Ok(pinned.writer()?.modify(modify).await?) }.boxed()
        });
        let changed = changed.await;
        audit.count(changed.as_ref().map_or(0, Modified::total), 0);
        audit.ended(&changed);
        changed
    }

    /// Loads rows into a table, if the remote does with them what INSERT would; else the rows are
    /// given back unread.
    pub async fn copy_in(
        self: &Arc<Self>,
        remote: &Remote,
        table: &TableName,
        columns: &[String],
        rows: Batches<'static>,
    ) -> Result<std::result::Result<u64, Batches<'static>>> {
        let audit = self.audit(remote);
        let (table, columns) = (table.clone(), columns.to_vec());
        let copied = self.at_connection(remote, &audit, move |pinned| {
            async move {
                let connection = pinned.writer()?;
                match connection.can_copy_in(&table, &columns).await? {
                    true => Ok(Ok(connection.copy_in(&table, &columns, rows).await?)),
                    false => Ok(Err(rows)),
                }
            }
            .boxed()
        });
        let copied = copied.await;
        if let Ok(Ok(rows)) = &copied {
            audit.count(*rows, 0);
        }
        audit.ended(&copied);
        copied
    }

    /// Empties tables of one remote.
    pub async fn truncate(self: &Arc<Self>, remote: &Remote, sql: String) -> Result<()> {
        let audit = self.audit(remote);
        let done = self.at_connection(remote, &audit, move |pinned| {
            async move { Ok(pinned.writer()?.truncate(&sql).await?) }.boxed()
        });
        let done = done.await;
        audit.ended(&done);
        done
    }

    /// What the remote is, and by what rows of a table of its are found again.
    pub async fn row_identity(
        self: &Arc<Self>,
        remote: &Remote,
        table: &TableName,
    ) -> Result<(Facts, RowIdentity)> {
        let audit = self.audit(remote);
        let table = table.clone();
        let known = self.at_connection(remote, &audit, move |pinned| {
            async move {
                let connection = pinned.writer()?;
                let facts = connection.facts().clone();
                Ok((facts, connection.row_identity(&table).await?))
            }
            .boxed()
        });
        let known = known.await;
        audit.ended(&known);
        known
    }

    async fn at_connection<T: Send + 'static>(
        self: &Arc<Self>,
        remote: &Remote,
        audit: &Arc<Audit>,
        work: impl for<'a> FnOnce(&'a mut Pinned) -> BoxFuture<'a, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let transaction = self.writing_transaction(remote)?;
        let level = transaction.level.load(Ordering::Relaxed);
        let exchange = transaction.exchange(self, remote, audit).await?;
        let Some(exchange) = exchange else { return Err(no_transactions(remote)) };
        exchange.run(move |pinned| pinned.write(level, work).boxed()).await
    }

    fn writing_transaction(&self, remote: &Remote) -> Result<&Arc<RemoteTransactions>> {
        let none = || Error::NoWriting(remote.server_name().to_owned());
        self.transaction().ok_or_else(none)
    }
}

impl Pinned {
    /// Until the answer is there, the connection's state is unknown.
    async fn write<T: Send + 'static>(
        &mut self,
        level: usize,
        work: impl for<'a> FnOnce(&'a mut Self) -> BoxFuture<'a, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.tidy(level).await?;
        self.unknown = true;
        let done = work(self).await;
        self.unknown = done.as_ref().is_err_and(Error::is_connection_lost);
        done
    }
}

fn no_transactions(remote: &Remote) -> Error {
    Error::NoWriting(remote.server_name().to_owned())
}
