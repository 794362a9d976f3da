//! For how long what a connection logged in with is good.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long something lasts that may be renewed, and may end before its time.
#[derive(Debug)]
pub(crate) struct Span {
    /// What it lasted at first: how soon before its end it is given up is measured by that.
    first: Duration,
    lasts: Mutex<Lasts>,
    over: AtomicBool,
    /// Somebody logged in with it since it was last renewed.
    used: AtomicBool,
}

/// How long it lasts as it was last said.
#[derive(Clone, Copy, Debug)]
struct Lasts {
    ends: Instant,
    length: Duration,
}

impl Span {
    /// Of what was asked for at this moment.
    pub(crate) fn new(from: Instant, lasts: Duration) -> Arc<Self> {
        Arc::new(Self {
            first: lasts,
            lasts: Mutex::new(Lasts { ends: from + lasts, length: lasts }),
            over: AtomicBool::new(false),
            used: AtomicBool::new(false),
        })
    }

    /// It lasts this long from that moment on.
    pub(crate) fn renew(&self, from: Instant, length: Duration) {
        *self.lasts.lock() = Lasts { ends: from + length, length };
        self.used.store(false, Ordering::Relaxed);
    }

    /// Whether somebody logged in with it since it was last renewed.
    pub(crate) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// It is of no use any more.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// When it is to be given up: somewhat before its end, so that nobody begins with it in its
    /// last moment.
    pub(crate) fn gives_way(&self) -> Instant {
        let early = (self.first / 10).min(Duration::from_secs(30));
        let ends = self.lasts.lock().ends;
        ends.checked_sub(early).unwrap_or(ends)
    }

    /// When it is to be renewed: with a third of the time left that it got last. Where renewing
    /// makes it last no longer, that is ever sooner, but not at once.
    pub(crate) fn renews(&self) -> Instant {
        let Lasts { ends, length } = *self.lasts.lock();
        ends.checked_sub(length / 3).unwrap_or(ends)
    }

    /// Nothing may be begun with it.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.over.load(Ordering::Relaxed) || now >= self.gives_way()
    }

    /// It works still, as far as anybody knows.
    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        !self.over.load(Ordering::Relaxed) && self.is_lasting(now)
    }

    /// Its time is not over, be it of use or not.
    pub(crate) fn is_lasting(&self, now: Instant) -> bool {
        now < self.lasts.lock().ends
    }

    /// How long it lasted at first.
    pub(crate) fn first(&self) -> Duration {
        self.first
    }
}

/// What a connection logged in with: it is lent to no new statement when one of these is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Term(Vec<Arc<Span>>);

impl Term {
    pub(crate) fn add(&mut self, span: Arc<Span>) {
        span.used.store(true, Ordering::Relaxed);
        self.0.push(span);
    }

    /// Whether the connection is good for one more statement.
    pub(crate) fn is_over(&self) -> bool {
        let now = || Instant::now();
        !self.0.is_empty() && self.0.iter().any(|span| span.is_over(now()))
    }
}
