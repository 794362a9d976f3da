//! A catalog with servers, people and tables, and an engine over it.
use std::net::SocketAddr;
use std::sync::Arc;

use futures::StreamExt;
use medley_catalog::ids::{
    RelationOid, RoleOid, RoleOrPublic, SchemaOid, ServerOid, UserMappingOid,
};
use medley_catalog::objects::{
    Column, ForeignTable, OptionValue, Options, Relation, RelationKind, Role, Server, UserMapping,
    View,
};
use medley_catalog::{Backend, Bootstrap, BootstrapWrapper, Catalog};
use medley_diagnostic::{Diagnostic, Report};
use medley_engine::{
    ActiveBackend, Engine, Error, ExplainOptions, Facts, LoginMap, LoginRule, Parameter, Prepared,
    QueryContext, SettingRow,
};
use medley_fdw::{Handler, Registry};
use medley_foreign::{Access, Foreign, Limits, Person};
use medley_secret::{Keyring, MasterKey};
use medley_types::{ColumnWriter, PgType};
use tokio_util::sync::CancellationToken;

use crate::fake::{Log, Memory, Recorder};

pub struct World {
    pub catalog: Arc<Catalog>,
    foreign: Arc<Foreign>,
    registry: Arc<Registry>,
    engine: Engine,
    pub log: Log,
    pub recorder: ServerOid,
    pub memory: ServerOid,
    folder: tempfile::TempDir,
}

/// A session of which hardly anything is known.
pub struct TestFacts(pub Arc<Registry>);

impl Facts for TestFacts {
    fn set_setting(&self, name: &str, _: Option<&str>, _: bool) -> Result<String, Report> {
        Err(Report::unsupported(format!("setting {name} in a test")))
    }

    fn database(&self) -> &str {
        "medley"
    }
    fn version(&self) -> String {
        "PostgreSQL 18.4 (Medley 0.1.0)".to_owned()
    }
    fn setting(&self, name: &str) -> Option<String> {
        (name == "search_path").then(|| "public".to_owned())
    }
    fn settings(&self) -> Vec<SettingRow> {
        Vec::new()
    }
    fn backends(&self) -> Vec<ActiveBackend> {
        Vec::new()
    }
    fn in_doubt(&self) -> Result<Vec<medley_foreign::InDoubt>, Report> {
        Ok(Vec::new())
    }

    fn cancel_backend(&self, _: i32) -> bool {
        false
    }

    fn terminate_backend(&self, _: i32, _: std::time::Duration) -> bool {
        false
    }

    fn notice(&self, _: Report) {}

    fn cursors(&self) -> Vec<medley_engine::CursorRow> {
        Vec::new()
    }

    fn prepared_statements(&self) -> Vec<medley_engine::PreparedRow> {
        Vec::new()
    }

    fn backend_pid(&self) -> i32 {
        42
    }
    fn start_time(&self) -> i64 {
        0
    }
    fn server_address(&self) -> Option<SocketAddr> {
        None
    }
    fn client_address(&self) -> Option<SocketAddr> {
        None
    }
    fn registry(&self) -> &Arc<Registry> {
        &self.0
    }
    fn audit(&self) -> Vec<Arc<medley_engine::AuditRow>> {
        Vec::new()
    }
    fn login_rules(&self) -> Vec<LoginRule> {
        Vec::new()
    }
    fn login_maps(&self) -> Vec<LoginMap> {
        Vec::new()
    }
    fn reload(&self) -> bool {
        false
    }

    fn dump(
        &self,
        _: &medley_catalog::Snapshot,
        _: RoleOid,
        _: &str,
        _: &dyn medley_dump::Definitions,
    ) -> Result<Vec<String>, Report> {
        Err(Report::unsupported("medley_dump"))
    }

    fn keys(&self, _: &str) -> Result<Vec<String>, Report> {
        Err(Report::unsupported("medley_keys"))
    }

    fn accept_mapping(&self, _: ServerOid, _: RoleOid) -> Result<Vec<String>, Report> {
        Err(Report::unsupported("medley_accept_mapping"))
    }

    fn held(&self, _server: ServerOid, _role: RoleOid) -> Vec<medley_foreign::Held> {
        Vec::new()
    }

    fn close_waiting(&self, _server: ServerOid, _role: RoleOid) -> bool {
        false
    }

