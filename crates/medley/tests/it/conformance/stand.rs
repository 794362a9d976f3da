//! The sources that the suite is run against: each with the same tables.
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray};
use medley_testkit::{MariaDb, Medley, ObjectStore, Postgres, TempFolder};
use tokio_postgres::Client;

use crate::files::make::parquet;

/// How many rows `many` has.
pub const MANY: i32 = 1_000_000;

const ROWS: &str = "INSERT INTO conf VALUES (1, 'one', 1.50, '2024-02-29'), (2, NULL, NULL, NULL), \
    (3, 'Ünïcødé 漢字 🎬', -0.01, '1999-12-31'), (2147483647, '', 99999999.99, '9999-12-31'); \
    INSERT INTO shed VALUES (1, 2)";

/// A wrapper with a source of its kind.
pub struct Stand {
    pub wrapper: &'static str,
    pub medley: Medley,
    pub source: Source,
}

pub enum Source {
    Postgres(Postgres),
    Maria(MariaDb),
    Sqlite(TempFolder),
    Files(TempFolder),
    Store(ObjectStore),
}

impl Stand {
    pub fn all() -> Vec<Self> {
        let sources = [
            ("postgres_fdw", Source::postgres()),
            ("mysql_fdw", Source::maria()),
            ("sqlite_fdw", Source::sqlite()),
            ("file_fdw", Source::files()),
            ("parquet_s3_fdw", Source::store()),
        ];
        let stand = |(wrapper, source): (&'static str, Source)| {
            let medley = crate::medley();
            medley.psql(&source.definitions(wrapper)).unwrap();
            Self { wrapper, medley, source }
        };
        sources.into_iter().map(stand).collect()
    }

    pub async fn client(&self) -> Client {
        self.medley.connect_as_superuser().await.unwrap()
    }
}

impl Source {
    fn postgres() -> Self {
        let remote = Postgres::start().unwrap();
        remote.create_account("conf", "conf-secret").unwrap();
        remote
            .psql(&format!(
                "CREATE TABLE conf (id int PRIMARY KEY, title text, price numeric(10,2), day date); \
                 CREATE TABLE hollow (id int); CREATE TABLE shed (id int, gone int); \
                 CREATE TABLE many AS SELECT n FROM generate_series(1, {MANY}) n; {ROWS}; \
                 GRANT ALL ON ALL TABLES IN SCHEMA public TO conf"
            ))
            .unwrap();
        Self::Postgres(remote)
    }

    fn maria() -> Self {
        let remote = MariaDb::start().unwrap();
        remote.create_account("conf", "conf-secret").unwrap();
        remote
            .sql(&format!(
                "USE conf; CREATE TABLE conf (id INT PRIMARY KEY, title VARCHAR(40), \
                    price DECIMAL(10,2), day DATE) CHARACTER SET utf8mb4; \
                 CREATE TABLE hollow (id INT); CREATE TABLE shed (id INT, gone INT); \
                 CREATE TABLE many (n INT); INSERT INTO many SELECT seq FROM seq_1_to_{MANY}; {ROWS}"
            ))
            .unwrap();
        Self::Maria(remote)
    }

    fn sqlite() -> Self {
        let source = Self::Sqlite(TempFolder::new().unwrap());
        source.run(&format!(
            "CREATE TABLE conf (id INTEGER PRIMARY KEY, title TEXT, price NUMERIC, day TEXT); \
             CREATE TABLE hollow (id INTEGER); CREATE TABLE shed (id INTEGER, gone INTEGER); \
             CREATE TABLE many (n INTEGER); INSERT INTO many WITH RECURSIVE s (n) AS \
                (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {MANY}) SELECT n FROM s; {ROWS}"
        ));
        source
    }

    fn files() -> Self {
        let folder = TempFolder::new().unwrap();
        for (name, bytes) in parquet_files() {
            fs::write(folder.join(&format!("{name}.parquet")), bytes).unwrap();
        }
        Self::Files(folder)
    }

    fn store() -> Self {
        let store = ObjectStore::start("key", "conf-secret").unwrap();
        for (name, bytes) in parquet_files() {
            store.put("conf", &format!("{name}.parquet"), &bytes).unwrap();
        }
        Self::Store(store)
    }

    /// Changes the source itself, where it speaks SQL; whether it does.
    pub fn run(&self, sql: &str) -> bool {
        match self {
            Self::Postgres(remote) => drop(remote.psql(sql).unwrap()),
            Self::Maria(remote) => drop(remote.sql(&format!("USE conf; {sql}")).unwrap()),
            Self::Sqlite(folder) => {
                const PROGRAM: &str =
                    "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
                let mut python = folder.command("python3");
                python.args(["-c", PROGRAM]).arg(file(folder)).arg(sql);
                assert!(python.status().unwrap().success(), "{sql}");
            }
            Self::Files(_) | Self::Store(_) => return false,
        }
        true
    }

