//! The extended protocol: prepared statements, portals.
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow_array::RecordBatch;
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine as engine;
use medley_sql::query_ast::{Expr, UnaryOperator, Value};
use medley_sql::{DeclareCursor, FetchCursor, Query, QueryStatement, Statement, TypeName};
use medley_types::{Column, ColumnBuilder, PgType, Style};
use parking_lot::Mutex;

use crate::locks::KnownReads;
use crate::portal::{Portal, PortalState};
use crate::query;
use crate::session::{Bounds, no_parameter};
use crate::set::{show_columns, text_column};
use crate::transaction::Transaction;
use crate::{Execution, Output, Session};

/// A statement that was parsed once and may be run often.
pub(crate) enum Prepared {
    /// A text without a statement.
    Empty,
    /// A SELECT.
    Query {
        /// As it was parsed.
        query: Arc<Query>,
        /// Of its parameters.
        types: Arc<[PgType]>,
        /// What comes out.
        columns: Arc<[Column]>,
        /// Its plan, as it was last made.
        plan: engine::PlanCell,
        /// What it reads, as it was last found.
        reads: KnownReads,
    },
    /// INSERT, UPDATE, DELETE.
    Change {
        /// As it was parsed.
        change: Arc<QueryStatement>,
        /// Of its parameters.
        types: Arc<[PgType]>,
        /// What RETURNING returns, if there is one.
        columns: Option<Arc<[Column]>>,
    },
    /// DECLARE CURSOR.
    Declare {
        /// As it was parsed.
        declare: Arc<DeclareCursor>,
        /// Of its parameters.
        types: Arc<[PgType]>,
        /// The text.
        text: Arc<str>,
    },
    /// FETCH: what comes out is known when it is bound.
    Fetch(Arc<FetchCursor>),
    /// Anything else: parsed again at each run, for a statement with secrets is not kept parsed.
    Utility {
        /// The text.
        text: Arc<str>,
        /// What comes out, if rows do.
        columns: Option<Arc<[Column]>>,
    },
}

/// A parameter's value as a client sent it.
pub enum Parameter {
    /// As text.
    Text(String),
    /// In the type's binary form.
    Binary(Vec<u8>),
}

/// What a statement takes, and what it returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Types of its parameters.
    pub parameters: Arc<[PgType]>,
    /// Its columns; None when it returns no rows.
    pub columns: Option<Arc<[Column]>>,
}

impl Prepared {
    pub(crate) fn describe(&self) -> Description {
        let none = Arc::default;
        let (parameters, columns) = match self {
            Self::Empty | Self::Fetch(_) => (none(), None),
            Self::Declare { types, .. } => (Arc::clone(types), None),
            Self::Query { types, columns, .. } => (Arc::clone(types), Some(Arc::clone(columns))),
            Self::Change { types, columns, .. } => (Arc::clone(types), columns.clone()),
            Self::Utility { columns, .. } => (none(), columns.clone()),
        };
        Description { parameters, columns }
    }
}

impl Session {
    /// Parse: makes a prepared statement; 0 leaves a parameter's type open.
    pub async fn parse(
        &mut self,
        name: &str,
        text: &str,
        types: &[u32],
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        self.begin_activity();
        let made = self.make_prepared(name, text, types, out).await;
        let made = match made {
            Ok(prepared) => {
                self.statements.insert(name, prepared, text, false);
                Ok(())
            }
            Err(report) => Err(self.fail(report).await),
        };
        self.end_activity();
        made
    }

