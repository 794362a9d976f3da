//! INSERT, UPDATE and DELETE from end to end.
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use futures::stream;
use medley_analyze::tree::{Change, ChangeKind};
use medley_analyze::{AnalysedStatement, Parameters};
use medley_diagnostic::SqlState;
use medley_fdw::{Family, Modify};
use medley_foreign::Remote;
use medley_sql::QueryStatement;
use medley_types::{Column, PgType, field};

use super::direct::{self, Direct};
use super::identity::Identity;
use super::plan::{Source, returned_columns, source};
use super::returning::Returning;
use super::rows::{self, Changer, Done};
use super::table::Table;
use super::with::{Changed, Statement};
use super::{rights, rows::Rows};
use crate::context::QueryContext;
use crate::engine::{Engine, Parameter};
use crate::error::{Error, Result};
use crate::explain::{Measurements, measured};
use crate::lower::Lowering;
use crate::scan::Planner;

/// What a change of rows did.
pub struct Changes {
    /// Which; none where it is a SELECT whose WITH changed rows.
    pub kind: Option<ChangeKind>,
    /// How many rows were changed; of a SELECT, how many there are.
    pub count: u64,
    /// RETURNING, or the SELECT: what comes out, and the rows.
    pub returned: Option<crate::rows::Rows>,
}

impl Changes {
    /// The command's tag.
    pub fn tag(&self) -> String {
        match self.kind {
            Some(ChangeKind::Insert) => format!("INSERT 0 {}", self.count),
            Some(kind) => format!("{} {}", kind.tag(), self.count),
            None => format!("SELECT {}", self.count),
        }
    }
}

/// What is known of a change before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedChange {
    /// What RETURNING returns, if there is one.
    pub columns: Option<Vec<Column>>,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<PgType>,
}

impl Engine {
    /// Finds out what a change's columns and parameters are. Rights are not checked.
    pub fn prepare_change(
        &self,
        context: &QueryContext,
        statement: &QueryStatement,
        parameter_types: &[Option<PgType>],
    ) -> Result<PreparedChange> {
        let types = parameter_types.to_vec();
        let analysed = analyse(context, statement, Parameters { types, complete: false })?;
        Ok(PreparedChange {
            columns: analysed.main.columns(),
            parameter_types: analysed.parameter_types,
        })
    }

    /// Checks rights, and changes rows, all of them before the answer comes. The statement's
    /// access must be within a transaction.
    pub async fn change(
        &self,
        context: &QueryContext,
        statement: &QueryStatement,
        parameters: &[Parameter],
    ) -> Result<Changes> {
        let analysed = analyse_to_run(context, statement, parameters)?;
        Statement::new(self, context, parameters, analysed)?.run().await
    }
}

/// What the statement means, in this session.
pub(super) fn analyse(
    context: &QueryContext,
    statement: &QueryStatement,
    parameters: Parameters,
) -> Result<AnalysedStatement> {
    let names = medley_analyze::Context::new(
        &context.snapshot,
        &context.search_path,
        context.role,
        &context.style,
        context.facts.database(),
    );
    Ok(medley_analyze::statement(&names, statement, parameters)?)
}

pub(super) fn analyse_to_run(
    context: &QueryContext,
    statement: &QueryStatement,
    parameters: &[Parameter],
) -> Result<AnalysedStatement> {
    let types = parameters.iter().map(|parameter| Some(parameter.pg_type)).collect();
    analyse(context, statement, Parameters { types, complete: true })
}

/// The table, if it may be changed so.
pub(super) fn checked(context: &QueryContext, change: &Change) -> Result<Table> {
    let table = Table::of(context, change)?;
    rights::check(context, change)?;
    table.check_changes(context, change.kind)?;
    if table.family()? == Family::MySql && change.returning.is_some() {
        return Err(Error::unsupported("RETURNING of a table at such a remote"));
    }
    Ok(table)
}

pub(super) fn check_read_only(context: &QueryContext, command: &str) -> Result<()> {
    match context.facts.setting("transaction_read_only").as_deref() {
        Some("on") => {
            let message = format!("cannot execute {command} in a read-only transaction");
            Err(Error::at(SqlState::READ_ONLY_SQL_TRANSACTION, message, None))
        }
        _ => Ok(()),
    }
}

/// The plan of what is read for a change.
pub(super) fn logical(
    lowering: Lowering<'_>,
    source: &Source,
    identity: Option<&Identity>,
) -> Result<LogicalPlan> {
    let lowering = lowering.reading(identity.and_then(Identity::hidden).cloned());
    let plan = lowering.plan(&source.query)?;
    crate::scan::check_handlers(&plan)?;
    Ok(plan)
}

/// A change that runs.
pub(super) struct Running<'a> {
    pub engine: &'a Engine,
    pub context: &'a QueryContext,
    pub change: &'a Change,
    pub table: &'a Table,
    pub parameters: &'a [Parameter],
    /// What the statement's WITH has changed.
    pub changed: &'a Changed,
    /// What the nodes of the plan do is counted.
    pub measures: bool,
}

/// How a change was done.
pub(super) enum How {
    /// By this statement of the remote's.
    Direct(Arc<str>),
    /// Row by row.
    Rows(Box<RowWise>),
}

