//! What is known of remote tables before they are read: how big they are, and how they can be read
//! in parts. It is asked of the remote by the account that will read, and kept for a while.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_fdw::{Estimate, Split, SqlConnection, TableName, TableStatistics};
use parking_lot::Mutex;

use crate::{Access, ConnKey, Error, Remote, RemoteEvent, Result};

/// How old an answer may be. Parts are open at both ends of a table, so that old ones are as right
/// as new ones, only less even.
const AGE: Duration = Duration::from_secs(60);
/// So many tables are kept before old ones are thrown away.
const KEPT: usize = 4096;
/// A smaller table is read whole.
const BIG_BYTES: u64 = 8 << 20;
/// A part has at least so much, one with another.
const PART_BYTES: u64 = 1 << 20;

/// A row of a table that was never counted.
const ROW_BYTES: f64 = 100.0;

/// What is asked about a table.
#[derive(Clone, Debug)]
pub struct Question {
    /// The table.
    pub table: TableName,
    /// The query that will read it, where that has conditions: the remote says what it expects.
    pub filtered: Option<String>,
    /// How many parts are of use.
    pub parts: usize,
}

/// What is known about a table.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How many rows the query gives.
    pub rows: Option<f64>,
    /// How big the whole table is.
    pub bytes: Option<u64>,
    /// Its parts, if reading it in parts is worth while; else empty.
    pub splits: Arc<[Split]>,
}

/// The answers, and when they came.
#[derive(Default)]
pub(crate) struct Surveys {
    tables: Mutex<HashMap<(ConnKey, TableName), (Instant, Known)>>,
    queries: Mutex<HashMap<(ConnKey, String), (Instant, Estimate)>>,
}

#[derive(Clone)]
struct Known {
    statistics: TableStatistics,
    splits: Arc<[Split]>,
}

impl Surveys {
    fn get(&self, key: &(ConnKey, TableName)) -> Option<Known> {
        let known = self.tables.lock();
        known.get(key).filter(|(since, _)| since.elapsed() < AGE).map(|(_, known)| known.clone())
    }

    fn put(&self, key: (ConnKey, TableName), known: Known) {
        let mut all = self.tables.lock();
        if all.len() >= KEPT {
            all.retain(|_, (since, _)| since.elapsed() < AGE);
        }
        if all.len() < KEPT {
            all.insert(key, (Instant::now(), known));
        }
    }
}

impl Surveys {
    /// A table is counted anew, whoever asks for it.
    fn forget(&self, table: &TableName) {
        self.tables.lock().retain(|(_, known), _| known != table);
        self.queries.lock().clear();
    }

    fn estimate(&self, remote: &Remote, sql: &str) -> Option<Estimate> {
        let known = self.queries.lock();
        let (since, estimate) = known.get(&(*remote.key(), sql.to_owned()))?;
        (since.elapsed() < AGE).then_some(*estimate)
    }

    fn explained(&self, remote: &Remote, queries: &[String], answers: &[Option<Estimate>]) {
        let mut all = self.queries.lock();
        if all.len() + queries.len() > KEPT {
            all.retain(|_, (since, _)| since.elapsed() < AGE);
        }
        if all.len() + queries.len() > KEPT {
            return;
        }
        let now = Instant::now();
        let explained = queries
            .iter()
            .zip(answers)
            .filter_map(|(sql, answer)| Some(((*remote.key(), sql.clone()), (now, (*answer)?))));
        all.extend(explained);
    }
}

impl Access {
    /// Answers in the order of the questions. What the remote does not say is not known: it is
    /// the query that fails then, if anything does. To be called before connections are reserved.
    pub async fn survey(&self, remote: &Remote, questions: &[Question]) -> Result<Vec<Survey>> {
        let known: Vec<_> = questions.iter().map(|it| self.known(remote, it)).collect();
        let is_enough = known.iter().zip(questions).all(|(known, question)| {
            known.as_ref().is_some_and(|known| !(question.filtered.is_some() && known.is_big()))
        });
        if is_enough || self.transaction_at(remote).is_some() {
            let survey = |known: Option<Known>| known.map(Known::whole).unwrap_or_default();
            return Ok(known.into_iter().map(survey).collect());
        }
        match self.ask(remote, questions, known).await {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(_) => Ok(vec![Survey::default(); questions.len()]),
            answers => answers,
        }
    }

    /// Forgets what is known of a table and asks anew; whether the remote counts its tables. Each
    /// account is told by the remote itself: nobody sees what another was answered.
    pub async fn recount(&self, remote: &Remote, table: &TableName) -> Result<bool> {
        self.surveys().forget(table);
        if self.transaction_at(remote).is_some() {
            return Ok(true);
        }
        let audit = self.audit_of(remote, RemoteEvent::Statistics);
        let mut lease = self.lease_alone(remote).await.inspect_err(|error| audit.failed(error))?;
        audit.on(&lease);
        let asked = async {
            let connection = lease.sql()?;
            match connection.statistics(table).await {
                Err(medley_fdw::Error::Unsupported(_)) => Ok(false),
                Err(error) => Err(error.into()),
                Ok(_) => Ok(true),
            }
        };
        let answer = self.or_cancelled(asked).await;
        audit.ended(&answer);
        match &answer {
            Err(error) if error.is_connection_lost() => {
                lease.discard();
                self.forget_idle(remote);
            }
            Err(Error::Cancelled) => drop(lease),
            _ => lease.finish().await,
        }
        answer
    }

