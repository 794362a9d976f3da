//! A remote that writes down what happens to it.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use medley_fdw::{
    Batches, Begin, Canceller, Capabilities, Connect, Dialect, Error, Facts, Family, Kind,
    Modified, Modify, OptionSpec, Options, Query, Result, Scope, ShapedBy, SqlConnection,
    SqlWrapper, TableName, Unreached, Wrapper,
};
use medley_types::{PgType, field};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What happened, a line each: `1 connect ann`, `1 query`, `1 cancel`.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, connection: usize, what: impl std::fmt::Display) {
        self.0.lock().push(format!("{connection} {what}"));
    }

    /// What happened since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// A wrapper whose remote answers what the query's text says: `rows`, `endless`, `fail`, `lost`.
#[derive(Default)]
pub struct Fake {
    pub log: Log,
    pub shaped_by: ShapedBy,
    pub can: Capabilities,
    /// How many were opened.
    pub connections: AtomicUsize,
    /// Connections up to this number are dead: the remote was restarted.
    pub dead: Arc<AtomicUsize>,
    /// What fails, and how: `commit ann` is refused, `lose commit ann` is lost.
    pub fails: Arc<Mutex<Vec<String>>>,
    /// Passwords with which nobody is let in.
    pub refused: Arc<Mutex<Vec<String>>>,
}

impl Wrapper for Fake {
    fn name(&self) -> &'static str {
        "fake_fdw"
    }
    fn summary(&self) -> &'static str {
        "writes down what happens to it"
    }
    fn handler(&self) -> &'static str {
        "fake_fdw_handler"
    }
    fn validator(&self) -> &'static str {
        "fake_fdw_validator"
    }
    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        self.shaped_by
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(Scope::UserMapping, "user", Kind::Text, "The account."),
    OptionSpec::new(Scope::UserMapping, "password", Kind::Secret, "Its password."),
];

static DIALECT: Dialect =
    Dialect { family: Family::Postgres, name_quote: '"', backslash_is_plain: true };

#[async_trait]
impl SqlWrapper for Fake {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        // As any remote takes its time.
        tokio::task::yield_now().await;
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let account = connect.mapping.text("user").unwrap_or("nobody");
        let account =
            account.replace("{role}", connect.role).replace("{session_user}", connect.session_user);
        let account = match connect.mapping.secret("password") {
            Some(password) => {
                #[expect(clippy::disallowed_methods, reason = "it stands for a remote")]
                let password = password.expose();
                if self.refused.lock().iter().any(|refused| refused == password) {
                    self.log.add(number, format!("refuse {account}/{password}"));
                    let (server, detail) = ("s".to_owned(), "no".to_owned());
                    return Err(Error::Connect { server, detail, kind: Unreached::Authentication });
                }
                format!("{account}/{password}")
            }
            None => account,
        };
        let told = connect.mapping.iter().map(|(name, _)| name).filter(|it| *it != "user");
        assert_eq!(told.count(), 0, "a wrapper is told of what it did not declare");
        self.log.add(number, format!("connect {account}"));
        let facts = Facts {
            dialect: &DIALECT,
            version: 1,
            byte_order_collation: true,
            unicode_letters: true,
            can: self.can,
        };
        Ok(Box::new(Connection {
            number,
            account,
            facts,
            log: self.log.clone(),
            used: false,
            dead: Arc::clone(&self.dead),
            fails: Arc::clone(&self.fails),
            stuck: false,
            cancelled: Arc::default(),
        }))
    }

    fn remote_table(&self, schema: &str, table: &str, _options: &Options) -> TableName {
        TableName { schema: Some(schema.to_owned()), table: table.to_owned() }
    }

    fn remote_column(&self, column: &str, _options: &Options) -> String {
        column.to_owned()
    }

    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }
}

struct Connection {
    number: usize,
    account: String,
    facts: Facts,
    log: Log,
    used: bool,
    dead: Arc<AtomicUsize>,
    fails: Arc<Mutex<Vec<String>>>,
    /// The cursor has no row until it is cancelled.
    stuck: bool,
    cancelled: Arc<Notify>,
}

/// One text column, which tells the account.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![field("account", PgType::TEXT, false)]))
}

impl Connection {
    fn batch(&self) -> RecordBatch {
        let array = StringArray::from(vec![self.account.clone()]);
        RecordBatch::try_new(schema(), vec![Arc::new(array)]).unwrap()
    }

