//! INSERT, UPDATE, DELETE and TRUNCATE as each family of remotes has them.
use medley_fdw::Family;

/// A table, and how its remote writes things.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    pub family: Family,
    /// The table's name, as the remote reads it.
    pub table: String,
}

/// What a column is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// The next parameter.
    Parameter,
    /// DEFAULT: of a generated column.
    Default,
}

/// Hands out parameters, one after the other.
struct Parameters {
    family: Family,
    next: usize,
}

impl Parameters {
    fn of(family: Family) -> Self {
        Self { family, next: 0 }
    }

    fn next(&mut self) -> String {
        self.next += 1;
        match self.family {
            Family::Postgres => format!("${}", self.next),
            Family::Sqlite => format!("?{}", self.next),
            Family::MySql => "?".to_owned(),
        }
    }
}

impl Writing {
    /// INSERT of so many rows. MySQL's and SQLite's generated columns take no value, DEFAULT
    /// neither.
    pub fn insert(
        &self,
        columns: &[(String, Set)],
        rows: usize,
        skips_conflicts: bool,
        returning: &[String],
    ) -> String {
        let has_default = self.family == Family::Postgres;
        let columns: Vec<_> =
            columns.iter().filter(|(_, set)| has_default || *set != Set::Default).collect();
        let (verb, on_conflict) = match (skips_conflicts, self.family) {
            (false, _) => ("INSERT INTO", ""),
            (true, Family::MySql) => ("INSERT IGNORE INTO", ""),
            (true, _) => ("INSERT INTO", " ON CONFLICT DO NOTHING"),
        };
        let returning = returned(returning);
        if columns.is_empty() {
            let values = match self.family {
                Family::MySql => "() VALUES ()",
                Family::Postgres | Family::Sqlite => " DEFAULT VALUES",
            };
            return format!("{verb} {}{values}{on_conflict}{returning}", self.table);
        }
        let mut parameters = Parameters::of(self.family);
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let rows: Vec<_> = (0..rows.max(1))
            .map(|_| {
                let values = columns.iter().map(|(_, set)| value(set, &mut parameters));
                format!("({})", values.collect::<Vec<_>>().join(", "))
            })
            .collect();
        format!(
            "{verb} {}({}) VALUES {}{on_conflict}{returning}",
            self.table,
            names.join(", "),
            rows.join(", ")
        )
    }

    /// UPDATE of the rows with these key columns. PostgreSQL's is told the keys first, as
    /// `postgres_fdw` does; where parameters have no numbers the values come first.
    pub fn update(&self, set: &[(String, Set)], keys: &[String], returning: &[String]) -> String {
        let mut parameters = Parameters::of(self.family);
        let of_keys = |parameters: &mut Parameters| {
            let keys = keys.iter().map(|key| format!("{key} = {}", parameters.next()));
            keys.collect::<Vec<_>>().join(" AND ")
        };
        let keys_first = self.family != Family::MySql;
        let before = keys_first.then(|| of_keys(&mut parameters));
        let set: Vec<_> = set
            .iter()
            .filter(|(_, set)| self.family == Family::Postgres || *set != Set::Default)
            .map(|(name, set)| format!("{name} = {}", value(set, &mut parameters)))
            .collect();
        let keys = before.unwrap_or_else(|| of_keys(&mut parameters));
        format!("UPDATE {} SET {} WHERE {keys}{}", self.table, set.join(", "), returned(returning))
    }

    /// Whether keys come before values among the parameters of [`Writing::update`].
    pub fn keys_first(&self) -> bool {
        self.family != Family::MySql
    }

    /// DELETE of the rows with these key columns.
    pub fn delete(&self, keys: &[String], returning: &[String]) -> String {
        let mut parameters = Parameters::of(self.family);
        let keys: Vec<_> =
            keys.iter().map(|key| format!("{key} = {}", parameters.next())).collect();
        format!("DELETE FROM {} WHERE {}{}", self.table, keys.join(" AND "), returned(returning))
    }

    /// UPDATE of all rows that conditions hold for.
    pub fn update_where(
        &self,
        set: &[(String, String)],
        conditions: &[String],
        returning: &[String],
    ) -> String {
        let set: Vec<_> = set.iter().map(|(name, sql)| format!("{name} = {sql}")).collect();
        format!(
            "UPDATE {} SET {}{}{}",
            self.table,
            set.join(", "),
            filtered(conditions),
            returned(returning)
        )
    }

    /// DELETE of all rows that conditions hold for.
    pub fn delete_where(&self, conditions: &[String], returning: &[String]) -> String {
        format!("DELETE FROM {}{}{}", self.table, filtered(conditions), returned(returning))
    }
}

/// TRUNCATE of tables of one remote. Where it would commit, or is not there, rows are deleted.
pub(super) fn truncate(
    family: Family,
    tables: &[String],
    restart_identity: bool,
    cascade: bool,
) -> Vec<String> {
    match family {
        Family::Postgres => vec![format!(
            "TRUNCATE {} {} IDENTITY {}",
            tables.join(", "),
            if restart_identity { "RESTART" } else { "CONTINUE" },
            if cascade { "CASCADE" } else { "RESTRICT" }
        )],
        Family::MySql | Family::Sqlite => {
            tables.iter().map(|table| format!("DELETE FROM {table}")).collect()
        }
    }
}