/// A change row by row: over what, and by what the rows were found.
pub(super) struct RowWise {
    pub source: Source,
    pub identity: Option<Identity>,
    pub plan: Arc<dyn ExecutionPlan>,
    pub measurements: Measurements,
}

impl Running<'_> {
    /// Changes all rows, and says how.
    pub async fn run(&self) -> Result<(Changes, How)> {
        let remote = self.table.resolve(self.context)?;
        self.context.access.will_write(&remote)?;
        let planner = Planner::new(self.engine, self.context);
        let direct = match self.direct(&planner)? {
            Some(direct) if self.fits(&remote, &direct).await? => Some(direct),
            Some(_) | None => None,
        };
        let (done, how) = match direct {
            Some(direct) => {
                let done = self.run_direct(&remote, &direct).await?;
                (done, How::Direct(direct.sql))
            }
            None => {
                let (done, rows) = self.run_rows(&remote, &planner).await?;
                (done, How::Rows(Box::new(rows)))
            }
        };
        let source = match &how {
            How::Direct(_) => None,
            How::Rows(rows) => Some(&rows.source),
        };
        Ok((self.finish(&planner, done, source).await?, how))
    }

    fn direct(&self, planner: &Arc<Planner>) -> Result<Option<Direct>> {
        direct::plan(self.context, &self.lowering(planner), self.table, self.change)
    }

    fn lowering(&self, planner: &Arc<Planner>) -> Lowering<'_> {
        let lowering = Lowering::new(self.context, Arc::clone(planner), Some(self.parameters));
        lowering.reading_changed(self.changed)
    }

    /// What views say of the new rows, and RETURNING.
    async fn finish(
        &self,
        planner: &Arc<Planner>,
        done: Done,
        source: Option<&Source>,
    ) -> Result<Changes> {
        let Self { context, change, table, parameters, changed, .. } = *self;
        let returning = Returning { context, planner, parameters, changed, table, change, source };
        returning.check(&done.rows).await?;
        let returned = match &change.returning {
            None => None,
            Some(query) => {
                let batches = returning.rows(query, done.rows).await?;
                Some(crate::rows::Rows {
                    columns: query.columns().into(),
                    batches: stream::iter(batches.into_iter().map(Ok)).boxed(),
                })
            }
        };
        Ok(Changes { kind: Some(change.kind), count: done.count, returned })
    }

    async fn fits(&self, remote: &Remote, direct: &Direct) -> Result<bool> {
        let tables = [self.table.remote_name()?];
        let (facts, described) = self.context.access.remote_tables(remote, &tables).await?;
        Ok(direct.fits(&facts, described.first().and_then(Option::as_deref)))
    }

    async fn run_direct(&self, remote: &Remote, direct: &Direct) -> Result<Done> {
        let columns = returned_columns(self.table, self.change)?;
        let fields = columns.iter().map(|it| field(it.name.clone(), it.pg_type, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let returning = (!columns.is_empty()).then_some(schema);
        let modify = Modify {
            sql: Arc::clone(&direct.sql),
            types: Vec::new(),
            runs: vec![Vec::new()],
            returning,
        };
        let modified = self.context.access.modify(remote, modify).await?;
        let count = modified.total();
        if self.change.returning.is_none() {
            return Ok(Done { count, rows: Vec::new() });
        }
        let rows = match modified.returned.is_empty() {
            true => {
                let count = if columns.is_empty() { count } else { 0 };
                vec![rows::unnamed(Vec::new(), usize::try_from(count).unwrap_or(usize::MAX))?]
            }
            false => {
                let batches = modified.returned.into_iter();
                let unnamed = batches.map(|it| rows::unnamed(it.columns().to_vec(), it.num_rows()));
                unnamed.collect::<Result<_>>()?
            }
        };
        Ok(Done { count, rows })
    }

    async fn run_rows(&self, remote: &Remote, planner: &Arc<Planner>) -> Result<(Done, RowWise)> {
        let identity = match self.change.kind {
            ChangeKind::Insert => None,
            ChangeKind::Update | ChangeKind::Delete => {
                Some(Identity::find(self.context, self.table, remote).await?)
            }
        };
        let source = source(self.change, identity.as_ref());
        let plan = self.plan(planner, &source, identity.as_ref()).await?;
        let at_remote = planner.reads_at(&plan, remote)?;
        planner.reserve_with(&plan, Some(remote)).await?;
        let (running, measurements) = match self.measures {
            true => measured(&plan)?,
            false => (Arc::clone(&plan), Measurements::default()),
        };
        let rows = planner.rows(running)?;
        let mut rows: Rows = rows.map(|batch| Ok(batch?)).boxed();
        // One reading that began before the first change sees none of them; others might.
        if at_remote.is_none_or(|scans| scans > 1) {
            rows = rows::all_at_once(rows).await?;
        }
        let changer = Changer::new(self.context, self.table, remote, self.change, &source)?;
        let done = match &identity {
            Some(identity) => changer.change_found(identity, rows).await?,
            // COPY would have the connection for itself while rows are read by it.
            None => changer.insert(rows, at_remote == Some(0)).await?,
        };
        Ok((done, RowWise { source, identity, plan, measurements }))
    }

    async fn plan(
        &self,
        planner: &Arc<Planner>,
        source: &Source,
        identity: Option<&Identity>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = logical(self.lowering(planner), source, identity)?;
        planner.surveyed_physical(&plan).await
    }
}
