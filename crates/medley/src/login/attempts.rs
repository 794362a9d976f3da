//! How often somebody may guess.
//!
//! Each failed login uses up one of a source's guesses, and they come back slowly. Who has none
//! left is refused before any role is looked at, so that the refusal tells nothing of roles.
//! Guesses are counted where they come from and not for whom, or else a stranger could keep
//! somebody out.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use medley_diagnostic::{Report, SqlState};
use parking_lot::Mutex;

/// Guesses that a source has at first.
const GUESSES: u32 = 20;
/// How long it takes until one comes back.
const COMES_BACK: Duration = Duration::from_secs(3);
/// Sources that are remembered, at most: those that have waited longest are forgotten first.
const SOURCES: usize = 10_000;

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An address; of IPv6 the first half, for the other is the client's to choose.
    Address(IpAddr),
    /// An account of this machine.
    Account(Option<u32>),
}

impl Source {
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        })
    }
}

/// Who has failed, and when all their guesses will have come back.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Source, Instant>>);

impl Attempts {
    /// Refuses who has no guess left.
    pub fn check(&self, source: Source) -> Result<(), Report> {
        self.check_at(source, Instant::now())
    }

    /// Uses up one guess.
    pub fn failed(&self, source: Source) {
        self.failed_at(source, Instant::now());
    }

    fn check_at(&self, source: Source, now: Instant) -> Result<(), Report> {
        let whole_again = self.0.lock().get(&source).copied().unwrap_or(now);
        let missing = whole_again.saturating_duration_since(now);
        match missing.checked_sub(COMES_BACK * (GUESSES - 1)) {
            Some(wait) if !wait.is_zero() => Err(refusal(wait)),
            _ => Ok(()),
        }
    }

    fn failed_at(&self, source: Source, now: Instant) {
        let mut sources = self.0.lock();
        if sources.len() >= SOURCES {
            forget(&mut sources, now);
        }
        let whole_again = sources.entry(source).or_insert(now);
        *whole_again = (*whole_again).max(now) + COMES_BACK;
    }
}

/// Makes room: without those who have all their guesses, or else without the better half.
fn forget(sources: &mut HashMap<Source, Instant>, now: Instant) {
    sources.retain(|_, whole_again| *whole_again > now);
    if sources.len() >= SOURCES {
        let mut times: Vec<_> = sources.values().copied().collect();
        let (_, middle, _) = times.select_nth_unstable(SOURCES / 2);
        let middle = *middle;
        sources.retain(|_, whole_again| *whole_again > middle);
    }
}

fn refusal(wait: Duration) -> Report {
    tracing::warn!(reason = "too many failures", "login refused");
    let seconds = wait.as_secs() + 1;
    Report::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, "too many failed logins")
        .with_hint(format!("Try again in {seconds} s."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Source {
        Source::of_address(text.parse().unwrap())
    }

    #[test]
    fn guesses_are_used_up_and_come_back() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let (guesser, other) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..GUESSES {
            attempts.check_at(guesser, now).unwrap();
            attempts.failed_at(guesser, now);
        }
        let refused = attempts.check_at(guesser, now).unwrap_err();
        assert_eq!(refused.hint.as_deref(), Some("Try again in 4 s."));
        attempts.check_at(other, now).unwrap();
        let later = now + COMES_BACK;
        attempts.check_at(guesser, later).unwrap();
        attempts.failed_at(guesser, later);
        assert!(attempts.check_at(guesser, later).is_err());
        let much_later = later + COMES_BACK * GUESSES;
        for _ in 0..GUESSES {
            attempts.check_at(guesser, much_later).unwrap();
            attempts.failed_at(guesser, much_later);
        }
        assert!(attempts.check_at(guesser, much_later).is_err());
    }

    #[test]
    fn a_net_of_ipv6_is_one_source() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let guesser = Source::Account(Some(1));
        for _ in 0..2 * GUESSES {
            attempts.failed_at(guesser, now);
        }
        for number in 0..3 * SOURCES as u32 {
            attempts.failed_at(Source::Account(Some(number + 2)), now);
        }
        assert!(attempts.0.lock().len() <= SOURCES);
        assert!(attempts.check_at(guesser, now).is_err());
    }
}
