//! What was fetched, kept for its time, for nobody but the key that it was fetched for.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, Shared};
use medley_secret::Source;
use parking_lot::Mutex;

use super::FetchError;
use super::span::Span;
use super::value::Fields;
use crate::ConnKey;

/// After a fetch that failed for the moment, the next one is at least this much later, while there
/// is an old value.
const PAUSE: Duration = Duration::from_secs(1);
/// Because somebody could not log in with it, a value is fetched again no sooner than this.
const YOUNG: Duration = Duration::from_secs(1);
/// How many values are kept.
const MOST_ENTRIES: usize = 10_000;

/// Values by whose they are, and where they come from.
#[derive(Default)]
pub(super) struct Cache(Mutex<Entries>);

type Entries = HashMap<(ConnKey, Source), Arc<Entry>>;

/// What one fetch brought, and how long it is good.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) fields: Fields,
    pub(super) fetched: Instant,
    /// The lease of what is lent.
    pub(super) span: Option<Arc<Span>>,
    times: Times,
}

/// For how long what is not lent is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) ttl: Duration,
    pub(super) stale: Duration,
}

pub(super) struct Entry(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    value: Option<Arc<Value>>,
    /// Somebody could not log in with the value.
    doubted: bool,
    fetch: Option<Fetch>,
    /// When it was not to be had.
    failed: Option<Instant>,
}

/// One fetch, which all who want its value wait for.
pub(super) type Fetch = Shared<BoxFuture<'static, Result<Arc<Value>, FetchError>>>;

impl Value {
    pub(super) fn new(fields: Fields, span: Option<Arc<Span>>, times: Times) -> Self {
        Self { fields, fetched: Instant::now(), span, times }
    }

    /// It is used without asking again.
    fn is_fresh(&self, now: Instant) -> bool {
        match &self.span {
            Some(span) => !span.is_over(now),
            None => now < self.fetched + self.times.ttl,
        }
    }

    /// It is used when nobody answers.
    fn is_usable(&self, now: Instant) -> bool {
        match &self.span {
            Some(span) => span.is_alive(now),
            None => now < self.fetched + self.times.ttl + self.times.stale,
        }
    }

    /// Nobody begins anything with it any more.
    fn retire(&self) {
        if let Some(span) = &self.span {
            span.end();
        }
    }
}

impl Cache {
    pub(super) fn entry(&self, key: ConnKey, source: Source) -> Arc<Entry> {
        let mut entries = self.0.lock();
        if entries.len() >= MOST_ENTRIES {
            make_room(&mut entries);
        }
        Arc::clone(
            entries.entry((key, source)).or_insert_with(|| Arc::new(Entry(Mutex::default()))),
        )
    }

    /// Forgets what is of no use any more, and all of keys that do not count.
    pub(super) fn sweep(&self, is_current: impl Fn(&ConnKey) -> bool) {
        let now = Instant::now();
        self.0.lock().retain(|(key, _), entry| {
            let stays = is_current(key) && entry.is_worth_keeping(now);
            if !stays {
                entry.retire();
            }
            stays
        });
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.0.lock().drain().for_each(|(_, entry)| entry.retire());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// Forgets what is of no use any more; if that is little, half of what could be fetched again as
/// it is.
fn make_room(entries: &mut Entries) {
    let now = Instant::now();
    entries.retain(|_, entry| entry.is_worth_keeping(now));
    let too_many = entries.len().saturating_sub(MOST_ENTRIES / 2);
    let others = entries.iter().filter(|(_, entry)| !entry.is_lent_or_awaited());
    let gone: Vec<_> = others.map(|(key, _)| key.clone()).take(too_many).collect();
    gone.iter().for_each(|key| drop(entries.remove(key)));
}

impl Entry {
    /// The value: the one that is there while it is fresh, else what a fetch brings, of which there
    /// is one at a time. While the place does not answer, an old one serves as long as it may.
    pub(super) async fn value(
        self: &Arc<Self>,
        begin: impl FnOnce(Arc<Self>) -> Fetch,
    ) -> Result<Arc<Value>, FetchError> {
        let fetch = match self.fresh_or_fetch(begin) {
            Ok(value) => return Ok(value),
            Err(fetch) => fetch,
        };
        match fetch.await {
            Err(error) if error.is_passing() => match self.usable() {
                Some(value) => {
                    tracing::warn!(%error, "a secret that was fetched before is used");
                    Ok(value)
                }
                None => Err(error),
            },
            fetched => fetched,
        }
    }

    fn fresh_or_fetch(
        self: &Arc<Self>,
        begin: impl FnOnce(Arc<Self>) -> Fetch,
    ) -> Result<Arc<Value>, Fetch> {
        let now = Instant::now();
        let mut slot = self.0.lock();
        let fails = slot.failed.is_some_and(|failed| now < failed + PAUSE);
        let serves = |value: &&Arc<Value>| {
            (value.is_fresh(now) && !slot.doubted) || (fails && value.is_usable(now))
        };
        if let Some(value) = slot.value.as_ref().filter(serves) {
            return Ok(Arc::clone(value));
        }
        Err(slot.fetch.get_or_insert_with(|| begin(Arc::clone(self))).clone())
    }

    fn usable(&self) -> Option<Arc<Value>> {
        let now = Instant::now();
        self.0.lock().value.clone().filter(|value| value.is_usable(now))
    }

    /// The remote did not take this value: it is fetched again when it is wanted next, but not
    /// twice in a moment.
    pub(super) async fn doubt(&self, value: &Arc<Value>) {
        tokio::time::sleep_until((value.fetched + YOUNG).into()).await;
        let mut slot = self.0.lock();
        slot.doubted |= slot.value.as_ref().is_some_and(|it| Arc::ptr_eq(it, value));
    }

    /// A fetch has ended. What was there before ends with it, unless nobody answered.
    pub(super) fn end_fetch(
        &self,
        fetched: Result<Value, FetchError>,
    ) -> Result<Arc<Value>, FetchError> {
        let mut slot = self.0.lock();
        slot.fetch = None;
        match fetched {
            Err(error) if error.is_passing() => {
                slot.failed = Some(Instant::now());
                Err(error)
            }
            fetched => {
                let fetched = fetched.map(Arc::new);
                let old = std::mem::replace(&mut slot.value, fetched.as_ref().ok().cloned());
                (slot.failed, slot.doubted) = (None, false);
                if let Some(old) = old {
                    old.retire();
                }
                fetched
            }
        }
    }

    fn retire(&self) {
        if let Some(value) = &self.0.lock().value {
            value.retire();
        }
    }

    fn is_lent_or_awaited(&self) -> bool {
        let slot = self.0.lock();
        slot.fetch.is_some() || slot.value.as_ref().is_some_and(|value| value.span.is_some())
    }

    fn is_worth_keeping(&self, now: Instant) -> bool {
        let slot = self.0.lock();
        slot.fetch.is_some() || slot.value.as_ref().is_some_and(|value| value.is_usable(now))
    }
}