    /// What the remote expects of these queries, in their order; nothing of those that it cannot
    /// explain. To be called before connections are reserved.
    pub async fn estimates(
        &self,
        remote: &Remote,
        queries: &[String],
    ) -> Result<Vec<Option<Estimate>>> {
        let known: Vec<_> =
            queries.iter().map(|sql| self.surveys().estimate(remote, sql)).collect();
        if known.iter().all(Option::is_some) || self.transaction_at(remote).is_some() {
            return Ok(known);
        }
        match self.explain(remote, queries).await {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(_) => Ok(known),
            Ok(answers) => Ok(answers),
        }
    }

    async fn explain(&self, remote: &Remote, queries: &[String]) -> Result<Vec<Option<Estimate>>> {
        let audit = self.audit_of(remote, RemoteEvent::Statistics);
        let mut lease = self.lease_alone(remote).await.inspect_err(|error| audit.failed(error))?;
        audit.on(&lease);
        let asked = async {
            let connection = lease.sql()?;
            let mut answers = Vec::with_capacity(queries.len());
            for sql in queries {
                answers.push(Some(connection.estimate(sql).await?));
            }
            Ok(answers)
        };
        let answers = self.or_cancelled(asked).await;
        audit.ended(&answers);
        match &answers {
            Err(error) if error.is_connection_lost() => {
                lease.discard();
                self.forget_idle(remote);
            }
            Err(Error::Cancelled) => drop(lease),
            Ok(answers) => {
                self.surveys().explained(remote, queries, answers);
                lease.finish().await;
            }
            Err(_) => lease.finish().await,
        }
        answers
    }

    fn known(&self, remote: &Remote, question: &Question) -> Option<Known> {
        self.surveys().get(&(*remote.key(), question.table.clone()))
    }

    async fn ask(
        &self,
        remote: &Remote,
        questions: &[Question],
        known: Vec<Option<Known>>,
    ) -> Result<Vec<Survey>> {
        let audit = self.audit_of(remote, RemoteEvent::Statistics);
        let mut lease = self.lease_alone(remote).await.inspect_err(|error| audit.failed(error))?;
        audit.on(&lease);
        let asked = async {
            let connection = lease.sql()?;
            let mut answers = Vec::with_capacity(questions.len());
            for (question, known) in questions.iter().zip(known) {
                let known = match known {
                    Some(known) => known,
                    None => self.measure(remote, connection, question).await?,
                };
                answers.push(known.filtered(connection, question).await?);
            }
            Ok(answers)
        };
        let answers = self.or_cancelled(asked).await;
        audit.ended(&answers);
        match &answers {
            Err(error) if error.is_connection_lost() => {
                lease.discard();
                self.forget_idle(remote);
            }
            Err(Error::Cancelled) => drop(lease),
            _ => lease.finish().await,
        }
        answers
    }

    async fn measure(
        &self,
        remote: &Remote,
        connection: &mut dyn SqlConnection,
        question: &Question,
    ) -> Result<Known> {
        let statistics = match connection.statistics(&question.table).await {
            Err(medley_fdw::Error::Unsupported(_)) => TableStatistics::default(),
            statistics => statistics?,
        };
        let bytes = statistics.bytes.filter(|bytes| *bytes >= BIG_BYTES).unwrap_or_default();
        let parts = question.parts.min(usize::try_from(bytes / PART_BYTES).unwrap_or(usize::MAX));
        let can = connection.facts().can;
        let splits = match can.splits && parts > 1 {
            true => connection.splits(&question.table, parts).await?,
            false => Vec::new(),
        };
        // One part is the whole.
        let splits = if splits.len() > 1 { splits } else { Vec::new() };
        let known = Known { statistics, splits: splits.into() };
        self.surveys().put((*remote.key(), question.table.clone()), known.clone());
        Ok(known)
    }
}

impl Known {
    fn is_big(&self) -> bool {
        self.statistics.bytes.is_some_and(|bytes| bytes >= BIG_BYTES)
    }

    fn whole(self) -> Survey {
        let Self { statistics: TableStatistics { rows, bytes }, splits } = self;
        // One that nobody has counted yet is as long as it is big.
        let rows = rows.or(bytes.map(|bytes| bytes as f64 / ROW_BYTES));
        Survey { rows, bytes, splits }
    }

    /// Parts of a table are read by position, so that only a query that reads all of it anyhow
    /// can come in parts.
    async fn filtered(
        self,
        connection: &mut dyn SqlConnection,
        question: &Question,
    ) -> Result<Survey> {
        let Some(sql) = question.filtered.as_ref().filter(|_| self.is_big()) else {
            return Ok(self.whole());
        };
        let Estimate { rows, reads_all, .. } = connection.estimate(sql).await?;
        let whole = self.whole();
        let splits = if reads_all { whole.splits } else { Arc::default() };
        Ok(Survey { rows: Some(rows), splits, ..whole })
    }
}
