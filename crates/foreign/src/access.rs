//! One statement's way to remotes.
mod apart;
mod files;
mod held;
mod leasing;
mod relay;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use medley_catalog::Snapshot;
use medley_catalog::ids::{Epoch, RoleOid, ServerOid, UserMappingOid};
use medley_fdw::{Handler, ImportSchema, Query, TableDef};
use medley_secret::ScramKeys;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::audit::Author;
use crate::probe::Probes;
use crate::readers::Readers;
use crate::{
    Audit, Choice, ConnKey, Connection, Error, Foreign, Lease, QueryId, Remote, RemoteEvent,
    RemoteTransactions, Result,
};
pub use held::Held;
pub use relay::{Described, RawBatches};
pub(crate) use relay::{KnownTables, describe_pinned};

/// Rows of a remote.
pub type Batches = BoxStream<'static, Result<RecordBatch>>;

/// The person behind a statement, as remotes may be told of them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who logged in.
    pub session_user: RoleOid,
    /// Their name.
    pub session_user_name: Arc<str>,
    /// What their client calls itself.
    pub application_name: Arc<str>,
    /// Tells this session from others in this process.
    pub session: u64,
    /// The same as `log_line_prefix` prints it with `%c`.
    pub session_id: Arc<str>,
    /// The Medleys that the session came through, this one last.
    pub via: Arc<str>,
    /// What they have proved to have when they logged in by SCRAM.
    pub scram_keys: Option<Arc<ScramKeys>>,
}

impl Person {
    /// They have come here by no other Medley.
    pub(crate) fn is_direct(&self) -> bool {
        !self.via.contains(',')
    }
}

/// A read of a source that does not speak SQL, owned.
pub struct Scan {
    /// The table's options.
    pub table: medley_fdw::Options,
    /// Options of the wanted columns.
    pub columns: Vec<medley_fdw::Options>,
    /// The wanted columns.
    pub schema: arrow_schema::SchemaRef,
    /// What every wanted row fulfils.
    pub quals: Vec<medley_fdw::Qual>,
    /// How many are needed.
    pub limit: Option<u64>,
}

/// One statement's way to remotes: as one person, in one state of the catalog, within at most one
/// transaction.
pub struct Access {
    foreign: Arc<Foreign>,
    snapshot: Arc<Snapshot>,
    person: Person,
    transaction: Option<Arc<RemoteTransactions>>,
    cancel: CancellationToken,
    reserved: Mutex<HashMap<ConnKey, Arc<Readers>>>,
    query_id: QueryId,
    ending: Mutex<Vec<Ending>>,
    notices: Mutex<Vec<medley_fdw::Report>>,
}

/// A mapping that was resolved, and that will be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The mapping, in one state of it.
    pub mapping: (UserMappingOid, Option<Epoch>),
    /// Whose it is.
    pub user: String,
    /// On which server.
    pub server: String,
    /// Microseconds since 1970.
    pub valid_until: i64,
    /// The same as the mapping says it.
    pub text: String,
}

/// Where a reader takes its queries from, one after another, until there is none: the readers of
/// one table share it, and so read disjoint parts of it at once.
pub type Queries = Arc<dyn Fn() -> Option<Query> + Send + Sync>;

impl Access {
    /// For one statement. `transaction` is there inside a transaction block.
    pub fn new(
        foreign: Arc<Foreign>,
        snapshot: Arc<Snapshot>,
        person: Person,
        transaction: Option<Arc<RemoteTransactions>>,
        cancel: CancellationToken,
    ) -> Arc<Self> {
        let reserved = Mutex::default();
        let query_id = foreign.queries.next();
        let ending = Mutex::default();
        Arc::new(Self {
            foreign,
            snapshot,
            person,
            transaction,
            cancel,
            reserved,
            query_id,
            ending,
            notices: Mutex::default(),
        })
    }

    /// What the statement is called in the audit log and at remotes.
    pub fn query_id(&self) -> QueryId {
        self.query_id
    }

    /// Who logged in.
    pub fn session_user(&self) -> RoleOid {
        self.person.session_user
    }

    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// Follows a statement that begins now at a remote, for the audit log.
    pub fn audit(&self, remote: &Remote) -> Arc<Audit> {
        self.audit_of(remote, RemoteEvent::Statement)
    }

    pub(crate) fn audit_of(&self, remote: &Remote, event: RemoteEvent) -> Arc<Audit> {
        self.author(remote).audit(event)
    }

