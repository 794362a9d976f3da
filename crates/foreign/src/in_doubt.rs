//! Transactions that remotes have prepared, and whose end they wait for.
//!
//! What is kept is written before a remote is asked to prepare, and again when it is decided that
//! the transaction is committed; it is forgotten when each remote has heard of its end. What is
//! found after a crash without a decision is undone.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};
use medley_diagnostic::{Diagnostic, SqlState};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use crate::transaction::Pinned;
use crate::{Access, Error, Foreign, Person, Remote, Result};

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// A remote may still be preparing what a server that crashed has asked for.
const SETTLED: Duration = Duration::from_secs(10);

/// A remote that takes part, and as whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Participant {
    server: u32,
    server_name: String,
    mapping: Option<u32>,
    role: u32,
    session_user: u32,
    session_user_name: String,
}

impl Participant {
    pub(crate) fn new(access: &Access, remote: &Remote) -> Self {
        let person = access.person();
        Self {
            server: remote.key().server().0,
            server_name: remote.server_name().to_owned(),
            mapping: remote.key().mapping().map(|mapping| mapping.0),
            role: remote.role().oid.0,
            session_user: person.session_user.0,
            session_user_name: person.session_user_name.to_string(),
        }
    }
}

/// What is kept of a transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    /// Microseconds since 1970.
    began: i64,
    commit: bool,
    /// Those that have not heard of the end, and what each calls the transaction.
    waiting: Vec<(String, Participant)>,
}

/// A transaction that a remote has prepared, for who lists them.
#[derive(Clone, Debug)]
pub struct InDoubt {
    /// What the remote calls it.
    pub name: String,
    /// The foreign server.
    pub server: String,
    /// The role as which it was used.
    pub role: RoleOid,
    /// Whether it is to be committed.
    pub commit: bool,
    /// When it was prepared: microseconds since 1970.
    pub began: i64,
}

/// Those that this process is at, and who resolves the others.
#[derive(Default)]
pub(crate) struct Doubts {
    live: Mutex<HashSet<String>>,
    wake: Notify,
}

/// A transaction between its phases.
pub(crate) struct Doubt {
    foreign: Arc<Foreign>,
    id: String,
    record: Record,
}

type Part = OwnedMutexGuard<Pinned>;

impl Doubt {
    /// Before a remote is asked to prepare: writes down which are.
    pub(crate) fn begin(foreign: &Arc<Foreign>, participants: Vec<Participant>) -> Result<Self> {
        let id = format!("medley_{:032x}", rand::random::<u128>());
        let named = participants.into_iter().enumerate();
        let waiting = named.map(|(index, it)| (format!("{id}_{index}"), it)).collect();
        let record = Record { began: now(), commit: false, waiting };
        let doubt = Self { foreign: Arc::clone(foreign), id, record };
        foreign.doubts.live.lock().insert(doubt.id.clone());
        doubt.write()?;
        Ok(doubt)
    }

    /// What this remote calls the transaction.
    pub(crate) fn name(&self, index: usize) -> &str {
        &self.record.waiting[index].0
    }

    /// From here on the transaction is committed, whatever happens.
    pub(crate) fn decide(&mut self) -> Result<()> {
        self.record.commit = true;
        let written = self.write();
        self.record.commit = written.is_ok();
        written
    }

    /// Tells the remotes; those that do not hear it are told later.
    pub(crate) async fn commit(&mut self, parts: Vec<Part>) {
        self.end(parts).await;
    }

    /// Tells those that have prepared that it is undone. Answers which servers these are.
    pub(crate) async fn undo(&mut self, parts: Vec<Part>) -> Vec<String> {
        let servers = parts.iter().map(|part| part.server().to_owned()).collect();
        self.end(parts).await;
        servers
    }

    async fn end(&mut self, parts: Vec<Part>) {
        let commit = self.record.commit;
        let mut waiting = Vec::new();
        for ((name, participant), mut part) in
            std::mem::take(&mut self.record.waiting).into_iter().zip(parts)
        {
            match part.finish_prepared(&name, commit).await {
                true => {}
                false => waiting.push((name, participant)),
            }
            part.give_back().await;
        }
        self.record.waiting = waiting;
        if let Err(error) = self.write() {
            tracing::warn!(%error, "end of a prepared transaction not written down");
        }
    }

    fn write(&self) -> Result<()> {
        self.foreign.keep(&self.id, &self.record)
    }
}

/// Whoever is no more at it leaves what is left to the resolver.
impl Drop for Doubt {
    fn drop(&mut self) {
        self.foreign.doubts.live.lock().remove(&self.id);
        self.foreign.doubts.wake.notify_one();
    }
}

