//! Reading a stream, in one go.
use std::sync::Arc;

use arrow_array::RecordBatch;
use medley_types::Style;

use crate::{Encoding, Options, Parser, Result, Skipped, Splitter, Target};

/// Bytes in, batches out, in order.
pub struct Reader {
    splitter: Splitter,
    parser: Parser,
    encoding: Encoding,
}

impl Reader {
    /// For a table of this name. The options' encoding counts, else UTF-8.
    pub fn new(table: &str, options: Options, columns: Vec<Target>, style: Style) -> Self {
        let options = Arc::new(options);
        Self {
            splitter: Splitter::new(Arc::clone(&options)),
            encoding: options.encoding.unwrap_or(Encoding::Utf8),
            parser: Parser::new(table, options, columns, style, Arc::default()),
        }
    }

    /// Takes bytes, and hands out the rows that are whole when there are enough for a batch.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<RecordBatch>> {
        let bytes = self.encoding.decode(bytes);
        let block = self.splitter.feed(&bytes);
        block.map(|block| self.parser.read(&block)).transpose()
    }

    /// There are no more bytes: hands out the rest.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let block = self.splitter.finish();
        self.parser.read(&block)
    }

    /// No more rows come, for the end was marked: what still comes is passed over.
    pub fn is_done(&self) -> bool {
        self.splitter.is_done()
    }

    /// The rows that were left out.
    pub fn skipped(&self) -> &Skipped {
        self.parser.skipped()
    }
}
