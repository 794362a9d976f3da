//! PostgreSQL's built-in types, as `pg_type` lists them.
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::pg_type::{PgType, TypeOid};

/// What `pg_type.typcategory` says.
pub type Category = char;

/// A row of the table of types.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// `pg_type.oid`.
    pub oid: TypeOid,
    /// `pg_type.typname`.
    pub name: &'static str,
    /// As `format_type` prints it without a typmod; empty where it is the name, or the element's
    /// followed by `[]`.
    sql_name: &'static str,
    /// `pg_type.typarray`.
    pub array: Option<TypeOid>,
    /// `pg_type.typelem`, for true arrays, `int2vector` and `oidvector`.
    pub element: Option<TypeOid>,
    /// `pg_type.typcategory`.
    pub category: Category,
    /// `pg_type.typlen`: bytes, or -1 for varying, -2 for a C string.
    pub length: i16,
    /// `pg_type.typbyval`.
    pub by_value: bool,
    /// `pg_type.typispreferred`.
    pub preferred: bool,
    /// `pg_type.typtype`.
    pub kind: char,
    /// `pg_type.typalign`.
    pub align: char,
    /// `pg_type.typstorage`.
    pub storage: char,
}

/// Every type, by ascending oid.
pub fn types() -> &'static [TypeInfo] {
    TYPES
}

/// The type of this oid.
pub fn by_oid(oid: TypeOid) -> Option<&'static TypeInfo> {
    TYPES.binary_search_by_key(&oid, |t| t.oid).ok().map(|index| &TYPES[index])
}

/// The type of this name in `pg_catalog`: `int4`, `_text`, or SQL's own `integer`,
/// `double precision`; not `text[]`.
pub fn by_name(name: &str) -> Option<&'static TypeInfo> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static TypeInfo>> = LazyLock::new(|| {
        let sql_names = TYPES.iter().filter(|t| !t.sql_name.is_empty()).map(|t| (t.sql_name, t));
        let aliases =
            ALIASES.iter().filter_map(|&(alias, oid)| Some((alias, by_oid(TypeOid(oid))?)));
        sql_names.chain(aliases).chain(TYPES.iter().map(|t| (t.name, t))).collect()
    });
    BY_NAME.get(name).copied()
}

/// The type that `pg_type.typname` calls so.
pub(crate) fn by_catalog_name(name: &str) -> Option<&'static TypeInfo> {
    by_name(name).filter(|info| info.name == name).or_else(|| TYPES.iter().find(|t| t.name == name))
}

/// What SQL's grammar calls some types besides what `format_type` prints.
const ALIASES: &[(&str, u32)] = &[
    ("int", 23),
    ("decimal", 1700),
    ("dec", 1700),
    ("float", 701),
    ("char", 1042),
    ("character", 1042),
    ("time", 1083),
    ("timestamp", 1114),
    ("varbit", 1562),
];

/// Prints as PostgreSQL's `format_type(oid, typmod)` does.
pub(crate) fn format_type(t: PgType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(info) = t.info() else {
        return f.write_str("???");
    };
    if let Some(element) = t.element().filter(|_| info.name.starts_with('_')) {
        return write!(f, "{element}[]");
    }
    let name = if info.sql_name.is_empty() { info.name } else { info.sql_name };
    // A bpchar without a length is not character(1).
    if t.oid == PgType::BPCHAR.oid && t.typmod < 0 {
        return f.write_str("bpchar");
    }
    match typmod_suffix(t) {
        None => f.write_str(name),
        // "timestamp(3) without time zone": the modifier stands after the first word.
        Some(suffix) => match name.split_once(" with") {
            Some((first, rest)) => write!(f, "{first}{suffix} with{rest}"),
            None => write!(f, "{name}{suffix}"),
        },
    }
}

fn typmod_suffix(t: PgType) -> Option<String> {
    if t.typmod < 0 {
        return None;
    }
    match t.oid {
        PgType::NUMERIC_OID => t.precision_and_scale().map(|(p, s)| format!("({p},{s})")),
        PgType::VARCHAR_OID | PgType::BPCHAR_OID => {
            t.declared_length().map(|length| format!("({length})"))
        }
        PgType::INTERVAL_OID => Some(interval_suffix(t.typmod)),
        _ => Some(format!("({})", t.typmod)),
    }
}

