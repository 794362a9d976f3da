//! The contract between Medley and a foreign-data wrapper.
//!
//! It knows Arrow and PostgreSQL's types; it does not know that there is a catalog, nor a query
//! engine. A wrapper declares its options as a table, connects as the mapped account that it is
//! given, and returns batches. It never looks a mapping up, so it cannot look up the wrong one.
//! Every method that a wrapper leaves out refuses with 0A000; none succeeds in silence.
mod bound;
mod check;
mod connect;
mod connection;
mod dialect;
pub mod drift;
mod error;
mod file;
mod functions;
mod import;
pub mod json;
pub mod local;
pub mod manual;
mod modify;
mod options;
pub mod ours;
mod registry;
mod rows;
mod scan;
mod transaction;
mod wrapper;

pub use bound::{binding, binds_secrets};
pub use check::{Actor, GivenOption, GivenValue, check, name_list};
pub use connect::{Address, Connect, Dialer, Network, RemoteStream, ShapedBy, TlsRoots, VIA};
pub use connection::{
    Batches, Canceller, Estimate, Query, RawBatch, RawQuery, RawRows, RemoteColumn, RemoteTable,
    Settings, Split, SqlConnection, TableName, TableStatistics,
};
pub use dialect::{Capabilities, Dialect, Facts, Family};
pub use error::{Error, Meant, Result, Unreached};
pub use file::{
    FileColumn, FileFormat, FileRows, FileSource, FileTable, FileWrapper, StoredFile, StoredFiles,
};
pub use functions::WrapperFunction;
pub use import::{ColumnDef, ImportSchema, Restriction, TableDef};
pub use medley_diagnostic::{Diagnostic, Report, Severity, SqlState};
pub use medley_secret::{ScramKeys, Secret};
pub use modify::{Modified, Modify, RowIdentity};
pub use options::{Effect, Kind, OptionSpec, Options, Scope};
pub use ours::Declared;
pub use registry::Registry;
pub use rows::RowBuilder;
pub use scan::{Op, Pushdown, Qual, Scan, ScanConnection};
pub use transaction::{Begin, Isolation};
pub use wrapper::{Handler, ScanWrapper, SqlWrapper, Wrapper};
