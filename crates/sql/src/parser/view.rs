//! VIEW.
use super::{Parser, Result};
use crate::ast::{CheckOption, CreateView, Statement};

impl Parser<'_> {
    /// Behind CREATE: a view, if it is one.
    pub fn create_view(&mut self) -> Result<Option<Statement>> {
        let or_replace = self.eat("or replace");
        let scoped = self.eat("local") || self.eat("global");
        let temporary = self.eat("temp") || self.eat("temporary");
        let recursive = (temporary || !scoped) && self.eat("recursive");
        if (scoped && !temporary) || !self.eat("view") {
            return Ok(None);
        }
        let name = self.qualified_name()?;
        let columns = match recursive {
            true => self.parenthesized(Self::name)?,
            false => self.maybe_parenthesized(Self::name)?,
        };
        let options = if self.eat("with") { self.relation_options()? } else { vec![] };
        self.expect("as")?;
        let from = self.at;
        let query = self.query()?;
        let query_text = self.text_of(from, self.at).to_owned();
        let check_option = self.check_option()?;
        Ok(Some(Statement::CreateView(Box::new(CreateView {
            or_replace,
            temporary,
            recursive,
            name,
            columns,
            options,
            query,
            query_text,
            check_option,
        }))))
    }

    /// `[WITH [LOCAL | CASCADED] CHECK OPTION]`.
    fn check_option(&mut self) -> Result<Option<CheckOption>> {
        if !self.eat("with") {
            return Ok(None);
        }
        let options = [
            ("check option", CheckOption::Cascaded),
            ("cascaded check option", CheckOption::Cascaded),
            ("local check option", CheckOption::Local),
        ];
        self.choose(&options).map(Some)
    }
}
