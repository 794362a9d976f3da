//! The plan of a statement that is shipped as a whole, and whether it may be at this execution.
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use medley_analyze::Analysed;
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_fdw::TableName;
use medley_foreign::Remote;
use medley_sql::query_ast::{
    self as ast, Expr, Select, SelectItem, SelectItemQualifiedWildcardKind, Visit, Visitor,
};
use medley_types::{Column, PgType};

use super::read::{Needs, Reader};
use super::rewrite::Rewritten;
use super::{NotShipped, SessionValue, Shippable};
use crate::context::QueryContext;
use crate::error::Result;

/// A foreign table as the statement reads it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its schema, here.
    pub schema: String,
    /// Its name, here.
    pub name: String,
    /// What the statement calls it.
    pub alias: String,
    pub server: ServerOid,
    pub check_as: RoleOid,
    /// What it is at the remote.
    pub table: TableName,
    /// The names of its columns at the remote, and their declared types.
    pub columns: Vec<(String, PgType)>,
}

/// With its schema.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// A statement that is eligible to be shipped as a whole. It holds no mapping.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub text: Rewritten,
    /// The text itself.
    pub sql: Arc<str>,
    /// Where the statement begins in what was written: characters from 1.
    pub position: usize,
    /// What it reads, at least one.
    pub sources: Vec<Source>,
    pub needs: Needs,
    /// What they are at the remote.
    pub tables: Vec<TableName>,
    /// The foreign tables, each once, with their schemas: the audit log names them.
    pub relations: Arc<[String]>,
    /// What comes out.
    pub columns: Arc<[Column]>,
    /// Its types.
    pub types: Arc<[PgType]>,
    /// What is told as further parameters.
    pub session_values: Vec<SessionValue>,
    /// It holds a number written as older versions cannot read it.
    pub new_numbers: bool,
}

/// The plan, unless something of the statement is not shippable wherever its tables are.
pub(crate) fn plan(
    context: &QueryContext,
    statement: &medley_sql::Query,
    analysed: &Analysed,
) -> Shippable<Whole> {
    let mut reader = Reader::new(context, analysed.parameter_types.len());
    let text = reader.statement(statement, &analysed.query)?;
    if reader.sources.is_empty() {
        return Err(NotShipped::because("it reads no foreign table"));
    }
    let columns = analysed.query.columns();
    Ok(Whole {
        new_numbers: has_new_numbers(&text.sql),
        sql: Arc::from(text.sql.as_str()),
        position: statement.position,
        text,
        tables: reader.sources.iter().map(|source| source.table.clone()).collect(),
        relations: relations(&reader.sources),
        sources: reader.sources,
        needs: reader.needs,
        types: columns.iter().map(|column| column.pg_type).collect(),
        columns: columns.into(),
        session_values: reader.session_values,
    })
}

impl Whole {
    /// Everything is of one server, and read as one role: so that it is at one remote, whichever
    /// mapping that comes to.
    pub fn is_of_one_role_and_server(&self) -> bool {
        let of = |source: &Source| (source.server, source.check_as);
        self.sources.iter().all(|source| of(source) == of(&self.sources[0]))
    }

    /// What it reads, if that is one table, once.
    pub fn only_source(&self) -> Option<&Source> {
        match self.sources.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The one remote that everything is at. Mappings are resolved, and one that is missing is an
    /// error whichever way the statement takes.
    pub fn remote(&self, context: &QueryContext) -> Result<Shippable<Remote>> {
        let mut found: Option<Remote> = None;
        let mut seen: Vec<(ServerOid, RoleOid)> = Vec::new();
        for source in &self.sources {
            if seen.contains(&(source.server, source.check_as)) {
                continue;
            }
            seen.push((source.server, source.check_as));
            let remote = context.access.resolve(source.server, source.check_as)?;
            match &found {
                Some(first) if first.key() != remote.key() => {
                    return Ok(Err(NotShipped::because(
                        "its tables are not at one server under one user mapping",
                    )));
                }
                Some(_) => {}
                None => found = Some(remote),
            }
        }
        let one = found.ok_or_else(|| NotShipped::because("it reads no foreign table"));
        Ok(one.map(|remote| remote.reading_all(Arc::clone(&self.relations))))
    }
}

fn relations(sources: &[Source]) -> Arc<[String]> {
    let names: BTreeSet<_> = sources.iter().map(Source::to_string).collect();
    names.into_iter().collect()
}

/// `0x1F`, `1_000`: before 16 they are something else.
fn has_new_numbers(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_inside = |at: usize| {
        at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|before| {
            before.is_ascii_alphanumeric() || b"_$\"".contains(before) || !before.is_ascii()
        })
    };
    (0..bytes.len()).filter(|at| digit(*at) && !is_inside(*at)).any(|start| {
        let end = (start..).find(|at| !digit(*at)).unwrap_or(bytes.len());
        let next = bytes.get(end).copied().unwrap_or_default();
        next == b'_' || bytes[start] == b'0' && end == start + 1 && b"xXoObB".contains(&next)
    })
}

/// What the remote would not know: a column qualified with the schema of its table.
pub(super) fn check_syntax(query: &ast::Query) -> Shippable<()> {
    match query.visit(&mut Syntax) {
        ControlFlow::Break(reason) => Err(reason),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Syntax;

fn schema_qualified() -> ControlFlow<NotShipped> {
    ControlFlow::Break(NotShipped::because("a column is qualified with a schema"))
}

impl Visitor for Syntax {
    type Break = NotShipped;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<NotShipped> {
        match expr {
            Expr::CompoundIdentifier(parts) if parts.len() > 2 => schema_qualified(),
            Expr::QualifiedWildcard(name, _) if name.0.len() > 1 => schema_qualified(),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<NotShipped> {
        select.projection.iter().try_for_each(|item| match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _)
                if name.0.len() > 1 =>
            {
                schema_qualified()
            }
            _ => ControlFlow::Continue(()),
        })
    }

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<NotShipped> {
        match query.locks.is_empty() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(NotShipped::because("it locks rows")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_older_versions_misread_are_found() {
        let check = |sql, expected| assert_eq!(has_new_numbers(sql), expected, "{sql}");
        check("SELECT 0x1F", true);
        check("SELECT 1_000 FROM t", true);
        check("SELECT (0b1)", true);
        check("SELECT t1_2.x0x1, $1, 10, 1e5, 0.5 FROM a1_1", false);
        check("SELECT 10 x", false);
        check("SELECT \"0x\"", false);
    }

    #[test]
    fn what_the_remote_would_not_know_is_found() {
        let check = |sql: &str, expected| {
            let query = medley_sql::parse_query(sql).expect("it is a query");
            assert_eq!(check_syntax(&query.ast).is_ok(), expected, "{sql}");
        };
        check("SELECT t.a, t.*, b FROM s.t", true);
        check("SELECT s.t.a FROM s.t", false);
        check("SELECT s.t.* FROM s.t", false);
        check("SELECT 1 FROM t WHERE (SELECT s.t.a) = 1", false);
        check("SELECT a FROM t FOR UPDATE", false);
    }
}
