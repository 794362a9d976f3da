//! `pg_available_extensions`, and what asks for partitions, of which there are none.
use medley_types::PgType;

use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable = &[
    SetFunction {
        source: "pg_available_extensions",
        columns: &[
            ("name", PgType::NAME),
            ("default_version", PgType::TEXT),
            ("comment", PgType::TEXT),
        ],
        rows: available,
    },
    SetFunction { source: "pg_partition_ancestors", columns: &[], rows: none },
    SetFunction {
        source: "pg_partition_tree",
        columns: &[
            ("relid", PgType::plain(2205)),
            ("parentrelid", PgType::plain(2205)),
            ("isleaf", PgType::BOOL),
            ("level", PgType::INT4),
        ],
        rows: none,
    },
];

/// The wrappers of this build.
fn available<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let wrappers = frame.session().facts.registry().wrappers();
    let row = |name: &str, version: &str, summary: &str| {
        [name, version, summary].map(Datum::of_text).to_vec()
    };
    Ok(wrappers.map(|it| row(it.name(), it.version(), it.summary())).collect())
}

/// No relation here is a partition, or has any.
fn none<'a>(_: &Frame<'_>, _: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    Ok(Vec::new())
}
