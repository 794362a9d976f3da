//! DDL of four sessions, interleaved at random: whatever they do to each other, every state that
//! is committed is whole, and what was undone has left nothing.
//!
//! One session runs at a time, and which one is decided here: a statement runs to its end or until
//! it waits for a lock, and who may go on after a wait is held until its turn comes. So a case is
//! its seed, and a case that fails fails again. `MEDLEY_INTERLEAVINGS` is how many cases run,
//! `MEDLEY_SEED` the first.
mod plan;
mod play;
mod random;
mod shrink;
mod watch;
mod worker;

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use plan::Case;
use play::{Statistics, play};

/// As many as take a processor a minute.
const CASES: u64 = 2_000;

#[test]
fn four_sessions_leave_the_catalog_whole() {
    let from_variable = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let count = from_variable("MEDLEY_INTERLEAVINGS").unwrap_or(CASES);
    let first = from_variable("MEDLEY_SEED").unwrap_or(1);
    let (statistics, failed) = play_all(first, first + count);
    if let Some(seed) = failed {
        let (case, error) = shrink::smallest(Case::random(seed));
        panic!("MEDLEY_SEED={seed} MEDLEY_INTERLEAVINGS=1 fails:\n{error}\n{case}");
    }
    println!("{statistics:?}");
    // A generator whose statements all fail would show nothing.
    if count >= CASES {
        assert!(statistics.shows_enough(), "{statistics:?}");
    }
}

/// Plays the cases of these seeds, one on each processor; the first that fails, if one does.
fn play_all(first: u64, end: u64) -> (Statistics, Option<u64>) {
    let next = AtomicU64::new(first);
    let all = Mutex::new((Statistics::default(), None));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || all.lock().unwrap().1.is_some() {
                return;
            }
            let played = play(&Case::random(seed));
            let (statistics, failed) = &mut *all.lock().unwrap();
            match played {
                Ok(done) => statistics.add(&done),
                Err(_) => *failed = Some(failed.map_or(seed, |other: u64| other.min(seed))),
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    all.into_inner().unwrap()
}
