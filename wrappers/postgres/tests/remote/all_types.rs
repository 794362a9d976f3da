//! Every type that the remote's pg_catalog has and that has a text form, and its arrays: what
//! arrives is what psql prints there.
use std::collections::BTreeSet;

use medley_types::PgType;

use crate::fixture::{alice, cluster, print, query, refused};
use crate::types::{check, named};

/// Values at the edges of each type, as literals.
const VALUES: &[(&str, &[&str])] = &[
    ("aclitem", &["'postgres=r*w/postgres'", "'=X/postgres'"]),
    ("bit", &["B'0'", "B'1'"]),
    ("bool", &["'t'", "'f'"]),
    ("box", &["'(1,2),(-3,-4)'", "'(Infinity,0),(-Infinity,0)'"]),
    ("bpchar", &["'ab  '", "''"]),
    ("bytea", &["'\\x'", "'\\x00ff5c27'"]),
    ("char", &["'a'", "''", "E'\\\\200'"]),
    ("cid", &["'0'", "'4294967295'"]),
    ("cidr", &["'0.0.0.0/0'", "'ffff::/16'"]),
    ("circle", &["'<(0,0),0>'", "'<(1.5,-2),1e300>'"]),
    ("date", &["'4714-11-24 BC'", "'5874897-12-31'", "'infinity'"]),
    ("datemultirange", &["'{}'", "'{[2020-01-01,2020-02-01),[2021-01-01,)}'"]),
    ("daterange", &["'empty'", "'(,)'", "'[2020-01-01,2020-01-31]'"]),
    ("float4", &["'3.4028235e38'", "'-0'", "'NaN'"]),
    ("float8", &["'5e-324'", "'-Infinity'", "'0.1'"]),
    ("inet", &["'255.255.255.255/1'", "'::ffff:1.2.3.4'"]),
    ("int2", &["'-32768'", "'32767'"]),
    ("int2vector", &["'1 -2 3'"]),
    ("int4", &["'-2147483648'", "'2147483647'"]),
    ("int4multirange", &["'{}'", "'{[1,2),[5,7)}'"]),
    ("int4range", &["'empty'", "'[-2147483648,2147483647)'"]),
    ("int8", &["'-9223372036854775808'", "'9223372036854775807'"]),
    ("int8multirange", &["'{(,1),[5,)}'"]),
    ("int8range", &["'(,5]'"]),
    ("interval", &["'-1 mon +2 days -03:04:05.000006'", "'0'"]),
    ("json", &["'{\"a\" :  [1, null]}'", "'\"\\u00e9\"'"]),
    ("jsonb", &["'{\"b\": 1e3, \"a\": {}}'", "'null'"]),
    ("jsonpath", &["'$.\"a b\"[*] ? (@ > 1)'"]),
    ("line", &["'{1,-1,0}'", "'{0,1,1e-300}'"]),
    ("lseg", &["'[(0,0),(1e300,-1)]'"]),
    ("macaddr", &["'00:00:00:00:00:00'", "'ff:ff:ff:ff:ff:ff'"]),
    ("macaddr8", &["'00:00:00:00:00:00:00:01'", "'ff:ff:ff:ff:ff:ff:ff:ff'"]),
    ("money", &["'-92233720368547758.08'", "'92233720368547758.07'"]),
    ("name", &["'a b'", "''"]),
    ("numeric", &["'NaN'", "'-Infinity'", "'1e-300'", "'0.00'"]),
    ("nummultirange", &["'{[1.0,1.50),(2,3]}'"]),
    ("numrange", &["'[1.10,]'", "'(-Infinity,NaN]'"]),
    ("oid", &["'0'", "'4294967295'"]),
    ("oidvector", &["'1 4294967295'"]),
    ("path", &["'[(0,0),(1,1)]'", "'((0,0),(1,1),(2,0))'"]),
    ("pg_lsn", &["'0/0'", "'FFFFFFFF/FFFFFFFF'"]),
    ("pg_snapshot", &["'1:1:'", "'10:20:10,14,15'"]),
    ("point", &["'(NaN,-Infinity)'", "'(1e-300,-0)'"]),
    ("polygon", &["'((0,0),(1,1),(2,0))'"]),
    ("refcursor", &["'a \"cursor\"'", "''"]),
    ("regconfig", &["'english'"]),
    ("regdictionary", &["'simple'"]),
    ("text", &["''", "'NULL'", "E'a\\tb\\\\ {\"},'"]),
    ("tid", &["'(0,0)'", "'(4294967295,65535)'"]),
    ("time", &["'24:00:00'", "'00:00:00.000001'"]),
    ("timestamp", &["'4714-11-24 00:00:00 BC'", "'-infinity'", "'1999-12-31 23:59:59.999999'"]),
    ("timestamptz", &["'infinity'", "'1969-12-31 23:59:59.999999+15:59'"]),
    ("timetz", &["'24:00:00-15:59:59'", "'00:00:00+15:59'"]),
    ("tsmultirange", &["'{[2020-01-01 00:00:00,infinity)}'"]),
    ("tsquery", &["'!fat & (''a b'':*A <2> cat)'"]),
    ("tsrange", &["'[-infinity,2020-01-01 12:00:00.5]'"]),
    ("tstzmultirange", &["'{(,2020-01-01 00:00:00+02)}'"]),
    ("tstzrange", &["'[2020-01-01 00:00:00+02,)'"]),
    ("tsvector", &["''", "'''a b'':1A,2 cat:16383'"]),
    ("txid_snapshot", &["'10:20:10,14'"]),
    ("uuid", &["'00000000-0000-0000-0000-000000000000'"]),
    ("varbit", &["B''", "B'101100111000'"]),
    ("varchar", &["''", "'ü\"'"]),
    ("xid", &["'0'", "'4294967295'"]),
    ("xid8", &["'0'", "'18446744073709551615'"]),
    ("xml", &["'<a b=\"1\">&amp;</a>'", "'text'"]),
];

