//! The data: films, and on which account's shelf they stand.
use std::path::Path;

use anyhow::Context;
use rusqlite::Connection;

const TABLES: &str = "CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT, year INTEGER);
                      CREATE TABLE shelves (owner TEXT, film INTEGER)";

const FILMS: [(&str, u16); 7] = [
    ("Metropolis", 1927),
    ("Rashomon", 1950),
    ("Vertigo", 1958),
    ("Playtime", 1967),
    ("Stalker", 1979),
    ("Ran", 1985),
    ("Paprika", 2006),
];

const SHELVES: [(&str, &[&str]); 3] = [
    ("ann", &["Metropolis", "Vertigo", "Paprika"]),
    ("ben", &["Rashomon", "Vertigo", "Stalker", "Ran"]),
    ("guest", &["Playtime"]),
];

/// Makes the file.
pub fn create(file: &Path) -> anyhow::Result<()> {
    fill(file).with_context(|| format!("could not make the database {}", file.display()))
}

fn fill(file: &Path) -> rusqlite::Result<()> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch(TABLES)?;
    let transaction = connection.transaction()?;
    for (title, year) in FILMS {
        transaction.execute("INSERT INTO films (title, year) VALUES (?1, ?2)", (title, year))?;
    }
    for (owner, title) in
        SHELVES.iter().flat_map(|(owner, titles)| titles.iter().map(move |title| (owner, title)))
    {
        transaction.execute(
            "INSERT INTO shelves SELECT ?1, id FROM films WHERE title = ?2",
            (owner, title),
        )?;
    }
    transaction.commit()
}

/// The films on this account's shelf, oldest first.
pub fn shelf(account: &str) -> Vec<(&'static str, u16)> {
    let titles =
        SHELVES.iter().find(|(owner, _)| *owner == account).map_or(&[][..], |(_, titles)| titles);
    FILMS.into_iter().filter(|(title, _)| titles.contains(title)).collect()
}

/// How many films there are.
pub fn film_count() -> usize {
    FILMS.len()
}
