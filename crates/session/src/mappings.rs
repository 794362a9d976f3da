//! What functions and statements do about user mappings: agreeing to one, trying them, and saying
//! when one is nearly over.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use medley_catalog::ids::{RoleOid, RoleOrPublic, ServerOid};
use medley_catalog::objects::UserMapping;
use medley_catalog::{Backend, Catalog};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::Trial;
use medley_foreign::{Access, Ending, Probe};

use crate::audit::CatalogChange;
use crate::login::micros;
use crate::{Instance, Output, Session};

/// Whoever is changing the mapping is not waited for any longer.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// How many mappings are tried at once.
const AT_ONCE: usize = 8;

/// `role` agrees to its mapping on a server, as it is now: at once, whatever becomes of the
/// transaction, since what it agreed to is what all have seen.
pub(crate) fn accept(
    instance: &Instance,
    access: &Access,
    server: ServerOid,
    role: RoleOid,
) -> Result<Vec<String>, Report> {
    let (began, since) = (SystemTime::now(), Instant::now());
    let accepted = mark_accepted(instance.catalog(), server, role);
    let snapshot = access.snapshot();
    if let Some(trail) = instance.trail() {
        let outcome = accepted.as_ref().err().map(|report| report.sqlstate);
        let session_user = access.session_user();
        trail.record_change(CatalogChange {
            began,
            command: "ACCEPT USER MAPPING",
            session_user: (session_user, snapshot.role_name(session_user)),
            role: (role, snapshot.role_name(role)),
            server: snapshot.server(server).map(|server| server.name.clone()),
            mapping_role: Some(snapshot.role_name(role)),
            options: Vec::new(),
            elapsed: since.elapsed(),
            outcome: outcome.unwrap_or(SqlState::SUCCESSFUL_COMPLETION),
        });
    }
    accepted
}

fn mark_accepted(
    catalog: &Arc<Catalog>,
    server: ServerOid,
    role: RoleOid,
) -> Result<Vec<String>, Report> {
    let lock_timeout = Some(LOCK_TIMEOUT);
    let mut tx = catalog.begin(Backend { lock_timeout, ..Backend::default() });
    let failed = |error: medley_catalog::Error| error.report();
    let snapshot = tx.snapshot();
    let entry = snapshot.mapping_for(server, RoleOrPublic::Role(role));
    let found = entry.map(|entry| snapshot.user_mapping(entry.oid)).transpose().map_err(failed)?;
    let Some(old) = found.flatten() else {
        let (role, server) = (snapshot.role_name(role), snapshot.server(server));
        let server = server.map(|server| server.name.clone()).unwrap_or_default();
        let message = format!("user mapping for \"{role}\" does not exist for server \"{server}\"");
        return Err(Report::error(SqlState::UNDEFINED_OBJECT, message));
    };
    if !old.accepted {
        let new = UserMapping { accepted: true, ..UserMapping::clone(&old) };
        tx.update(&old, new).map_err(failed)?;
        tx.commit().map_err(failed)?;
    }
    Ok(old.options.shown())
}

/// What came of the mappings that a statement has tried.
#[derive(Default)]
pub(crate) struct Tried(HashMap<Trial, Probe>);

impl Tried {
    /// Tries those that were not, some at once.
    pub(crate) async fn probe(
        &mut self,
        access: &Access,
        trials: &[Trial],
    ) -> Result<Vec<Probe>, Report> {
        let new: Vec<_> = trials.iter().filter(|it| !self.0.contains_key(it)).copied().collect();
        let mut tries = futures::stream::iter(new)
            .map(async |it: Trial| (it, access.probe(it.server, it.mapping, it.role).await))
            .buffer_unordered(AT_ONCE);
        while let Some((trial, probe)) = tries.next().await {
            self.0.insert(trial, probe.map_err(|error| error.report())?);
        }
        let none = || Probe { result: "other", elapsed: None };
        Ok(trials.iter().map(|it| self.0.get(it).cloned().unwrap_or_else(none)).collect())
    }
}

impl Session {
    /// Says of the mappings that a statement uses which will soon be over: once in a session of
    /// each, for as long as it is not changed.
    pub(crate) async fn tell_endings(
        &mut self,
        access: &Access,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let Some(ahead) = self.readings().expiry_notice else { return Ok(()) };
        let ahead_us = i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX);
        let soon = micros(SystemTime::now()).saturating_add(ahead_us);
        for ending in access.ending() {
            if ending.valid_until <= soon && self.told_endings.insert(ending.mapping) {
                self.notice(&near(&ending), out).await?;
            }
        }
        Ok(())
    }
}

fn near(ending: &Ending) -> Report {
    let Ending { user, server, text, .. } = ending;
    Report::notice(format!("user mapping for \"{user}\", server \"{server}\" will expire"))
        .with_detail(format!("It is valid until {text}."))
        .with_hint("Alter its option \"valid_until\", and its password.")
}
