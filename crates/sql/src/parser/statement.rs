//! Which statement it is.
use super::{Parser, Result};
use crate::ast::{Query, QueryStatement, Statement};
use crate::query;
use crate::token::TokenKind;

impl Parser<'_> {
    /// One statement; what follows it must be its end.
    pub fn statement(&mut self) -> Result<Statement> {
        if self.is_query_at(0) || self.is_char('(') {
            return self.query_statement().map(Statement::Query);
        }
        let begin = self.at;
        let word = self.word();
        if word.is_empty() {
            return self.unexpected();
        }
        self.advance();
        match word {
            "create" => self.create(),
            "alter" => self.alter(),
            "drop" => self.drop(),
            "import" => self.import_foreign_schema(),
            "grant" => self.grant(),
            "revoke" => self.revoke(),
            "reassign" => self.reassign_owned(),
            "comment" => self.comment(),
            "security" => self.security_label(),
            "set" => self.set(),
            "reset" => self.reset(),
            "show" => self.show(),
            "discard" => self.discard(),
            "begin" => self.begin(false),
            "start" => self.begin(true),
            "commit" if self.eat("prepared") => self.commit_prepared(),
            "commit" | "end" => self.commit(),
            "rollback" => self.rollback_or_part(),
            "abort" => self.rollback(),
            "savepoint" => self.savepoint(),
            "release" => self.release(),
            "prepare" if self.eat("transaction") => self.prepare_transaction(),
            "prepare" => self.prepare(),
            "execute" => self.execute(),
            "deallocate" => self.deallocate(),
            "explain" => self.explain(),
            "declare" => self.declare_cursor(),
            "fetch" => self.fetch(false),
            "move" => self.fetch(true),
            "close" => self.close_cursor(),
            "copy" => self.copy(),
            "analyze" | "analyse" => self.analyze(),
            "vacuum" => self.vacuum(),
            "truncate" => self.truncate(),
            "lock" => self.lock(),
            "listen" => self.name().map(Statement::Listen),
            "notify" => self.notify(),
            "unlisten" => self.unlisten(),
            "checkpoint" => Ok(Statement::Checkpoint),
            _ => {
                self.at = begin;
                self.unsupported("")
            }
        }
    }

    /// Whether a query, or a change of rows, begins so many tokens ahead.
    pub fn is_query_at(&self, ahead: usize) -> bool {
        let mut at = ahead;
        while self.peek_at(at).kind == TokenKind::Char('(') {
            at += 1;
        }
        let changes = matches!(self.word_at(at), "insert" | "update" | "delete" | "merge");
        let reads = matches!(self.word_at(at), "select" | "values" | "table" | "with");
        reads || (changes && at == ahead)
    }

    /// A query or a change of rows.
    pub fn query_statement(&mut self) -> Result<QueryStatement> {
        let from = self.at;
        self.preparable_stmt()?;
        query::statement(self, from, self.at)
    }

    /// A query.
    pub fn query(&mut self) -> Result<Query> {
        let from = self.at;
        self.select_stmt()?;
        query::query(self, from, self.at)
    }
}