    /// Who a connection to this remote is used for.
    pub(crate) fn author(&self, remote: &Remote) -> Author {
        Author::new(&self.foreign, self, remote)
    }

    /// The catalog as the statement sees it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The wrapper behind a server; it looks no mapping up.
    pub fn handler(&self, server: ServerOid) -> Result<&Handler> {
        let server = self
            .snapshot
            .server(server)
            .ok_or_else(|| Error::Gone(format!("server {server} was concurrently dropped")))?;
        crate::resolve::handler(&self.foreign, &self.snapshot, server)
    }

    /// What `role` is at `server`, by the mapping that counts, else 42704. To be called at
    /// execution, after local privileges are checked; `role` is the one whose privileges counted.
    pub fn resolve(&self, server: ServerOid, role: RoleOid) -> Result<Remote> {
        let remote = self.resolve_by(server, None, role)?;
        let ending = crate::resolve::ending(&self.snapshot, &remote)?;
        if let Some(ending) = ending {
            let mut known = self.ending.lock();
            if !known.contains(&ending) {
                known.push(ending);
            }
        }
        Ok(remote)
    }

    /// The same by this mapping, whether it counts for the role or not.
    pub(crate) fn resolve_by(
        &self,
        server: ServerOid,
        mapping: Option<UserMappingOid>,
        role: RoleOid,
    ) -> Result<Remote> {
        let Self { foreign, snapshot, person, .. } = self;
        crate::resolve::resolve(foreign, snapshot, person, server, mapping, role)
    }

    /// Which mapping counts for `role` at `server`, whether it may be used or not; none where the
    /// wrapper looks none up.
    pub fn choose(&self, server: ServerOid, role: RoleOid) -> Result<Option<Choice>> {
        crate::resolve::choose_by_oid(&self.foreign, &self.snapshot, server, role)
    }

    /// The mappings that were resolved until now and will be over.
    pub fn ending(&self) -> Vec<Ending> {
        self.ending.lock().clone()
    }

    pub(crate) fn foreign(&self) -> &Arc<Foreign> {
        &self.foreign
    }

    pub(crate) fn probes(&self) -> &Probes {
        &self.foreign.probes
    }

    /// Describes the remote's tables, for IMPORT FOREIGN SCHEMA.
    pub async fn import(&self, remote: &Remote, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        let audit = self.audit_of(remote, RemoteEvent::Import);
        self.asked(remote, &audit, &Import { remote, wanted }).await
    }

    /// Asks something on a connection of its own; on another if that had died in the pool.
    async fn asked<Q: Inquiry>(
        &self,
        remote: &Remote,
        audit: &Audit,
        inquiry: &Q,
    ) -> Result<Q::Answer> {
        let answer = async {
            let (mut lease, origin) = self.lease(remote).await?;
            audit.on(&lease);
            let answer = match self.or_cancelled(inquiry.ask(&mut lease)).await {
                Ok(answer) => answer,
                Err(error) => {
                    lease = self.replace(remote, lease, origin, error).await?;
                    self.or_cancelled(inquiry.ask(&mut lease)).await?
                }
            };
            lease.finish().await;
            Ok(answer)
        };
        let answer = answer.await;
        audit.ended(&answer);
        answer
    }

    pub(crate) fn cancel_token(&self) -> &CancellationToken {
        &self.cancel
    }

    pub(crate) async fn or_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            done = work => done,
        }
    }
}

/// What may be asked twice, if the first connection turns out to be dead.
trait Inquiry: Sync {
    type Answer: Send;

    fn ask<'a>(&'a self, lease: &'a mut Lease) -> BoxFuture<'a, Result<Self::Answer>>;
}

/// What the remote's tables are, as definitions of ours.
struct Import<'a> {
    remote: &'a Remote,
    wanted: &'a ImportSchema,
}

impl Inquiry for Import<'_> {
    type Answer = Vec<TableDef>;

    fn ask<'a>(&'a self, lease: &'a mut Lease) -> BoxFuture<'a, Result<Vec<TableDef>>> {
        let ask = async move {
            let imported = match lease.connection() {
                Connection::Sql(connection) => connection.import(self.wanted).await,
                Connection::Scan(connection) => connection.import(self.wanted).await,
            };
            imported.map_err(|error| match error {
                medley_fdw::Error::NoImport => {
                    Error::NoImport(self.remote.wrapper_name().to_owned())
                }
                error => error.into(),
            })
        };
        ask.boxed()
    }
}
