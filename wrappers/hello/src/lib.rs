//! `hello_fdw`: the smallest wrapper, and the one to copy.
//!
//! There is no remote: its tables greet whoever the connected account is, once a row. So it
//! shows, without a server, as whom a table is read.
//!
//! It knows nothing of catalogs and of plans: it is given options and columns, and makes rows.
mod connection;

use async_trait::async_trait;
use medley_fdw::{
    Connect, Kind, OptionSpec, Options, Result, ScanConnection, ScanWrapper, Scope, ShapedBy,
    Wrapper,
};

use connection::Connection;

/// The wrapper.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hello;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(Scope::Server, "greeting", Kind::Text, "What is said before the name.")
        .default("Hello"),
    OptionSpec::new(
        Scope::UserMapping,
        "user",
        Kind::Text,
        "Whom to greet; if not given, the role whose mapping it is used as.",
    ),
    OptionSpec::new(Scope::Table, "rows", Kind::PositiveInteger, "How often.").default("1"),
];

impl Wrapper for Hello {
    fn name(&self) -> &'static str {
        "hello_fdw"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper that greets the connected account"
    }

    fn handler(&self) -> &'static str {
        "hello_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "hello_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }

    /// A mapping without `user`, PUBLIC's say, greets each role by its own name: what one role
    /// connected must not greet another.
    fn shaped_by(&self, _server: &Options, mapping: &Options) -> ShapedBy {
        ShapedBy { role: mapping.text("user").is_none(), ..ShapedBy::default() }
    }
}

#[async_trait]
impl ScanWrapper for Hello {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        let greeting = connect.server.text("greeting").unwrap_or("Hello");
        let user = connect.mapping.text("user").unwrap_or(connect.role);
        Ok(Box::new(Connection::new(greeting, user)))
    }
}
