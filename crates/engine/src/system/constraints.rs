//! The constraints of foreign tables, of both kinds alike.
use std::fmt::Write;

use medley_analyze::ruleutils::Layout;
use medley_catalog::objects::{Check, Relation};
use medley_catalog::quote_identifier;

use super::{Session, definitions};
use crate::error::Result;

/// A CHECK or NOT NULL constraint.
pub struct Constraint<'a> {
    /// Its oid.
    pub oid: u32,
    /// Its name.
    pub name: &'a str,
    /// On which relation.
    pub relation: &'a Relation,
    /// On which columns.
    pub columns: Vec<i16>,
    /// The condition of a CHECK; none for NOT NULL.
    pub check: Option<&'a str>,
    /// NO INHERIT.
    pub no_inherit: bool,
    /// False after NOT VALID.
    pub validated: bool,
    /// False after NOT ENFORCED.
    pub enforced: bool,
}

/// All constraints of a relation.
pub fn of(relation: &Relation) -> Vec<Constraint<'_>> {
    let checks = relation.checks.iter().map(|check| of_check(relation, check));
    let not_nulls = relation.live_columns().filter_map(|column| {
        let not_null = column.not_null.as_ref()?;
        Some(Constraint {
            oid: not_null.oid,
            name: &not_null.name,
            relation,
            columns: vec![column.number],
            check: None,
            no_inherit: not_null.no_inherit,
            validated: not_null.validated,
            enforced: true,
        })
    });
    checks.chain(not_nulls).collect()
}

fn of_check<'a>(relation: &'a Relation, check: &'a Check) -> Constraint<'a> {
    Constraint {
        oid: check.oid,
        name: &check.name,
        relation,
        columns: check.columns.clone(),
        check: Some(&check.expression),
        no_inherit: check.no_inherit,
        validated: check.validated,
        enforced: check.enforced,
    }
}

impl Constraint<'_> {
    /// `pg_constraint.contype`.
    pub fn kind(&self) -> char {
        if self.check.is_some() { 'c' } else { 'n' }
    }

    /// The condition of a CHECK as the session sees names.
    pub fn condition(&self, session: &Session, layout: Layout) -> Result<Option<String>> {
        let text = |text| definitions::expression(session, self.relation, text, layout);
        self.check.map(text).transpose()
    }

    /// `pg_get_constraintdef`.
    pub fn definition(&self, session: &Session, layout: Layout) -> Result<String> {
        let mut text = match self.condition(session, layout)? {
            Some(condition) => format!("CHECK ({condition})"),
            None => format!("NOT NULL {}", self.column_name()),
        };
        let marks = [
            (self.no_inherit, " NO INHERIT"),
            (!self.enforced, " NOT ENFORCED"),
            (!self.validated && self.enforced, " NOT VALID"),
        ];
        for (_, mark) in marks.iter().filter(|(given, _)| *given) {
            let _ = write!(text, "{mark}");
        }
        Ok(text)
    }

    fn column_name(&self) -> String {
        let number = self.columns.first().copied().unwrap_or_default();
        let column = self.relation.column_numbered(number);
        column.map(|column| quote_identifier(&column.name).into_owned()).unwrap_or_default()
    }
}
