use crate::fixture::{alice, cluster, print, query, refused};
use medley_types::{CollationOid, PgType, by_name};

/// Values as psql prints them in a session that is set as ours.
fn printed(select: &str) -> String {
    let set = "SET search_path = pg_catalog, public; SET timezone = 'GMT'; SET datestyle = ISO; \
               SET intervalstyle = postgres; SET extra_float_digits = 3";
    cluster().psql(&format!("{set}; {select}")).expect("psql prints it")
}

pub fn named(name: &str) -> PgType {
    match name.strip_suffix("[]") {
        Some(element) => named(element).array().expect("it has an array"),
        None => PgType::plain(by_name(name).expect("a type").oid.0),
    }
}

/// By COPY, by the extended protocol, and as psql prints it: all the same.
pub async fn check(t: PgType, type_name: &str, values: &[&str]) {
    let mut connection = alice(&[]).await;
    let rows = values.iter().map(|value| format!("({value}::{type_name})"));
    let rows = rows.chain([format!("(NULL::{type_name})")]).collect::<Vec<_>>().join(", ");
    let select = format!("SELECT v FROM (VALUES {rows}) AS t (v)");
    let expected = printed(&select);
    let by_copy = print(connection.as_mut(), query(&select, &[t])).await.expect(type_name);
    // psql's output ends before the NULL's empty line.
    assert_eq!(by_copy.trim_end_matches('\n'), expected, "{type_name} by COPY");
    let mut bound = query(&format!("{select} WHERE $1 = 'x'"), &[t]);
    bound.parameters = vec![(PgType::TEXT, Some("x".to_owned()))];
    let by_rows = print(connection.as_mut(), bound).await.expect(type_name);
    assert_eq!(by_rows.trim_end_matches('\n'), expected, "{type_name} by rows");
    assert!(connection.reset().await);
}

