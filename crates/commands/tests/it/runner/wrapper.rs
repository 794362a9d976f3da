//! A wrapper with the options and the rules of `postgres_fdw`, as far as scripts need them.
use std::sync::Arc;

use async_trait::async_trait;
use medley_diagnostic::{Report, SqlState};
use medley_fdw::{
    Actor, Connect, Error, GivenOption, GivenValue, Handler, Kind, OptionSpec, Registry, Result,
    ScanConnection, ScanWrapper, Scope, Wrapper,
};

pub fn registry() -> Registry {
    Registry::new(vec![Handler::Scan(Arc::new(TestWrapper))])
}

struct TestWrapper;

const DOC: &str = "For tests.";

static OPTIONS: [OptionSpec; 25] = [
    OptionSpec::new(Scope::Server, "service", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "passfile", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "dbname", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "host", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "hostaddr", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "port", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "sslcert", Kind::Text, DOC),
    OptionSpec::new(Scope::Server, "use_remote_estimate", Kind::Bool, DOC),
    OptionSpec::new(Scope::Server, "fdw_startup_cost", Kind::NonNegativeReal, DOC),
    OptionSpec::new(Scope::Server, "fetch_size", Kind::PositiveInteger, DOC),
    OptionSpec::new(Scope::UserMapping, "user", Kind::Text, DOC),
    OptionSpec::new(Scope::UserMapping, "password", Kind::Secret, DOC),
    OptionSpec::new(Scope::UserMapping, "sslpassword", Kind::Secret, DOC),
    OptionSpec::new(Scope::UserMapping, "password_required", Kind::Bool, DOC),
    OptionSpec::new(Scope::UserMapping, "sslcert", Kind::Text, DOC),
    OptionSpec::new(Scope::UserMapping, "sslkey", Kind::Text, DOC),
    OptionSpec::new(Scope::Table, "schema_name", Kind::Text, DOC),
    OptionSpec::new(Scope::Table, "table_name", Kind::Text, DOC),
    OptionSpec::new(Scope::Table, "use_remote_estimate", Kind::Bool, DOC),
    OptionSpec::new(Scope::Table, "fetch_size", Kind::PositiveInteger, DOC),
    OptionSpec::new(Scope::Column, "column_name", Kind::Text, DOC),
    OptionSpec::new(Scope::Import, "import_default", Kind::Bool, DOC),
    OptionSpec::new(Scope::Import, "import_collate", Kind::Bool, DOC),
    OptionSpec::new(Scope::Import, "import_generated", Kind::Bool, DOC),
    OptionSpec::new(Scope::Import, "import_not_null", Kind::Bool, DOC),
];

impl Wrapper for TestWrapper {
    fn name(&self) -> &'static str {
        "postgres_fdw"
    }

    fn version(&self) -> &'static str {
        "1.2"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for remote PostgreSQL servers"
    }

    fn handler(&self) -> &'static str {
        "postgres_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "postgres_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn check_option(
        &self,
        scope: Scope,
        option: &GivenOption<'_>,
        actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        let refuse = |message: &str, hint: &str| {
            let report = Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message);
            Err(Error::refused(report.with_hint(hint)))
        };
        match (scope, option.name, option.value) {
            _ if actor.superuser => Ok(()),
            (Scope::UserMapping, "password_required", GivenValue::Plain("false")) => refuse(
                "password_required=false is superuser-only",
                "User mappings with the password_required option set to false may only be \
                 created or modified by the superuser.",
            ),
            (Scope::UserMapping, "sslcert" | "sslkey", _) => refuse(
                "sslcert and sslkey are superuser-only",
                "User mappings with the sslcert or sslkey options set may only be created or \
                 modified by the superuser.",
            ),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ScanWrapper for TestWrapper {
    async fn connect(&self, _connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Err(Error::Unsupported("connections in scripts"))
    }
}
