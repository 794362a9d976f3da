use medley_types::PgType;

use crate::fixture::{alice, mariadb, print, query, refused};

/// Selects an expression of the server's as this type.
async fn read(expression: &str, t: PgType) -> medley_fdw::Result<String> {
    let mut connection = alice(&[]).await;
    print(connection.as_mut(), query(&format!("SELECT {expression}"), &[t])).await
}

fn pg(name: &str) -> PgType {
    PgType::parse(name).expect(name)
}

/// A column of this type with this value, read as that.
async fn check(remote: &str, value: &str, declared: &str, expected: &str) {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let table = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let made = mariadb().sql(&format!(
        "SET sql_mode = ''; CREATE TABLE alice.types{table} (v {remote} NULL); \
         INSERT INTO alice.types{table} VALUES ({value}), (NULL)"
    ));
    made.unwrap_or_else(|error| panic!("{remote} {value}: {error}"));
    let mut connection = alice(&[]).await;
    let rows = query(&format!("SELECT v FROM alice.types{table}"), &[pg(declared)]);
    let outcome = print(connection.as_mut(), rows).await;
    let said = match outcome {
        Ok(rows) => rows.strip_suffix("\n~").expect("a NULL").to_owned(),
        error => refused(error),
    };
    assert_eq!(said, expected, "{remote} {value} as {declared}");
}

#[tokio::test]
async fn integers_at_their_limits() {
    for (remote, low, high, declared) in [
        ("TINYINT", "-128", "127", "smallint"),
        ("TINYINT UNSIGNED", "0", "255", "smallint"),
        ("SMALLINT", "-32768", "32767", "smallint"),
        ("SMALLINT UNSIGNED", "0", "65535", "integer"),
        ("MEDIUMINT", "-8388608", "8388607", "integer"),
        ("MEDIUMINT UNSIGNED", "0", "16777215", "integer"),
        ("INT", "-2147483648", "2147483647", "integer"),
        ("INT UNSIGNED", "0", "4294967295", "bigint"),
        ("BIGINT", "-9223372036854775808", "9223372036854775807", "bigint"),
        ("BIGINT UNSIGNED", "0", "18446744073709551615", "numeric(20,0)"),
        ("BIGINT UNSIGNED", "0", "18446744073709551615", "text"),
        ("YEAR", "1901", "2155", "integer"),
    ] {
        check(remote, low, declared, low).await;
        check(remote, high, declared, high).await;
    }
    check(
        "INT",
        "32768",
        "smallint",
        "22003 value \"32768\" is out of range for type smallint\nC: column \"c0\"",
    )
    .await;
    check(
        "BIGINT UNSIGNED",
        "9223372036854775808",
        "bigint",
        "22003 value \"9223372036854775808\" is out of range for type bigint\nC: column \"c0\"",
    )
    .await;
    check("BOOLEAN", "1", "boolean", "t").await;
    check("BOOLEAN", "0", "boolean", "f").await;
    check(
        "TINYINT",
        "2",
        "boolean",
        "22P02 invalid input syntax for type boolean: \"2\"\nC: column \"c0\"",
    )
    .await;
}

#[tokio::test]
async fn numbers_keep_every_digit() {
    check("DOUBLE", "1.7976931348623157e308", "double precision", "1.7976931348623157e+308").await;
    check("DOUBLE", "0.1", "double precision", "0.1").await;
    check("FLOAT", "3.4028234e38", "real", "3.4028235e+38").await;
    check("FLOAT", "16777215", "real", "1.6777215e+07").await;
    check("FLOAT", "1.1", "double precision", "1.1").await;
    check(
        "DOUBLE",
        "1.5",
        "integer",
        "22P02 invalid input syntax for type integer: \"1.5\"\nC: column \"c0\"",
    )
    .await;
    check("DECIMAL(10,2)", "-12345678.90", "numeric(10,2)", "-12345678.90").await;
    check("DECIMAL(10,2)", "1.50", "numeric", "1.50").await;
    let all = "99999999999999999999999999999999999.999999999999999999999999999999";
    check("DECIMAL(65,30)", all, "numeric(65,30)", all).await;
    check("DECIMAL(10,2)", "1.5", "double precision", "1.5").await;
    check("BIT(8)", "b'101'", "text", "00000101").await;
    check("BIT(8)", "b'101'", "integer", "5").await;
    check("BIT(1)", "b'1'", "boolean", "t").await;
    check("BIT(64)", "b'1'", "bytea", "\\x0000000000000001").await;
}

#[tokio::test]
async fn dates_and_times() {
    check("DATE", "'9999-12-31'", "date", "9999-12-31").await;
    check("DATE", "'1000-01-01'", "date", "1000-01-01").await;
    check("DATE", "'2024-02-29'", "timestamp", "2024-02-29 00:00:00").await;
    check("DATETIME(6)", "'9999-12-31 23:59:59.999999'", "timestamp", "9999-12-31 23:59:59.999999")
        .await;
    check("DATETIME(6)", "'2024-01-01 00:00:00.6'", "timestamp(0)", "2024-01-01 00:00:01").await;
    check("DATETIME", "'2024-01-01 10:11:12'", "date", "2024-01-01").await;
    check("DATETIME(3)", "'2024-01-01 10:11:12.5'", "text", "2024-01-01 10:11:12.500").await;
    check(
        "TIMESTAMP(6)",
        "'2038-01-19 03:14:07.999999'",
        "timestamptz",
        "2038-01-19 03:14:07.999999+00",
    )
    .await;
    check("TIME(6)", "'23:59:59.999999'", "time", "23:59:59.999999").await;
    check("TIME", "'24:00:00'", "time", "24:00:00").await;
    let out =
        |text| format!("22008 date/time field value out of range: \"{text}\"\nC: column \"c0\"");
    check("TIME", "'838:59:59'", "time", &out("838:59:59")).await;
    check("TIME", "'-01:00:00'", "time", &out("-01:00:00")).await;
    check("TIME", "'-838:59:59'", "text", "-838:59:59").await;
    check("TIME", "'838:59:59'", "interval", "838:59:59").await;
    check("TIME(6)", "'-01:00:00.000001'", "interval", "-01:00:00.000001").await;
}

