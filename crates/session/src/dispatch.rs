//! Which statement goes where.
use std::sync::Arc;

use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::{CloseCursor, Execute, QueryStatement, Statement};

use crate::extended::Prepared;
use crate::session::Bounds;
use crate::settings::parse_name_list;
use crate::{Output, Session, Status};

impl Session {
    /// Runs one statement; the result is its command tag. `text` is the whole text that it
    /// stands in.
    pub(crate) async fn statement(
        &mut self,
        statement: Statement,
        text: &str,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        if let Statement::Transaction(control) = &statement {
            if !ends_failure(control) {
                self.check_not_failed()?;
            }
            return self.control(control, out).await.map(str::to_owned);
        }
        self.check_not_failed()?;
        self.transaction();
        self.check_read_only(&statement)?;
        self.check_alone(&statement, bounds)?;
        self.run_statement(statement, text, bounds, out).await
    }

    async fn run_statement(
        &mut self,
        statement: Statement,
        text: &str,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        let tag = statement.tag();
        let token = bounds.token.clone();
        match statement {
            Statement::Query(QueryStatement::Select(query)) if !query.changes_rows() => {
                let count = self.select(&query, &[], None, token, out).await?;
                return Ok(format!("SELECT {count}"));
            }
            Statement::Query(change) => return self.change_rows(&change, &[], bounds, out).await,
            Statement::Explain(explain) => self.explain_statement(&explain, bounds, out).await?,
            Statement::Truncate(truncate) => self.truncate(&truncate, bounds, out).await?,
            Statement::Set(set) => self.set(&set, out).await?,
            Statement::Show(name) => self.show(name.as_str(), out).await?,
            Statement::Discard(discard) => self.discard(discard).await?,
            Statement::Prepare(prepare) => self.prepare_named(prepare, text, bounds, out).await?,
            Statement::Execute(execute) => return self.execute_named(&execute, bounds, out).await,
            Statement::Deallocate(name) => self.deallocate(name.as_deref())?,
            Statement::Analyze(analyze) => self.analyze(&analyze, bounds, out).await?,
            Statement::ImportForeignSchema(import) => self.import(import, bounds, out).await?,
            Statement::RefreshForeignTable(refresh) => self.refresh(&refresh, bounds, out).await?,
            Statement::AlterRoleSettings(alter) => {
                self.alter_role_settings(&alter, bounds, out).await?;
            }
            Statement::AlterDatabaseSettings(alter) => {
                self.alter_database_settings(&alter, bounds, out).await?;
            }
            Statement::Lock(_) if self.status() != Status::InBlock => {
                let message = "LOCK TABLE can only be used in transaction blocks";
                return Err(Report::error(SqlState::NO_ACTIVE_SQL_TRANSACTION, message));
            }
            Statement::DeclareCursor(declare) => {
                self.prepare_cursor(&declare, Vec::new())?;
                self.declare(&declare, &[], &text.into(), bounds, out).await?;
            }
            Statement::Copy(copy) => return self.copy(copy, bounds, out).await,
            Statement::Fetch(fetch) => return self.fetch(&fetch, bounds, out).await,
            Statement::Close(CloseCursor { cursor }) => {
                self.close_cursor(cursor.as_deref())?;
            }
            // Nothing is here that these could end, defer or write, as clients and pools ask.
            Statement::Unlisten(_) => {}
            Statement::SetConstraints { names, .. } if names.is_empty() => {
                self.warn_outside_block(tag, out).await?;
            }
            Statement::Checkpoint => self.check_may_checkpoint()?,
            // Nobody notifies here, so that listening succeeds and hears nothing would be a lie.
            unsupported @ (Statement::Listen(_)
            | Statement::Notify { .. }
            | Statement::SetConstraints { .. }) => {
                return Err(Report::unsupported(unsupported.tag()));
            }
            utility => return self.utility(utility, bounds, out).await.map(str::to_owned),
        }
        Ok(tag.to_owned())
    }

