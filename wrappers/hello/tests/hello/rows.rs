use std::sync::Arc;

use arrow_schema::Schema;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{
    Connect, Diagnostic, Network, Options, Result, Scan, ScanConnection, ScanWrapper,
};
use medley_types::{ColumnWriter, PgType, Style, field, type_of_field};
use medley_wrapper_hello::Hello;

pub fn options(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

pub async fn connect(
    server: &[(&str, &str)],
    mapping: &[(&str, &str)],
    role: &str,
) -> Box<dyn ScanConnection> {
    let connect = Connect {
        server_name: "hello",
        server: &options(server),
        mapping: &options(mapping),
        role,
        superuser: false,
        session_user: "somebody",
        application_name: "psql",
        session_id: "1.1",
        via: "",
        scram_keys: None,
        database: "medley",
        deadline: None,
        tls_roots: Arc::new(rustls::RootCertStore::empty()),
        dialer: Arc::new(Network),
    };
    Hello.connect(connect).await.expect("there is nothing to connect to")
}

/// A scan of a table with these options and columns of these types: as psql prints it,
/// without decoration, rows parted by a space.
async fn scanned(
    connection: &mut dyn ScanConnection,
    table: &[(&str, &str)],
    types: &[PgType],
    limit: Option<u64>,
) -> Result<String> {
    let table = options(table);
    let columns: Vec<_> = types.iter().map(|_| Options::default()).collect();
    let fields: Vec<_> = types.iter().map(|t| field("c", *t, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut batches =
        connection.scan(Scan { table: &table, columns: &columns, schema, quals: &[], limit });
    let mut rows = Vec::new();
    while let Some(batch) = batches.next().await {
        let (batch, style) = (batch?, Style::default());
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let writers = columns.map(|(f, c)| ColumnWriter::text(type_of_field(f), c, &style));
        let writers = writers.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cell = |writer: &ColumnWriter| {
                let mut cell = BytesMut::new();
                writer.write(row, &mut cell).expect("it has a text");
                String::from_utf8(cell.to_vec()).expect("it is UTF-8")
            };
            rows.push(writers.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    Ok(rows.join(" "))
}

/// The account tests connect as.
async fn bob() -> Box<dyn ScanConnection> {
    connect(&[], &[("user", "bob")], "alice").await
}

#[tokio::test]
async fn the_account_of_the_mapping_is_greeted() {
    let check = async |server, mapping, role, greeting: &str| {
        let mut connection = connect(server, mapping, role).await;
        let said = scanned(connection.as_mut(), &[], &[PgType::TEXT], None).await;
        assert_eq!(said.expect("a greeting"), greeting);
    };
    check(&[], &[("user", "bob")], "alice", "Hello, bob!").await;
    check(&[("greeting", "Ahoj")], &[("user", "Jürgen")], "alice", "Ahoj, Jürgen!").await;
    check(&[], &[], "alice", "Hello, alice!").await;
}

#[tokio::test]
async fn integers_count_and_texts_greet() {
    let check = async |table, types: &[PgType], limit, expected: &str| {
        let said = scanned(bob().await.as_mut(), table, types, limit).await;
        assert_eq!(said.expect("rows"), expected);
    };
    check(&[("rows", "3")], &[PgType::INT8], None, "1 2 3").await;
    check(&[("rows", "3")], &[PgType::INT2, PgType::INT4], Some(2), "1|1 2|2").await;
    check(&[("rows", "3")], &[PgType::INT4], Some(0), "").await;
    check(&[("rows", "2")], &[PgType::INT4], Some(u64::MAX), "1 2").await;
    let strings = [PgType::varchar(12), PgType::bpchar(12), PgType::NAME];
    check(&[], &strings, None, "Hello, bob!|Hello, bob! |Hello, bob!").await;
}

#[tokio::test]
async fn other_columns_are_refused() {
    let check = async |t, expected: &str| {
        let error = scanned(bob().await.as_mut(), &[], &[t], None).await.expect_err("a refusal");
        assert_eq!(format!("{} {error}", error.sqlstate()), expected);
    };
    check(PgType::DATE, "HV004 hello_fdw has no values of type date").await;
    check(PgType::JSON, "HV004 hello_fdw has no values of type json").await;
    let too_long = "22001 value too long for type character varying(3)";
    check(PgType::varchar(3), too_long).await;
}

/// Columns that nobody asked for are not made, and rows still are.
#[tokio::test]
async fn many_rows_come_in_batches_and_count_without_columns() {
    let mut connection = bob().await;
    let (table, schema) = (options(&[("rows", "20000")]), Arc::new(Schema::empty()));
    let scan = Scan { table: &table, columns: &[], schema, quals: &[], limit: None };
    let batches: Vec<_> = connection.scan(scan).collect().await;
    let sizes: Vec<_> = batches.into_iter().map(|b| b.expect("rows").num_rows()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 20_000);
    assert!(sizes.len() > 1, "{sizes:?}");
    assert!(connection.reset().await);
}
