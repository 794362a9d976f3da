//! The least of a case that still fails.
use super::plan::Case;
use super::play::play;

/// How often a smaller case is tried.
const ATTEMPTS: usize = 300;

/// Leaves out transactions, then statements, as long as what is left fails; and how it does.
pub fn smallest(case: Case) -> (Case, String) {
    let mut attempts = 0;
    let mut error = failure(&case).unwrap_or_else(|| "it does not fail again".to_owned());
    let mut smallest = case;
    'again: loop {
        for smaller in smaller(&smallest) {
            attempts += 1;
            if attempts > ATTEMPTS {
                break 'again;
            }
            if let Some(failed) = failure(&smaller) {
                (smallest, error) = (smaller, failed);
                continue 'again;
            }
        }
        break;
    }
    (smallest, error)
}

fn failure(case: &Case) -> Option<String> {
    play(case).err().map(|error| {
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        causes.join("\n")
    })
}

fn smaller(case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    for (number, transactions) in case.sessions.iter().enumerate() {
        for index in 0..transactions.len() {
            let mut without = case.clone();
            without.sessions[number].remove(index);
            found.push(without);
        }
    }
    for (number, transactions) in case.sessions.iter().enumerate() {
        for (index, transaction) in transactions.iter().enumerate() {
            let steers = ["begin", "commit", "rollback", "savepoint", "release"];
            for (place, statement) in transaction.iter().enumerate() {
                if !steers.iter().any(|word| statement.starts_with(word)) {
                    let mut without = case.clone();
                    without.sessions[number][index].remove(place);
                    found.push(without);
                }
            }
        }
    }
    found
}