    fn probe(&self, _: &[medley_engine::Trial]) -> Result<Vec<medley_foreign::Probe>, Report> {
        Err(Report::unsupported("medley_test_mapping"))
    }
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::generate();
        let wrapper = |name: &str| BootstrapWrapper {
            name: name.to_owned(),
            handler: Some(format!("{name}_handler")),
            validator: None,
        };
        let bootstrap = Bootstrap {
            superuser: "postgres".to_owned(),
            password: None,
            data_keys: vec![Keyring::new_data_key(&master, 1)],
            wrappers: vec![wrapper("recorder_fdw"), wrapper("memory_fdw"), wrapper("sqlite_fdw")],
        };
        Catalog::create(folder.path(), bootstrap).unwrap();
        let catalog = Catalog::open(folder.path()).unwrap();
        let log = Log::default();
        let registry = Arc::new(Registry::new(vec![
            Handler::Sql(Arc::new(Recorder(log.clone()))),
            Handler::Scan(Arc::new(Memory)),
            Handler::Sql(Arc::new(medley_wrapper_sqlite::Sqlite)),
        ]));
        let opener = Keyring::open(Some(&master), &catalog.data_keys()).opener();
        let roots = Arc::new(rustls::RootCertStore::empty());
        let foreign =
            Foreign::new(&catalog, Arc::clone(&registry), opener, Limits::default(), roots);
        let recorder = make_server(&catalog, "r", "recorder_fdw", &[]);
        let memory = make_server(&catalog, "m", "memory_fdw", &[]);
        let engine = Engine::new(medley_engine::Limits::default(), None).unwrap();
        Self { catalog, foreign, registry, engine, log, recorder, memory, folder }
    }

    pub fn role(&self, name: &str) -> RoleOid {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = RoleOid(tx.allocate_oid().unwrap());
        tx.create(Role::new(oid, name)).unwrap();
        tx.commit().unwrap();
        oid
    }

    /// A server of a SQLite file that these statements make.
    pub fn sqlite(&self, statements: &str) -> ServerOid {
        let file = self.folder.path().join("remote.db");
        rusqlite::Connection::open(&file).unwrap().execute_batch(statements).unwrap();
        make_server(&self.catalog, "s", "sqlite_fdw", &[("database", file.to_str().unwrap())])
    }

    /// One more server of the wrapper that writes down what it is sent.
    pub fn other_recorder(&self) -> ServerOid {
        make_server(&self.catalog, "r2", "recorder_fdw", &[])
    }

    pub fn map(&self, server: ServerOid, user: impl Into<RoleOrPublic>, account: &str) {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = UserMappingOid(tx.allocate_oid().unwrap());
        let options = options(&[("user", account)]);
        tx.create(UserMapping {
            oid,
            server,
            user: user.into(),
            epoch: None,
            options,
            accepted: true,
        })
        .unwrap();
        tx.commit().unwrap();
    }

    /// A foreign table in `public` that its owner made.
    pub fn table(
        &self,
        name: &str,
        owner: RoleOid,
        server: ServerOid,
        columns: &[(&str, PgType)],
        rows: &str,
    ) -> RelationOid {
        let kind = RelationKind::ForeignTable(ForeignTable {
            server,
            options: options(&[("rows", rows)]),
        });
        self.relation(name, owner, columns, kind)
    }

    pub fn view(
        &self,
        name: &str,
        owner: RoleOid,
        columns: &[(&str, PgType)],
        query: &str,
        reloptions: &[(&str, &str)],
    ) -> RelationOid {
        let reloptions = reloptions.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let kind = RelationKind::View(View {
            rule: 0,
            query: query.to_owned(),
            reloptions: reloptions.collect(),
            depends_on: Vec::new(),
        });
        self.relation(name, owner, columns, kind)
    }

    fn relation(
        &self,
        name: &str,
        owner: RoleOid,
        columns: &[(&str, PgType)],
        kind: RelationKind,
    ) -> RelationOid {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = RelationOid(tx.allocate_oid().unwrap());
        let row_type = tx.allocate_oid().unwrap();
        let array_type = tx.allocate_oid().unwrap();
        let columns = columns.iter().enumerate().map(|(index, (name, t))| {
            let mut column = Column::new(*name, index as i16 + 1, *t);
            column.options = options(&[("place", &index.to_string())]);
            column
        });
        tx.create(Relation {
            oid,
            name: name.to_owned(),
            schema: SchemaOid::PUBLIC,
            owner,
            acl: None,
            row_type,
            array_type,
            columns: columns.collect(),
            checks: Vec::new(),
            kind,
        })
        .unwrap();
        tx.commit().unwrap();
        oid
    }

    pub fn context(&self, role: RoleOid) -> QueryContext {
        let person = Person {
            session_user: role,
            session_user_name: "someone".into(),
            application_name: "test".into(),
            session: 1,
            session_id: "1.1".into(),
            via: "".into(),
            scram_keys: None,
        };
        let snapshot = self.catalog.snapshot();
        let cancel = CancellationToken::new();
        let access = Access::new(
            Arc::clone(&self.foreign),
            Arc::clone(&snapshot),
            person,
            None,
            cancel.clone(),
        );
        QueryContext {
            listed: None,
            snapshot,
            role,
            session_user: role,
            search_path: ["$user".to_owned(), "public".to_owned()].into(),
            style: Arc::default(),
            memory: None,
            pushdown: true,
            statement_time: 1_700_000_000_000_000,
            transaction_time: 1_700_000_000_000_000,
            access,
            facts: Arc::new(TestFacts(Arc::clone(&self.registry))),
            cancel,
        }
    }

    /// Rows as psql's unaligned output has them, or the error as `SQLSTATE message`.
    pub async fn query(&self, role: RoleOid, sql: &str) -> String {
        self.query_in(&self.context(role), sql, &[]).await
    }

    pub async fn query_in(
        &self,
        context: &QueryContext,
        sql: &str,
        parameters: &[Parameter],
    ) -> String {
        answer(&self.engine, context, sql, parameters).await
    }

    /// A query that has been started.
    pub async fn start(&self, role: RoleOid, sql: &str) -> medley_engine::Rows {
        let query = medley_sql::parse_query(sql).unwrap();
        self.engine.run(&self.context(role), &query, &[]).await.unwrap()
    }

    pub fn prepare(&self, role: RoleOid, sql: &str) -> Result<Prepared, Error> {
        let query = medley_sql::parse_query(sql).unwrap();
        self.engine.prepare(&self.context(role), &query, &[])
    }

    pub async fn explain(&self, role: RoleOid, sql: &str, verbose: bool) -> String {
        let options = ExplainOptions { verbose, ..ExplainOptions::default() };
        self.explain_with(role, sql, &options).await
    }

    pub async fn explain_with(&self, role: RoleOid, sql: &str, options: &ExplainOptions) -> String {
        let query = medley_sql::parse_query(sql).unwrap();
        match self.engine.explain(&self.context(role), &query, &[], options).await {
            Ok(lines) => lines.join("\n"),
            Err(error) => format!("{} {error}", error.sqlstate()),
        }
    }
}