    async fn make_prepared(
        &mut self,
        name: &str,
        text: &str,
        types: &[u32],
        out: &mut dyn Output,
    ) -> Result<Prepared, Report> {
        if !name.is_empty() && self.statements.contains(name) {
            let message = format!("prepared statement \"{name}\" already exists");
            return Err(Report::error(SqlState::DUPLICATE_PREPARED_STATEMENT, message));
        }
        let mut script = medley_sql::parse(text).map_err(|error| error.report())?;
        self.notices(std::mem::take(&mut script.notices), out).await?;
        if script.statements.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            return Err(Report::error(SqlState::SYNTAX_ERROR, message));
        }
        let Some(parsed) = script.statements.pop() else { return Ok(Prepared::Empty) };
        if !matches!(parsed.statement, Statement::Transaction(_)) {
            self.check_not_failed()?;
        }
        match parsed.statement {
            Statement::Query(QueryStatement::Select(query)) if !query.changes_rows() => {
                let open = |oid: &u32| (*oid != 0).then(|| PgType::plain(*oid));
                self.prepare_query(query, types.iter().map(open).collect())
            }
            Statement::Query(change) => {
                let open = |oid: &u32| (*oid != 0).then(|| PgType::plain(*oid));
                let bounds = self.bounds();
                self.prepare_change(change, types.iter().map(open).collect(), &bounds, out).await
            }
            Statement::DeclareCursor(declare) => {
                let open = |oid: &u32| (*oid != 0).then(|| PgType::plain(*oid));
                let types = self.prepare_cursor(&declare, types.iter().map(open).collect())?.into();
                Ok(Prepared::Declare { declare: Arc::new(declare), types, text: text.into() })
            }
            Statement::Fetch(fetch) => Ok(Prepared::Fetch(Arc::new(fetch))),
            other => {
                if let Some(parameter) = &parsed.first_parameter {
                    return Err(no_parameter(parameter));
                }
                let columns = self.columns_of(&other)?;
                Ok(Prepared::Utility { text: text.into(), columns })
            }
        }
    }

    pub(crate) fn prepare_query(
        &mut self,
        query: Query,
        types: Vec<Option<PgType>>,
    ) -> Result<Prepared, Report> {
        let engine::Prepared { columns, parameter_types, .. } = self.analysed(&query, &types)?;
        Ok(Prepared::Query {
            query: Arc::new(query),
            types: parameter_types.into(),
            columns: columns.into(),
            plan: engine::PlanCell::default(),
            reads: KnownReads::default(),
        })
    }

    /// What DECLARE takes, if it could be run.
    pub(crate) fn prepare_cursor(
        &mut self,
        declare: &DeclareCursor,
        types: Vec<Option<PgType>>,
    ) -> Result<Vec<PgType>, Report> {
        crate::cursor::check_declared(declare)?;
        Ok(self.analysed(&declare.query, &types)?.parameter_types)
    }

    fn analysed(
        &mut self,
        query: &Query,
        types: &[Option<PgType>],
    ) -> Result<engine::Prepared, Report> {
        let token = self.bounds().token;
        self.lock_relations(query, None, &token)?;
        let context = self.query_context(token);
        let prepared = self.instance.engine.prepare(&context, query, types);
        prepared.map_err(|error| error.report())
    }

    /// What a prepared statement would give now.
    fn description(&self, prepared: &Prepared) -> Description {
        let mut description = prepared.describe();
        if let Prepared::Fetch(fetch) = prepared {
            let cursor = self.cursors.get(fetch.cursor.as_str()).filter(|_| !fetch.move_only);
            description.columns = cursor.map(|cursor| cursor.columns.clone());
        }
        description
    }

    /// The columns of a statement that is no query.
    fn columns_of(&self, statement: &Statement) -> Result<Option<Arc<[Column]>>, Report> {
        Ok(match statement {
            Statement::Show(name) => Some(show_columns(name.as_str()).into()),
            Statement::Explain(_) => Some([text_column("QUERY PLAN")].into()),
            Statement::Execute(execute) => self.prepared(execute.name.as_str())?.describe().columns,
            _ => None,
        })
    }

    /// Bind: makes a portal of a prepared statement and its parameters.
    pub async fn bind(
        &mut self,
        portal: &str,
        statement: &str,
        parameters: Vec<Option<Parameter>>,
    ) -> Result<(), Report> {
        let made = self.make_portal(portal, statement, parameters);
        match made {
            Ok(made) => {
                self.portals.insert(portal.to_owned(), made);
                Ok(())
            }
            Err(report) => Err(self.fail(report).await),
        }
    }

    fn make_portal(
        &mut self,
        name: &str,
        statement: &str,
        parameters: Vec<Option<Parameter>>,
    ) -> Result<Portal, Report> {
        let prepared = self.prepared(statement)?;
        let is_taken = self.portals.contains_key(name) || self.cursors.contains_key(name);
        if !name.is_empty() && is_taken {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Report::error(SqlState::DUPLICATE_CURSOR, message));
        }
        let types = prepared.describe().parameters;
        if types.len() != parameters.len() {
            let message = format!(
                "bind message supplies {} parameters, but prepared statement \"{statement}\" \
                 requires {}",
                parameters.len(),
                types.len()
            );
            return Err(Report::error(SqlState::PROTOCOL_VIOLATION, message));
        }
        let style = Arc::clone(self.settings.lock().style());
        let values = types.iter().copied().zip(parameters).enumerate();
        let parameters = values
            .map(|(index, (pg_type, value))| {
                parameter(pg_type, value, &style).map_err(|report| {
                    let name = if name.is_empty() {
                        "unnamed portal".to_owned()
                    } else {
                        format!("portal \"{name}\"")
                    };
                    report.with_context(format!("{name} parameter ${}", index + 1))
                })
            })
            .collect::<Result<_, Report>>()?;
        let is_of_named = !statement.is_empty();
        self.statements.count(statement);
        let level = self.transaction.as_ref().map_or(0, Transaction::depth);
        let (tag, state) = (String::new(), PortalState::New);
        Ok(Portal { prepared, parameters, is_of_named, level, tag, state })
    }

    /// Describe, of a prepared statement.
    pub async fn describe_statement(&mut self, name: &str) -> Result<Description, Report> {
        match self.prepared(name) {
            Ok(prepared) => Ok(self.description(&prepared)),
            Err(report) => Err(self.fail(report).await),
        }
    }

    /// Describe, of a portal.
    pub async fn describe_portal(&mut self, name: &str) -> Result<Option<Arc<[Column]>>, Report> {
        if let Some(cursor) = self.cursors.get(name) {
            return Ok(Some(cursor.columns.clone()));
        }
        match self.portals.get(name) {
            Some(portal) => Ok(self.description(&portal.prepared).columns),
            None => Err(self.fail(no_portal(name)).await),
        }
    }

    /// Execute: runs a portal, or goes on with it, for at most so many rows. Columns do not go
    /// out: the client has asked for them by itself.
    pub async fn execute(
        &mut self,
        portal: &str,
        max_rows: Option<usize>,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        self.begin_activity();
        let bounds = self.bounds();
        let _timer = bounds.start();
        let done = self.execute_portal(portal, max_rows, &bounds, out).await;
        let done = match done {
            Ok(execution) => Ok(execution),
            Err(report) => Err(Box::pin(self.fail(self.explain(&bounds, report))).await),
        };
        self.end_activity();
        done
    }

    async fn execute_portal(
        &mut self,
        name: &str,
        max_rows: Option<usize>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        // Taken out while it runs; the end of a transaction clears the others.
        let Some(mut portal) = self.portals.remove(name) else { return Err(no_portal(name)) };
        let prepared = Arc::clone(&portal.prepared);
        match &*prepared {
            Prepared::Empty => {
                self.portals.insert(name.to_owned(), portal);
                Ok(Execution::Empty)
            }
            Prepared::Utility { text, .. } => {
                self.check_runs_once(name, &portal)?;
                // What is not a query is large, and need not be fast: the future is kept small.
                Box::pin(self.execute_utility(text, bounds, out)).await
            }
            Prepared::Declare { declare, text, .. } => {
                self.check_runs_once(name, &portal)?;
                self.check_not_failed()?;
                let parameters = &portal.parameters;
                Box::pin(self.declare(declare, parameters, text, bounds, out)).await?;
                Ok(Execution::Complete("DECLARE CURSOR".to_owned()))
            }
            Prepared::Fetch(fetch) => {
                self.check_runs_once(name, &portal)?;
                self.check_not_failed()?;
                self.transaction();
                let mut out = Undescribed(out);
                let tag = Box::pin(self.fetch(fetch, bounds, &mut out)).await?;
                Ok(Execution::Complete(tag))
            }
            Prepared::Change { change, .. } => {
                let change = self.execute_change(&mut portal, change, max_rows, bounds, out);
                let execution = Box::pin(change).await?;
                self.portals.insert(name.to_owned(), portal);
                Ok(execution)
            }
            Prepared::Query { query, plan, reads, .. } => {
                self.check_not_failed()?;
                // The unnamed statement is likely to be parsed anew each time.
                let kept = Some((plan, reads)).filter(|_| portal.is_of_named);
                let run = (query.as_ref(), kept);
                let execution = self.execute_query(&mut portal, run, max_rows, bounds, out).await?;
                self.portals.insert(name.to_owned(), portal);
                Ok(execution)
            }
        }
    }

    fn check_runs_once(&self, name: &str, portal: &Portal) -> Result<(), Report> {
        match portal.state {
            PortalState::New => Ok(()),
            PortalState::Running { .. } | PortalState::Done => Err(Report::error(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("portal \"{name}\" cannot be run"),
            )),
        }
    }

    async fn execute_utility(
        &mut self,
        text: &Arc<str>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        let mut script = medley_sql::parse(text).map_err(|error| error.report())?;
        let Some(parsed) = script.statements.pop() else { return Ok(Execution::Empty) };
        let mut out = Undescribed(out);
        let tag = self.statement(parsed.statement, text, bounds, &mut out).await?;
        tracing::debug!(tag, "statement done");
        Ok(Execution::Complete(tag))
    }

    /// All rows are changed by the first execution; RETURNING's are handed out as they are asked
    /// for.
    async fn execute_change(
        &mut self,
        portal: &mut Portal,
        change: &QueryStatement,
        max_rows: Option<usize>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        if let PortalState::New = portal.state {
            self.check_not_failed()?;
            self.transaction();
            let changes = self.start_change(change, &portal.parameters, bounds, out).await?;
            portal.tag = changes.tag();
            portal.state = match changes.returned {
                Some(rows) => PortalState::Running { rows: Mutex::new(rows), rest: None },
                None => PortalState::Done,
            };
        }
        let PortalState::Running { .. } = portal.state else {
            return Ok(Execution::Complete(portal.tag.clone()));
        };
        let execution = self.hand_out(portal, max_rows, bounds, out).await?;
        Ok(match execution {
            Execution::Complete(_) => Execution::Complete(portal.tag.clone()),
            other => other,
        })
    }

    /// More rows of a portal that has run.
    async fn hand_out(
        &mut self,
        portal: &mut Portal,
        max_rows: Option<usize>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        let state = std::mem::replace(&mut portal.state, PortalState::Done);
        let PortalState::Running { rows, rest } = state else {
            return Ok(Execution::Complete(String::new()));
        };
        let rows = (rows.into_inner(), rest);
        self.hand_out_of(portal, rows, max_rows, bounds, out).await
    }

    async fn execute_query(
        &mut self,
        portal: &mut Portal,
        (query, kept): (&Query, Option<(&engine::PlanCell, &KnownReads)>),
        max_rows: Option<usize>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        let rows = match std::mem::replace(&mut portal.state, PortalState::Done) {
            PortalState::Running { rows, rest } => (rows.into_inner(), rest),
            PortalState::Done => return Ok(Execution::Complete("SELECT 0".to_owned())),
            PortalState::New => {
                let token = bounds.token.clone();
                let reads = kept.map(|(_, reads)| reads);
                self.lock_relations(query, reads, &token)?;
                let plan = kept.map(|(plan, _)| plan);
                let options = engine::RunOptions { raw: out.raw_formats(), plan };
                let started = self.start_locked(query, &portal.parameters, options, token, out);
                (started.await?, None)
            }
        };
        self.hand_out_of(portal, rows, max_rows, bounds, out).await
    }

    async fn hand_out_of(
        &mut self,
        portal: &mut Portal,
        (mut rows, mut rest): (engine::Rows, Option<engine::Batch>),
        max_rows: Option<usize>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Execution, Report> {
        let style = Arc::clone(self.settings.lock().style());
        let limit = max_rows.unwrap_or(usize::MAX);
        let mut sent = 0;
        loop {
            let batch = match rest.take() {
                Some(batch) => batch,
                None => match self.next_rows(&mut rows, &bounds.token, out).await {
                    Some(batch) => batch?,
                    None => {
                        self.tell_notices(out).await?;
                        return Ok(Execution::Complete(format!("SELECT {sent}")));
                    }
                },
            };
            let (now, later) = batch.cut(limit - sent);
            query::put(&now, &style, out).await?;
            sent += now.rows();
            if sent == limit {
                portal.state = PortalState::Running { rows: Mutex::new(rows), rest: later };
                return Ok(Execution::Suspended);
            }
        }
    }

    /// Close, of a prepared statement.
    pub fn close_statement(&mut self, name: &str) {
        self.statements.remove(name);
    }

    /// Close, of a portal.
    pub fn close_portal(&mut self, name: &str) {
        self.cursors.remove(name);
        if let Entry::Occupied(portal) = self.portals.entry(name.to_owned()) {
            portal.remove();
        }
    }

    /// Sync: commits what is not in a transaction block.
    pub async fn sync(&mut self, out: &mut dyn Output) -> Result<(), Report> {
        let ended = match self.end_implicit().await {
            Ok(()) => Ok(()),
            Err(report) => Err(Box::pin(self.fail(report)).await),
        };
        self.end_activity();
        self.report_parameters(out).await?;
        ended
    }
}

