//! Tables of a type's values, its limits among them.
use std::fs;

const VALUES: &str = "../../tests/differential/values.tsv";

/// A type and its values, NULL first, as SQL.
pub struct Values {
    pub name: String,
    pub literals: Vec<String>,
}

/// All types there are values of.
pub struct Types(Vec<Values>);

impl Types {
    pub fn read() -> Self {
        let text = fs::read_to_string(VALUES).unwrap();
        let mut types: Vec<Values> = Vec::new();
        for (name, literal) in text.lines().filter_map(|line| line.split_once('\t')) {
            match types.iter_mut().find(|values| values.name == name) {
                Some(values) => values.literals.push(literal.to_owned()),
                None => types.push(Values { name: name.into(), literals: vec![literal.into()] }),
            }
        }
        Self(types)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|values| values.name.as_str())
    }

    /// The table of a type's values; a polymorphic type's is that of one it may be.
    pub fn table(&self, name: &str) -> Option<String> {
        let name = match name {
            "anyelement" | "anynonarray" | "anycompatible" | "anycompatiblenonarray" => "integer",
            "anyarray" | "anycompatiblearray" => "integer[]",
            "anyrange" | "anycompatiblerange" => "int4range",
            "\"any\"" => "text",
            name => name,
        };
        self.0.iter().position(|values| values.name == name).map(|n| format!("values_{n}"))
    }

    /// What makes the tables at the remote.
    pub fn tables(&self) -> String {
        let table = |(n, values): (usize, &Values)| {
            let name = &values.name;
            let rows: Vec<_> =
                values.literals.iter().enumerate().map(|(i, v)| format!("({i}, {v})")).collect();
            format!(
                "CREATE TABLE values_{n} (i int, v {name}); INSERT INTO values_{n} VALUES {};",
                rows.join(", ")
            )
        };
        self.0.iter().enumerate().map(table).collect()
    }
}
