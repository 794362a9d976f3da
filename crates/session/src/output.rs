use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use medley_copy::Pieces;
use medley_diagnostic::Report;
use medley_engine::RawFormats;
use medley_fdw::RawBatch;
use medley_types::{Column, Style};
use tokio_util::sync::CancellationToken;

/// Where a statement's answer goes: a client on the wire, or `medley sql`'s table.
///
/// Each method waits until there is room; an error means that nobody listens any more, or that
/// the statement was cancelled meanwhile.
#[async_trait]
pub trait Output: Send {
    /// The columns of the rows that follow.
    async fn columns(&mut self, columns: &[Column]) -> Result<(), Report>;

    /// The same, of rows whose values are to go in binary.
    async fn binary_columns(&mut self, columns: &[Column]) -> Result<(), Report> {
        self.columns(columns).await
    }

    /// Rows, in the shape that was told, to be printed under `style`.
    async fn rows(&mut self, batch: &RecordBatch, style: &Arc<Style>) -> Result<(), Report>;

    /// In which formats rows are taken as a remote encodes them, if they are.
    fn raw_formats(&self) -> Option<RawFormats> {
        None
    }

    /// Rows in those formats.
    async fn raw_rows(&mut self, _batch: &RawBatch) -> Result<(), Report> {
        Err(Report::unsupported("relaying rows unread"))
    }

    /// Begins COPY TO STDOUT of so many columns.
    async fn copy_out(&mut self, _binary: bool, _columns: usize) -> Result<(), Report> {
        Err(Report::unsupported("COPY to this client"))
    }

    /// Some of what is copied out.
    async fn copy_data(&mut self, _pieces: &Pieces) -> Result<(), Report> {
        Err(Report::unsupported("COPY to this client"))
    }

    /// All is copied out.
    async fn copy_done(&mut self) -> Result<(), Report> {
        Err(Report::unsupported("COPY to this client"))
    }

    /// Begins COPY FROM STDIN of so many columns.
    async fn copy_in(&mut self, _binary: bool, _columns: usize) -> Result<(), Report> {
        Err(Report::unsupported("COPY from this client"))
    }

    /// The next of what is copied in, cut anywhere; none at the end.
    async fn copy_next(&mut self) -> Result<Option<Bytes>, Report> {
        Err(Report::unsupported("COPY from this client"))
    }

    /// The end of a statement, with its command tag.
    async fn complete(&mut self, tag: &str) -> Result<(), Report>;

    /// The end of a text without a statement in it.
    async fn empty(&mut self) -> Result<(), Report>;

    /// A word to the person.
    async fn notice(&mut self, report: &Report) -> Result<(), Report>;

    /// A setting that clients follow has a new value.
    async fn parameter(&mut self, name: &str, value: &str) -> Result<(), Report>;
}

/// How a session learns that its statement must stop.
pub trait Interrupt: Send + Sync {
    /// The running statement's token.
    fn token(&self) -> CancellationToken;

    /// Why it must stop, if it must.
    fn reason(&self) -> Option<Report>;
}

/// For a session that nobody can interrupt.
pub struct Uninterrupted;

impl Interrupt for Uninterrupted {
    fn token(&self) -> CancellationToken {
        CancellationToken::new()
    }

    fn reason(&self) -> Option<Report> {
        None
    }
}
