//! What `pg_type` has beyond what computing with types needs.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_types::TypeOid;

use super::relations::AnyRelation;
use super::{Session, declared};

/// The columns of `pg_type` that only clients ask for.
#[derive(Clone, Copy, Debug)]
pub struct TypeDetails {
    /// `typdelim`.
    pub delimiter: char,
    /// `typsubscript`, `typinput`, `typoutput`, `typreceive`, `typsend`, `typmodin`, `typmodout`
    /// and `typanalyze`.
    pub functions: [u32; 8],
    /// `typcollation`.
    pub collation: u32,
    /// `typelem`, of arrays and of what is subscripted like one.
    pub element: u32,
}

impl TypeDetails {
    const UNKNOWN: Self = Self { delimiter: ',', functions: [0; 8], collation: 0, element: 0 };
}

/// What is known of a built-in type.
pub fn details(oid: TypeOid) -> TypeDetails {
    static TABLE: LazyLock<HashMap<u32, TypeDetails>> =
        LazyLock::new(|| include_str!("data/types.tsv").lines().filter_map(read).collect());
    TABLE.get(&oid.0).copied().unwrap_or(TypeDetails::UNKNOWN)
}

fn read(line: &str) -> Option<(u32, TypeDetails)> {
    let mut fields = line.split('\t');
    let oid = fields.next()?.parse().ok()?;
    let delimiter = fields.next()?.chars().next()?;
    let mut functions = [0; 8];
    for function in &mut functions {
        *function = fields.next()?.parse().ok()?;
    }
    let collation = fields.next()?.parse().ok()?;
    let element = fields.next()?.parse().ok()?;
    Some((oid, TypeDetails { delimiter, functions, collation, element }))
}

/// The type of a relation's rows, or of arrays of them.
pub struct RowType {
    /// Its oid.
    pub oid: u32,
    /// The relation's name, after `_` for the array.
    pub name: String,
    /// The array of it, or 0.
    pub array: u32,
    /// What it is an array of, or 0.
    pub element: u32,
}

impl RowType {
    /// Whether it is the array.
    pub fn is_array(&self) -> bool {
        self.element != 0
    }

    /// The first for rows, the second for arrays.
    pub fn choose<T>(&self, of_rows: T, of_arrays: T) -> T {
        if self.is_array() { of_arrays } else { of_rows }
    }
}

/// The relation whose rows this type is of, with the type itself.
pub fn owner_of(session: &Session, oid: u32) -> Option<(AnyRelation<'_>, RowType)> {
    let stored = session.snapshot.relation_with(oid).map(|it| AnyRelation::Stored(it));
    let relation = match stored {
        Some(relation) => relation,
        None => AnyRelation::System(declared::by_row_type(oid)?),
    };
    let own = row_types(relation).into_iter().find(|it| it.oid == oid)?;
    Some((relation, own))
}

/// The types that a relation brings; the system's own have no array here.
pub fn row_types(relation: AnyRelation<'_>) -> Vec<RowType> {
    let name = relation.name();
    let of_rows = |oid, array| RowType { oid, name: name.to_owned(), array, element: 0 };
    match relation {
        AnyRelation::System(it) => vec![of_rows(it.row_type, 0)],
        AnyRelation::Stored(it) => {
            let array = RowType {
                oid: it.array_type,
                name: format!("_{name}"),
                array: 0,
                element: it.row_type,
            };
            vec![of_rows(it.row_type, it.array_type), array]
        }
    }
}
