//! What PostgreSQL 18.4 has of its own is here as it is there: relations with their columns,
//! functions, operators, casts, aggregates, and the comments on them.
use std::collections::BTreeSet;

use medley_testkit::{Postgres, Program};

use crate::medley;

const RELATIONS: &str = r#"
    SELECT n.nspname, c.relname, CASE n.nspname WHEN 'pg_catalog' THEN c.oid END, c.relkind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema')
          AND c.relname NOT LIKE 'medley\_%'"#;

const COLUMNS: &str = r#"
    SELECT n.nspname, c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
           a.attnotnull, a.attcollation
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema')
          AND c.relname NOT LIKE 'medley\_%'"#;

const FUNCTIONS: &str = "
    SELECT oid, proname, prolang, provariadic, prokind, proisstrict, proretset, provolatile,
           proparallel, pronargs, pronargdefaults, prorettype, proargtypes, proallargtypes,
           proargmodes, proargnames, CASE WHEN prolang <> 14 THEN prosrc END, probin,
           pg_get_function_arguments(oid), pg_get_function_result(oid)
    FROM pg_proc WHERE oid < 8000";

const OPERATORS: &str = "
    SELECT oid, oprname, oprkind, oprcanmerge, oprcanhash, oprleft, oprright, oprresult, oprcom,
           oprnegate, oprcode::oid, oprrest::oid, oprjoin::oid
    FROM pg_operator WHERE oid < 8000";

const CASTS: &str = "
    SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod FROM pg_cast";

const DESCRIPTIONS: &str = "
    SELECT objoid, classoid, description FROM pg_description
    WHERE objoid < 8000 AND objsubid = 0 AND classoid IN (1247, 1255, 2617)";

const AGGREGATES: &str = "
    SELECT aggfnoid::oid, aggkind, aggnumdirectargs, aggtransfn::oid, aggfinalfn::oid,
           aggcombinefn::oid, aggfinalextra, aggfinalmodify, aggsortop, aggtranstype,
           aggtransspace, agginitval
    FROM pg_aggregate";

/// What is here and not there, with the reason.
const ADDED: &[&str] = &[
    // psql 15 asks for it, whatever the server's version.
    "pg_catalog|pg_database|19|daticulocale|text|f|950",
    // The arrays of system relations' rows are no types here.
    "pg_catalog|pg_statistic_ext_data|6|stxdexpr|???|f|0",
];

/// What is there and not here: the other side of those that differ.
const MISSING: &[&str] = &["pg_catalog|pg_statistic_ext_data|6|stxdexpr|pg_statistic[]|f|0"];

#[test]
fn what_postgresql_has_of_its_own_is_here() {
    let initdb = Program::INITDB_18.locate().unwrap();
    let postgres = Postgres::builder().programs(initdb.parent().unwrap()).start().unwrap();
    let medley = medley();
    for query in [RELATIONS, COLUMNS, FUNCTIONS, OPERATORS, CASTS, DESCRIPTIONS, AGGREGATES] {
        let (there, here) = (postgres.psql(query).unwrap(), medley.psql(query).unwrap());
        let there: BTreeSet<_> = there.lines().collect();
        let here: BTreeSet<_> = here.lines().collect();
        let missing: Vec<_> = there.difference(&here).filter(|it| !MISSING.contains(it)).collect();
        let added: Vec<_> = here.difference(&there).filter(|it| !ADDED.contains(it)).collect();
        assert!(!there.is_empty(), "{query}");
        assert!(missing.is_empty() && added.is_empty(), "{query}\n{missing:#?}\n{added:#?}");
    }
}
