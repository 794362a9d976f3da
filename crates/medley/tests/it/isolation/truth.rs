//! Which accounts are whose, and since when.
use std::time::Instant;

use parking_lot::Mutex;

use super::ROLES;

/// An account that a role has, or had.
struct Term {
    account: String,
    /// When something else was in its place for certain.
    until: Option<Instant>,
}

/// A role, as the test knows it.
struct Role {
    name: String,
    terms: Vec<Term>,
}

pub struct Truth {
    roles: Vec<Mutex<Role>>,
    /// Who changes a role holds its turn.
    turns: Vec<tokio::sync::Mutex<()>>,
}

impl Truth {
    pub fn new() -> Self {
        let role = |number| {
            let term = Term { account: format!("a{number}"), until: None };
            Mutex::new(Role { name: format!("r{number}"), terms: vec![term] })
        };
        let turns = (0..ROLES).map(|_| tokio::sync::Mutex::default()).collect();
        Self { roles: (0..ROLES).map(role).collect(), turns }
    }

    pub fn turn(&self, role: usize) -> &tokio::sync::Mutex<()> {
        &self.turns[role]
    }

    pub fn name(&self, role: usize) -> String {
        self.roles[role].lock().name.clone()
    }

    pub fn rename(&self, role: usize, name: String) {
        self.roles[role].lock().name = name;
    }

    /// The account that it was given last.
    pub fn account(&self, role: usize) -> String {
        self.roles[role].lock().terms.last().unwrap().account.clone()
    }

    /// From now on it may be this one.
    pub fn announce(&self, role: usize, account: &str) {
        let term = Term { account: account.to_owned(), until: None };
        self.roles[role].lock().terms.push(term);
    }

    /// From now on it is what was announced last, and nothing else; or, if that failed, not.
    pub fn settle(&self, role: usize, done: bool) {
        let mut role = self.roles[role].lock();
        let now = Instant::now();
        let last = role.terms.len() - 1;
        if !done {
            let mut failed = role.terms.remove(last);
            failed.until = Some(now);
            role.terms.insert(0, failed);
            return;
        }
        let before = role.terms[..last].iter_mut();
        before.filter(|term| term.until.is_none()).for_each(|term| term.until = Some(now));
        // Nothing began so long ago.
        let long_ago = now.checked_sub(std::time::Duration::from_secs(60));
        role.terms
            .retain(|term| term.until.is_none_or(|until| long_ago.is_none_or(|it| until > it)));
    }

    /// The accounts that were a role's at some time since then.
    pub fn since(&self, role: usize, then: Instant) -> Vec<String> {
        let role = self.roles[role].lock();
        let counts = |term: &&Term| term.until.is_none_or(|until| until >= then);
        role.terms.iter().filter(counts).map(|term| term.account.clone()).collect()
    }

    /// Panics if this is not an account that was this role's since then.
    pub fn check(&self, role: usize, account: &str, then: Instant, how: &str) {
        let may_be = self.since(role, then);
        assert!(
            may_be.iter().any(|own| own == account),
            "r{role} was served as {account}, not one of {may_be:?}, by {how}"
        );
    }

    /// Nothing is announced that is not settled.
    pub fn is_settled(&self, role: usize) -> bool {
        self.roles[role].lock().terms.iter().filter(|term| term.until.is_none()).count() == 1
    }
}
