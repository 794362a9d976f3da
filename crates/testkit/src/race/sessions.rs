use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Config, NoTls};

use super::normal::normal;
use super::script::{Step, StepKind};
use crate::script::{Rows, Session};

/// How long somebody must at least wait to be said to wait.
const WAITS: Duration = Duration::from_millis(100);
/// How long somebody who should go on may take to.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sessions of a race.
pub(super) struct Sessions<'a> {
    server: &'a Config,
    open: BTreeMap<String, Open>,
}

/// One of them, and what it has not finished.
struct Open {
    session: Arc<Session>,
    running: Option<JoinHandle<String>>,
}

/// Runs statements apart from the sessions.
pub(super) async fn prepare(
    server: &Config,
    statements: impl Iterator<Item = &String>,
) -> Result<()> {
    let session = Session::open(server).await?;
    for sql in statements {
        let said = session.run(sql, Rows::AsTheyCome).await;
        ensure!(said.error.is_none(), "{sql}: {}", said.text());
    }
    Ok(())
}

impl<'a> Sessions<'a> {
    pub(super) fn new(server: &'a Config) -> Self {
        Self { server, open: BTreeMap::new() }
    }

    /// Does a step; returns what was heard until all is quiet. Where it is known what should be
    /// heard, that is waited for.
    pub(super) async fn step(
        &mut self,
        step: &Step,
        expected: Option<&[String]>,
    ) -> Result<Vec<String>> {
        self.act(step).await?;
        let mut said = Vec::new();
        let names: Vec<_> = self.open.keys().cloned().collect();
        let own = names.iter().filter(|name| **name == step.session);
        for name in own.chain(names.iter().filter(|name| **name != step.session)) {
            let is_own = *name == step.session;
            said.extend(self.heard(name, is_own, expected).await?);
        }
        Ok(said)
    }

    async fn act(&mut self, step: &Step) -> Result<()> {
        let name = &step.session;
        match &step.kind {
            StepKind::Run(sql) => {
                let open = self.get(name).await?;
                ensure!(open.running.is_none(), "the session is not yet done");
                let (session, sql) = (Arc::clone(&open.session), sql.clone());
                let run = async move { session.run(&sql, Rows::AsTheyCome).await.text() };
                open.running = Some(tokio::spawn(run));
            }
            StepKind::Cancel => {
                let open = self.open.get(name).context("there is no such session")?;
                open.session.cancel_token().cancel_query(NoTls).await?;
            }
            StepKind::End => {
                let open = self.open.remove(name).context("there is no such session")?;
                open.running.iter().for_each(JoinHandle::abort);
                open.session.cut();
            }
        }
        Ok(())
    }

    async fn get(&mut self, name: &str) -> Result<&mut Open> {
        if !self.open.contains_key(name) {
            let session = Arc::new(Session::open(self.server).await?);
            self.open.insert(name.to_owned(), Open { session, running: None });
        }
        self.open.get_mut(name).context("it was just opened")
    }

    /// What a session says now, if anything.
    async fn heard(
        &mut self,
        name: &str,
        is_own: bool,
        expected: Option<&[String]>,
    ) -> Result<Vec<String>> {
        let Some(open) = self.open.get_mut(name) else { return Ok(Vec::new()) };
        let Some(running) = &mut open.running else { return Ok(Vec::new()) };
        let prefix = format!("{name}: ");
        let waits = format!("{prefix}waits");
        let limit = match expected {
            None => WAITS,
            Some(lines) if lines.contains(&waits) => WAITS,
            Some(lines) if is_own || lines.iter().any(|line| line.starts_with(&prefix)) => PATIENCE,
            Some(_) => Duration::ZERO,
        };
        let Ok(text) = timeout(limit, running).await else {
            return Ok(is_own.then_some(waits).into_iter().collect());
        };
        open.running = None;
        let text = text?;
        let lines = normal(&text);
        Ok(match lines.is_empty() {
            true if is_own => Vec::new(),
            true => vec![format!("{prefix}done")],
            false => lines.lines().map(|line| format!("{prefix}{line}")).collect(),
        })
    }

    /// All go; what they had not committed is undone when this returns.
    pub(super) async fn end(self) {
        for (_, open) in self.open {
            open.running.iter().for_each(JoinHandle::abort);
            open.session.cut();
        }
        // The server notices by itself, and `after` waits for what is still locked.
        sleep(Duration::from_millis(1)).await;
    }
}