/// The fields and the precision of `interval year to month` and its like.
fn interval_suffix(typmod: i32) -> String {
    const FULL_PRECISION: i32 = 0xffff;
    let fields = match typmod >> 16 & 0x7fff {
        4 => " year",
        2 => " month",
        8 => " day",
        1024 => " hour",
        2048 => " minute",
        4096 => " second",
        6 => " year to month",
        1032 => " day to hour",
        3080 => " day to minute",
        7176 => " day to second",
        3072 => " hour to minute",
        7168 => " hour to second",
        6144 => " minute to second",
        _ => "",
    };
    match typmod & 0xffff {
        FULL_PRECISION => fields.to_owned(),
        precision => format!("{fields}({precision})"),
    }
}

impl PgType {
    const NUMERIC_OID: TypeOid = Self::NUMERIC.oid;
    const VARCHAR_OID: TypeOid = Self::VARCHAR.oid;
    const BPCHAR_OID: TypeOid = Self::BPCHAR.oid;
    const INTERVAL_OID: TypeOid = Self::INTERVAL.oid;
}

#[allow(clippy::too_many_arguments, reason = "one row of a table a line")]
const fn row(
    oid: u32,
    name: &'static str,
    sql_name: &'static str,
    array: u32,
    element: u32,
    category: char,
    length: i16,
    by_value: bool,
    preferred: bool,
    kind: char,
    align: char,
    storage: char,
) -> TypeInfo {
    TypeInfo {
        oid: TypeOid(oid),
        name,
        sql_name,
        array: if array == 0 { None } else { Some(TypeOid(array)) },
        element: if element == 0 { None } else { Some(TypeOid(element)) },
        category,
        length,
        by_value,
        preferred,
        kind,
        align,
        storage,
    }
}

