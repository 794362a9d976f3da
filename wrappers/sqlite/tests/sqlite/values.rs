use medley_fdw::Diagnostic;
use medley_types::PgType;

use crate::fixture::{File, print, query, refused};

/// What an expression of SQLite's is as a value of this type; of an error the first line.
async fn read(expression: &str, t: PgType) -> String {
    let file = File::new("");
    let mut connection = file.connect().await;
    match print(connection.as_mut(), query(&format!("SELECT {expression}"), &[t])).await {
        Ok(value) => value,
        Err(error) => format!("{} {error}", error.sqlstate()),
    }
}

async fn check(expression: &str, t: PgType, expected: &str) {
    assert_eq!(read(expression, t).await, expected, "{expression} as {t}");
}

#[tokio::test]
async fn nulls_are_nulls_of_every_type() {
    for t in [
        PgType::BOOL,
        PgType::INT4,
        PgType::FLOAT8,
        PgType::NUMERIC,
        PgType::TEXT,
        PgType::BYTEA,
        PgType::DATE,
        PgType::UUID,
        PgType::JSONB,
        PgType::TEXT_ARRAY,
    ] {
        check("NULL", t, "~").await;
    }
}

#[tokio::test]
async fn integers() {
    check("9223372036854775807", PgType::INT8, "9223372036854775807").await;
    check("-9223372036854775808", PgType::INT8, "-9223372036854775808").await;
    check("-2147483648", PgType::INT4, "-2147483648").await;
    check("32767", PgType::INT2, "32767").await;
    let too_big = "22003 value \"32768\" is out of range for type smallint";
    check("32768", PgType::INT2, too_big).await;
    let too_big = "22003 value \"2147483648\" is out of range for type integer";
    check("2147483648", PgType::INT4, too_big).await;
    check("3.0", PgType::INT4, "3").await;
    check("3.5", PgType::INT4, "22P02 invalid input syntax for type integer: \"3.5\"").await;
    let class = "22P02 invalid value for type integer: SQLite value of class";
    check("'abc'", PgType::INT4, &format!("{class} text")).await;
    check("'5'", PgType::INT4, &format!("{class} text")).await;
    check("x'05'", PgType::INT4, &format!("{class} blob")).await;
}

#[tokio::test]
async fn truth_is_0_and_1() {
    check("1", PgType::BOOL, "t").await;
    check("0", PgType::BOOL, "f").await;
    check("2", PgType::BOOL, "22P02 invalid value for type boolean: SQLite value of class integer")
        .await;
    check("'t'", PgType::BOOL, "22P02 invalid value for type boolean: SQLite value of class text")
        .await;
}

#[tokio::test]
async fn floats_and_numbers() {
    check("0.1", PgType::FLOAT8, "0.1").await;
    check("1", PgType::FLOAT8, "1").await;
    check("1.7976931348623157e308", PgType::FLOAT8, "1.7976931348623157e+308").await;
    check("5e-324", PgType::FLOAT8, "5e-324").await;
    check("9e999", PgType::FLOAT8, "Infinity").await;
    check("1e300", PgType::FLOAT4, "22003 \"1e+300\" is out of range for type real").await;
    check(
        "'1.5'",
        PgType::FLOAT8,
        "22P02 invalid value for type double precision: SQLite value of class text",
    )
    .await;
    check("0.1", PgType::NUMERIC, "0.1").await;
    check("9223372036854775807", PgType::NUMERIC, "9223372036854775807").await;
    check("'12.50'", PgType::NUMERIC, "12.50").await;
    check("12.345", PgType::numeric(10, 2), "12.35").await;
    check("123.4", PgType::numeric(3, 1), "22003 numeric field overflow").await;
    check("'abc'", PgType::NUMERIC, "22P02 invalid input syntax for type numeric: \"abc\"").await;
}

#[tokio::test]
async fn texts() {
    check("'Žluťoučký kůň 🐎'", PgType::TEXT, "Žluťoučký kůň 🐎").await;
    check("''", PgType::TEXT, "").await;
    check("'abc'", PgType::bpchar(5), "abc  ").await;
    check("'abcd'", PgType::varchar(3), "22001 value too long for type character varying(3)").await;
    let class = "22P02 invalid value for type text: SQLite value of class";
    check("5", PgType::TEXT, &format!("{class} integer")).await;
    check("1.5", PgType::TEXT, &format!("{class} real")).await;
    check("x'61'", PgType::TEXT, &format!("{class} blob")).await;
    let broken = "22021 invalid byte sequence for encoding \"UTF8\"";
    check("CAST(x'61ff' AS TEXT)", PgType::TEXT, &format!("{broken}: 0xff")).await;
    check("'a' || char(0) || 'b'", PgType::TEXT, &format!("{broken}: 0x00")).await;
}

