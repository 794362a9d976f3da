//! Transactions.
use super::{Parser, Result};
use crate::ast::{Isolation, Statement, Transaction, TransactionMode};

const MODES: &[(&str, TransactionMode)] = &[
    ("isolation level read uncommitted", TransactionMode::Isolation(Isolation::ReadUncommitted)),
    ("isolation level read committed", TransactionMode::Isolation(Isolation::ReadCommitted)),
    ("isolation level repeatable read", TransactionMode::Isolation(Isolation::RepeatableRead)),
    ("isolation level serializable", TransactionMode::Isolation(Isolation::Serializable)),
    ("read only", TransactionMode::ReadOnly(true)),
    ("read write", TransactionMode::ReadOnly(false)),
    ("deferrable", TransactionMode::Deferrable(true)),
    ("not deferrable", TransactionMode::Deferrable(false)),
];

impl Parser<'_> {
    /// Behind BEGIN, or START TRANSACTION.
    pub fn begin(&mut self, start: bool) -> Result<Statement> {
        if start {
            self.expect("transaction")?;
        } else {
            self.work_or_transaction();
        }
        let modes = self.transaction_modes()?;
        Ok(Statement::Transaction(Transaction::Begin { start, modes }))
    }

    /// None or more, with or without commas.
    pub fn transaction_modes(&mut self) -> Result<Vec<TransactionMode>> {
        let mut modes = vec![];
        loop {
            let needed = !modes.is_empty() && self.eat_char(',');
            match MODES.iter().find(|(words, _)| self.eat(words)) {
                Some((_, mode)) => modes.push(*mode),
                None if needed => return self.unexpected_mode(),
                None if matches!(self.word(), "isolation" | "read" | "not") => {
                    return self.unexpected_mode();
                }
                None => return Ok(modes),
            }
        }
    }

    /// The error is behind as many words as make sense.
    fn unexpected_mode<T>(&mut self) -> Result<T> {
        let longest = MODES.iter().map(|(words, _)| {
            let words = words.split(' ').enumerate();
            words.take_while(|(ahead, word)| self.word_at(*ahead) == *word).count()
        });
        self.at += longest.max().unwrap_or(0);
        self.unexpected()
    }

    fn work_or_transaction(&mut self) {
        let _ = self.eat("work") || self.eat("transaction");
    }

    /// `[AND [NO] CHAIN]`.
    fn chain(&mut self) -> Result<bool> {
        if !self.eat("and") {
            return Ok(false);
        }
        let chain = !self.eat("no");
        self.expect("chain")?;
        Ok(chain)
    }

    /// Behind COMMIT or END.
    pub fn commit(&mut self) -> Result<Statement> {
        self.work_or_transaction();
        let chain = self.chain()?;
        Ok(Statement::Transaction(Transaction::Commit { chain }))
    }

    /// Behind PREPARE TRANSACTION.
    pub fn prepare_transaction(&mut self) -> Result<Statement> {
        Ok(Statement::Transaction(Transaction::Prepare(self.string()?)))
    }

    /// Behind COMMIT PREPARED.
    pub fn commit_prepared(&mut self) -> Result<Statement> {
        Ok(Statement::Transaction(Transaction::CommitPrepared(self.string()?)))
    }

    /// Behind ROLLBACK or ABORT.
    pub fn rollback(&mut self) -> Result<Statement> {
        self.work_or_transaction();
        let chain = self.chain()?;
        Ok(Statement::Transaction(Transaction::Rollback { chain }))
    }

    /// Behind ROLLBACK, which has more to it than ABORT.
    pub fn rollback_or_part(&mut self) -> Result<Statement> {
        if self.eat("prepared") {
            return Ok(Statement::Transaction(Transaction::RollbackPrepared(self.string()?)));
        }
        let begin = self.at;
        self.work_or_transaction();
        if self.eat("to") {
            let name = self.savepoint_name()?;
            return Ok(Statement::Transaction(Transaction::RollbackTo(name)));
        }
        self.at = begin;
        self.rollback()
    }

    fn savepoint_name(&mut self) -> Result<String> {
        // A savepoint may be called `savepoint`.
        if self.is("savepoint")
            && !matches!(
                self.peek_at(1).kind,
                crate::token::TokenKind::End | crate::token::TokenKind::Char(';')
            )
        {
            self.advance();
        }
        self.name()
    }

    /// Behind SAVEPOINT.
    pub fn savepoint(&mut self) -> Result<Statement> {
        Ok(Statement::Transaction(Transaction::Savepoint(self.name()?)))
    }

    /// Behind RELEASE.
    pub fn release(&mut self) -> Result<Statement> {
        let name = self.savepoint_name()?;
        Ok(Statement::Transaction(Transaction::Release(name)))
    }
}
