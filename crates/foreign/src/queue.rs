//! How many connections are in use, and who waits for one.
//!
//! Whoever came first is served first, unless what they wait for is not what is free: a mapping
//! whose connections are all in use holds up those who wait for this mapping, and nobody else.
use std::collections::{HashMap, HashSet};

use medley_catalog::ids::ServerOid;
use tokio::sync::oneshot;

use crate::key::AccountKey;
use crate::{ConnKey, Limits};

/// What has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// All connections.
    Total,
    /// Those to a server.
    Server(ServerOid),
    /// Those of an account there.
    Account(AccountKey),
}

impl ConnKey {
    /// What its connections count against.
    pub(crate) fn scopes(&self) -> [Scope; 3] {
        [Scope::Account(self.account()), Scope::Server(self.server()), Scope::Total]
    }
}

pub(crate) struct Queue {
    limits: Limits,
    in_use: HashMap<Scope, usize>,
    /// In the order of their coming.
    waiting: Vec<Waiting>,
    tickets: u64,
}

struct Waiting {
    ticket: u64,
    keys: Vec<ConnKey>,
    serve: oneshot::Sender<()>,
}

/// Tells one who waits from others, and knows what is waited for.
pub(crate) struct Ticket {
    number: u64,
    keys: Vec<ConnKey>,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, in_use: HashMap::new(), waiting: Vec::new(), tickets: 0 }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// From now on others count.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        self.serve();
    }

    /// How many are in use in all.
    pub(crate) fn busy(&self) -> usize {
        self.busy_in(Scope::Total)
    }

    pub(crate) fn busy_in(&self, scope: Scope) -> usize {
        self.in_use.get(&scope).copied().unwrap_or_default()
    }

    /// Whether these fit beside those in use.
    pub(crate) fn could_serve(&mut self, keys: &[ConnKey]) -> bool {
        let fits = self.take(keys).is_ok();
        if fits {
            keys.iter().for_each(|key| self.put_back(key));
        }
        fits
    }

    /// Takes one of these if nobody waits, and there is one.
    pub(crate) fn take_now(&mut self, key: &ConnKey) -> bool {
        self.waiting.is_empty() && self.take(std::slice::from_ref(key)).is_ok()
    }

    /// Waits for all of these at once. Whoever need not wait has been served already.
    pub(crate) fn enter(&mut self, keys: Vec<ConnKey>) -> (Ticket, oneshot::Receiver<()>) {
        let (serve, served) = oneshot::channel();
        self.tickets += 1;
        let ticket = self.tickets;
        self.waiting.push(Waiting { ticket, keys: keys.clone(), serve });
        self.serve();
        (Ticket { number: ticket, keys }, served)
    }

    /// Goes away, with nothing: what was given meanwhile is free again.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        let waited = self.waiting.iter().position(|waiting| waiting.ticket == ticket.number);
        match waited {
            Some(place) => drop(self.waiting.remove(place)),
            None => ticket.keys.iter().for_each(|key| self.put_back(key)),
        }
        self.serve();
    }

    /// One is not in use any more.
    pub(crate) fn give_back(&mut self, key: &ConnKey) {
        self.put_back(key);
        self.serve();
    }

    /// Serves all who can be, in turn. Who cannot be keeps those behind from what they wait for.
    fn serve(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut full = HashSet::new();
        for waiting in std::mem::take(&mut self.waiting) {
            let mut scopes = waiting.keys.iter().flat_map(ConnKey::scopes);
            if scopes.any(|scope| full.contains(&scope)) {
                self.waiting.push(waiting);
                continue;
            }
            match self.take(&waiting.keys) {
                // Whoever goes away says so before the channel closes.
                Ok(()) => drop(waiting.serve.send(())),
                Err(scope) => {
                    full.insert(scope);
                    self.waiting.push(waiting);
                }
            }
        }
    }

    /// Takes all of these, or none; then the result is what has no place left.
    fn take(&mut self, keys: &[ConnKey]) -> Result<(), Scope> {
        for (index, key) in keys.iter().enumerate() {
            let is_full = |scope: &Scope| self.busy_in(*scope) >= self.limits.of(*scope);
            if let Some(full) = key.scopes().into_iter().find(is_full) {
                keys[..index].iter().for_each(|key| self.put_back(key));
                return Err(full);
            }
            for scope in key.scopes() {
                *self.in_use.entry(scope).or_default() += 1;
            }
        }
        Ok(())
    }

    fn put_back(&mut self, key: &ConnKey) {
        for scope in key.scopes() {
            if let Some(count) = self.in_use.get_mut(&scope) {
                *count -= 1;
                if *count == 0 {
                    self.in_use.remove(&scope);
                }
            }
        }
    }
}
