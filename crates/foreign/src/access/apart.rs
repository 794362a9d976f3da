//! A query that somebody wrote for a remote, on a connection that serves nothing else.
use std::sync::Arc;

use async_stream::try_stream;
use futures::StreamExt;
use futures::stream;
use medley_diagnostic::{Report, SqlState};
use medley_fdw::{Begin, Isolation, Query};

use super::{Access, Batches};
use crate::audit::batch_size;
use crate::{Audit, Lease, Remote, Result, connect};

impl Access {
    /// Runs a query that may do anything that the account may. What it leaves behind in its session
    /// goes with the connection, which is opened for it and closed after it; no transaction of ours
    /// reaches it. With `read_only` the remote is told not to change anything. Nothing has begun
    /// before the first row is asked for.
    pub fn query_apart(self: &Arc<Self>, remote: Remote, query: Query, read_only: bool) -> Batches {
        let access = Arc::clone(self);
        let audited = move || {
            let audit = access.audit(&remote);
            let rows = access.rows_apart(remote, query, read_only, Arc::clone(&audit));
            audit.follow(rows, batch_size)
        };
        stream::once(async move { audited() }).flatten().boxed()
    }

    fn rows_apart(
        self: Arc<Self>,
        remote: Remote,
        query: Query,
        read_only: bool,
        audit: Arc<Audit>,
    ) -> Batches {
        try_stream! {
            let mut lease = self.lease_apart(&remote).await?;
            audit.on(&lease);
            if read_only {
                let isolation = Isolation::RepeatableRead;
                let begin = Begin { isolation, read_only, snapshot: None };
                self.or_cancelled(lease.begin(begin)).await?;
            }
            let mut failure = None;
            {
                let mut rows = lease.sql()?.query(query);
                while let Some(batch) = self.next(&mut rows).await? {
                    match batch {
                        Ok(batch) => yield batch,
                        Err(error) => {
                            failure = Some(error);
                            break;
                        }
                    }
                }
            }
            lease.discard();
            if let Some(error) = failure {
                Err(of_definition(error))?;
            }
        }
        .boxed()
    }

    /// A connection that nobody had before, and nobody will have after.
    async fn lease_apart(&self, remote: &Remote) -> Result<Lease> {
        let permit = self.permit(remote).await?;
        let author = self.author(remote);
        let opened = connect::lease_new(&self.foreign, remote, &self.person, author, permit, false);
        let mut lease = self.or_cancelled(opened).await?;
        lease.begin_query(self.query_id);
        Ok(lease)
    }
}

/// What the columns were declared by is no foreign table.
fn of_definition(error: medley_fdw::Error) -> medley_fdw::Error {
    match error {
        medley_fdw::Error::Mismatch => {
            let message = "remote query result rowtype does not match the specified FROM clause \
                           rowtype";
            let report = Report::error(SqlState::DATATYPE_MISMATCH, message);
            medley_fdw::Error::refused(report)
        }
        error => error,
    }
}
