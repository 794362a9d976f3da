use std::sync::Arc;

use async_trait::async_trait;
use medley_diagnostic::{Report, SqlState};

use crate::{
    Actor, Connect, FileWrapper, GivenOption, OptionSpec, Options, Pushdown, Qual, Result,
    ScanConnection, Scope, ShapedBy, SqlConnection,
};

/// What every wrapper says about itself. Stateless: one value in a process.
pub trait Wrapper: Send + Sync + 'static {
    /// The wrapper's name in the catalog: `postgres_fdw`.
    fn name(&self) -> &'static str;

    /// The extension that makes it.
    fn extension(&self) -> &'static str {
        self.name()
    }

    /// The extension's version.
    fn version(&self) -> &'static str {
        "1.0"
    }

    /// What it is for, in a line: the extension's comment.
    fn summary(&self) -> &'static str;

    /// The function that CREATE FOREIGN DATA WRAPPER names after HANDLER.
    fn handler(&self) -> &'static str;

    /// The function after VALIDATOR.
    fn validator(&self) -> &'static str;

    /// Every option there is. The order decides between equally near hints: of those of the
    /// same scope, the first.
    fn options(&self) -> &'static [OptionSpec];

    /// Options that are not declared are kept too: a secret among them is told by its name.
    fn takes_any_option(&self) -> bool {
        false
    }

    /// Rules beyond name and kind about one option; called for each, in stored order.
    fn check_option(
        &self,
        _scope: Scope,
        _option: &GivenOption<'_>,
        _actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        Ok(())
    }

    /// Rules about the list as a whole; called once, after all of it was checked one by one.
    fn check_all(&self, _scope: Scope, _options: &[GivenOption<'_>], _actor: Actor) -> Result<()> {
        Ok(())
    }

    /// The SQLSTATE of an option that does not exist.
    fn unknown_option_state(&self) -> SqlState {
        SqlState::FDW_INVALID_OPTION_NAME
    }

    /// Who must not be lent a connection that somebody else opened with these options. A wrapper
    /// that does not say shares none: better slow than somebody else's.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy { session_user: true, role: true, superuser: true, session: true, via: true }
    }

    /// The server options that say where a secret is sent, and how who gets it proves who they
    /// are. None for all options.
    fn endpoint_options(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Whether a mapping is looked up at all before a table of this wrapper is read.
    fn needs_mapping(&self) -> bool {
        true
    }
}

/// A wrapper of a server that speaks SQL: the engine deparses, the wrapper runs.
#[async_trait]
pub trait SqlWrapper: Wrapper {
    /// Logs in at the remote.
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>>;

    /// The remote table that a foreign table of these options stands for.
    fn remote_table(&self, schema: &str, table: &str, options: &Options) -> crate::TableName;

    /// The remote column that a column of these options stands for.
    fn remote_column(&self, column: &str, options: &Options) -> String;

    /// The remote's SQL, before there is a connection: for EXPLAIN and for planning.
    fn dialect(&self) -> &'static crate::Dialect;

    /// Rows of its remotes can be changed. What `updatable` and `truncatable` of server and table
    /// say besides, the engine reads.
    fn modifies(&self) -> bool {
        false
    }

    /// Its remotes may be sent whole statements of PostgreSQL's SQL, and encode rows as its
    /// protocol does: those whose [`Capabilities`](crate::Capabilities) say `raw_rows`.
    fn relays(&self) -> bool {
        false
    }
}

/// A wrapper of anything else: quals are offered, the wrapper takes some.
#[async_trait]
pub trait ScanWrapper: Wrapper {
    /// What it would do with a qual.
    fn pushdown(&self, _table: &Options, _qual: &Qual) -> Pushdown {
        Pushdown::No
    }

    /// Logs in at the source.
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>>;
}

/// What HANDLER names: an entry of the registry.
#[derive(Clone)]
pub enum Handler {
    /// It speaks SQL.
    Sql(Arc<dyn SqlWrapper>),
    /// It does not.
    Scan(Arc<dyn ScanWrapper>),
    /// It is files.
    File(Arc<dyn FileWrapper>),
}

impl Handler {
    /// What all kinds have in common.
    pub fn wrapper(&self) -> &dyn Wrapper {
        match self {
            Self::Sql(wrapper) => wrapper.as_ref(),
            Self::Scan(wrapper) => wrapper.as_ref(),
            Self::File(wrapper) => wrapper.as_ref(),
        }
    }
}
