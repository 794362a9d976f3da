//! `postgresql_fdw_validator`, the validator that PostgreSQL has built in for tests.
use medley_diagnostic::SqlState;
use medley_fdw::{Kind, OptionSpec, Scope, Wrapper};

/// Its name, in `pg_catalog`.
pub(crate) const NAME: &str = "postgresql_fdw_validator";

/// Knows libpq's options of old, and has no wrapper.
pub(crate) struct PostgresqlFdwValidator;

const SERVER: [&str; 13] = [
    "authtype",
    "service",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "tty",
    "options",
    "requiressl",
    "sslmode",
    "gsslib",
    "gssdelegation",
];

static OPTIONS: [OptionSpec; SERVER.len() + 2] = options();

const fn options() -> [OptionSpec; SERVER.len() + 2] {
    let doc = "Judged by name alone.";
    let user = OptionSpec::new(Scope::UserMapping, "user", Kind::Text, doc).stored();
    let mut options = [user; SERVER.len() + 2];
    options[1] = OptionSpec::new(Scope::UserMapping, "password", Kind::Secret, doc).stored();
    let mut index = 0;
    while index < SERVER.len() {
        options[index + 2] =
            OptionSpec::new(Scope::Server, SERVER[index], Kind::Text, doc).stored();
        index += 1;
    }
    options
}

impl Wrapper for PostgresqlFdwValidator {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn summary(&self) -> &'static str {
        "validator of a wrapper that has no handler"
    }

    fn handler(&self) -> &'static str {
        ""
    }

    fn validator(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn unknown_option_state(&self) -> SqlState {
        SqlState::SYNTAX_ERROR
    }
}
