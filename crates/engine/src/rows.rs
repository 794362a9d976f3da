//! What a query hands out.
use std::sync::Arc;

use std::fmt;

use datafusion::arrow::array::RecordBatch;
use futures::stream::BoxStream;
use medley_fdw::RawBatch;
use medley_types::{Column, Style};

use crate::error::Result;
use crate::ship::whole::Decoder;

/// The result of a query: its columns, and its rows as they come. Dropped early, it stops what
/// runs for it, here and at the remotes.
pub struct Rows {
    /// Names and types, in order; names need not be unique.
    pub columns: Arc<[Column]>,
    /// Some rows at a time.
    pub batches: BoxStream<'static, Result<Batch>>,
}

/// Some rows of a result.
#[derive(Clone, Debug)]
pub enum Batch {
    /// One Arrow column each, in its type's form; the fields' names mean nothing.
    Columns(RecordBatch),
    /// As PostgreSQL's protocol has them, in the formats that were asked for.
    Raw(RawBatch),
}

impl Batch {
    /// How many.
    pub fn rows(&self) -> usize {
        match self {
            Self::Columns(batch) => batch.num_rows(),
            Self::Raw(batch) => batch.rows,
        }
    }

    /// The same as columns; rows of a remote must be text under `style`.
    pub fn into_columns(self, columns: &[Column], style: &Style) -> Result<RecordBatch> {
        match self {
            Self::Columns(batch) => Ok(batch),
            Self::Raw(batch) => Decoder::new(columns, style).columns(&batch),
        }
    }

    /// The first rows, and the others if there are any.
    pub fn cut(self, rows: usize) -> (Self, Option<Self>) {
        if self.rows() <= rows {
            return (self, None);
        }
        match self {
            Self::Columns(batch) => {
                let rest = batch.slice(rows, batch.num_rows() - rows);
                (Self::Columns(batch.slice(0, rows)), Some(Self::Columns(rest)))
            }
            Self::Raw(mut batch) => {
                let rest = batch.messages.split_off(messages_end(&batch.messages, rows));
                let others = RawBatch { rows: batch.rows - rows, messages: rest };
                batch.rows = rows;
                (Self::Raw(batch), Some(Self::Raw(others)))
            }
        }
    }
}

/// Where so many messages end.
fn messages_end(messages: &[u8], count: usize) -> usize {
    (0..count).fold(0, |end, _| match messages.get(end..).and_then(|rest| rest.first_chunk()) {
        Some(&[_, a, b, c, d]) => {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            (end + 1).saturating_add(length).min(messages.len())
        }
        None => messages.len(),
    })
}

/// In which form a result is wanted, and what is known of the statement.
#[derive(Clone, Debug, Default)]
pub struct RunOptions<'a> {
    /// Rows may come as a remote encodes them.
    pub raw: Option<RawFormats>,
    /// The statement is prepared: it is likely to be run again, and its plan is kept here.
    pub plan: Option<&'a crate::PlanCell>,
}

/// The formats of rows as a remote encodes them.
#[derive(Clone, Debug)]
pub enum RawFormats {
    /// All columns as text.
    Text,
    /// All columns in binary.
    Binary,
    /// For each column: in binary, not as text.
    Columns(Vec<bool>),
}

impl RawFormats {
    /// For so many columns.
    pub(crate) fn binary(&self, columns: usize) -> Vec<bool> {
        match self {
            Self::Text => vec![false; columns],
            Self::Binary => vec![true; columns],
            Self::Columns(binary) => {
                (0..columns).map(|index| binary.get(index).copied().unwrap_or_default()).collect()
            }
        }
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_rows_are_cut_between_messages() {
        let messages = bytes::Bytes::from_static(b"D\0\0\0\x06\0\0D\0\0\0\x04D\0\0\0\x05x");
        let batch = Batch::Raw(RawBatch { rows: 3, messages });
        let (first, rest) = batch.cut(2);
        assert_eq!((first.rows(), rest.as_ref().map(Batch::rows)), (2, Some(1)));
        let Some(Batch::Raw(rest)) = rest else { panic!("there is one more") };
        assert_eq!(&rest.messages[..], b"D\0\0\0\x05x");
        assert!(Batch::Raw(rest).cut(1).1.is_none());
    }
}
