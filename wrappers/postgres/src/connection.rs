//! What the engine does with a remote: queries, cursors, transactions.
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use medley_fdw::{
    Batches, Begin, Canceller, Capabilities, Dialect, Error, Estimate, Facts, Family, ImportSchema,
    Isolation, Modified, Modify, Query, RawBatch, RawQuery, RawRows, RemoteTable, Report, Result,
    Split, SqlConnection, SqlState, TableDef, TableName, TableStatistics,
};
use medley_types::{Column, PgType};

use crate::connect::application_name::FALLBACK;
use crate::relay::{RelayCursor, Statements};
use crate::scan::{Cursor, Scan};
use crate::session::{Session, Status};
use crate::sql::{identifier, literal};
use crate::transfer::Transfer;
use crate::watch::Watch;
use crate::{import, plan};

/// PostgreSQL's SQL.
pub(crate) static DIALECT: Dialect =
    Dialect { family: Family::Postgres, name_quote: '"', backslash_is_plain: true };

/// The same where `standard_conforming_strings` is off.
static BACKSLASH_DIALECT: Dialect = Dialect { backslash_is_plain: false, ..DIALECT };

/// Since then what COPY would overlook can be asked for.
const GENERATED_COLUMNS_SINCE: u32 = 120_000;

/// A session of `postgres_fdw`.
pub(crate) struct Connection {
    pub(crate) session: Session,
    facts: Facts,
    /// COPY (query) TO STDOUT (FORMAT BINARY) works there.
    pub(crate) copies: bool,
    /// How the last COPY of this transaction comes: what it has read cannot change meanwhile, so
    /// that the next part of the same reading need not be described.
    pub(crate) copied: Option<Arc<Transfer>>,
    pub(crate) cursors: HashMap<String, Cursor>,
    pub(crate) relays: HashMap<String, RelayCursor>,
    pub(crate) statements: Statements,
    /// Its options do not say what it is called: then it is called what it is used for.
    is_unnamed: bool,
    pub(crate) watch: Watch,
    user: String,
}

impl Connection {
    /// Learns what the remote is.
    pub async fn new(mut session: Session, user: String, is_unnamed: bool) -> Result<Self> {
        let banner = session.parameter("server_version").unwrap_or_default().to_owned();
        let is_medley = session.is_medley();
        let version = version(&banner);
        let backslash_is_plain = session.parameter("standard_conforming_strings") != Some("off");
        let locale = Locale::of(&mut session, version).await?;
        let facts = Facts {
            dialect: if backslash_is_plain { &DIALECT } else { &BACKSLASH_DIALECT },
            version,
            byte_order_collation: locale.is_byte_ordered(),
            unicode_letters: locale.has_unicode_letters(),
            can: Capabilities {
                cursors: !is_medley,
                transactions: true,
                snapshots: !is_medley && version >= 90_200,
                splits: !is_medley && version >= plan::CTID_RANGES_SINCE,
                modify: true,
                raw_rows: true,
            },
        };
        session.stays_unused();
        Ok(Self {
            session,
            facts,
            copies: !is_medley,
            copied: None,
            cursors: HashMap::new(),
            relays: HashMap::new(),
            statements: Statements::default(),
            is_unnamed,
            watch: Watch::default(),
            user,
        })
    }

    async fn end(&mut self, sql: &str) -> Result<()> {
        self.cursors.clear();
        self.relays.clear();
        self.session.execute(sql).await
    }
}

fn aborted() -> Error {
    Error::refused(Report::error(
        SqlState::IN_FAILED_SQL_TRANSACTION,
        "current transaction is aborted, commands ignored until end of transaction block",
    ))
}

/// "15.18 (Debian …)" as 150018, "9.6.24" as 90624, as `server_version_num` counts.
fn version(banner: &str) -> u32 {
    let mut numbers = banner
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()
        .unwrap_or_default()
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or(0).min(9_999));
    let mut next = || numbers.next().unwrap_or(0);
    match next() {
        old @ 0..=9 => old * 10_000 + next() * 100 + next(),
        new => new * 10_000 + next(),
    }
}

/// How the remote's database orders text, and what letters are to it.
#[derive(Debug, Default)]
struct Locale {
    collate: String,
    ctype: String,
    provider: String,
    encoding: String,
}

