//! `file_fdw` and `parquet_s3_fdw`: files and object stores.
//!
//! csv and text are read here, by [`medley_copy`], as PostgreSQL reads them; so is JSON, a value a
//! line. Parquet and Arrow files are only named here: the engine reads them. A file of this machine
//! is opened by the dialer that the wrapper is given and in no other way, for it knows which files
//! nobody may read.
//!
//! It knows nothing of catalogs, of plans and of pushdown.
//!
//! Invariants:
//! - Who may set `filename` and `program` is decided when they are set, as PostgreSQL decides it.
//! - A store is opened for one statement, with the keys of one mapping, and serves nobody else.
mod connection;
mod copied;
mod import;
mod json;
mod local;
mod options;
mod rows;
mod s3;
mod s3_options;
mod source;

use async_trait::async_trait;
use medley_fdw::{
    Actor, Connect, FileWrapper, GivenOption, OptionSpec, Options, Report, Result, ScanConnection,
    Scope, ShapedBy, Wrapper,
};

/// `file_fdw`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Wrapper for Files {
    fn name(&self) -> &'static str {
        "file_fdw"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for flat file access"
    }

    fn handler(&self) -> &'static str {
        "file_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "file_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        options::OPTIONS
    }

    fn check_option(
        &self,
        scope: Scope,
        option: &GivenOption<'_>,
        actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        options::check_option(scope, option, actor)
    }

    fn check_all(&self, scope: Scope, options: &[GivenOption<'_>], _actor: Actor) -> Result<()> {
        options::check_all(scope, options)
    }

    /// Whoever reads the file reads the same.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy::default()
    }

    /// A file has no accounts.
    fn needs_mapping(&self) -> bool {
        false
    }
}

#[async_trait]
impl FileWrapper for Files {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Ok(Box::new(connection::Local::new(connect.dialer)))
    }

    fn is_stored(&self, table: &Options) -> bool {
        options::Format::of(table).is_stored()
    }

    fn explain(&self, table: &Options) -> Option<(&'static str, String)> {
        let told = |label, name| table.text(name).map(|text| (label, text.to_owned()));
        told("Foreign File", "filename").or_else(|| told("Foreign Program", "program"))
    }
}

/// `parquet_s3_fdw`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParquetS3;

impl Wrapper for ParquetS3 {
    fn name(&self) -> &'static str {
        "parquet_s3_fdw"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for Parquet files in object stores"
    }

    fn handler(&self) -> &'static str {
        "parquet_s3_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "parquet_s3_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        s3_options::OPTIONS
    }

    fn check_option(
        &self,
        scope: Scope,
        option: &GivenOption<'_>,
        actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        s3_options::check_option(scope, option, actor)
    }

    fn check_all(&self, scope: Scope, options: &[GivenOption<'_>], _actor: Actor) -> Result<()> {
        s3_options::check_all(scope, options)
    }

    /// What the keys may read is the same whoever uses them.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy::default()
    }

    fn endpoint_options(&self) -> Option<&'static [&'static str]> {
        Some(&["endpoint", "use_minio", "region"])
    }
}

#[async_trait]
impl FileWrapper for ParquetS3 {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Ok(Box::new(s3::S3::new(connect)?))
    }

    fn is_stored(&self, _table: &Options) -> bool {
        true
    }

    fn explain(&self, table: &Options) -> Option<(&'static str, String)> {
        let name = table.text("filename").or(table.text("dirname"));
        name.map(|name| ("Foreign File", name.to_owned()))
    }
}