    fn act(&self, what: &str) -> Result<()> {
        self.log.add(self.number, what);
        let verb = what.split(" medley").next().unwrap_or(what);
        let fails = |how: &str| {
            let told = format!("{how}{verb} {}", self.account);
            self.fails.lock().contains(&told)
        };
        match (fails("lose "), fails("")) {
            (true, _) => Err(self.lost()),
            (_, true) => Err(Error::Unsupported("that")),
            _ => Ok(()),
        }
    }

    fn lost(&self) -> Error {
        Error::Lost { server: "s".to_owned(), detail: "gone".to_owned() }
    }
}

struct Cancel(usize, Log, Arc<Notify>);

#[async_trait]
impl Canceller for Cancel {
    async fn cancel(&self) -> Result<()> {
        self.1.add(self.0, "cancel");
        self.2.notify_one();
        Ok(())
    }
}

#[async_trait]
impl SqlConnection for Connection {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn account(&self) -> Option<&str> {
        Some(&self.account)
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        Some(Box::new(Cancel(self.number, self.log.clone(), Arc::clone(&self.cancelled))))
    }

    fn query(&mut self, query: Query) -> Batches<'_> {
        self.log.add(self.number, "query");
        let used = std::mem::replace(&mut self.used, true);
        if self.dead.load(Ordering::Relaxed) >= self.number {
            return stream::iter([Err(self.lost())]).boxed();
        }
        match query.sql.as_str() {
            "rows" => {
                let batch = self.batch();
                let rows = async move {
                    // As any remote takes its time.
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    Ok(batch)
                };
                stream::once(rows).boxed()
            }
            "endless" => stream::iter([Ok(self.batch())]).chain(stream::pending()).boxed(),
            // A connection that is used for the second time turns out to be dead.
            "lost" if used => stream::iter([Err(self.lost())]).boxed(),
            "lost" => stream::iter([Ok(self.batch())]).boxed(),
            _ => stream::iter([Err(Error::Unsupported("that"))]).boxed(),
        }
    }

    async fn declare(&mut self, cursor: &str, query: Query) -> Result<()> {
        self.log.add(self.number, format!("declare {cursor}"));
        self.used = false;
        self.stuck = query.sql == "stuck";
        Ok(())
    }

    async fn fetch(&mut self, cursor: &str, _rows: usize) -> Result<Option<RecordBatch>> {
        self.log.add(self.number, format!("fetch {cursor}"));
        if self.stuck {
            self.cancelled.notified().await;
            return Err(Error::Unsupported("more"));
        }
        let done = std::mem::replace(&mut self.used, true);
        Ok((!done).then(|| self.batch()))
    }

    async fn close(&mut self, cursor: &str) -> Result<()> {
        self.log.add(self.number, format!("close {cursor}"));
        Ok(())
    }

    async fn begin(&mut self, begin: Begin<'_>) -> Result<()> {
        let snapshot = begin.snapshot.map(|snapshot| format!(" {snapshot}")).unwrap_or_default();
        self.log.add(self.number, format!("begin{snapshot}"));
        match self.dead.load(Ordering::Relaxed) >= self.number {
            true => Err(self.lost()),
            false => Ok(()),
        }
    }

    async fn export_snapshot(&mut self) -> Result<String> {
        Ok(format!("snapshot of {}", self.number))
    }

    async fn savepoint(&mut self, name: &str) -> Result<()> {
        self.log.add(self.number, format!("savepoint {name}"));
        Ok(())
    }

    async fn release(&mut self, name: &str) -> Result<()> {
        self.log.add(self.number, format!("release {name}"));
        Ok(())
    }

    async fn rollback_to(&mut self, name: &str) -> Result<()> {
        self.log.add(self.number, format!("rollback to {name}"));
        Ok(())
    }

    async fn commit(&mut self) -> Result<()> {
        self.act("commit")
    }

    async fn modify(&mut self, _modify: Modify) -> Result<Modified> {
        self.log.add(self.number, "modify");
        Ok(Modified { counts: vec![1], returned: Vec::new() })
    }

    async fn prepare_transaction(&mut self, name: &str) -> Result<()> {
        self.act(&format!("prepare {name}"))
    }

    async fn finish_prepared(&mut self, name: &str, commit: bool) -> Result<()> {
        let verb = if commit { "commit prepared" } else { "rollback prepared" };
        self.act(&format!("{verb} {name}"))
    }

    async fn rollback(&mut self) -> Result<()> {
        self.log.add(self.number, "rollback");
        Ok(())
    }

    async fn reset(&mut self) -> bool {
        true
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.log.add(self.number, "close");
    }
}
