use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, StringArray};
use arrow_schema::Schema;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{
    Connect, Diagnostic, Network, Op, Options, Pushdown, Qual, Result, Scan, ScanWrapper, Secret,
};
use medley_testkit::Service;
use medley_types::{ColumnWriter, PgType, Style, field, type_of_field};
use medley_wrapper_http_json::HttpJson;

const TOKEN: &str = "open-sesame";

const FILMS: &[(&str, &str)] = &[
    (
        "/v1/films",
        r#"{"data": [
            {"id": 1, "title": "Metropolis", "minutes": 153, "by": {"name": "Fritz Lang"}},
            {"id": 2, "title": "M\u00fcde \"Tod\"", "minutes": null, "tags": ["silent", "old"]},
            {"id": 3, "title": "", "minutes": 1e2, "big": 12345678901234567890.0123456789}
        ], "next": "/v1/films?page=2"}"#,
    ),
    ("/v1/films?page=2", r#"{"data": [{"id": 4, "seen": true}], "next": null}"#),
    ("/v1/films?id=4&title=a%26b", r#"{"data": [{"id": 4}, {"id": 5}]}"#),
    ("/v1/list?all=yes", r#" [ {"id": 1} , {"id": 2} ] "#),
    ("/v1/list?all=yes&id=2", r#"[{"id": 2}]"#),
    ("/v1/elsewhere", r#"{"data": [], "next": "https://example.org/v1/films"}"#),
    ("/v1/circle", r#"{"data": [{"id": 1}], "next": "/v1/circle"}"#),
    ("/v1/text", "no JSON"),
    ("/v1/object", r#"{"other": []}"#),
    ("/v1/numbers", r#"{"data": [1]}"#),
];

fn films() -> Service {
    let service = Service::start().expect("a free port");
    FILMS.iter().for_each(|(path, text)| service.answer(TOKEN, path, text));
    service.refuse(TOKEN, "/v1/broken", 500);
    service.refuse(TOKEN, "/v1/forbidden", 403);
    service.hang(TOKEN, "/v1/slow");
    service
}

/// The paths that were asked for since the last time.
fn asked(service: &Service) -> Vec<String> {
    let asked = service.take_asked();
    asked.iter().map(|it| it.strip_prefix("open-sesame ").unwrap_or(it).to_owned()).collect()
}

fn options(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

/// A table's columns: name, type, `member`.
type Columns<'a> = &'a [(&'a str, PgType, Option<&'a str>)];

struct Asking<'a> {
    server: Vec<(&'a str, &'a str)>,
    token: &'a str,
    table: Vec<(&'a str, &'a str)>,
    quals: Vec<Qual>,
    limit: Option<u64>,
}

impl<'a> Asking<'a> {
    fn path(path: &'a str) -> Self {
        let table = vec![("path", path), ("rows", "/data"), ("next", "/next")];
        Self { server: Vec::new(), token: TOKEN, table, quals: Vec::new(), limit: None }
    }

    /// The rows as psql prints them, without decoration, parted by a space.
    async fn rows(&self, service: &Service, columns: Columns<'_>) -> Result<String> {
        let url = format!("{}/v1", service.url());
        let server = [&[("url", url.as_str())], self.server.as_slice()].concat();
        let mut mapping = Options::default();
        mapping.set_secret("token", Secret::new(self.token.to_owned()));
        let connect = Connect {
            server_name: "films",
            server: &options(&server),
            mapping: &mapping,
            role: "alice",
            superuser: false,
            session_user: "alice",
            application_name: "psql",
            session_id: "1.1",
            via: "",
            scram_keys: None,
            database: "medley",
            deadline: None,
            tls_roots: Arc::new(rustls::RootCertStore::empty()),
            dialer: Arc::new(Network),
        };
        let mut connection = HttpJson.connect(connect).await?;
        let table = options(&self.table);
        let member =
            |member: Option<&str>| options(&member.map_or(vec![], |it| vec![("member", it)]));
        let of_columns: Vec<_> = columns.iter().map(|(_, _, it)| member(*it)).collect();
        let fields: Vec<_> = columns.iter().map(|(name, t, _)| field(*name, *t, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let (quals, limit) = (self.quals.as_slice(), self.limit);
        let scan = Scan { table: &table, columns: &of_columns, schema, quals, limit };
        let mut batches = connection.scan(scan);
        let mut rows = Vec::new();
        while let Some(batch) = batches.next().await {
            let (batch, style) = (batch?, Style::default());
            let schema = batch.schema();
            let columns = schema.fields().iter().zip(batch.columns());
            let writers =
                columns.map(|(f, c)| (ColumnWriter::text(type_of_field(f), c, &style), c));
            let writers: Vec<_> = writers.map(|(w, c)| (w.expect("a text"), c)).collect();
            for row in 0..batch.num_rows() {
                let cell = |(writer, column): &(ColumnWriter, &ArrayRef)| {
                    let mut cell = BytesMut::new();
                    if column.is_null(row) {
                        return "-".to_owned();
                    }
                    writer.write(row, &mut cell).expect("it has a text");
                    String::from_utf8(cell.to_vec()).expect("it is UTF-8")
                };
                rows.push(writers.iter().map(cell).collect::<Vec<_>>().join("|"));
            }
        }
        Ok(rows.join(" "))
    }

    /// What goes wrong.
    async fn error(&self, service: &Service, columns: Columns<'_>) -> String {
        let error = self.rows(service, columns).await.expect_err("an error");
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{} {error}{detail}", error.sqlstate())
    }
}

const ID: (&str, PgType, Option<&str>) = ("id", PgType::INT4, None);

#[tokio::test]
async fn members_are_columns_and_pages_follow_one_another() {
    let service = films();
    let columns = [
        ID,
        ("title", PgType::TEXT, None),
        ("length", PgType::NUMERIC, Some("minutes")),
        ("director", PgType::TEXT, Some("/by/name")),
        ("seen", PgType::BOOL, None),
    ];
    let rows = Asking::path("/films").rows(&service, &columns).await.unwrap();
    assert_eq!(rows, "1|Metropolis|153|Fritz Lang|- 2|Müde \"Tod\"|-|-|- 3||100|-|- 4|-|-|-|t");
    assert_eq!(asked(&service), ["/v1/films", "/v1/films?page=2"]);
    let exact = [("big", PgType::NUMERIC, None), ("tags", PgType::JSON, None)];
    let rows = Asking { limit: Some(3), ..Asking::path("/films") };
    let rows = rows.rows(&service, &exact).await.unwrap();
    assert_eq!(rows, r#"-|- -|["silent", "old"] 12345678901234567890.0123456789|-"#);
    assert_eq!(asked(&service), ["/v1/films"], "no page more than is wanted");
    let all = Asking { table: vec![("path", "/list?all=yes")], ..Asking::path("") };
    assert_eq!(all.rows(&service, &[ID]).await.unwrap(), "1 2");
    assert_eq!(all.rows(&service, &[]).await.unwrap(), " ", "rows that are only counted");
}

#[tokio::test]
async fn the_service_filters_what_it_is_said_to_filter_by() {
    let service = films();
    let equal =
        |column: &str, value: ArrayRef| Qual { column: column.to_owned(), op: Op::Eq(value) };
    let id = |id| equal("id", Arc::new(Int32Array::from(vec![id])));
    let title = equal("title", Arc::new(StringArray::from(vec!["a&b"])));
    let mut asking = Asking::path("/films");
    asking.table.push(("filters", "id, title"));
    let table = options(&asking.table);
    assert_eq!(HttpJson.pushdown(&table, &id(4)), Pushdown::Inexact);
    let other = equal("minutes", Arc::new(Int32Array::from(vec![1])));
    assert_eq!(HttpJson.pushdown(&table, &other), Pushdown::No);
    let greater = Qual { op: Op::Gt(Arc::new(Int32Array::from(vec![1]))), ..id(4) };
    assert_eq!(HttpJson.pushdown(&table, &greater), Pushdown::No);
    asking.quals = vec![id(4), title];
    assert_eq!(asking.rows(&service, &[ID]).await.unwrap(), "4 5");
    assert_eq!(asked(&service), ["/v1/films?id=4&title=a%26b"]);
    let table = vec![("path", "/list?all=yes"), ("filters", "id")];
    let asking = Asking { table, quals: vec![id(2)], ..Asking::path("") };
    assert_eq!(asking.rows(&service, &[ID]).await.unwrap(), "2");
}

#[tokio::test]
async fn what_is_not_rows_is_an_error() {
    let service = films();
    let check = async |path, expected: &str| {
        assert_eq!(Asking::path(path).error(&service, &[ID]).await, expected, "{path}");
    };
    check("/none", "HV000 the service answers 404 to /v1/none").await;
    check("/broken", "HV000 the service answers 500 to /v1/broken").await;
    check("/text", "HV000 the service's answer is not JSON").await;
    check("/object", "HV000 there is no array at \"/data\" of the service's answer").await;
    check("/numbers", "HV000 a row of the service's answer is not an object").await;
    check("/elsewhere", "HV000 the next page is not one of the same service").await;
    check("/circle", "HV000 the service names a page as the one after itself").await;
    check("/a b", "22023 invalid value for option \"path\": /a b").await;
    let no = "08001 could not connect to server \"films\": it answers 403 to /v1/forbidden";
    check("/forbidden", no).await;
    let title = [("title", PgType::INT4, None)];
    let said = Asking::path("/films").error(&service, &title).await;
    assert_eq!(said, "22P02 invalid input syntax for type integer: \"Metropolis\"");
}

#[tokio::test]
async fn who_is_not_known_and_what_takes_too_long_or_is_too_much() {
    let service = films();
    let stranger = Asking { token: "open barley", ..Asking::path("/films") };
    let said = stranger.error(&service, &[ID]).await;
    assert_eq!(said, "08001 could not connect to server \"films\": it answers 401 to /v1/films");
    let broken = Asking { token: "two\r\nlines", ..Asking::path("/films") };
    let said = broken.error(&service, &[ID]).await;
    assert!(said.starts_with("08") && !said.contains("two"), "{said}");
    let slow = Asking { server: vec![("timeout", "1")], ..Asking::path("/slow") };
    let said = slow.error(&service, &[ID]).await;
    assert_eq!(said, "08001 could not connect to server \"films\": no answer within 1 s");
    let small = Asking { server: vec![("max_bytes", "100")], ..Asking::path("/films") };
    let said = small.error(&service, &[ID]).await;
    assert_eq!(said, "54000 the service's answer is longer than 100 bytes");
    // Nobody listens at port 1.
    let nobody = Asking { server: vec![("url", "http://127.0.0.1:1")], ..Asking::path("/films") };
    let said = nobody.error(&service, &[ID]).await;
    assert!(said.contains(": Connection refused"), "{said}");
}