fn value(set: &Set, parameters: &mut Parameters) -> String {
    match set {
        Set::Parameter => parameters.next(),
        Set::Default => "DEFAULT".to_owned(),
    }
}

fn filtered(conditions: &[String]) -> String {
    match conditions {
        [] => String::new(),
        all => {
            let all: Vec<_> = all.iter().map(|condition| format!("({condition})")).collect();
            format!(" WHERE {}", all.join(" AND "))
        }
    }
}

fn returned(columns: &[String]) -> String {
    match columns {
        [] => String::new(),
        columns => format!(" RETURNING {}", columns.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writing(family: Family) -> Writing {
        let table = match family {
            Family::Postgres => "r.t",
            Family::MySql => "`r`.`t`",
            Family::Sqlite => "\"t\"",
        };
        Writing { family, table: table.to_owned() }
    }

    fn columns(all: &[(&str, Set)]) -> Vec<(String, Set)> {
        all.iter().map(|(name, set)| ((*name).to_owned(), set.clone())).collect()
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    const ALL: [Family; 3] = [Family::Postgres, Family::MySql, Family::Sqlite];

    #[test]
    fn rows_are_inserted_as_each_remote_reads_it() {
        let set = columns(&[("a", Set::Parameter), ("g", Set::Default), ("b", Set::Parameter)]);
        let check = |rows, skips, returning: &[&str], expected: [&str; 3]| {
            let said = ALL.map(|it| writing(it).insert(&set, rows, skips, &names(returning)));
            assert_eq!(said, expected);
        };
        check(
            1,
            false,
            &[],
            [
                "INSERT INTO r.t(a, g, b) VALUES ($1, DEFAULT, $2)",
                "INSERT INTO `r`.`t`(a, b) VALUES (?, ?)",
                "INSERT INTO \"t\"(a, b) VALUES (?1, ?2)",
            ],
        );
        check(
            2,
            true,
            &["a"],
            [
                "INSERT INTO r.t(a, g, b) VALUES ($1, DEFAULT, $2), ($3, DEFAULT, $4) \
             ON CONFLICT DO NOTHING RETURNING a",
                "INSERT IGNORE INTO `r`.`t`(a, b) VALUES (?, ?), (?, ?) RETURNING a",
                "INSERT INTO \"t\"(a, b) VALUES (?1, ?2), (?3, ?4) ON CONFLICT DO NOTHING RETURNING a",
            ],
        );
        let said = ALL.map(|it| writing(it).insert(&[], 1, false, &[]));
        assert_eq!(
            said,
            [
                "INSERT INTO r.t DEFAULT VALUES",
                "INSERT INTO `r`.`t`() VALUES ()",
                "INSERT INTO \"t\" DEFAULT VALUES",
            ]
        );
    }

    #[test]
    fn rows_are_found_again_by_their_keys() {
        let set = columns(&[("b", Set::Parameter), ("g", Set::Default)]);
        let keys = names(&["k", "l"]);
        let said = ALL.map(|it| writing(it).update(&set, &keys, &names(&["b"])));
        assert_eq!(
            said,
            [
                "UPDATE r.t SET b = $3, g = DEFAULT WHERE k = $1 AND l = $2 RETURNING b",
                "UPDATE `r`.`t` SET b = ? WHERE k = ? AND l = ? RETURNING b",
                "UPDATE \"t\" SET b = ?3 WHERE k = ?1 AND l = ?2 RETURNING b",
            ]
        );
        let said = ALL.map(|it| writing(it).delete(&names(&["ctid"]), &[]));
        assert_eq!(
            said,
            [
                "DELETE FROM r.t WHERE ctid = $1",
                "DELETE FROM `r`.`t` WHERE ctid = ?",
                "DELETE FROM \"t\" WHERE ctid = ?1",
            ]
        );
    }

    #[test]
    fn conditions_never_get_lost() {
        let it = writing(Family::Postgres);
        let set = [("b".to_owned(), "'x'::text".to_owned())];
        let conditions = names(&["(a = 1)", "false"]);
        assert_eq!(
            it.update_where(&set, &conditions, &[]),
            "UPDATE r.t SET b = 'x'::text WHERE ((a = 1)) AND (false)"
        );
        assert_eq!(
            it.delete_where(&conditions, &[]),
            "DELETE FROM r.t WHERE ((a = 1)) AND (false)"
        );
        assert_eq!(it.delete_where(&[], &names(&["b"])), "DELETE FROM r.t RETURNING b");
    }

    #[test]
    fn tables_are_emptied_within_the_transaction() {
        let tables = names(&["a", "b"]);
        assert_eq!(
            truncate(Family::Postgres, &tables, true, false),
            ["TRUNCATE a, b RESTART IDENTITY RESTRICT"]
        );
        assert_eq!(
            truncate(Family::Postgres, &tables, false, true),
            ["TRUNCATE a, b CONTINUE IDENTITY CASCADE"]
        );
        assert_eq!(
            truncate(Family::MySql, &tables, false, false),
            ["DELETE FROM a", "DELETE FROM b"]
        );
    }
}