fn no_portal(name: &str) -> Report {
    Report::error(SqlState::INVALID_CURSOR_NAME, format!("portal \"{name}\" does not exist"))
}

fn parameter(
    pg_type: PgType,
    value: Option<Parameter>,
    style: &Style,
) -> Result<engine::Parameter, Report> {
    let mut builder = ColumnBuilder::new(pg_type, 1);
    let appended = match &value {
        None => {
            builder.append_null();
            Ok(())
        }
        Some(Parameter::Text(text)) => builder.append_text(text, style),
        Some(Parameter::Binary(bytes)) => builder.append_binary(bytes),
    };
    appended.map_err(|error| error.report())?;
    Ok(engine::Parameter { pg_type, value: builder.finish() })
}

/// The type that PREPARE declares for a parameter.
pub(crate) fn parameter_type(name: &TypeName) -> Result<Option<PgType>, Report> {
    let found = medley_commands::type_named(name).map_err(|error| error.report())?;
    Ok((found != PgType::UNKNOWN).then_some(found))
}

/// The arguments of EXECUTE: literals, for there is nothing else that they could name.
pub(crate) fn arguments(
    execute: &medley_sql::Execute,
    types: &[PgType],
    style: &Style,
) -> Result<Vec<engine::Parameter>, Box<Report>> {
    let (given, wanted) = (execute.arguments.len(), types.len());
    if given != wanted {
        let name = execute.name.as_str();
        let message = format!("wrong number of parameters for prepared statement \"{name}\"");
        let detail = format!("Expected {wanted} parameters but got {given}.");
        return Err(Box::new(Report::error(SqlState::SYNTAX_ERROR, message).with_detail(detail)));
    }
    let values = execute.arguments.iter().zip(types);
    values
        .map(|(expr, pg_type)| {
            let value = literal(expr)?;
            parameter(*pg_type, value.map(Parameter::Text), style).map_err(Box::new)
        })
        .collect()
}

