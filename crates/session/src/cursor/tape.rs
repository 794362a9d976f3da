//! Rows as a cursor passes over them.
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::{Batch, RowStore, Rows};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::sink::Sink;
use crate::query;

/// The rows of a query, with a place among them. They come from the query as they are asked for;
/// those that were passed are kept only where the way back is open.
pub(crate) struct Tape {
    /// Never locked, as in [`crate::portal::PortalState`]; none once all have come.
    rows: Option<Mutex<Rows>>,
    /// What came of the query when it began ahead of time.
    failed: Option<Report>,
    /// Came from the query, and were not passed yet.
    ahead: Option<Batch>,
    /// All that came, where the way back is open, and whatever came before the transaction ended.
    kept: Option<RowStore>,
    /// 0 before the first row, then the number of the row it is on; at the end one more.
    place: u64,
}

impl Tape {
    pub(super) fn new(rows: Rows, kept: Option<RowStore>) -> Self {
        Self { rows: Some(Mutex::new(rows)), failed: None, ahead: None, kept, place: 0 }
    }

    /// Goes on for so many rows, or to the end: how many there were.
    pub(super) async fn forward(
        &mut self,
        count: Option<u64>,
        token: &CancellationToken,
        sink: &mut Sink<'_>,
    ) -> Result<u64, Report> {
        let mut passed = 0;
        while count.is_none_or(|count| passed < count) {
            let most = count.map_or(usize::MAX, |count| (count - passed) as usize);
            match self.next(most, token).await? {
                Some(batch) => {
                    passed += batch.rows() as u64;
                    self.place += batch.rows() as u64;
                    sink.put(batch).await?;
                }
                None => {
                    self.place += 1;
                    break;
                }
            }
        }
        Ok(passed)
    }

    /// Goes back for so many rows, or to before the first: how many there were.
    pub(super) async fn backward(
        &mut self,
        count: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<u64, Report> {
        let mut passed = 0;
        while self.place > 0 && count.is_none_or(|count| passed < count) {
            self.place -= 1;
            if self.place > 0 {
                passed += 1;
                if let Some(row) = self.kept_rows(self.place - 1, 1)? {
                    sink.put(row).await?;
                }
            }
        }
        Ok(passed)
    }

    pub(super) fn rewind(&mut self) {
        self.place = 0;
    }

    /// Whether nothing was asked of the query yet.
    pub(super) fn is_new(&self) -> bool {
        let kept = self.kept.as_ref().map_or(0, RowStore::rows);
        self.place == 0 && kept == 0 && self.ahead.is_none() && self.rows.is_some()
    }

    /// Lets the query begin, without moving; what is wrong with it is told to who asks for rows.
    pub(super) async fn begin(&mut self, token: &CancellationToken) -> Result<(), Report> {
        match self.pull(token).await {
            Ok(Some(batch)) => self.keep(batch),
            Ok(None) => Ok(()),
            Err(report) if report.sqlstate == SqlState::QUERY_CANCELED => Err(report),
            Err(report) => {
                self.failed = Some(report);
                Ok(())
            }
        }
    }

    /// Reads the query to its end: what is left, and what is kept, outlives it.
    pub(super) async fn hold(
        &mut self,
        store: impl FnOnce() -> RowStore,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        if self.kept.is_none() {
            let mut kept = store();
            if let Some(ahead) = self.ahead.take() {
                push(&mut kept, ahead)?;
            }
            self.kept = Some(kept);
            self.place = 0;
        }
        while let Some(batch) = self.pull(token).await? {
            self.keep(batch)?;
        }
        Ok(())
    }

    async fn next(
        &mut self,
        most: usize,
        token: &CancellationToken,
    ) -> Result<Option<Batch>, Report> {
        if self.kept.is_none() {
            let batch = match self.ahead.take() {
                Some(batch) => Some(batch),
                None => self.pull(token).await?,
            };
            let Some(batch) = batch else { return Ok(None) };
            let (now, later) = batch.cut(most);
            self.ahead = later;
            return Ok(Some(now));
        }
        loop {
            if let Some(batch) = self.kept_rows(self.place, most)? {
                return Ok(Some(batch));
            }
            match self.pull(token).await? {
                Some(batch) => self.keep(batch)?,
                None => return Ok(None),
            }
        }
    }

    /// The next rows of the query; whoever has read the last of them holds nothing of it any more.
    async fn pull(&mut self, token: &CancellationToken) -> Result<Option<Batch>, Report> {
        if let Some(report) = self.failed.take() {
            return Err(report);
        }
        while let Some(rows) = &mut self.rows {
            match query::next(rows.get_mut(), token).await {
                Some(Ok(batch)) if batch.rows() == 0 => {}
                Some(Ok(batch)) => return Ok(Some(batch)),
                Some(Err(report)) => {
                    self.rows = None;
                    return Err(report);
                }
                None => self.rows = None,
            }
        }
        Ok(None)
    }

    fn keep(&mut self, batch: Batch) -> Result<(), Report> {
        match &mut self.kept {
            Some(kept) => push(kept, batch),
            None => {
                self.ahead = Some(batch);
                Ok(())
            }
        }
    }

    fn kept_rows(&mut self, first: u64, most: usize) -> Result<Option<Batch>, Report> {
        let Some(kept) = &mut self.kept else { return Ok(None) };
        let found = tokio::task::block_in_place(|| kept.get(first, most));
        found.map_err(|error| error.report())
    }
}

fn push(store: &mut RowStore, batch: Batch) -> Result<(), Report> {
    tokio::task::block_in_place(|| store.push(batch)).map_err(|error| error.report())
}
