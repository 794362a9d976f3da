//! `http_json_fdw`: services that answer JSON over HTTP.
//!
//! A table is what a path of the service answers: an array of objects, whose members are columns.
//! It is the second wrapper to read, after `hello`: a remote that is somewhere else, that asks
//! who one is, that has more rows than one answer holds and does part of the filtering.
//!
//! It knows nothing of catalogs and of plans; HTTP itself is `medley-http`.
mod connection;
mod page;
mod rows;

use std::time::Duration;

use async_trait::async_trait;
use medley_fdw::{
    Actor, Connect, Error, GivenOption, GivenValue, Kind, OptionSpec, Options, Pushdown, Qual,
    Report, Result, ScanConnection, ScanWrapper, Scope, ShapedBy, SqlState, Wrapper,
};
use medley_http::Url;

use connection::Connection;

/// The wrapper.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpJson;

/// How long an answer may take, unless the server says something else, in seconds.
const TIMEOUT: u32 = 30;
/// How long an answer may be, unless the server says something else, in bytes.
const MOST_BYTES: u32 = 16 << 20;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(
        Scope::Server,
        "url",
        Kind::Text,
        "The service: `https://host/path`; without TLS, this machine only.",
    ),
    OptionSpec::new(
        Scope::Server,
        "timeout",
        Kind::PositiveInteger,
        "How long an answer may take, in seconds.",
    )
    .default("30"),
    OptionSpec::new(
        Scope::Server,
        "max_bytes",
        Kind::PositiveInteger,
        "How long an answer may be, in bytes; a page, where there are several.",
    )
    .default("16777216"),
    OptionSpec::new(
        Scope::UserMapping,
        "token",
        Kind::Secret,
        "Shown to the service with each request, as `Authorization: Bearer`.",
    ),
    OptionSpec::new(
        Scope::Table,
        "path",
        Kind::Text,
        "What to ask for, under the path of the server's `url`; a query may follow.",
    ),
    OptionSpec::new(
        Scope::Table,
        "rows",
        Kind::Text,
        "Where the array of rows is in an answer: a JSON pointer, as `/data/items`. If not given, \
         the answer is the array.",
    ),
    OptionSpec::new(
        Scope::Table,
        "next",
        Kind::Text,
        "Where the path or URL of the next page is: a JSON pointer, as `/links/next`. The last \
         page has none there, or null. It must be of the same service.",
    ),
    OptionSpec::new(
        Scope::Table,
        "filters",
        Kind::Text,
        "Columns, separated by commas, that the service filters by: `column = value` is sent as a \
         parameter of the column's name. What comes is filtered again.",
    ),
    OptionSpec::new(
        Scope::Column,
        "member",
        Kind::Text,
        "The member of each object, or a JSON pointer into it, as `/owner/name`. If not given, the \
         member of the column's name.",
    ),
];

impl Wrapper for HttpJson {
    fn name(&self) -> &'static str {
        "http_json_fdw"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for services that answer JSON over HTTP"
    }

    fn handler(&self) -> &'static str {
        "http_json_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "http_json_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }

    fn check_option(
        &self,
        _scope: Scope,
        option: &GivenOption<'_>,
        _actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        match (option.name, option.value) {
            ("url", GivenValue::Plain(url)) => service(url).map(drop),
            ("rows" | "next", GivenValue::Plain(pointer)) => pointer_of(option.name, pointer),
            _ => Ok(()),
        }
    }

    fn check_all(&self, scope: Scope, options: &[GivenOption<'_>], _actor: Actor) -> Result<()> {
        let has = |name| options.iter().any(|option| option.name == name);
        match scope {
            Scope::Server if !has("url") => Err(Error::MissingOption("url")),
            Scope::Table if !has("path") => Err(Error::MissingOption("path")),
            _ => Ok(()),
        }
    }

    /// A connection is made of the options of server and mapping, and of nothing else.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy::default()
    }

    fn endpoint_options(&self) -> Option<&'static [&'static str]> {
        Some(&["url"])
    }
}

#[async_trait]
impl ScanWrapper for HttpJson {
    /// Equality with a column that the service filters by; it may see equality otherwise than
    /// PostgreSQL does, so rows are looked at again.
    fn pushdown(&self, table: &Options, qual: &Qual) -> Pushdown {
        page::filtered(table, qual).map_or(Pushdown::No, |_| Pushdown::Inexact)
    }

    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Ok(Box::new(Connection::new(&connect)?))
    }
}

/// Where the service is.
fn service(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|error| {
        let message = format!("invalid value for option \"url\": {url}");
        let report = Report::error(SqlState::INVALID_PARAMETER_VALUE, message);
        Error::refused(report.with_detail(format!("{error}.")))
    })
}

/// A JSON pointer is empty or begins with a slash.
fn pointer_of(option: &str, pointer: &str) -> Result<()> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(());
    }
    let message = format!("invalid value for option \"{option}\": {pointer}");
    let report = Report::error(SqlState::INVALID_PARAMETER_VALUE, message);
    Err(Error::refused(report.with_hint("A JSON pointer begins with a slash: /data/items.")))
}

fn seconds(server: &Options) -> Result<Duration> {
    let seconds = server.positive_integer("timeout")?.unwrap_or(TIMEOUT);
    Ok(Duration::from_secs(seconds.into()))
}

fn most_bytes(server: &Options) -> Result<usize> {
    Ok(server.positive_integer("max_bytes")?.unwrap_or(MOST_BYTES) as usize)
}
