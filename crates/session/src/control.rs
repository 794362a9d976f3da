//! Transactions: BEGIN to ROLLBACK TO.
use medley_diagnostic::{Report, SqlState};
use medley_sql::{Isolation, Transaction as Statement, TransactionMode};

use crate::settings::Change;
use crate::transaction::Kind;
use crate::{Output, Session};

const LOCAL: Change = Change { superuser: true, local: true };

impl Session {
    /// Runs a statement that steers transactions; the result is its tag.
    pub(crate) async fn control(
        &mut self,
        statement: &Statement,
        out: &mut dyn Output,
    ) -> Result<&'static str, Report> {
        match statement {
            Statement::Begin { start, modes } => {
                self.begin_block(modes, out).await?;
                Ok(if *start { "START TRANSACTION" } else { "BEGIN" })
            }
            Statement::Commit { chain } => self.commit_block(*chain, out).await,
            Statement::Rollback { chain } => self.rollback_block(*chain, out).await,
            Statement::Savepoint(name) => self.savepoint(name.as_str()).await,
            Statement::Release(name) => self.release(name.as_str()).await,
            Statement::RollbackTo(name) => self.rollback_to(name.as_str()).await,
            Statement::Prepare(id) => self.prepare_transaction(id, out).await,
            Statement::CommitPrepared(id) => self.end_prepared("COMMIT PREPARED", id),
            Statement::RollbackPrepared(id) => self.end_prepared("ROLLBACK PREPARED", id),
        }
    }

    async fn begin_block(
        &mut self,
        modes: &[TransactionMode],
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        match self.transaction.as_ref().map(|transaction| transaction.kind) {
            None => self.begin(Kind::Block),
            // What came before it in the same message belongs to the block.
            Some(Kind::Implicit) => self.transaction().kind = Kind::Block,
            Some(Kind::Block | Kind::Failed) => {
                let message = "there is already a transaction in progress";
                self.notice(&Report::warning(SqlState::ACTIVE_SQL_TRANSACTION, message), out)
                    .await?;
            }
        }
        self.set_modes(modes)
    }

    async fn commit_block(
        &mut self,
        chain: bool,
        out: &mut dyn Output,
    ) -> Result<&'static str, Report> {
        match self.kind() {
            Some(Kind::Block) => {
                let modes = self.modes();
                self.commit().await?;
                self.chain(chain, &modes)?;
                Ok("COMMIT")
            }
            Some(Kind::Failed) => {
                let modes = self.modes();
                self.rollback().await;
                self.chain(chain, &modes)?;
                Ok("ROLLBACK")
            }
            _ if chain => Err(not_in_block("COMMIT AND CHAIN")),
            _ => {
                self.warn_no_transaction(out).await?;
                self.end_implicit().await?;
                Ok("COMMIT")
            }
        }
    }

    async fn rollback_block(
        &mut self,
        chain: bool,
        out: &mut dyn Output,
    ) -> Result<&'static str, Report> {
        match self.kind() {
            Some(Kind::Block | Kind::Failed) => {
                let modes = self.modes();
                self.rollback().await;
                self.chain(chain, &modes)?;
            }
            _ if chain => return Err(not_in_block("ROLLBACK AND CHAIN")),
            _ => {
                self.warn_no_transaction(out).await?;
                self.rollback().await;
            }
        }
        Ok("ROLLBACK")
    }

    /// PREPARE TRANSACTION: refused, as by a PostgreSQL whose `max_prepared_transactions` is 0.
    async fn prepare_transaction(
        &mut self,
        id: &str,
        out: &mut dyn Output,
    ) -> Result<&'static str, Report> {
        const MOST_BYTES: usize = 199;
        if self.kind() != Some(Kind::Block) {
            return self.rollback_block(false, out).await;
        }
        // It fails where it would commit: the block ends with it.
        self.rollback().await;
        if id.len() > MOST_BYTES {
            let message = format!("transaction identifier \"{id}\" is too long");
            return Err(Report::error(SqlState::INVALID_PARAMETER_VALUE, message));
        }
        let message = "prepared transactions are disabled";
        Err(Report::error(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
            .with_hint("Set \"max_prepared_transactions\" to a nonzero value."))
    }

    /// COMMIT PREPARED, ROLLBACK PREPARED: there is never one.
    fn end_prepared(&self, tag: &str, id: &str) -> Result<&'static str, Report> {
        if matches!(self.kind(), Some(Kind::Block | Kind::Failed)) {
            let message = format!("{tag} cannot run inside a transaction block");
            return Err(Report::error(SqlState::ACTIVE_SQL_TRANSACTION, message));
        }
        let message = format!("prepared transaction with identifier \"{id}\" does not exist");
        Err(Report::error(SqlState::UNDEFINED_OBJECT, message))
    }

    fn chain(&mut self, chain: bool, modes: &[TransactionMode]) -> Result<(), Report> {
        if !chain {
            return Ok(());
        }
        self.begin(Kind::Block);
        self.set_modes(modes)
    }

    async fn warn_no_transaction(&self, out: &mut dyn Output) -> Result<(), Report> {
        let message = "there is no transaction in progress";
        self.notice(&Report::warning(SqlState::NO_ACTIVE_SQL_TRANSACTION, message), out).await
    }

    async fn savepoint(&mut self, name: &str) -> Result<&'static str, Report> {
        if self.kind() != Some(Kind::Block) {
            return Err(not_in_block("SAVEPOINT"));
        }
        // What begins at a remote behind the savepoint would be undone with it.
        self.begin_cursors(&self.bounds().token).await?;
        self.transaction().savepoint(name);
        self.settings.lock().push();
        self.identity.push();
        Ok("SAVEPOINT")
    }

    async fn release(&mut self, name: &str) -> Result<&'static str, Report> {
        if self.kind() != Some(Kind::Block) {
            return Err(not_in_block("RELEASE SAVEPOINT"));
        }
        let index = self.transaction().release(name).await?;
        self.cursors.values_mut().for_each(|cursor| cursor.release(index));
        self.settings.lock().release(index + 1);
        self.identity.release(index + 1);
        Ok("RELEASE")
    }

    async fn rollback_to(&mut self, name: &str) -> Result<&'static str, Report> {
        if !matches!(self.kind(), Some(Kind::Block | Kind::Failed)) {
            return Err(not_in_block("ROLLBACK TO SAVEPOINT"));
        }
        let transaction = self.transaction();
        let index = transaction.rollback_to(name).await?;
        transaction.kind = Kind::Block;
        self.drop_cursors(Some(index));
        self.settings.lock().rollback_to(index + 1);
        self.identity.rollback_to(index + 1);
        Ok("ROLLBACK")
    }

    fn kind(&self) -> Option<Kind> {
        self.transaction.as_ref().map(|transaction| transaction.kind)
    }

    /// The transaction's modes as they are now.
    fn modes(&self) -> Vec<TransactionMode> {
        let settings = self.settings.lock();
        vec![
            TransactionMode::Isolation(isolation(settings.get("transaction_isolation"))),
            TransactionMode::ReadOnly(settings.is_on("transaction_read_only")),
            TransactionMode::Deferrable(settings.is_on("transaction_deferrable")),
        ]
    }

    /// Changes the transaction's modes.
    pub(crate) fn set_modes(&mut self, modes: &[TransactionMode]) -> Result<(), Report> {
        for mode in modes {
            let (name, value) = setting_of(mode);
            self.check_mode(mode, value)?;
            self.settings.lock().set_text(name, value, LOCAL)?;
        }
        Ok(())
    }

    fn check_mode(&mut self, mode: &TransactionMode, value: &str) -> Result<(), Report> {
        let queried = self.transaction().queried;
        let settings = self.settings.lock();
        let too_late = |what: &str| {
            let message = format!("{what} must be {} before any query", called_or_set(what));
            Err(Report::error(SqlState::ACTIVE_SQL_TRANSACTION, message))
        };
        match mode {
            TransactionMode::Isolation(_)
                if queried && settings.get("transaction_isolation") != value =>
            {
                too_late("SET TRANSACTION ISOLATION LEVEL")
            }
            TransactionMode::ReadOnly(false)
                if queried && settings.is_on("transaction_read_only") =>
            {
                too_late("transaction read-write mode")
            }
            _ => Ok(()),
        }
    }

    /// Changes the modes of the session's transactions to come.
    pub(crate) fn set_default_modes(&mut self, modes: &[TransactionMode]) -> Result<(), Report> {
        let change = Change { superuser: true, local: false };
        for mode in modes {
            let (name, value) = setting_of(mode);
            let default = match name {
                "transaction_isolation" => "default_transaction_isolation",
                "transaction_read_only" => "default_transaction_read_only",
                _ => "default_transaction_deferrable",
            };
            self.settings.lock().set_text(default, value, change)?;
        }
        Ok(())
    }

    /// What a failed block refuses.
    pub(crate) fn check_not_failed(&self) -> Result<(), Report> {
        match self.kind() {
            Some(Kind::Failed) => Err(Report::error(
                SqlState::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            _ => Ok(()),
        }
    }
}

fn called_or_set(what: &str) -> &'static str {
    if what.starts_with("SET ") { "called" } else { "set" }
}

fn setting_of(mode: &TransactionMode) -> (&'static str, &'static str) {
    let on_off = |on: bool| if on { "on" } else { "off" };
    match *mode {
        TransactionMode::Isolation(level) => ("transaction_isolation", level.as_str()),
        TransactionMode::ReadOnly(on) => ("transaction_read_only", on_off(on)),
        TransactionMode::Deferrable(on) => ("transaction_deferrable", on_off(on)),
    }
}

fn isolation(shown: &str) -> Isolation {
    match shown {
        "serializable" => Isolation::Serializable,
        "repeatable read" => Isolation::RepeatableRead,
        "read uncommitted" => Isolation::ReadUncommitted,
        _ => Isolation::ReadCommitted,
    }
}

fn not_in_block(statement: &str) -> Report {
    let message = format!("{statement} can only be used in transaction blocks");
    Report::error(SqlState::NO_ACTIVE_SQL_TRANSACTION, message)
}