#[tokio::test]
async fn bytes_and_uuids() {
    check("x'00ff10'", PgType::BYTEA, "\\x00ff10").await;
    check("x''", PgType::BYTEA, "\\x").await;
    check("'a'", PgType::BYTEA, "22P02 invalid value for type bytea: SQLite value of class text")
        .await;
    let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    check(&format!("'{uuid}'"), PgType::UUID, uuid).await;
    check("x'a0eebc999c0b4ef8bb6d6bb9bd380a11'", PgType::UUID, uuid).await;
    check("x'a0'", PgType::UUID, "22P02 invalid value for type uuid: SQLite value of class blob")
        .await;
    // Sixteen characters are no sixteen bytes.
    let sixteen = "22P02 invalid input syntax for type uuid: \"0123456789abcdef\"";
    check("'0123456789abcdef'", PgType::UUID, sixteen).await;
}

#[tokio::test]
async fn dates_and_times_are_texts() {
    check("'2024-02-29'", PgType::DATE, "2024-02-29").await;
    check("'0001-01-01'", PgType::DATE, "0001-01-01").await;
    check("'23:59:59.999999'", PgType::TIME, "23:59:59.999999").await;
    check("'2024-02-29 12:30'", PgType::TIMESTAMP, "2024-02-29 12:30:00").await;
    check("'2024-02-29T12:30:00.5'", PgType::TIMESTAMP, "2024-02-29 12:30:00.5").await;
    check("'2024-02-29 12:30:00'", PgType::TIMESTAMPTZ, "2024-02-29 12:30:00+00").await;
    check("'2024-02-29T12:30:00+02:00'", PgType::TIMESTAMPTZ, "2024-02-29 10:30:00+00").await;
    check("'2023-02-29'", PgType::DATE, "22008 date/time field value out of range: \"2023-02-29\"")
        .await;
    check("'now'", PgType::DATE, "22007 invalid input syntax for type date: \"now\"").await;
    let class = "22P02 invalid value for type timestamp without time zone: SQLite value of class";
    check("1709164800", PgType::TIMESTAMP, &format!("{class} integer")).await;
    check("2460369.5", PgType::TIMESTAMP, &format!("{class} real")).await;
}

#[tokio::test]
async fn json_and_what_is_only_printed() {
    check("'{\"a\": [1]}'", PgType::JSON, "{\"a\": [1]}").await;
    check("'{\"b\":1,\"a\":2}'", PgType::JSONB, "{\"a\": 2, \"b\": 1}").await;
    check("5", PgType::JSON, "5").await;
    check("1.5", PgType::JSONB, "1.5").await;
    check("'{'", PgType::JSON, "22P02 invalid input syntax for type json").await;
    check("'192.168.0.1'", PgType::INET, "192.168.0.1").await;
    check("'{a,NULL}'", PgType::TEXT_ARRAY, "{a,NULL}").await;
}

#[tokio::test]
async fn an_error_names_the_column() {
    let file = File::new("CREATE TABLE t (n, m); INSERT INTO t VALUES (1, 'x')");
    let mut connection = file.connect().await;
    let sql = "SELECT n, m FROM t";
    let outcome = print(connection.as_mut(), query(sql, &[PgType::INT4, PgType::INT4])).await;
    let expected = "22P02 invalid value for type integer: SQLite value of class text\n\
                    H: Declare the column with a type of the values that it holds, or read a \
                    view in the file that casts them.\n\
                    C: column \"c1\"";
    assert_eq!(refused(outcome), expected);
    let good = print(connection.as_mut(), query("SELECT n FROM t", &[PgType::INT4])).await;
    assert_eq!(good.expect("the session goes on"), "1");
}

#[tokio::test]
async fn parameters_have_the_class_of_their_type() {
    let file = File::new(
        "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, t);
         INSERT INTO t VALUES (5, 0.1, 'žluť', x'00ff', 1)",
    );
    let mut connection = file.connect().await;
    let sql = "SELECT count(*) FROM t WHERE i = $1 AND r = $2 AND s = $3 AND b = $4 AND t = $5 \
               AND $6 IS NULL";
    let mut asked = query(sql, &[PgType::INT8]);
    let given = [
        (PgType::INT4, Some("5")),
        (PgType::FLOAT8, Some("0.1")),
        (PgType::TEXT, Some("žluť")),
        (PgType::BYTEA, Some("\\x00ff")),
        (PgType::BOOL, Some("t")),
        (PgType::DATE, None),
    ];
    asked.parameters = given.iter().map(|(t, v)| (*t, v.map(str::to_owned))).collect();
    assert_eq!(print(connection.as_mut(), asked).await.expect("a count"), "1");
    let mut asked = query("SELECT $1", &[PgType::TEXT]);
    asked.parameters = vec![(PgType::DATE, Some("2024-02-29".to_owned()))];
    let said = refused(print(connection.as_mut(), asked).await);
    assert!(said.starts_with("0A000 "), "{said}");
}