    /// Ends every session that reads it; whether there are any to end.
    pub fn end_sessions(&self) -> bool {
        match self {
            Self::Postgres(remote) => {
                let ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                            WHERE usename = 'conf'";
                remote.psql(ends).unwrap();
            }
            Self::Maria(remote) => {
                let ids = "SELECT id FROM information_schema.processlist WHERE user = 'conf'";
                for id in remote.sql(ids).unwrap().lines() {
                    remote.sql(&format!("KILL {id}")).unwrap();
                }
            }
            Self::Sqlite(_) | Self::Files(_) | Self::Store(_) => return false,
        }
        true
    }

    /// Whether it asks for a password.
    pub fn has_accounts(&self) -> bool {
        !matches!(self, Self::Sqlite(_) | Self::Files(_))
    }

    /// What IMPORT FOREIGN SCHEMA names.
    pub fn schema(&self) -> String {
        match self {
            Self::Postgres(_) => "public".to_owned(),
            Self::Maria(_) => "conf".to_owned(),
            Self::Sqlite(_) => "main".to_owned(),
            Self::Files(folder) => folder.path().display().to_string(),
            Self::Store(_) => "s3://conf".to_owned(),
        }
    }

    fn definitions(&self, wrapper: &str) -> String {
        let (server, mapping) = match self {
            Self::Postgres(remote) => (
                format!("host '127.0.0.1', port '{}', dbname 'postgres'", remote.port()),
                "user 'conf', password 'conf-secret'",
            ),
            Self::Maria(remote) => (
                format!("host '127.0.0.1', port '{}'", remote.port()),
                "username 'conf', password 'conf-secret'",
            ),
            Self::Sqlite(folder) => (format!("database '{}'", file(folder).display()), ""),
            Self::Files(_) => (String::new(), ""),
            Self::Store(store) => (
                format!("use_minio 'true', endpoint '{}', region 'us-east-1'", store.endpoint()),
                "user 'key', password 'conf-secret'",
            ),
        };
        let server = match server.is_empty() {
            true => format!("CREATE SERVER s FOREIGN DATA WRAPPER {wrapper}; "),
            false => format!("CREATE SERVER s FOREIGN DATA WRAPPER {wrapper} OPTIONS ({server}); "),
        };
        let mapping = match mapping {
            "" => String::new(),
            options => format!("CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ({options}); "),
        };
        let tables = [
            ("conf", "id integer, title text, price numeric(10,2), day date"),
            ("hollow", "id integer"),
            ("many", "n integer"),
        ];
        let tables = tables.map(|(name, columns)| {
            format!("CREATE FOREIGN TABLE {name} ({columns}) SERVER s {}; ", self.place(name))
        });
        let shed = match self {
            Self::Files(_) | Self::Store(_) => String::new(),
            _ => format!(
                "CREATE FOREIGN TABLE shed (id integer, gone integer) SERVER s {};",
                self.place("shed")
            ),
        };
        server + &mapping + &tables.concat() + &shed
    }

    /// The options that say where a table is.
    fn place(&self, table: &str) -> String {
        match self {
            Self::Postgres(_) | Self::Sqlite(_) => String::new(),
            Self::Maria(_) => "OPTIONS (dbname 'conf')".to_owned(),
            Self::Files(folder) => {
                let path = folder.join(&format!("{table}.parquet"));
                format!("OPTIONS (filename '{}', format 'parquet')", path.display())
            }
            Self::Store(_) => format!("OPTIONS (filename 's3://conf/{table}.parquet')"),
        }
    }
}

fn file(folder: &TempFolder) -> PathBuf {
    folder.join("conf.db")
}

/// The tables as files: days are counted since 1970.
fn parquet_files() -> [(&'static str, Vec<u8>); 3] {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, i32::MAX]));
    let titles: ArrayRef =
        Arc::new(StringArray::from(vec![Some("one"), None, Some("Ünïcødé 漢字 🎬"), Some("")]));
    let prices = vec![Some(150), None, Some(-1), Some(9_999_999_999)];
    let prices: ArrayRef =
        Arc::new(Decimal128Array::from(prices).with_precision_and_scale(10, 2).unwrap());
    let days = vec![Some(19_782), None, Some(10_956), Some(2_932_896)];
    let days: ArrayRef = Arc::new(Date32Array::from(days));
    let columns = [("id", ids), ("title", titles), ("price", prices), ("day", days)];
    let batch = |columns: Vec<(&str, ArrayRef)>| {
        parquet(
            &RecordBatch::try_from_iter_with_nullable(
                columns.into_iter().map(|(name, values)| (name, values, true)),
            )
            .unwrap(),
        )
    };
    let none: ArrayRef = Arc::new(Int32Array::from(Vec::<i32>::new()));
    let many: ArrayRef = Arc::new((1..=MANY).collect::<Int32Array>());
    [
        ("conf", batch(columns.into())),
        ("hollow", batch(vec![("id", none)])),
        ("many", batch(vec![("n", many)])),
    ]
}
