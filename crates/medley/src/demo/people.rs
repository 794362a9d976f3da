//! Who asks, and what each must be told.
use anyhow::ensure;

use super::client::{Answer, Row};
use super::database;

/// Somebody who logs in at the gateway.
pub struct Person {
    /// The role.
    pub name: &'static str,
    /// Whose user mapping serves them, and with which remote account.
    pub served: Option<Service>,
}

/// What a user mapping says.
pub struct Service {
    /// The role that the mapping is for.
    pub mapping: &'static str,
    /// The account at the remote.
    pub account: &'static str,
}

/// Served by their own mappings, which they make themselves.
pub const MAPPED: [Person; 2] = [person("alice", "alice", "ann"), person("bob", "bob", "ben")];

/// Served by PUBLIC's mapping.
pub const GUEST: Person = person("carol", "PUBLIC", "guest");

/// Served by none, once PUBLIC's mapping is gone.
pub const STRANGER: Person = Person { name: "dave", served: None };

/// The accounts at the remote.
pub const ACCOUNTS: [&str; 3] = ["ann", "ben", "guest"];

/// Everybody's name.
pub const NAMES: [&str; 4] = [MAPPED[0].name, MAPPED[1].name, GUEST.name, STRANGER.name];

const fn person(name: &'static str, mapping: &'static str, account: &'static str) -> Person {
    Person { name, served: Some(Service { mapping, account }) }
}

impl Person {
    /// Whether this is what the person must be told.
    pub fn check(&self, answer: &Answer) -> anyhow::Result<()> {
        let expected = self.expected();
        ensure!(
            *answer == expected,
            "this is not as it should be: {} should have been answered\n  {expected:?}\nand was \
             answered\n  {answer:?}",
            self.name
        );
        Ok(())
    }

    fn expected(&self) -> Answer {
        match &self.served {
            Some(service) => Answer::Rows(rows(service.account)),
            None => Answer::Refused {
                sqlstate: "42704".to_owned(),
                message: format!(
                    "user mapping not found for user \"{}\", server \"cinema\"",
                    self.name
                ),
            },
        }
    }
}

/// What the SELECT returns to this account.
fn rows(account: &str) -> Vec<Row> {
    let row = |(title, year): (&str, u16)| Row {
        account: account.to_owned(),
        title: title.to_owned(),
        year: year.to_string(),
    };
    database::shelf(account).into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(person: &Person, answer: &Answer, right: bool) {
        assert_eq!(person.check(answer).is_ok(), right, "{}: {answer:?}", person.name);
    }

    #[test]
    fn who_was_served_by_another_account_is_found_out() {
        check(&MAPPED[0], &Answer::Rows(rows("ann")), true);
        check(&MAPPED[0], &Answer::Rows(rows("ben")), false);
        check(&GUEST, &Answer::Rows(rows("guest")), true);
        check(&STRANGER, &Answer::Rows(rows("guest")), false);
    }

    #[test]
    fn a_row_too_few_or_under_another_account_is_found_out() {
        let mut rows = rows("ann");
        rows[1].account = "ben".to_owned();
        check(&MAPPED[0], &Answer::Rows(rows.clone()), false);
        rows.remove(1);
        check(&MAPPED[0], &Answer::Rows(rows), false);
        check(&MAPPED[0], &Answer::Rows(vec![]), false);
    }

    #[test]
    fn only_the_exact_error_will_do() {
        let refused = |sqlstate: &str, message: &str| Answer::Refused {
            sqlstate: sqlstate.to_owned(),
            message: message.to_owned(),
        };
        let message = "user mapping not found for user \"dave\", server \"cinema\"";
        check(&STRANGER, &refused("42704", message), true);
        check(&STRANGER, &refused("42501", message), false);
        check(&STRANGER, &refused("42704", "user mapping not found"), false);
        check(&GUEST, &refused("42704", message), false);
    }

    #[test]
    fn every_account_has_films_of_its_own() {
        for account in ACCOUNTS {
            assert!(!rows(account).is_empty(), "{account}");
        }
    }
}