impl Locale {
    async fn of(session: &mut Session, version: u32) -> Result<Self> {
        let provider = if version >= 150_000 { "datlocprovider" } else { "'c'" };
        let sql = format!(
            "SELECT datcollate, datctype, {provider}, pg_catalog.pg_encoding_to_char(encoding) \
             FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
        );
        let rows = match session.rows(&sql).await {
            // Not knowing is no reason not to be connected.
            Err(Error::Remote(_)) => return Ok(Self::default()),
            rows => rows?,
        };
        let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || values.next().flatten().unwrap_or_default();
        Ok(Self { collate: next(), ctype: next(), provider: next(), encoding: next() })
    }

    /// By bytes, as here: surely so only for "C", whose order PostgreSQL knows to have no version
    /// whatever follows it, and for PostgreSQL's own locales.
    fn is_byte_ordered(&self) -> bool {
        match self.provider.as_str() {
            "b" => true,
            "c" => matches!(self.collate.as_str(), "C" | "POSIX") || self.collate.starts_with("C."),
            _ => false,
        }
    }

    /// By Unicode, and in no language: "C" knows ASCII only, and in Turkish I is not the other
    /// case of i.
    fn has_unicode_letters(&self) -> bool {
        let language = self.ctype.split(['_', '.', '@']).next().unwrap_or_default();
        let is_own = self.provider == "b" || self.provider == "c";
        let is_ascii = self.provider == "c" && matches!(self.ctype.as_str(), "" | "C" | "POSIX");
        let is_special = matches!(language, "tr" | "az" | "lt");
        is_own && self.encoding == "UTF8" && !is_ascii && !is_special
    }
}

#[async_trait]
impl SqlConnection for Connection {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn account(&self) -> Option<&str> {
        Some(&self.user)
    }

    fn begin_query(&mut self, id: &str) {
        if self.is_unnamed {
            self.session.call_itself(format!("{FALLBACK}/{id}"));
        }
    }

    fn remote_pid(&self) -> Option<i32> {
        self.session.remote_pid()
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        self.session.canceller().map(|canceller| Box::new(canceller) as Box<dyn Canceller>)
    }

