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

use plan::Case;
use play::play;

/// As many as take a few seconds.
const CASES: u64 = 400;

#[test]
fn four_sessions_leave_the_catalog_whole() {
    let from_variable = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let count = from_variable("MEDLEY_INTERLEAVINGS").unwrap_or(CASES);
    let first = from_variable("MEDLEY_SEED").unwrap_or(1);
    let mut statistics = play::Statistics::default();
    for seed in first..first + count {
        let case = Case::random(seed);
        match play(&case) {
            Ok(done) => statistics.add(&done),
            Err(_) => {
                let (case, error) = shrink::smallest(case);
                panic!("MEDLEY_SEED={seed} MEDLEY_INTERLEAVINGS=1 fails:\n{error}\n{case}");
            }
        }
    }
    println!("{statistics:?}");
    // A generator whose statements all fail would show nothing.
    if count >= CASES {
        assert!(statistics.shows_enough(), "{statistics:?}");
    }
}