#[rustfmt::skip]
const TYPES: &[TypeInfo] = &[
    //  oid   name  sql name  array  element  category  length  by value  preferred  kind  align  storage
    row(16, "bool", "boolean", 1000, 0, 'B', 1, true, true, 'b', 'c', 'p'),
    row(17, "bytea", "", 1001, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(18, "char", "\"char\"", 1002, 0, 'Z', 1, true, false, 'b', 'c', 'p'),
    row(19, "name", "", 1003, 0, 'S', 64, false, false, 'b', 'c', 'p'),
    row(20, "int8", "bigint", 1016, 0, 'N', 8, true, false, 'b', 'd', 'p'),
    row(21, "int2", "smallint", 1005, 0, 'N', 2, true, false, 'b', 's', 'p'),
    row(22, "int2vector", "", 1006, 21, 'A', -1, false, false, 'b', 'i', 'p'),
    row(23, "int4", "integer", 1007, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(24, "regproc", "", 1008, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(25, "text", "", 1009, 0, 'S', -1, false, true, 'b', 'i', 'x'),
    row(26, "oid", "", 1028, 0, 'N', 4, true, true, 'b', 'i', 'p'),
    row(27, "tid", "", 1010, 0, 'U', 6, false, false, 'b', 's', 'p'),
    row(28, "xid", "", 1011, 0, 'U', 4, true, false, 'b', 'i', 'p'),
    row(29, "cid", "", 1012, 0, 'U', 4, true, false, 'b', 'i', 'p'),
    row(30, "oidvector", "", 1013, 26, 'A', -1, false, false, 'b', 'i', 'p'),
    row(32, "pg_ddl_command", "", 0, 0, 'P', 8, true, false, 'p', 'd', 'p'),
    row(114, "json", "", 199, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(142, "xml", "", 143, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(143, "_xml", "", 0, 142, 'A', -1, false, false, 'b', 'i', 'x'),
    row(194, "pg_node_tree", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(199, "_json", "", 0, 114, 'A', -1, false, false, 'b', 'i', 'x'),
    row(210, "_pg_type", "", 0, 71, 'A', -1, false, false, 'b', 'd', 'x'),
    row(269, "table_am_handler", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(270, "_pg_attribute", "", 0, 75, 'A', -1, false, false, 'b', 'd', 'x'),
    row(271, "_xid8", "", 0, 5069, 'A', -1, false, false, 'b', 'd', 'x'),
    row(272, "_pg_proc", "", 0, 81, 'A', -1, false, false, 'b', 'd', 'x'),
    row(273, "_pg_class", "", 0, 83, 'A', -1, false, false, 'b', 'd', 'x'),
    row(325, "index_am_handler", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(600, "point", "", 1017, 0, 'G', 16, false, false, 'b', 'd', 'p'),
    row(601, "lseg", "", 1018, 0, 'G', 32, false, false, 'b', 'd', 'p'),
    row(602, "path", "", 1019, 0, 'G', -1, false, false, 'b', 'd', 'x'),
    row(603, "box", "", 1020, 0, 'G', 32, false, false, 'b', 'd', 'p'),
    row(604, "polygon", "", 1027, 0, 'G', -1, false, false, 'b', 'd', 'x'),
    row(628, "line", "", 629, 0, 'G', 24, false, false, 'b', 'd', 'p'),
    row(629, "_line", "", 0, 628, 'A', -1, false, false, 'b', 'd', 'x'),
    row(650, "cidr", "", 651, 0, 'I', -1, false, false, 'b', 'i', 'm'),
    row(651, "_cidr", "", 0, 650, 'A', -1, false, false, 'b', 'i', 'x'),
    row(700, "float4", "real", 1021, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(701, "float8", "double precision", 1022, 0, 'N', 8, true, true, 'b', 'd', 'p'),
    row(705, "unknown", "", 0, 0, 'X', -2, false, false, 'p', 'c', 'p'),
    row(718, "circle", "", 719, 0, 'G', 24, false, false, 'b', 'd', 'p'),
    row(719, "_circle", "", 0, 718, 'A', -1, false, false, 'b', 'd', 'x'),
    row(774, "macaddr8", "", 775, 0, 'U', 8, false, false, 'b', 'i', 'p'),
    row(775, "_macaddr8", "", 0, 774, 'A', -1, false, false, 'b', 'i', 'x'),
    row(790, "money", "", 791, 0, 'N', 8, true, false, 'b', 'd', 'p'),
    row(791, "_money", "", 0, 790, 'A', -1, false, false, 'b', 'd', 'x'),
    row(829, "macaddr", "", 1040, 0, 'U', 6, false, false, 'b', 'i', 'p'),
    row(869, "inet", "", 1041, 0, 'I', -1, false, true, 'b', 'i', 'm'),
    row(1000, "_bool", "", 0, 16, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1001, "_bytea", "", 0, 17, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1002, "_char", "", 0, 18, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1003, "_name", "", 0, 19, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1005, "_int2", "", 0, 21, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1006, "_int2vector", "", 0, 22, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1007, "_int4", "", 0, 23, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1008, "_regproc", "", 0, 24, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1009, "_text", "", 0, 25, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1010, "_tid", "", 0, 27, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1011, "_xid", "", 0, 28, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1012, "_cid", "", 0, 29, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1013, "_oidvector", "", 0, 30, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1014, "_bpchar", "", 0, 1042, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1015, "_varchar", "", 0, 1043, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1016, "_int8", "", 0, 20, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1017, "_point", "", 0, 600, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1018, "_lseg", "", 0, 601, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1019, "_path", "", 0, 602, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1020, "_box", "", 0, 603, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1021, "_float4", "", 0, 700, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1022, "_float8", "", 0, 701, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1027, "_polygon", "", 0, 604, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1028, "_oid", "", 0, 26, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1033, "aclitem", "", 1034, 0, 'U', 16, false, false, 'b', 'd', 'p'),
    row(1034, "_aclitem", "", 0, 1033, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1040, "_macaddr", "", 0, 829, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1041, "_inet", "", 0, 869, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1042, "bpchar", "character", 1014, 0, 'S', -1, false, false, 'b', 'i', 'x'),
    row(1043, "varchar", "character varying", 1015, 0, 'S', -1, false, false, 'b', 'i', 'x'),
    row(1082, "date", "", 1182, 0, 'D', 4, true, false, 'b', 'i', 'p'),
    row(1083, "time", "time without time zone", 1183, 0, 'D', 8, true, false, 'b', 'd', 'p'),
    row(1114, "timestamp", "timestamp without time zone", 1115, 0, 'D', 8, true, false, 'b', 'd', 'p'),
    row(1115, "_timestamp", "", 0, 1114, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1182, "_date", "", 0, 1082, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1183, "_time", "", 0, 1083, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1184, "timestamptz", "timestamp with time zone", 1185, 0, 'D', 8, true, true, 'b', 'd', 'p'),
    row(1185, "_timestamptz", "", 0, 1184, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1186, "interval", "", 1187, 0, 'T', 16, false, true, 'b', 'd', 'p'),
    row(1187, "_interval", "", 0, 1186, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1231, "_numeric", "", 0, 1700, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1263, "_cstring", "", 0, 2275, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1266, "timetz", "time with time zone", 1270, 0, 'D', 12, false, false, 'b', 'd', 'p'),
    row(1270, "_timetz", "", 0, 1266, 'A', -1, false, false, 'b', 'd', 'x'),
    row(1560, "bit", "", 1561, 0, 'V', -1, false, false, 'b', 'i', 'x'),
    row(1561, "_bit", "", 0, 1560, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1562, "varbit", "bit varying", 1563, 0, 'V', -1, false, true, 'b', 'i', 'x'),
    row(1563, "_varbit", "", 0, 1562, 'A', -1, false, false, 'b', 'i', 'x'),
    row(1700, "numeric", "", 1231, 0, 'N', -1, false, false, 'b', 'i', 'm'),
    row(1790, "refcursor", "", 2201, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(2201, "_refcursor", "", 0, 1790, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2202, "regprocedure", "", 2207, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(2203, "regoper", "", 2208, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(2204, "regoperator", "", 2209, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(2205, "regclass", "", 2210, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(2206, "regtype", "", 2211, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(2207, "_regprocedure", "", 0, 2202, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2208, "_regoper", "", 0, 2203, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2209, "_regoperator", "", 0, 2204, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2210, "_regclass", "", 0, 2205, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2211, "_regtype", "", 0, 2206, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2249, "record", "", 2287, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(2275, "cstring", "", 1263, 0, 'P', -2, false, false, 'p', 'c', 'p'),
    row(2276, "any", "\"any\"", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2277, "anyarray", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(2278, "void", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2279, "trigger", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2280, "language_handler", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2281, "internal", "", 0, 0, 'P', 8, true, false, 'p', 'd', 'p'),
    row(2283, "anyelement", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2287, "_record", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(2776, "anynonarray", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(2949, "_txid_snapshot", "", 0, 2970, 'A', -1, false, false, 'b', 'd', 'x'),
    row(2950, "uuid", "", 2951, 0, 'U', 16, false, false, 'b', 'c', 'p'),
    row(2951, "_uuid", "", 0, 2950, 'A', -1, false, false, 'b', 'i', 'x'),
    row(2970, "txid_snapshot", "", 2949, 0, 'U', -1, false, false, 'b', 'd', 'x'),
    row(3115, "fdw_handler", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(3220, "pg_lsn", "", 3221, 0, 'U', 8, true, false, 'b', 'd', 'p'),
    row(3221, "_pg_lsn", "", 0, 3220, 'A', -1, false, false, 'b', 'd', 'x'),
    row(3310, "tsm_handler", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(3361, "pg_ndistinct", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(3402, "pg_dependencies", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(3500, "anyenum", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(3614, "tsvector", "", 3643, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(3615, "tsquery", "", 3645, 0, 'U', -1, false, false, 'b', 'i', 'p'),
    row(3642, "gtsvector", "", 3644, 0, 'U', -1, false, false, 'b', 'i', 'p'),
    row(3643, "_tsvector", "", 0, 3614, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3644, "_gtsvector", "", 0, 3642, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3645, "_tsquery", "", 0, 3615, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3734, "regconfig", "", 3735, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(3735, "_regconfig", "", 0, 3734, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3769, "regdictionary", "", 3770, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(3770, "_regdictionary", "", 0, 3769, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3802, "jsonb", "", 3807, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(3807, "_jsonb", "", 0, 3802, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3831, "anyrange", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(3838, "event_trigger", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(3904, "int4range", "", 3905, 0, 'R', -1, false, false, 'r', 'i', 'x'),
    row(3905, "_int4range", "", 0, 3904, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3906, "numrange", "", 3907, 0, 'R', -1, false, false, 'r', 'i', 'x'),
    row(3907, "_numrange", "", 0, 3906, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3908, "tsrange", "", 3909, 0, 'R', -1, false, false, 'r', 'd', 'x'),
    row(3909, "_tsrange", "", 0, 3908, 'A', -1, false, false, 'b', 'd', 'x'),
    row(3910, "tstzrange", "", 3911, 0, 'R', -1, false, false, 'r', 'd', 'x'),
    row(3911, "_tstzrange", "", 0, 3910, 'A', -1, false, false, 'b', 'd', 'x'),
    row(3912, "daterange", "", 3913, 0, 'R', -1, false, false, 'r', 'i', 'x'),
    row(3913, "_daterange", "", 0, 3912, 'A', -1, false, false, 'b', 'i', 'x'),
    row(3926, "int8range", "", 3927, 0, 'R', -1, false, false, 'r', 'd', 'x'),
    row(3927, "_int8range", "", 0, 3926, 'A', -1, false, false, 'b', 'd', 'x'),
    row(4072, "jsonpath", "", 4073, 0, 'U', -1, false, false, 'b', 'i', 'x'),
    row(4073, "_jsonpath", "", 0, 4072, 'A', -1, false, false, 'b', 'i', 'x'),
    row(4089, "regnamespace", "", 4090, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(4090, "_regnamespace", "", 0, 4089, 'A', -1, false, false, 'b', 'i', 'x'),
    row(4096, "regrole", "", 4097, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(4097, "_regrole", "", 0, 4096, 'A', -1, false, false, 'b', 'i', 'x'),
    row(4191, "regcollation", "", 4192, 0, 'N', 4, true, false, 'b', 'i', 'p'),
    row(4192, "_regcollation", "", 0, 4191, 'A', -1, false, false, 'b', 'i', 'x'),
    row(4451, "int4multirange", "", 6150, 0, 'R', -1, false, false, 'm', 'i', 'x'),
    row(4532, "nummultirange", "", 6151, 0, 'R', -1, false, false, 'm', 'i', 'x'),
    row(4533, "tsmultirange", "", 6152, 0, 'R', -1, false, false, 'm', 'd', 'x'),
    row(4534, "tstzmultirange", "", 6153, 0, 'R', -1, false, false, 'm', 'd', 'x'),
    row(4535, "datemultirange", "", 6155, 0, 'R', -1, false, false, 'm', 'i', 'x'),
    row(4536, "int8multirange", "", 6157, 0, 'R', -1, false, false, 'm', 'd', 'x'),
    row(4537, "anymultirange", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(4538, "anycompatiblemultirange", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(4600, "pg_brin_bloom_summary", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(4601, "pg_brin_minmax_multi_summary", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(5017, "pg_mcv_list", "", 0, 0, 'Z', -1, false, false, 'b', 'i', 'x'),
    row(5038, "pg_snapshot", "", 5039, 0, 'U', -1, false, false, 'b', 'd', 'x'),
    row(5039, "_pg_snapshot", "", 0, 5038, 'A', -1, false, false, 'b', 'd', 'x'),
    row(5069, "xid8", "", 271, 0, 'U', 8, true, false, 'b', 'd', 'p'),
    row(5077, "anycompatible", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(5078, "anycompatiblearray", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(5079, "anycompatiblenonarray", "", 0, 0, 'P', 4, true, false, 'p', 'i', 'p'),
    row(5080, "anycompatiblerange", "", 0, 0, 'P', -1, false, false, 'p', 'd', 'x'),
    row(6150, "_int4multirange", "", 0, 4451, 'A', -1, false, false, 'b', 'i', 'x'),
    row(6151, "_nummultirange", "", 0, 4532, 'A', -1, false, false, 'b', 'i', 'x'),
    row(6152, "_tsmultirange", "", 0, 4533, 'A', -1, false, false, 'b', 'd', 'x'),
    row(6153, "_tstzmultirange", "", 0, 4534, 'A', -1, false, false, 'b', 'd', 'x'),
    row(6155, "_datemultirange", "", 0, 4535, 'A', -1, false, false, 'b', 'i', 'x'),
    row(6157, "_int8multirange", "", 0, 4536, 'A', -1, false, false, 'b', 'd', 'x'),
];
