//! An open file, and the thread that works on it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use medley_fdw::{Canceller, Error, Result, Unreached};
use rusqlite::{Connection, InterruptHandle};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::open::{File, Purpose};

/// So often does a running statement look whether it is to stop: after so many instructions of
/// SQLite's machine, a fraction of a millisecond.
const INSTRUCTIONS_PER_LOOK: i32 = 10_000;

/// An open file.
pub(crate) struct Session {
    server: String,
    file: File,
    /// Away while a thread works on it, and for good if nobody waited for the thread.
    connection: Option<Connection>,
    stop: Stop,
    purpose: Purpose,
}

/// A thread that has the session's connection; dropped, it stops.
pub(crate) struct Thread<T> {
    handle: JoinHandle<(Connection, Result<T>)>,
    stop: Stop,
    ended: bool,
}

/// Stops what a thread does: a mark for what is about to run, an interrupt for what runs.
#[derive(Clone)]
pub(crate) struct Stop {
    wanted: Arc<AtomicBool>,
    interrupt: Arc<InterruptHandle>,
}

impl Session {
    /// Opens a file to be read.
    pub async fn open(server: &str, database: &str) -> Result<Self> {
        let (connection, file) = opened(server, database, Purpose::Read).await?;
        let (server, stop) = (server.to_owned(), Stop::of(&connection));
        Ok(Self { server, file, connection: Some(connection), stop, purpose: Purpose::Read })
    }

    /// Opens the file once more, to be changed: who only reads never can.
    pub async fn open_for_changes(&mut self) -> Result<()> {
        let (connection, file) = opened(&self.server, &self.file.database, Purpose::Write).await?;
        if !self.file.is(&file) {
            return Err(self.lost("the file was removed or replaced"));
        }
        self.stop = Stop::of(&connection);
        (self.connection, self.purpose) = (Some(connection), Purpose::Write);
        Ok(())
    }

    /// What stops the session's thread.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// No thread works on it, and it can do nothing but read.
    pub fn is_as_it_was(&self) -> bool {
        self.connection.is_some() && self.purpose == Purpose::Read
    }

    /// Does something on a thread, and waits for it.
    pub async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let thread = self.start(work)?;
        self.join(thread).await
    }

    /// Starts a thread. A connection to a file that was replaced is lost.
    pub fn start<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<Thread<T>> {
        let connection =
            self.connection.take().ok_or_else(|| self.lost("its last statement was abandoned"))?;
        self.stop.wanted.store(false, Ordering::SeqCst);
        let (file, replaced) = (self.file.clone(), self.lost("the file was removed or replaced"));
        let handle = spawn_blocking(move || {
            let done = match file.is_in_place() {
                true => work(&connection),
                false => Err(replaced),
            };
            (connection, done)
        });
        Ok(Thread { handle, stop: self.stop(), ended: false })
    }

    /// Waits for a thread to end.
    pub async fn join<T>(&mut self, thread: Thread<T>) -> Result<T> {
        let (connection, done) =
            thread.end().await.ok_or_else(|| self.lost("its thread has failed"))?;
        self.connection = Some(connection);
        done
    }

    fn lost(&self, detail: &str) -> Error {
        Error::Lost { server: self.server.clone(), detail: detail.to_owned() }
    }
}

async fn opened(server: &str, database: &str, purpose: Purpose) -> Result<(Connection, File)> {
    let refused =
        |detail| Error::Connect { server: server.to_owned(), detail, kind: Unreached::Other };
    let path = database.to_owned();
    let opened = spawn_blocking(move || crate::open::open(&path, purpose)).await;
    opened.map_err(|error| refused(error.to_string()))?.map_err(refused)
}

impl<T> Thread<T> {
    async fn end(mut self) -> Option<(Connection, Result<T>)> {
        let ended = (&mut self.handle).await;
        self.ended = true;
        ended.ok()
    }
}

impl<T> Drop for Thread<T> {
    fn drop(&mut self) {
        if !self.ended {
            self.stop.stop();
        }
    }
}

impl Stop {
    fn of(connection: &Connection) -> Self {
        let wanted = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&wanted);
        let look = move || mark.load(Ordering::SeqCst);
        connection.progress_handler(INSTRUCTIONS_PER_LOOK, Some(look));
        Self { wanted, interrupt: Arc::new(connection.get_interrupt_handle()) }
    }

    fn stop(&self) {
        self.wanted.store(true, Ordering::SeqCst);
        self.interrupt.interrupt();
    }
}

#[async_trait]
impl Canceller for Stop {
    async fn cancel(&self) -> Result<()> {
        self.stop();
        Ok(())
    }
}