#[tokio::test]
async fn a_zero_date_is_what_the_server_says() {
    let hint = "H: Set the server's option zero_dates to 'null' to read such dates as NULL.";
    for (remote, value, declared) in [
        ("DATE", "0000-00-00", "date"),
        ("DATE", "2024-00-15", "date"),
        ("DATETIME", "0000-00-00 00:00:00", "timestamp"),
        ("TIMESTAMP", "0000-00-00 00:00:00", "timestamptz"),
    ] {
        let expected = format!(
            "22008 date/time field value out of range: \"{value}\"\n{hint}\nC: column \"c0\""
        );
        check(remote, &format!("'{value}'"), declared, &expected).await;
        check(remote, &format!("'{value}'"), "text", value).await;
    }
    let made = "SET sql_mode = ''; CREATE TABLE alice.zero (v DATE); \
                INSERT INTO alice.zero VALUES ('0000-00-00'), ('2024-01-01')";
    mariadb().sql(made).expect("a table");
    let mut connection = alice(&[("zero_dates", "null")]).await;
    let rows = print(connection.as_mut(), query("SELECT v FROM alice.zero", &[pg("date")])).await;
    assert_eq!(rows.expect("rows"), "~\n2024-01-01");
}

#[tokio::test]
async fn texts_and_bytes() {
    check("VARCHAR(20)", "'zażółć 🎬'", "text", "zażółć 🎬").await;
    check("VARCHAR(20) CHARACTER SET latin1", "'é'", "text", "é").await;
    check("CHAR(5)", "'ab'", "character(5)", "ab   ").await;
    check("CHAR(5)", "'ab'", "text", "ab").await;
    check("VARCHAR(5)", "'ab  '", "text", "ab  ").await;
    check(
        "VARCHAR(5)",
        "'abcde'",
        "character varying(3)",
        "22001 value too long for type character varying(3)\nC: column \"c0\"",
    )
    .await;
    check("ENUM('a','b')", "'b'", "text", "b").await;
    check("SET('a','b','c')", "'c,a'", "text", "a,c").await;
    check("JSON", "'{\"a\": [1, 2]}'", "jsonb", "{\"a\": [1, 2]}").await;
    check("JSON", "'{\"a\":  1}'", "json", "{\"a\":  1}").await;
    check(
        "UUID",
        "'123e4567-e89b-12d3-a456-426655440000'",
        "uuid",
        "123e4567-e89b-12d3-a456-426655440000",
    )
    .await;
    check("INET6", "'::1'", "inet", "::1").await;
    check("VARBINARY(3)", "x'00ff61'", "bytea", "\\x00ff61").await;
    check("BINARY(3)", "x'61'", "bytea", "\\x610000").await;
    check("BLOB", "'plain'", "text", "plain").await;
    check(
        "BLOB",
        "x'ff'",
        "text",
        "22021 invalid byte sequence for encoding \"UTF8\": 0xff\nC: column \"c0\"",
    )
    .await;
    check(
        "VARCHAR(3)",
        "'a\\0b'",
        "text",
        "22021 invalid byte sequence for encoding \"UTF8\": 0x00\nC: column \"c0\"",
    )
    .await;
    check("VARCHAR(9)", "'12'", "integer", "12").await;
    check(
        "VARCHAR(9)",
        "'x'",
        "integer",
        "22P02 invalid input syntax for type integer: \"x\"\nC: column \"c0\"",
    )
    .await;
}

#[tokio::test]
async fn geometries_are_well_known_text() {
    for text in [
        "POINT(1 -2.5)",
        "LINESTRING(0 0,1 1,2 0)",
        "POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))",
        "MULTIPOLYGON(((0 0,4 0,4 4,0 0)),((9 9,10 9,10 10,9 9)))",
        "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))",
    ] {
        check("GEOMETRY", &format!("ST_GeomFromText('{text}')"), "text", text).await;
    }
    check("MULTIPOINT", "ST_GeomFromText('MULTIPOINT(1 1,2 2)')", "text", "MULTIPOINT(1 1,2 2)")
        .await;
}

#[tokio::test]
async fn a_value_of_many_packets() {
    let rows = read("REPEAT('x', 3000000)", PgType::TEXT).await.expect("a row");
    assert_eq!(rows.len(), 3_000_000);
    mariadb().sql("SET GLOBAL max_allowed_packet = 67108864").expect("room");
    for length in [0xff_ffff - 20, 0xff_ffff - 5, 0xff_ffff, 40_000_000] {
        let rows = read(&format!("REPEAT('x', {length})"), PgType::TEXT).await.expect("a row");
        assert_eq!(rows.len(), length);
    }
}
