//! What a foreign table and its remote have come to differ in.
use medley_types::PgType;

use crate::{ColumnDef, Options, SqlWrapper, TableDef};

/// A column of a foreign table.
#[derive(Clone, Debug)]
pub struct DeclaredColumn {
    /// Its name here.
    pub name: String,
    /// What the remote calls it.
    pub remote_name: String,
    /// Its type here.
    pub pg_type: PgType,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// The remote has no such table.
    Gone,
    /// The remote has a column that is not declared.
    Added(ColumnDef),
    /// The remote does not have this column.
    Missing(DeclaredColumn),
    /// The column is of another type there.
    Changed(DeclaredColumn, ColumnDef),
}

impl PartialEq for DeclaredColumn {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The differences: columns that are missing or changed in the order in which they are declared,
/// then those that are new. What the remote says of a type that there is none of here is not
/// compared: it is declared as something else on purpose.
pub fn drift(
    declared: Vec<DeclaredColumn>,
    found: Option<&TableDef>,
    remote_name: impl Fn(&ColumnDef) -> String,
) -> Vec<Drift> {
    let Some(found) = found else { return vec![Drift::Gone] };
    let known: Vec<_> = declared.iter().map(|column| column.remote_name.clone()).collect();
    let mut drifts: Vec<_> = declared
        .into_iter()
        .filter_map(|column| {
            let there = found.columns.iter().find(|it| remote_name(it) == column.remote_name);
            match there {
                None => Some(Drift::Missing(column)),
                Some(there) if is_other(column.pg_type, there) => {
                    Some(Drift::Changed(column, there.clone()))
                }
                Some(_) => None,
            }
        })
        .collect();
    let new = found.columns.iter().filter(|it| !known.contains(&remote_name(it)));
    drifts.extend(new.cloned().map(Drift::Added));
    drifts
}

fn is_other(declared: PgType, there: &ColumnDef) -> bool {
    there.pg_type.is_some_and(|t| (t.oid, t.typmod) != (declared.oid, declared.typmod))
}

/// The remote's name of a column that was imported.
pub fn remote_column(wrapper: &dyn SqlWrapper, column: &ColumnDef) -> String {
    wrapper.remote_column(&column.name, &options(&column.options))
}

/// Options of a definition as a wrapper is given them.
pub fn options(given: &[(&'static str, String)]) -> Options {
    let mut options = Options::default();
    given.iter().for_each(|(name, value)| options.set(*name, value));
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(name: &str, pg_type: Option<PgType>) -> ColumnDef {
        ColumnDef {
            name: name.to_owned(),
            type_name: "t".to_owned(),
            pg_type,
            collation: None,
            not_null: false,
            default: None,
            generated: None,
            options: Vec::new(),
        }
    }

    fn here(name: &str, remote_name: &str, pg_type: PgType) -> DeclaredColumn {
        DeclaredColumn { name: name.to_owned(), remote_name: remote_name.to_owned(), pg_type }
    }

    #[test]
    fn columns_are_compared_by_the_remotes_names() {
        let columns = vec![
            there("a", Some(PgType::INT8)),
            there("b", Some(PgType::TEXT)),
            there("c", None),
            there("d", Some(PgType::DATE)),
        ];
        let table = TableDef { name: "t".to_owned(), columns, options: Vec::new() };
        let declared = || {
            vec![
                here("a", "a", PgType::INT4),
                here("other", "b", PgType::TEXT),
                here("c", "c", PgType::TEXT),
                here("gone", "gone", PgType::TEXT),
            ]
        };
        let name = |column: &ColumnDef| column.name.clone();
        let expected = [
            Drift::Changed(here("a", "a", PgType::INT4), table.columns[0].clone()),
            Drift::Missing(here("gone", "gone", PgType::TEXT)),
            Drift::Added(table.columns[3].clone()),
        ];
        assert_eq!(drift(declared(), Some(&table), name), expected);
        assert_eq!(drift(declared(), None, name), [Drift::Gone]);
    }
}
