//! A session of the demo, over the wire as anybody's.
use std::net::SocketAddr;

use anyhow::{Context, bail};
use medley_catalog::ids::DATABASE_NAME;
use tokio_postgres::{NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::password::Password;
use super::script::Script;

/// Where and as whom to log in.
pub struct Login<'a> {
    /// Of the server.
    pub address: SocketAddr,
    /// Who.
    pub role: &'a str,
    /// Proven by SCRAM-SHA-256, and so never sent.
    pub password: &'a Password,
}

/// A session.
pub struct Client(tokio_postgres::Client);

/// How a SELECT went.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its rows, as texts.
    Rows(Vec<Row>),
    /// An error.
    Refused {
        /// Its code.
        sqlstate: String,
        /// What it says.
        message: String,
    },
}

/// A row of the demo's SELECT, as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whom the remote took the asker for.
    pub account: String,
    /// Of a film.
    pub title: String,
    /// When it came out.
    pub year: String,
}

impl Client {
    /// Logs in.
    pub async fn connect(login: &Login<'_>) -> anyhow::Result<Self> {
        let mut config = tokio_postgres::Config::new();
        config
            .host(login.address.ip().to_string())
            .port(login.address.port())
            .user(login.role)
            .password(login.password.clear())
            .dbname(DATABASE_NAME)
            .application_name("medley demo");
        let connected = config.connect(NoTls).await;
        let (client, connection) =
            connected.with_context(|| format!("{} could not log in", login.role))?;
        // Its errors reach whoever waits for an answer.
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Runs a script, one statement after the other. An error names the statement as it may be
    /// shown.
    pub async fn run(&self, script: &Script) -> anyhow::Result<()> {
        for statement in script.statements() {
            let ran = self.0.batch_execute(&statement.text).await;
            ran.map_err(told).with_context(|| statement.shown.clone())?;
        }
        Ok(())
    }

    /// Runs the demo's SELECT.
    pub async fn select(&self, sql: &str) -> anyhow::Result<Answer> {
        match self.0.simple_query(sql).await {
            Ok(messages) => Ok(Answer::Rows(rows(&messages)?)),
            Err(error) => refusal(error),
        }
    }
}

fn rows(messages: &[SimpleQueryMessage]) -> anyhow::Result<Vec<Row>> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(row).collect()
}

/// A NULL is as wrong here as a column that is not there.
fn row(row: &SimpleQueryRow) -> anyhow::Result<Row> {
    let value = |name| match row.try_get(name) {
        Ok(Some(value)) => Ok(value.to_owned()),
        Ok(None) => bail!("{name} is NULL"),
        Err(error) => Err(error.into()),
    };
    Ok(Row { account: value("account")?, title: value("title")?, year: value("year")? })
}

/// What the server said; that it is gone is not an answer.
fn refusal(error: tokio_postgres::Error) -> anyhow::Result<Answer> {
    match error.as_db_error() {
        Some(error) => Ok(Answer::Refused {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
        }),
        None => bail!("the session was lost: {error}"),
    }
}

fn told(error: tokio_postgres::Error) -> anyhow::Error {
    match error.as_db_error() {
        Some(error) => anyhow::anyhow!("{}: {}", error.code().code(), error.message()),
        None => error.into(),
    }
}
