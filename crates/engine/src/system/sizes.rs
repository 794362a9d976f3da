//! How many rows a system relation has, about: what is joined by what depends on it.
use super::{Keys, Session};

/// Of each relation that can be large, its size without keys, and the keys by which its rows are
/// looked up, with how many rows a value of each has.
type Size = (&'static str, fn(usize) -> usize, &'static [(&'static str, usize)]);

/// The system's own relations, columns and so on.
const RELATIONS: usize = 220;
const COLUMNS: usize = 3_500;
const TYPES: usize = 850;
const FUNCTIONS: usize = 3_400;
const COMMENTS: usize = 5_400;
const OPERATORS: usize = 800;
const CASTS: usize = 235;

/// By the number of foreign tables and views.
const SIZES: &[Size] = &[
    ("pg_attrdef", |stored| stored / 4, &[("adrelid", 1), ("oid", 1)]),
    ("pg_attribute", |stored| COLUMNS + 14 * stored, &[("attrelid", 14)]),
    ("pg_cast", |_| CASTS, &[]),
    ("pg_class", |stored| RELATIONS + stored, &[("oid", 1), ("relname", 1), ("reltype", 1)]),
    ("pg_constraint", |stored| stored, &[("conrelid", 2), ("oid", 1)]),
    ("pg_depend", |stored| 4 * stored, &[("refobjid", 8), ("objid", 4)]),
    ("pg_description", |stored| COMMENTS + stored / 8, &[("objoid", 1)]),
    ("pg_foreign_table", |stored| stored, &[("ftrelid", 1)]),
    ("pg_operator", |_| OPERATORS, &[("oid", 1)]),
    ("pg_proc", |_| FUNCTIONS, &[("oid", 1), ("proname", 2)]),
    ("pg_rewrite", |stored| stored / 8, &[("ev_class", 1)]),
    ("pg_tables", |_| RELATIONS, &[]),
    ("pg_type", |stored| TYPES + 2 * stored, &[("oid", 1), ("typname", 1), ("typrelid", 1)]),
    ("column_options", |stored| 4 * stored, &[]),
    ("column_privileges", |stored| COLUMNS + 40 * stored, &[]),
    ("columns", |stored| COLUMNS + 10 * stored, &[]),
    ("foreign_tables", |stored| stored, &[]),
    ("foreign_table_options", |stored| 2 * stored, &[]),
    ("role_column_grants", |stored| COLUMNS + 40 * stored, &[]),
    ("role_table_grants", |stored| RELATIONS + 8 * stored, &[]),
    ("table_privileges", |stored| RELATIONS + 8 * stored, &[]),
    ("tables", |stored| RELATIONS + stored, &[]),
];

/// The size of one that is not listed.
const SMALL: usize = 32;

/// About how many rows of a relation the keys admit.
pub fn estimate(name: &str, session: &Session, keys: &Keys) -> usize {
    let snapshot = &session.snapshot;
    if matches!(name, "pg_user_mapping" | "pg_user_mappings" | "user_mappings") {
        return snapshot.mapping_count();
    }
    let Some((_, whole, paths)) = SIZES.iter().find(|(known, ..)| *known == name) else {
        return SMALL;
    };
    let keyed = paths.iter().filter_map(|(column, rows)| Some(keys.count(column)? * rows));
    keyed.chain([whole(snapshot.relation_count())]).min().unwrap_or(SMALL)
}
