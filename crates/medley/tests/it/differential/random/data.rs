//! Tables of random rows: few values, so that joins meet and groups have members.
use rand::Rng;
use rand::rngs::StdRng;

/// Types that queries are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Small,
    Int,
    Big,
    Numeric,
    Float,
    Text,
    Bool,
    Date,
    Timestamp,
    Timestamptz,
    Interval,
}

impl Type {
    pub const ALL: [Self; 11] = [
        Self::Small,
        Self::Int,
        Self::Big,
        Self::Numeric,
        Self::Float,
        Self::Text,
        Self::Bool,
        Self::Date,
        Self::Timestamp,
        Self::Timestamptz,
        Self::Interval,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "smallint",
            Self::Int => "integer",
            Self::Big => "bigint",
            Self::Numeric => "numeric",
            Self::Float => "double precision",
            Self::Text => "text",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::Interval => "interval",
        }
    }

    /// A value, as SQL; small, so that nothing overflows. Floats are exact in binary, so that
    /// their sums do not depend on the order.
    pub fn literal(self, random: &mut StdRng) -> String {
        let n: i32 = random.random_range(-9..30);
        let value = match self {
            Self::Small | Self::Int | Self::Big => format!("{n}"),
            Self::Numeric => {
                format!("{n}.{}", ["0", "5", "25", "125"][n.unsigned_abs() as usize % 4])
            }
            Self::Float => format!("{}", f64::from(n) / 4.0),
            Self::Text => format!("'{}'", TEXTS[n.unsigned_abs() as usize % TEXTS.len()]),
            Self::Bool => if n % 2 == 0 { "true" } else { "false" }.to_owned(),
            Self::Date => format!("'2001-{:02}-{:02}'", n.rem_euclid(12) + 1, n.rem_euclid(28) + 1),
            Self::Timestamp => {
                format!("'2001-02-{:02} {:02}:30'", n.rem_euclid(28) + 1, n.rem_euclid(24))
            }
            Self::Timestamptz => {
                format!("'2001-03-{:02} {:02}:15+00'", n.rem_euclid(28) + 1, n.rem_euclid(24))
            }
            Self::Interval => format!("'{n} hours'"),
        };
        match self {
            Self::Int | Self::Numeric if n < 0 => format!("({value})"),
            Self::Int | Self::Text | Self::Bool | Self::Numeric => value,
            _ => format!("CAST({value} AS {})", self.name()),
        }
    }
}

const TEXTS: [&str; 9] = ["a", "ab", "", "B", "ba", "Zoë", "a b", "10", "_%"];

/// A table of the queries.
pub struct Table {
    pub name: &'static str,
    /// No more rows than this.
    rows: usize,
    pub columns: &'static [(&'static str, Type)],
}

pub const TABLES: [Table; 4] = [
    Table { name: "t0", rows: 25, columns: COLUMNS },
    Table { name: "t1", rows: 40, columns: COLUMNS },
    Table { name: "t2", rows: 6, columns: FEW },
    Table { name: "t3", rows: 120, columns: FEW },
];

const COLUMNS: &[(&str, Type)] = &[
    ("id", Type::Int),
    ("a", Type::Int),
    ("b", Type::Big),
    ("s", Type::Small),
    ("n", Type::Numeric),
    ("f", Type::Float),
    ("x", Type::Text),
    ("ok", Type::Bool),
    ("d", Type::Date),
    ("ts", Type::Timestamp),
    ("tz", Type::Timestamptz),
    ("iv", Type::Interval),
];
const FEW: &[(&str, Type)] = &[
    ("id", Type::Int),
    ("a", Type::Int),
    ("k", Type::Int),
    ("n", Type::Numeric),
    ("x", Type::Text),
    ("d", Type::Date),
    ("ok", Type::Bool),
];

/// What makes the tables anew, with other rows.
pub fn tables(random: &mut StdRng) -> String {
    TABLES.iter().map(|table| create(table, random)).collect()
}

fn create(table: &Table, random: &mut StdRng) -> String {
    let columns: Vec<_> =
        table.columns.iter().map(|(name, t)| format!("{name} {}", t.name())).collect();
    let name = table.name;
    let mut sql =
        format!("DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({});", columns.join(", "));
    let rows = random.random_range(0..=table.rows);
    for id in 0..rows {
        let value = |&(name, t): &(&str, Type)| match name {
            "id" => id.to_string(),
            _ if random.random_bool(0.15) => "NULL".to_owned(),
            _ => t.literal(random),
        };
        let values: Vec<_> = table.columns.iter().map(value).collect();
        sql.push_str(&format!("INSERT INTO {name} VALUES ({});", values.join(", ")));
    }
    sql
}
