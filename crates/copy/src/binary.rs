//! COPY's binary format, read.
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use bytes::{Buf, BytesMut};
use medley_types::{ColumnBuilder, PgType, field};

use crate::{Error, Result};

/// What it begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Rows that are handed out at once.
const BATCH_ROWS: usize = 8192;

/// Bytes in, batches out, in order.
pub struct BinaryReader {
    table: String,
    names: Vec<String>,
    schema: SchemaRef,
    builders: Vec<ColumnBuilder>,
    buffer: BytesMut,
    /// The header has been read.
    begun: bool,
    /// The end was marked.
    done: bool,
    /// Rows of the batch that is being made.
    rows: usize,
    /// Of the row that is being read, from 1.
    line: u64,
}

impl BinaryReader {
    /// For a table of this name, and these columns.
    pub fn new(table: &str, columns: &[(String, PgType)]) -> Self {
        let fields = columns.iter().map(|(name, t)| field(name.clone(), *t, true));
        Self {
            table: table.to_owned(),
            names: columns.iter().map(|(name, _)| name.clone()).collect(),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            builders: columns.iter().map(|(_, t)| ColumnBuilder::new(*t, 0)).collect(),
            buffer: BytesMut::new(),
            begun: false,
            done: false,
            rows: 0,
            line: 0,
        }
    }

    /// Takes bytes, and hands out rows when there are enough for a batch.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<RecordBatch>> {
        self.buffer.extend_from_slice(bytes);
        if !self.begun {
            if self.buffer.len() < SIGNATURE.len() + 8 {
                return Ok(None);
            }
            self.header()?;
        }
        while !self.done {
            let Some(length) = self.whole_row()? else { break };
            let row = self.buffer.split_to(length);
            self.row(&row)?;
        }
        if self.done && !self.buffer.is_empty() {
            return Err(self.here(Error::AfterEnd));
        }
        match self.rows >= BATCH_ROWS {
            true => self.batch().map(Some),
            false => Ok(None),
        }
    }

    /// There are no more bytes: hands out the rest.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        match (self.begun, self.done) {
            (false, _) => Err(Error::Signature),
            (true, false) => {
                self.line += 1;
                Err(self.here(Error::EarlyEnd))
            }
            (true, true) => self.batch(),
        }
    }

    fn header(&mut self) -> Result<()> {
        if !self.buffer.starts_with(SIGNATURE) {
            return Err(Error::Signature);
        }
        self.buffer.advance(SIGNATURE.len());
        let flags = self.buffer.get_u32();
        let extension = self.buffer.get_u32();
        // The lower half says what need not be known.
        if flags >> 16 != 0 || extension != 0 {
            return Err(Error::Flags);
        }
        self.begun = true;
        Ok(())
    }

    /// How long the next row is, if all of it is there; the mark of the end is taken.
    fn whole_row(&mut self) -> Result<Option<usize>> {
        let Some(count) = self.buffer.first_chunk().map(|it| i16::from_be_bytes(*it)) else {
            return Ok(None);
        };
        if count == -1 {
            self.buffer.advance(2);
            self.done = true;
            return Ok(None);
        }
        if usize::try_from(count).ok() != Some(self.names.len()) {
            self.line += 1;
            let (got, expected) = (count, self.names.len());
            return Err(self.here(Error::FieldCount { got, expected }));
        }
        let mut end = 2;
        for _ in 0..count {
            let Some(length) = self.buffer.get(end..).and_then(|rest| rest.first_chunk()) else {
                return Ok(None);
            };
            end += 4 + usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        }
        Ok((self.buffer.len() >= end).then_some(end))
    }

    fn row(&mut self, row: &[u8]) -> Result<()> {
        self.line += 1;
        let mut rest = &row[2..];
        for index in 0..self.builders.len() {
            let length = i32::from_be_bytes(*rest.first_chunk().ok_or(Error::EarlyEnd)?);
            rest = &rest[4..];
            let builder = &mut self.builders[index];
            match usize::try_from(length) {
                Err(_) if length == -1 => builder.append_null(),
                Err(_) => return Err(self.at_column(index, Error::FieldSize)),
                Ok(length) => {
                    let (value, left) = rest.split_at(length);
                    rest = left;
                    if let Err(error) = builder.append_binary(value) {
                        return Err(self.at_column(index, error.into()));
                    }
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn batch(&mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let options =
            RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::Internal(error.to_string()))
    }

    fn here(&self, error: Error) -> Error {
        error.at(format!("COPY {}, line {}", self.table, self.line))
    }

    fn at_column(&self, index: usize, error: Error) -> Error {
        let column = &self.names[index];
        error.at(format!("COPY {}, line {}, column {column}", self.table, self.line))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;

    use super::*;

    fn reader() -> BinaryReader {
        BinaryReader::new("t", &[("a".to_owned(), PgType::INT4), ("b".to_owned(), PgType::TEXT)])
    }

    fn begin() -> Vec<u8> {
        [SIGNATURE, &[0; 8]].concat()
    }

    fn check_error(bytes: &[u8], expected: &str) {
        let mut reader = reader();
        let failed = reader.feed(bytes).err().or_else(|| reader.finish().err());
        assert_eq!(failed.expect("it is not right").to_string(), expected);
    }

    #[test]
    fn rows_come_however_they_are_cut() {
        let rows = b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x01x\0\x02\xff\xff\xff\xff\0\0\0\0\xff\xff";
        let bytes = [&begin()[..], rows].concat();
        for size in [1, 2, 7, bytes.len()] {
            let mut reader = reader();
            for piece in bytes.chunks(size) {
                assert!(reader.feed(piece).expect("it is right").is_none());
            }
            let batch = reader.finish().expect("it is whole");
            assert_eq!((batch.num_rows(), batch.column(0).null_count()), (2, 1));
        }
    }

    #[test]
    fn what_is_wrong_is_told_as_postgresql_tells_it() {
        check_error(b"PGCOPX\n\xff\r\n\0\0\0\0\0\0\0\0\0", "COPY file signature not recognized");
        check_error(&begin(), "unexpected EOF in COPY data");
        check_error(&[&begin()[..], b"\0\x01"].concat(), "row field count is 1, expected 2");
        check_error(&[&begin()[..], b"\xff\xffx"].concat(), "received copy data after EOF marker");
    }
}