/// Rows as psql's unaligned output has them, or the error as `SQLSTATE message`.
pub async fn answer(
    engine: &Engine,
    context: &QueryContext,
    sql: &str,
    parameters: &[Parameter],
) -> String {
    match try_answer(engine, context, sql, parameters).await {
        Ok(text) => text,
        Err(error) => format!("{} {error}", error.sqlstate()),
    }
}

async fn try_answer(
    engine: &Engine,
    context: &QueryContext,
    sql: &str,
    parameters: &[Parameter],
) -> Result<String, Error> {
    let query = medley_sql::parse_query(sql).map_err(|error| Error::from(error.report()))?;
    let mut rows = engine.run(context, &query, parameters).await?;
    let mut lines = Vec::new();
    while let Some(batch) = rows.batches.next().await {
        let medley_engine::Batch::Columns(batch) = batch? else { panic!("columns were wanted") };
        let writers: Vec<_> = rows
            .columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| {
                ColumnWriter::text(column.pg_type, array, &context.style).unwrap()
            })
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = writers.iter().map(|writer| cell(writer, row)).collect();
            lines.push(cells.join("|"));
        }
    }
    Ok(lines.join("\n"))
}

fn cell(writer: &ColumnWriter, row: usize) -> String {
    if writer.is_null(row) {
        return "NULL".to_owned();
    }
    let mut out = bytes::BytesMut::new();
    writer.write(row, &mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn options(given: &[(&str, &str)]) -> Options {
    let given = given.iter();
    given
        .map(|(name, value)| ((*name).to_owned(), OptionValue::Plain((*value).to_owned())))
        .collect()
}

fn make_server(
    catalog: &Arc<Catalog>,
    name: &str,
    wrapper: &str,
    given: &[(&str, &str)],
) -> ServerOid {
    let mut tx = catalog.begin(Backend::default());
    let oid = ServerOid(tx.allocate_oid().unwrap());
    let wrapper = tx.snapshot().wrapper_named(wrapper).unwrap().oid;
    tx.create(Server {
        oid,
        name: name.to_owned(),
        owner: RoleOid::BOOTSTRAP,
        wrapper,
        server_type: None,
        version: None,
        acl: None,
        options: options(given),
        epoch: None,
    })
    .unwrap();
    tx.commit().unwrap();
    oid
}