/// Types whose values are what something of the remote's is called: nothing here need be called so.
const NAMES: &[(&str, &str)] = &[
    ("regclass", "'pg_class'"),
    ("regcollation", "'\"C\"'"),
    ("regnamespace", "'pg_catalog'"),
    ("regoper", "'||/'"),
    ("regoperator", "'=(integer,integer)'"),
    ("regproc", "'boolin'"),
    ("regprocedure", "'abs(numeric)'"),
    ("regrole", "'postgres'"),
    ("regtype", "'character varying'"),
];

/// PostgreSQL refuses every text for a value of these.
const WITHOUT_INPUT: &[&str] = &[
    "gtsvector",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
];

#[test]
fn no_type_of_the_remotes_is_left_out() {
    let listed = cluster().psql(
        "SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace \
         AND typtype IN ('b', 'r', 'm') AND typisdefined \
         AND (typcategory <> 'A' OR typname IN ('int2vector', 'oidvector')) \
         AND typrelid = 0",
    );
    let listed = listed.expect("a list");
    let there: BTreeSet<_> = listed.lines().collect();
    let names = NAMES.iter().map(|(name, _)| name);
    let known = VALUES.iter().map(|(name, _)| name).chain(names).chain(WITHOUT_INPUT);
    assert_eq!(there, known.copied().collect());
}

#[tokio::test]
async fn every_type_arrives_as_it_is_printed_there() {
    for (name, values) in VALUES {
        let quoted = format!("pg_catalog.\"{name}\"");
        check(named(name), &quoted, values).await;
    }
}

#[tokio::test]
async fn so_do_their_arrays() {
    for (name, values) in VALUES {
        let array = format!("{name}[]");
        let elements = values.iter().map(|value| format!("{value}::pg_catalog.\"{name}\""));
        let whole = format!("ARRAY[{}, NULL]", elements.collect::<Vec<_>>().join(", "));
        let quoted = format!("pg_catalog.\"{name}\"[]");
        check(named(&array), &quoted, &[&whole, "'{}'"]).await;
    }
}

/// They come as another value never; as text, where text is declared.
#[tokio::test]
async fn what_is_called_so_there_is_refused() {
    for (name, value) in NAMES {
        let mut connection = alice(&[]).await;
        let sql = format!("SELECT {value}::pg_catalog.{name}");
        let outcome = print(connection.as_mut(), query(&sql, &[named(name)])).await;
        let said = refused(outcome);
        let expected = format!("22P02 invalid input syntax for type {name}: ");
        assert!(said.starts_with(&expected), "{name}: {said}");
        let mut connection = alice(&[]).await;
        let text = print(connection.as_mut(), query(&sql, &[PgType::TEXT])).await;
        let printed = cluster().psql(&format!("SET search_path = pg_catalog; {sql}"));
        assert_eq!(text.expect(name), printed.expect(name), "{name}");
    }
}
