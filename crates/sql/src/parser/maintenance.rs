//! ANALYZE, VACUUM, TRUNCATE, LOCK, LISTEN, NOTIFY.
use super::{Parser, Result};
use crate::ast::{
    Analyze, ExplainOption, Lock, LockMode, Name, QualifiedName, Statement, Truncate, Vacuum,
};

const LOCK_MODES: &[(&str, LockMode)] = &[
    ("access share mode", LockMode::AccessShare),
    ("row share mode", LockMode::RowShare),
    ("row exclusive mode", LockMode::RowExclusive),
    ("share update exclusive mode", LockMode::ShareUpdateExclusive),
    ("share row exclusive mode", LockMode::ShareRowExclusive),
    ("share mode", LockMode::Share),
    ("exclusive mode", LockMode::Exclusive),
    ("access exclusive mode", LockMode::AccessExclusive),
];

impl Parser<'_> {
    /// Behind ANALYZE.
    pub fn analyze(&mut self) -> Result<Statement> {
        let options = self.maintenance_options(&["verbose"])?;
        let relations = self.maintained()?;
        Ok(Statement::Analyze(Analyze { options, relations }))
    }

    /// Behind VACUUM.
    pub fn vacuum(&mut self) -> Result<Statement> {
        let options = self.maintenance_options(&["full", "freeze", "verbose", "analyze"])?;
        let relations = self.maintained()?;
        Ok(Statement::Vacuum(Vacuum { options, relations }))
    }

    fn maintenance_options(&mut self, words: &[&str]) -> Result<Vec<ExplainOption>> {
        match self.is_char('(') {
            true => self.parenthesized(Self::utility_option),
            false => Ok(self.bare_options(words)),
        }
    }

    fn maintained(&mut self) -> Result<Vec<(QualifiedName, Vec<Name>)>> {
        if self.at_end() {
            return Ok(vec![]);
        }
        self.list(|parser| {
            let (relation, _) = parser.relation()?;
            Ok((relation, parser.maybe_parenthesized(Self::name)?))
        })
    }

    /// Behind TRUNCATE.
    pub fn truncate(&mut self) -> Result<Statement> {
        self.eat("table");
        let relations = self.list(Self::relation)?;
        let restart_identity = self.eat("restart");
        if restart_identity || self.eat("continue") {
            self.expect("identity")?;
        }
        let behavior = self.drop_behavior();
        Ok(Statement::Truncate(Truncate { relations, restart_identity, behavior }))
    }

    /// Behind LOCK.
    pub fn lock(&mut self) -> Result<Statement> {
        self.eat("table");
        let relations = self.list(Self::relation)?;
        let mode = match self.eat("in") {
            true => self.choose(LOCK_MODES)?,
            false => LockMode::AccessExclusive,
        };
        let nowait = self.eat("nowait");
        Ok(Statement::Lock(Lock { relations, mode, nowait }))
    }

    /// Behind NOTIFY.
    pub fn notify(&mut self) -> Result<Statement> {
        let channel = self.name()?;
        let payload = if self.eat_char(',') { Some(self.string()?) } else { None };
        Ok(Statement::Notify { channel, payload })
    }

    /// Behind UNLISTEN.
    pub fn unlisten(&mut self) -> Result<Statement> {
        let all = self.eat_char('*');
        let channel = if all { None } else { Some(self.name()?) };
        Ok(Statement::Unlisten(channel))
    }
}
