//! A statement whose WITH changes rows: those changes are made first, in their order, and what
//! they return is kept for what reads it.
//!
//! PostgreSQL has all parts of such a statement see the rows as they were before it. So nothing is
//! read at a server after a part before it has changed rows there: that is refused.
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use futures::{StreamExt, stream};
use medley_analyze::tree::{Change, ChangeKind, Node, Query, RangeKind, visit_query};
use medley_analyze::{AnalysedStatement, Main, ReadOf, calls, reads};
use medley_catalog::ids::ServerOid;
use medley_diagnostic::{Report, SqlState};

use super::change::{Changes, Running, check_read_only, checked};
use super::rights;
use super::table::Table;
use crate::context::QueryContext;
use crate::engine::{Engine, Parameter};
use crate::error::{Error, Result};
use crate::lower::Lowering;
use crate::privileges;
use crate::rows::{Batch, Rows};
use crate::scan::{Planner, check_handlers};

/// What changes of rows in WITH have returned, in their order.
pub(crate) type Changed = Vec<Vec<RecordBatch>>;

/// A statement that changes rows, all of whose parts may do what they do.
pub(super) struct Statement<'a> {
    engine: &'a Engine,
    context: &'a QueryContext,
    parameters: &'a [Parameter],
    with: Vec<(Change, Table)>,
    main: CheckedMain,
}

enum CheckedMain {
    Change(Box<(Change, Table)>),
    Query(Box<Query>),
}

impl<'a> Statement<'a> {
    pub fn new(
        engine: &'a Engine,
        context: &'a QueryContext,
        parameters: &'a [Parameter],
        analysed: AnalysedStatement,
    ) -> Result<Self> {
        let judged = |change: Change| {
            let table = checked(context, &change)?;
            Ok((change, table))
        };
        let with = analysed.with.into_iter().map(judged).collect::<Result<Vec<_>>>()?;
        let main = match analysed.main {
            Main::Change(change) => CheckedMain::Change(Box::new(judged(*change)?)),
            Main::Query(query) => {
                privileges::check(&context.snapshot, &reads(&query))?;
                privileges::check_calls(context, &calls(&query))?;
                CheckedMain::Query(query)
            }
        };
        let statement = Self { engine, context, parameters, with, main };
        check_read_only(context, statement.tag())?;
        statement.check_reads()?;
        Ok(statement)
    }

