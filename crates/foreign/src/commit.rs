//! The end of a transaction that several remotes take part in.
//!
//! Remotes that were only read commit first: as long as nothing is committed where rows were
//! changed, all can be undone. Then those with `two_phase` prepare, the others commit in the order
//! in which they were first used, and once all have, what is prepared is committed. A remote alone
//! needs no first phase.
use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::in_doubt::Doubt;
use crate::transaction::Pinned;
use crate::{Error, Foreign, RemoteTransactions, Result};

/// What became of a transaction's parts where not all of them were committed.
#[derive(Debug)]
pub struct Parted {
    /// What went wrong first.
    pub cause: Box<Error>,
    /// The servers where it is committed.
    pub committed: Vec<String>,
    /// The servers where it is undone.
    pub undone: Vec<String>,
    /// The servers of which the answer did not come.
    pub unknown: Vec<String>,
}

impl Parted {
    /// Sentences for the error's detail.
    pub(crate) fn detail(&self) -> String {
        let sides = [
            ("Committed on", &self.committed),
            ("Undone on", &self.undone),
            ("Unknown on", &self.unknown),
        ];
        let told = sides.into_iter().filter(|(_, servers)| !servers.is_empty());
        let told = told.map(|(what, servers)| {
            let quoted: Vec<_> = servers.iter().map(|it| format!("\"{it}\"")).collect();
            let noun = if servers.len() == 1 { "server" } else { "servers" };
            format!("{what} {noun} {}.", quoted.join(", "))
        });
        told.collect::<Vec<_>>().join(" ")
    }
}

type Part = OwnedMutexGuard<Pinned>;

/// The remotes of a transaction that ends.
#[derive(Default)]
struct Parts {
    readers: Vec<Part>,
    /// Commit at once.
    single: Vec<Part>,
    /// Prepare first.
    double: Vec<Part>,
}

impl RemoteTransactions {
    /// Commits at each remote. To be called before the local commit.
    pub async fn commit(&self, foreign: &Arc<Foreign>) -> Result<()> {
        let mut parts = Parts::default();
        for (wrote, pinned) in self.take() {
            let part = pinned.lock_owned().await;
            match (wrote, part.is_two_phase()) {
                (false, _) => parts.readers.push(part),
                (true, false) => parts.single.push(part),
                (true, true) => parts.double.push(part),
            }
        }
        // One that changes rows alone is as atomic as can be by itself.
        if parts.single.is_empty() && parts.double.len() == 1 {
            parts.single.append(&mut parts.double);
        }
        parts.commit(foreign).await
    }
}

impl Parts {
    async fn commit(mut self, foreign: &Arc<Foreign>) -> Result<()> {
        while !self.readers.is_empty() {
            let mut part = self.readers.remove(0);
            if let Err(error) = part.commit().await {
                self.undo().await;
                return Err(error);
            }
            part.give_back().await;
        }
        let mut doubt = match self.prepare(foreign).await {
            Ok(doubt) => doubt,
            Err(error) => {
                self.undo().await;
                return Err(error);
            }
        };
        let mut committed = Vec::new();
        while !self.single.is_empty() {
            let mut part = self.single.remove(0);
            let server = part.server().to_owned();
            let tried = part.commit().await;
            let is_unknown = part.unknown && part.was_asked();
            part.give_back().await;
            if let Err(cause) = tried {
                let undone = self.undo_rest(doubt).await;
                return Err(failed(cause, server, is_unknown, committed, undone));
            }
            committed.push(server);
        }
        if let Some(doubt) = &mut doubt {
            if let Err(cause) = doubt.decide() {
                let undone = doubt.undo(std::mem::take(&mut self.double)).await;
                return Err(parted(cause, committed, undone, Vec::new()));
            }
            doubt.commit(self.double).await;
        }
        Ok(())
    }

    /// The first phase, where there is one.
    async fn prepare(&mut self, foreign: &Arc<Foreign>) -> Result<Option<Doubt>> {
        if self.double.is_empty() {
            return Ok(None);
        }
        let participants = self.double.iter().map(|part| part.participant().clone());
        let mut doubt = Doubt::begin(foreign, participants.collect())?;
        for index in 0..self.double.len() {
            let name = doubt.name(index).to_owned();
            if let Err(error) = self.double[index].prepare(&name).await {
                doubt.undo(std::mem::take(&mut self.double)).await;
                return Err(error);
            }
        }
        Ok(Some(doubt))
    }

    async fn undo_rest(&mut self, doubt: Option<Doubt>) -> Vec<String> {
        let mut undone: Vec<_> = self.single.iter().map(|part| part.server().to_owned()).collect();
        if let Some(mut doubt) = doubt {
            undone.extend(doubt.undo(std::mem::take(&mut self.double)).await);
        }
        self.undo().await;
        undone
    }

    async fn undo(&mut self) {
        let parts =
            self.readers.drain(..).chain(self.single.drain(..)).chain(self.double.drain(..));
        for mut part in parts.collect::<Vec<_>>() {
            part.rollback().await;
            part.give_back().await;
        }
    }
}

/// What is told of a commit that a server failed at.
fn failed(
    cause: Error,
    server: String,
    is_unknown: bool,
    committed: Vec<String>,
    mut undone: Vec<String>,
) -> Error {
    match is_unknown {
        true => parted(cause, committed, undone, vec![server]),
        false => {
            undone.insert(0, server);
            parted(cause, committed, undone, Vec::new())
        }
    }
}

/// Where nothing is committed, and everything known, it is an error like any other.
fn parted(
    cause: Error,
    committed: Vec<String>,
    undone: Vec<String>,
    unknown: Vec<String>,
) -> Error {
    match committed.is_empty() && unknown.is_empty() {
        true => cause,
        false => Error::Parted(Parted { cause: Box::new(cause), committed, undone, unknown }),
    }
}