    fn query(&mut self, query: Query) -> Batches<'_> {
        Box::pin(async_stream::try_stream! {
            let mut scan = Scan::open(self, query).await?;
            while let Some(batch) = scan.next(&mut self.session).await? {
                yield batch;
            }
        })
    }

    async fn declare(&mut self, cursor: &str, query: Query) -> Result<()> {
        if self.session.status() != Status::InTransaction {
            let message = "DECLARE CURSOR can only be used in transaction blocks";
            let state = SqlState::NO_ACTIVE_SQL_TRANSACTION;
            return Err(Error::refused(Report::error(state, message)));
        }
        let opened = Cursor::declare(&mut self.session, cursor, query).await?;
        self.cursors.insert(cursor.to_owned(), opened);
        Ok(())
    }

    async fn fetch(&mut self, cursor: &str, rows: usize) -> Result<Option<RecordBatch>> {
        let opened = self.cursors.get_mut(cursor).ok_or_else(|| no_cursor(cursor))?;
        opened.fetch(&mut self.session, rows).await
    }

    fn raw_query(&mut self, query: RawQuery) -> RawRows<'_> {
        Box::pin(async_stream::try_stream! {
            let mut relay = self.relay(&query).await?;
            while let Some(batch) = relay.next(&mut self.session).await? {
                yield batch;
            }
        })
    }

    async fn raw_declare(&mut self, cursor: &str, query: RawQuery) -> Result<()> {
        self.declare_relay(cursor, &query).await
    }

    async fn raw_fetch(&mut self, cursor: &str, rows: usize) -> Result<Option<RawBatch>> {
        self.fetch_relay(cursor, rows).await
    }

    async fn tables(&mut self, tables: &[TableName]) -> Result<Vec<Option<RemoteTable>>> {
        crate::describe::tables(&mut self.session, tables).await
    }

    async fn close(&mut self, cursor: &str) -> Result<()> {
        if self.close_relay(cursor).await? {
            return Ok(());
        }
        let opened = self.cursors.remove(cursor).ok_or_else(|| no_cursor(cursor))?;
        opened.close(&mut self.session).await
    }

    async fn describe(&mut self, sql: &str) -> Result<(Vec<PgType>, Vec<Column>)> {
        crate::scan::describe(&mut self.session, sql).await
    }

    async fn modify(&mut self, modify: Modify) -> Result<Modified> {
        crate::modify::modify(&mut self.session, &modify).await
    }

    async fn can_copy_in(&mut self, table: &TableName, columns: &[String]) -> Result<bool> {
        match self.copies && self.facts.version >= GENERATED_COLUMNS_SINCE {
            true => crate::modify::can_copy_in(&mut self.session, table, columns).await,
            false => Ok(false),
        }
    }

    async fn copy_in(
        &mut self,
        table: &TableName,
        columns: &[String],
        rows: Batches<'static>,
    ) -> Result<u64> {
        crate::modify::copy_in(&mut self.session, table, columns, rows).await
    }

    async fn truncate(&mut self, sql: &str) -> Result<()> {
        self.session.execute(sql).await
    }

    async fn begin(&mut self, begin: Begin<'_>) -> Result<()> {
        self.copied = None;
        let isolation = match begin.isolation {
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
        };
        let read_only = if begin.read_only { " READ ONLY" } else { "" };
        let start = format!("START TRANSACTION ISOLATION LEVEL {isolation}{read_only}");
        let adopt = begin
            .snapshot
            .map(|snapshot| format!("SET TRANSACTION SNAPSHOT {}", literal(snapshot)));
        let statements: Vec<&str> =
            [Some(start.as_str()), adopt.as_deref()].into_iter().flatten().collect();
        for outcome in self.session.each(&statements).await? {
            outcome?;
        }
        Ok(())
    }

    async fn savepoint(&mut self, name: &str) -> Result<()> {
        self.session.execute(&format!("SAVEPOINT {}", identifier(name))).await
    }

    async fn release(&mut self, name: &str) -> Result<()> {
        self.session.execute(&format!("RELEASE SAVEPOINT {}", identifier(name))).await
    }

    async fn rollback_to(&mut self, name: &str) -> Result<()> {
        self.copied = None;
        self.session.forget_settings();
        self.session.execute(&format!("ROLLBACK TO SAVEPOINT {}", identifier(name))).await
    }

    async fn commit(&mut self) -> Result<()> {
        let failed = self.session.status() == Status::Failed;
        self.end("COMMIT TRANSACTION").await?;
        match failed {
            false => Ok(()),
            // The remote answers COMMIT with ROLLBACK then, and with no error.
            true => Err(aborted()),
        }
    }

    async fn rollback(&mut self) -> Result<()> {
        self.end("ABORT TRANSACTION").await
    }

    async fn prepare_transaction(&mut self, name: &str) -> Result<()> {
        let failed = self.session.status() == Status::Failed;
        self.end(&format!("PREPARE TRANSACTION {}", literal(name))).await?;
        match failed {
            false => Ok(()),
            // As COMMIT is.
            true => Err(aborted()),
        }
    }

    async fn finish_prepared(&mut self, name: &str, commit: bool) -> Result<()> {
        let verb = if commit { "COMMIT" } else { "ROLLBACK" };
        self.session.execute(&format!("{verb} PREPARED {}", literal(name))).await
    }

    async fn export_snapshot(&mut self) -> Result<String> {
        plan::export_snapshot(&mut self.session).await
    }

    async fn splits(&mut self, table: &TableName, wanted: usize) -> Result<Vec<Split>> {
        match self.facts.can.splits {
            true => plan::splits(&mut self.session, table, wanted).await,
            false => Err(Error::Unsupported("splitting a table of this remote's")),
        }
    }

    async fn statistics(&mut self, table: &TableName) -> Result<TableStatistics> {
        plan::statistics(&mut self.session, table).await
    }

    async fn estimate(&mut self, sql: &str) -> Result<Estimate> {
        plan::estimate(&mut self.session, sql).await
    }

    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        import::import(&mut self.session, self.facts.version, wanted).await
    }

    async fn reset(&mut self) -> bool {
        self.cursors.clear();
        self.relays.clear();
        self.session.reset(!self.copies).await
    }
}

fn no_cursor(name: &str) -> Error {
    let message = format!("cursor \"{name}\" does not exist");
    Error::refused(Report::error(SqlState::INVALID_CURSOR_NAME, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_counted_as_server_version_num() {
        let check = |banner, expected| assert_eq!(version(banner), expected, "{banner}");
        check("15.18 (Debian 15.18-0+deb12u1)", 150_018);
        check("18.4 (Medley 0.1.0)", 180_004);
        check("9.6.24", 90_624);
        check("19beta1", 190_000);
        check("", 0);
        check("99999999999", 0);
    }
}
