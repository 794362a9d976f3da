//! A session on a thread of its own, which runs when it is told to.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use medley_catalog::{Backend, WaitListener};
use medley_testkit::invariants::{Contents, Epochs, contents};

use crate::runner::Session;

/// What a session tells.
#[derive(Debug)]
pub enum Event {
    /// Its statement has ended, and it was told this. Before a COMMIT it saw this.
    Done { said: String, saw: Option<Contents> },
    /// Its statement waits for a lock.
    Waits,
    /// Its wait is over.
    MayGoOn,
}

/// A session that is played.
pub struct Worker {
    pub process_id: u32,
    orders: Option<Sender<String>>,
    gate: Sender<()>,
    cancel: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Tells of waits, and keeps who may go on until it is let through.
#[derive(Debug)]
struct Gate {
    number: usize,
    events: Sender<(usize, Event)>,
    open: Mutex<Receiver<()>>,
}

impl WaitListener for Gate {
    fn begins(&self) {
        let _ = self.events.send((self.number, Event::Waits));
    }

    fn ends(&self) {
        let _ = self.events.send((self.number, Event::MayGoOn));
        // Nobody opens it where the case has failed already.
        let _ = self.open.lock().unwrap().recv_timeout(Duration::from_secs(20));
    }
}

impl Worker {
    pub fn start(beside: &Session, number: usize, events: Sender<(usize, Event)>) -> Self {
        let process_id = 1000 + u32::try_from(number).unwrap();
        let cancel = Arc::new(AtomicBool::new(false));
        let (gate, open) = channel();
        let listener = Gate { number, events: events.clone(), open: Mutex::new(open) };
        let waits: Option<Arc<dyn WaitListener>> = Some(Arc::new(listener));
        let backend =
            Backend { process_id, cancel: Arc::clone(&cancel), waits, ..Backend::default() };
        let session = beside.beside_as(backend);
        let (orders, taken) = channel();
        let thread = thread::spawn(move || work(session, number, &taken, &events));
        Self { process_id, orders: Some(orders), gate, cancel, thread: Some(thread) }
    }

    pub fn run(&self, statement: &str) {
        self.cancel.store(false, Ordering::Release);
        self.orders.as_ref().unwrap().send(statement.to_owned()).unwrap();
    }

    pub fn let_go_on(&self) {
        self.gate.send(()).unwrap();
    }

    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Release);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel();
        self.orders = None;
        let _ = self.gate.send(());
        let _ = self.gate.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(
    mut session: Session,
    number: usize,
    orders: &Receiver<String>,
    events: &Sender<(usize, Event)>,
) {
    while let Ok(statement) = orders.recv() {
        let saw = (statement == "commit;").then(|| contents(&session.snapshot(), Epochs::Hidden));
        let said = session.run_text(&statement);
        if events.send((number, Event::Done { said, saw })).is_err() {
            return;
        }
    }
}