    fn tag(&self) -> &'static str {
        match &self.main {
            CheckedMain::Change(change) => change.0.kind.tag(),
            CheckedMain::Query(_) => "SELECT",
        }
    }

    pub async fn run(&self) -> Result<Changes> {
        let mut changed = Changed::new();
        for part in &self.with {
            let changes = Box::pin(self.change(part, &changed)).await?;
            changed.push(self.kept(changes).await?);
        }
        match &self.main {
            CheckedMain::Change(part) => self.change(part, &changed).await,
            CheckedMain::Query(query) => Box::pin(self.query(query, &changed)).await,
        }
    }

    async fn change(&self, part: &(Change, Table), changed: &Changed) -> Result<Changes> {
        let Self { engine, context, parameters, .. } = *self;
        let (change, table) = part;
        let running =
            Running { engine, context, change, table, parameters, changed, measures: false };
        Ok(running.run().await?.0)
    }

    /// The rows of the SELECT: all of them, for what was changed is so whether they are read or not.
    async fn query(&self, query: &Query, changed: &Changed) -> Result<Changes> {
        let Self { engine, context, parameters, .. } = *self;
        let planner = Planner::new(engine, context);
        let lowering = Lowering::new(context, Arc::clone(&planner), Some(parameters));
        let plan = lowering.reading_changed(changed).plan(query)?;
        check_handlers(&plan)?;
        let plan = planner.surveyed_physical(&plan).await?;
        planner.reserve(&plan).await?;
        let mut rows = planner.rows(plan)?;
        let (mut count, mut batches) = (0, Vec::new());
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            count += batch.num_rows() as u64;
            batches.push(Ok(Batch::Columns(batch)));
        }
        let columns = query.columns().into();
        let returned = Some(Rows { columns, batches: stream::iter(batches).boxed() });
        Ok(Changes { kind: None, count, returned })
    }

    async fn kept(&self, changes: Changes) -> Result<Vec<RecordBatch>> {
        let Some(mut rows) = changes.returned else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        while let Some(batch) = rows.batches.next().await {
            match batch? {
                Batch::Columns(batch) => kept.push(batch),
                Batch::Raw(_) => unreachable!("RETURNING is computed here"),
            }
        }
        Ok(kept)
    }

    /// What a part reads was changed by no part before it; and what more than one part computes is
    /// the same each time.
    fn check_reads(&self) -> Result<()> {
        if self.with.is_empty() {
            return Ok(());
        }
        let mut changed = HashSet::new();
        for part in &self.with {
            self.check_change(&changed, part)?;
            changed.insert(part.1.server);
        }
        match &self.main {
            CheckedMain::Change(part) => self.check_change(&changed, part),
            CheckedMain::Query(query) => self.check_query(&changed, query),
        }
    }

    fn check_change(
        &self,
        changed: &HashSet<ServerOid>,
        (change, table): &(Change, Table),
    ) -> Result<()> {
        if change.kind != ChangeKind::Insert && changed.contains(&table.server) {
            return Err(refused());
        }
        rights::queries(change).iter().try_for_each(|query| self.check_query(changed, query))
    }

    fn check_query(&self, changed: &HashSet<ServerOid>, query: &Query) -> Result<()> {
        let query = with_used_ctes(query);
        if query.ctes.iter().any(|cte| is_volatile(&cte.query)) {
            return Err(Error::unsupported("a volatile query beside a change of rows in WITH"));
        }
        let servers = reads(&query).into_iter().filter_map(|read| {
            let ReadOf::Relation(oid) = read.what else { return None };
            Some(self.context.snapshot.relation(oid)?.foreign_table()?.server)
        });
        match servers.into_iter().any(|server| changed.contains(&server)) {
            true => Err(refused()),
            false => Ok(()),
        }
    }
}

/// The query, in whose WITH is nothing but what is read.
fn with_used_ctes(query: &Query) -> Query {
    let body = Query { ctes: Vec::new(), ..query.clone() };
    let mut used = used_ctes(&body, 0);
    for index in (0..query.ctes.len()).rev() {
        if used.contains(&index) {
            used.extend(used_ctes(&query.ctes[index].query, 1));
        }
    }
    let mut query = query.clone();
    let unused = query.ctes.iter_mut().enumerate().filter(|(index, _)| !used.contains(index));
    unused.for_each(|(_, cte)| *cte.query = Query::default());
    query
}

/// The queries of the WITH so many levels further out that a query reads.
fn used_ctes(query: &Query, levels: usize) -> HashSet<usize> {
    let mut used = HashSet::new();
    let _: ControlFlow<()> = visit_query(query, &mut |node, around| {
        if let Node::Query(query) = node {
            let depth = around.len() + levels;
            used.extend(query.ranges.iter().filter_map(|range| match &range.kind {
                RangeKind::Cte(cte) if cte.levels_up == depth => Some(cte.index),
                _ => None,
            }));
        }
        ControlFlow::Continue(())
    });
    used
}

fn is_volatile(query: &Query) -> bool {
    let volatile = visit_query(query, &mut |node, _| match node {
        Node::Expr(expr) if expr.is_volatile() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    volatile.is_break()
}

fn refused() -> Error {
    let message = "reading at a server after WITH has changed rows there is not supported";
    let report = Report::error(SqlState::FEATURE_NOT_SUPPORTED, message);
    report.with_hint("Read in a statement of its own, or what the change returns.").into()
}