    /// What is committed is on disk already: there is nothing to write, whoever may ask for it.
    fn check_may_checkpoint(&self) -> Result<(), Report> {
        if self.is_superuser() {
            return Ok(());
        }
        let message = "permission denied to execute CHECKPOINT command";
        let mut report = Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message);
        report.detail = Some(
            "Only roles with privileges of the \"pg_checkpoint\" role may execute this command."
                .to_owned(),
        );
        Err(report)
    }

    /// Runs a utility statement of the catalog.
    pub(crate) async fn utility(
        &mut self,
        statement: Statement,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<&'static str, Report> {
        let changing = self.audited(&statement);
        let outcome = self
            .commands(bounds, out, |context| {
                let outcome = medley_commands::execute(context, statement)?;
                Ok((outcome.tag, context.take_also_changed()))
            })
            .await;
        self.audit(changing, &outcome);
        Ok(outcome?.0)
    }

    /// Lends the transaction to `commands`, on a thread that may wait for locks.
    pub(crate) async fn commands<T>(
        &mut self,
        bounds: &Bounds,
        out: &mut dyn Output,
        work: impl FnOnce(&mut medley_commands::Context<'_>) -> medley_commands::Result<T>,
    ) -> Result<T, Report> {
        self.see();
        let _watch = self.may_wait(&bounds.token);
        let identity = medley_commands::Identity {
            current_role: self.identity.current_user(),
            session_user: self.identity.session_user(),
        };
        let (search_path, style) = {
            let settings = self.settings.lock();
            (parse_name_list(settings.get("search_path")), Arc::clone(settings.style()))
        };
        let instance = Arc::clone(&self.instance);
        let transaction = self.transaction();
        let mut notices = Vec::new();
        let done = tokio::task::block_in_place(|| {
            let environment = medley_commands::Environment {
                identity,
                search_path: &search_path,
                style: &style,
                registry: &instance.registry,
                sealer: &instance.sealer,
            };
            let catalog = &mut transaction.catalog;
            work(&mut medley_commands::Context::new(catalog, environment, &mut notices))
        });
        self.notices(notices, out).await?;
        done.map_err(|error| error.report())
    }

    fn check_read_only(&self, statement: &Statement) -> Result<(), Report> {
        let Some(name) = statement.refused_read_only() else { return Ok(()) };
        if !self.settings.lock().is_on("transaction_read_only") {
            return Ok(());
        }
        let message = format!("cannot execute {name} in a read-only transaction");
        Err(Report::error(SqlState::READ_ONLY_SQL_TRANSACTION, message))
    }

    /// Some statements neither run in a block nor beside others in one message.
    fn check_alone(&self, statement: &Statement, bounds: &Bounds) -> Result<(), Report> {
        let Some(name) = statement.refused_in_block() else { return Ok(()) };
        if bounds.alone && self.status() == Status::Idle {
            return Ok(());
        }
        let message = format!("{name} cannot run inside a transaction block");
        Err(Report::error(SqlState::ACTIVE_SQL_TRANSACTION, message))
    }

    async fn prepare_named(
        &mut self,
        prepare: medley_sql::Prepare,
        text: &str,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let name = prepare.name.as_str().to_owned();
        if self.statements.contains(&name) {
            let message = format!("prepared statement \"{name}\" already exists");
            return Err(Report::error(SqlState::DUPLICATE_PREPARED_STATEMENT, message));
        }
        let types = prepare.types.iter().map(crate::extended::parameter_type);
        let types = types.collect::<Result<Vec<_>, _>>()?;
        let prepared = match prepare.statement {
            QueryStatement::Select(query) if !query.changes_rows() => {
                self.prepare_query(query, types)?
            }
            change => self.prepare_change(change, types, bounds, out).await?,
        };
        self.statements.insert(&name, prepared, text, true);
        Ok(())
    }

    async fn execute_named(
        &mut self,
        execute: &Execute,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        let prepared = self.prepared(execute.name.as_str())?;
        self.statements.count(execute.name.as_str());
        let parameters = self.arguments(execute, &prepared)?;
        match &*prepared {
            Prepared::Query { query, plan, .. } => {
                let token = bounds.token.clone();
                let count = self.select(query, &parameters, Some(plan), token, out).await?;
                Ok(format!("SELECT {count}"))
            }
            Prepared::Change { change, .. } => {
                self.change_rows(change, &parameters, bounds, out).await
            }
            _ => Err(Report::unsupported("EXECUTE of a utility statement")),
        }
    }

    /// The values of a prepared statement's parameters.
    pub(crate) fn arguments(
        &self,
        execute: &Execute,
        prepared: &Prepared,
    ) -> Result<Vec<medley_engine::Parameter>, Report> {
        let types = prepared.describe().parameters;
        let style = Arc::clone(self.settings.lock().style());
        crate::extended::arguments(execute, &types, &style).map_err(|report| *report)
    }

    fn deallocate(&mut self, name: Option<&str>) -> Result<(), Report> {
        match name {
            None => self.statements.clear(),
            Some(name) => {
                self.prepared(name)?;
                self.statements.remove(name);
            }
        }
        Ok(())
    }

    pub(crate) fn prepared(&self, name: &str) -> Result<Arc<Prepared>, Report> {
        self.statements.get(name)
    }
}

/// What a failed block still takes.
fn ends_failure(control: &medley_sql::Transaction) -> bool {
    use medley_sql::Transaction as Control;
    matches!(
        control,
        Control::Commit { .. }
            | Control::Rollback { .. }
            | Control::RollbackTo(_)
            | Control::Prepare(_)
    )
}