impl Foreign {
    fn keep(&self, id: &str, record: &Record) -> Result<()> {
        let value = match record.waiting.is_empty() {
            true => None,
            false => Some(serde_json::to_vec(record).map_err(|_| unwritable())?),
        };
        Ok(tokio::task::block_in_place(|| self.catalog.decide(id, value.as_deref()))?)
    }

    fn records(&self) -> Result<Vec<(String, Record)>> {
        let kept = tokio::task::block_in_place(|| self.catalog.decisions())?;
        let records = kept.into_iter().map(|(id, value)| {
            let record = serde_json::from_slice(&value).map_err(|_| unwritable())?;
            Ok((id, record))
        });
        records.collect()
    }

    /// The transactions that remotes have prepared, or may have, and that have not ended there.
    pub fn in_doubt(&self) -> Result<Vec<InDoubt>> {
        let rows = self.records()?.into_iter().flat_map(|(_, record)| {
            let Record { began, commit, waiting } = record;
            waiting.into_iter().map(move |(name, participant)| InDoubt {
                name,
                server: participant.server_name,
                role: RoleOid(participant.role),
                commit,
                began,
            })
        });
        Ok(rows.collect())
    }

    /// Ends what is in doubt, now and whenever there is something; returns when the server stops.
    pub(crate) fn start_resolver(self: &Arc<Self>) {
        let foreign = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(foreign) = foreign.upgrade() {
                let left = foreign.resolve_all().await;
                let doubts = Arc::clone(&foreign.doubts);
                drop(foreign);
                match left {
                    true => tokio::time::sleep(RETRY).await,
                    false => doubts.wake.notified().await,
                }
            }
        });
    }

    /// Whether any is left.
    async fn resolve_all(self: &Arc<Self>) -> bool {
        let records = match self.records() {
            Ok(records) => records,
            Err(error) => {
                tracing::warn!(%error, "prepared transactions are not readable");
                return true;
            }
        };
        let mut left = false;
        for (id, record) in records {
            // Whoever is at it wakes us.
            if !self.doubts.live.lock().contains(&id) {
                left |= self.resolve_one(&id, record).await;
            }
        }
        left
    }

    async fn resolve_one(self: &Arc<Self>, id: &str, mut record: Record) -> bool {
        let is_settled = now() - record.began > SETTLED.as_micros() as i64;
        let mut waiting = Vec::new();
        for (name, participant) in std::mem::take(&mut record.waiting) {
            match self.finish(&name, &participant, record.commit).await {
                Ok(true) => {}
                // It has ended there, or has not begun yet.
                Ok(false) if record.commit || is_settled => {}
                Ok(false) => waiting.push((name, participant)),
                Err(error) => {
                    let server = participant.server_name.as_str();
                    tracing::warn!(server, %error, "transaction stays prepared");
                    waiting.push((name, participant));
                }
            }
        }
        record.waiting = waiting;
        if let Err(error) = self.keep(id, &record) {
            tracing::warn!(%error, "end of a prepared transaction not written down");
            return true;
        }
        !record.waiting.is_empty()
    }

    /// Whether the remote had it.
    async fn finish(
        self: &Arc<Self>,
        name: &str,
        participant: &Participant,
        commit: bool,
    ) -> Result<bool> {
        let access = Access::new(
            Arc::clone(self),
            self.catalog.snapshot(),
            person(participant),
            None,
            CancellationToken::new(),
        );
        let server = ServerOid(participant.server);
        let mapping = participant.mapping.map(UserMappingOid);
        let remote = access.resolve_by(server, mapping, RoleOid(participant.role))?;
        let mut lease = access.lease_by_itself(&remote).await?;
        match lease.finish_prepared(name, commit).await {
            Ok(()) => {
                tracing::info!(
                    server = participant.server_name,
                    commit,
                    "prepared transaction ended"
                );
                lease.finish().await;
                Ok(true)
            }
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_OBJECT => {
                lease.finish().await;
                Ok(false)
            }
            Err(error) => {
                lease.discard();
                Err(error)
            }
        }
    }
}

fn person(participant: &Participant) -> Person {
    Person {
        session_user: RoleOid(participant.session_user),
        session_user_name: participant.session_user_name.as_str().into(),
        application_name: "medley resolver".into(),
        session: 0,
        session_id: "0.0".into(),
        via: "".into(),
        scram_keys: None,
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn unwritable() -> Error {
    Error::Gone("what was kept of a prepared transaction is not readable".to_owned())
}