fn literal(expr: &Expr) -> Result<Option<String>, Box<Report>> {
    let text = match expr {
        Expr::Value(value) => match &value.value {
            Value::Null => return Ok(None),
            Value::Boolean(value) => value.to_string(),
            Value::Number(number, _) => number.to_string(),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text) => text.clone(),
            Value::DollarQuotedString(text) => text.value.clone(),
            _ => return Err(Box::new(Report::unsupported("such an argument of EXECUTE"))),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match literal(expr)? {
            Some(number) => format!("-{number}"),
            None => return Ok(None),
        },
        Expr::Nested(expr) => return literal(expr),
        _ => return Err(Box::new(Report::unsupported("an expression as argument of EXECUTE"))),
    };
    Ok(Some(text))
}

/// Swallows the columns: Describe has told them.
struct Undescribed<'a>(&'a mut dyn Output);

#[async_trait::async_trait]
impl Output for Undescribed<'_> {
    async fn columns(&mut self, _columns: &[Column]) -> Result<(), Report> {
        Ok(())
    }
    async fn rows(&mut self, batch: &RecordBatch, style: &Arc<Style>) -> Result<(), Report> {
        self.0.rows(batch, style).await
    }
    fn raw_formats(&self) -> Option<engine::RawFormats> {
        self.0.raw_formats()
    }
    async fn raw_rows(&mut self, batch: &medley_fdw::RawBatch) -> Result<(), Report> {
        self.0.raw_rows(batch).await
    }
    async fn copy_out(&mut self, binary: bool, columns: usize) -> Result<(), Report> {
        self.0.copy_out(binary, columns).await
    }
    async fn copy_data(&mut self, pieces: &medley_copy::Pieces) -> Result<(), Report> {
        self.0.copy_data(pieces).await
    }
    async fn copy_done(&mut self) -> Result<(), Report> {
        self.0.copy_done().await
    }
    async fn copy_in(&mut self, binary: bool, columns: usize) -> Result<(), Report> {
        self.0.copy_in(binary, columns).await
    }
    async fn copy_next(&mut self) -> Result<Option<bytes::Bytes>, Report> {
        self.0.copy_next().await
    }
    async fn complete(&mut self, tag: &str) -> Result<(), Report> {
        self.0.complete(tag).await
    }
    async fn empty(&mut self) -> Result<(), Report> {
        self.0.empty().await
    }
    async fn notice(&mut self, report: &Report) -> Result<(), Report> {
        self.0.notice(report).await
    }
    async fn parameter(&mut self, name: &str, value: &str) -> Result<(), Report> {
        self.0.parameter(name, value).await
    }
}