#[tokio::test]
async fn numbers_at_their_limits() {
    check(PgType::BOOL, "bool", &["true", "false"]).await;
    check(PgType::INT2, "int2", &["'-32768'", "'32767'", "0"]).await;
    check(PgType::INT4, "int4", &["'-2147483648'", "2147483647"]).await;
    check(PgType::INT8, "int8", &["'-9223372036854775808'", "9223372036854775807"]).await;
    check(PgType::OID, "oid", &["0", "4294967295"]).await;
    let float4 = ["'3.4028235e38'", "'1e-45'", "'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "0.1"];
    check(PgType::FLOAT4, "float4", &float4).await;
    let float8 =
        ["'1.7976931348623157e308'", "'5e-324'", "'NaN'", "'Infinity'", "'-0'", "0.1", "1e15"];
    check(PgType::FLOAT8, "float8", &float8).await;
}

#[tokio::test]
async fn numerics_exactly() {
    let wide = format!("'{}.{}'", "9".repeat(200), "1".repeat(150));
    let bare = [
        "0",
        "'-0.000'",
        "'1e100'",
        "'1e-100'",
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        &wide,
        "10000",
        "0.0001",
    ];
    check(PgType::NUMERIC, "numeric", &bare).await;
    let cents = ["'-12345678.90'", "0", "99999999.99", "'0.01'"];
    check(PgType::numeric(10, 2), "numeric(10,2)", &cents).await;
    let longest = format!("'-{}.{}'", "9".repeat(20), "9".repeat(18));
    check(PgType::numeric(38, 18), "numeric(38,18)", &[&longest, "'0.000000000000000001'"]).await;
    check(
        PgType::numeric(60, 10),
        "numeric(60,10)",
        &["'1.5'", "'-99999999999999999999999999999999999999999999999999.9999999999'"],
    )
    .await;
    check(PgType::numeric(3, -2), "numeric(3,-2)", &["12345"]).await;
}

#[tokio::test]
async fn texts_and_bytes() {
    let texts = ["''", "'a|b'", "'Grüße 🐘'", "' x '", "repeat('ab', 5000)"];
    check(PgType::TEXT, "text", &texts).await;
    check(PgType::VARCHAR, "varchar", &texts).await;
    check(PgType::varchar(5), "varchar(5)", &["'abcde'", "'ü'", "''"]).await;
    check(PgType::bpchar(5), "char(5)", &["'ab'", "'abcde'", "''"]).await;
    check(PgType::BPCHAR, "bpchar", &["'ab '"]).await;
    check(PgType::NAME, "name", &["'x'", "repeat('n', 63)"]).await;
    check(PgType::CHAR, "\"char\"", &["'a'", "''"]).await;
    check(PgType::BYTEA, "bytea", &["'\\x'", "'\\x00ff10'"]).await;
    check(
        PgType::UUID,
        "uuid",
        &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    )
    .await;
}

#[tokio::test]
async fn dates_and_times_at_their_limits() {
    check(
        PgType::DATE,
        "date",
        &[
            "'4713-01-01 BC'",
            "'5874897-12-31'",
            "'infinity'",
            "'-infinity'",
            "'1970-01-01'",
            "'0001-12-31 BC'",
        ],
    )
    .await;
    check(PgType::TIME, "time", &["'00:00:00'", "'24:00:00'", "'23:59:59.999999'"]).await;
    check(PgType::TIME.with_typmod(3), "time(3)", &["'01:02:03.4567'"]).await;
    let instants = [
        "'4713-01-01 00:00:00 BC'",
        "'infinity'",
        "'-infinity'",
        "'1969-12-31 23:59:59.999999'",
        "'9999-12-31 23:59:59'",
        "'200000-01-01'",
    ];
    check(PgType::TIMESTAMP, "timestamp", &instants).await;
    check(PgType::TIMESTAMPTZ, "timestamptz", &instants).await;
    check(PgType::TIMESTAMP.with_typmod(0), "timestamp(0)", &["'2020-01-01 00:00:00.5'"]).await;
    check(
        PgType::INTERVAL,
        "interval",
        &[
            "'1 year 2 mons -3 days 04:05:06.789'",
            "'-178000000 years'",
            "'106751 days 23:00:00'",
            "'2500000:00:00'",
            "'0'",
        ],
    )
    .await;
}

#[tokio::test]
async fn documents_networks_and_arrays() {
    check(PgType::JSON, "json", &["'{\"a\" :  1, \"a\": 2}'", "'null'"]).await;
    check(PgType::JSONB, "jsonb", &["'{\"b\":1,\"a\":[1,2.50,null]}'", "'1e2'", "'\"x\"'"]).await;
    check(PgType::INET, "inet", &["'10.0.0.1'", "'10.1.2.3/8'", "'::1'", "'fe80::1/10'"]).await;
    check(PgType::CIDR, "cidr", &["'10.0.0.0/8'", "'::/0'"]).await;
    for (name, values) in [
        ("int4[]", vec!["'{1,NULL,-3}'", "'{}'"]),
        ("text[]", vec!["'{a,\"b c\",NULL,\"NULL\",\"\\\\\",\"\"}'"]),
        ("numeric[]", vec!["'{1.50,NaN,1e50}'"]),
        ("bool[]", vec!["'{t,f,NULL}'"]),
        ("timestamptz[]", vec!["'{2020-01-01 00:00:00+02,infinity}'"]),
        ("uuid[]", vec!["'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"]),
        ("jsonb[]", vec!["ARRAY['{\"a\": 1}'::jsonb, NULL]"]),
        ("inet[]", vec!["'{10.0.0.1,10.0.0.0/8}'"]),
        ("varchar[]", vec!["'{a,b}'"]),
        ("float8[]", vec!["'{0.1,-0,NaN}'"]),
        ("bytea[]", vec!["ARRAY['\\x00ff'::bytea]"]),
        ("date[]", vec!["'{2020-02-29}'"]),
    ] {
        check(named(name), name, &values).await;
    }
}

#[tokio::test]
async fn any_other_type_arrives_as_its_text() {
    for (name, value) in [
        ("point", "'(1.5,-2)'"),
        ("int4range", "'[1,5)'"),
        ("money", "12.34"),
        ("macaddr", "'08:00:2b:01:02:03'"),
        ("bit", "B'1'"),
        ("varbit", "B'10110'"),
        ("tsvector", "'fat cat'"),
        ("xml", "'<a>1</a>'"),
        ("timetz", "'01:02:03+02'"),
        ("pg_lsn", "'16/B374D848'"),
        ("tid", "'(4,2)'"),
        ("point[]", "'{\"(1,2)\",NULL}'"),
    ] {
        check(named(name), name, &[value]).await;
    }
}

#[tokio::test]
async fn the_remotes_own_types_arrive_as_their_text_where_text_is_declared() {
    let setup = "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); \
                 CREATE DOMAIN positive AS int CHECK (VALUE > 0)";
    cluster().psql(setup).expect("types");
    let mut connection = alice(&[]).await;
    let sql = "SELECT 'ok'::public.mood, ROW(1, 'x y')::public.pair, ROW(NULL, NULL)::public.pair, \
               5::public.positive";
    let types = [PgType::TEXT, PgType::TEXT, PgType::TEXT, PgType::INT4];
    let row = print(connection.as_mut(), query(sql, &types)).await.expect("a row");
    assert_eq!(row, "ok|(1,\"x y\")|(,)|5");
}

#[tokio::test]
async fn a_declared_type_that_is_not_the_remotes_is_read_as_postgres_fdw_reads_it() {
    let mut connection = alice(&[]).await;
    for (remote, declared, expected) in [
        ("7::int4", PgType::INT8, "7"),
        ("7::int8", PgType::INT2, "7"),
        ("7::int4", PgType::TEXT, "7"),
        ("1.2345::numeric", PgType::numeric(5, 2), "1.23"),
        ("'10.0.0.1'::inet", PgType::TEXT, "10.0.0.1"),
        ("'ab'::char(5)", PgType::TEXT, "ab   "),
        ("' 12 '::text", PgType::INT4, "12"),
        ("'{\"a\":1}'::text", PgType::JSON, "{\"a\":1}"),
        ("'2020-01-02'::date", PgType::TIMESTAMP, "2020-01-02 00:00:00"),
        ("ARRAY['a']::varchar[]", named("text[]"), "{a}"),
        ("'x'::text COLLATE \"C\"", PgType::TEXT.with_collation(CollationOid::C), "x"),
    ] {
        let sql = format!("SELECT {remote}");
        let value = print(connection.as_mut(), query(&sql, &[declared])).await.expect(remote);
        assert_eq!(value, expected, "{remote} as {declared}");
    }
    for (remote, declared, expected) in [
        ("'x'::text", PgType::INT4, "22P02 invalid input syntax for type integer: \"x\""),
        ("70000::int4", PgType::INT2, "22003 value \"70000\" is out of range for type smallint"),
        (
            "'abcdef'::text",
            PgType::varchar(3),
            "22001 value too long for type character varying(3)",
        ),
    ] {
        let mut connection = alice(&[]).await;
        let outcome =
            print(connection.as_mut(), query(&format!("SELECT {remote}"), &[declared])).await;
        assert_eq!(
            refused(outcome),
            format!("{expected}\nC: column \"c0\""),
            "{remote} as {declared}"
        );
        assert!(!connection.reset().await);
    }
}

#[tokio::test]
async fn what_cannot_be_held_here_is_an_error_and_no_other_value() {
    for (remote, declared) in [
        ("'NaN'::numeric(10,2)", PgType::numeric(10, 2)),
        ("'{{1,2},{3,4}}'::int4[]", named("int4[]")),
        ("'[5:6]={1,2}'::int4[]", named("int4[]")),
        ("'9000000:00:00'::interval", PgType::INTERVAL),
        ("'294276-12-31 23:59:59.999999'::timestamp", PgType::TIMESTAMP),
    ] {
        let mut connection = alice(&[]).await;
        let sql = format!("SELECT {remote}");
        let outcome = refused(print(connection.as_mut(), query(&sql, &[declared])).await);
        assert!(outcome.starts_with("0A000"), "{remote}: {outcome}");
        assert!(outcome.ends_with("\nC: column \"c0\""), "{remote}: {outcome}");
    }
}
