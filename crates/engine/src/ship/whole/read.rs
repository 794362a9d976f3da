//! Going over an analysed statement: what it reads, what of it is shippable, and what stands in
//! place of which names.
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use medley_analyze::builtin::Function;
use medley_analyze::tree::{
    AggregateKey, Conversion, Expr, ExprKind, Node, Query, Range, RangeKind, RelationKind,
    RelationRange, SqlValue, Target, visit_expr, visit_query,
};
use medley_catalog::acl::Privileges;
use medley_catalog::objects::Relation;
use medley_catalog::quote_identifier;
use medley_fdw::{Family, Handler};
use medley_types::{CollationOid, PgType};

use super::plan::Source;
use super::rewrite::{Edit, Rewritten, rewrite};
use super::signature::{self, Order, SessionValue};
use super::{NotShipped, Shippable, session_value};
use crate::context::QueryContext;

const REGCONFIG: u32 = 3734;
const RECORD: u32 = 2249;
/// Since then a subquery in FROM needs no name.
const UNNAMED_SUBQUERIES: u32 = 160_000;

/// What a statement asks of the remote that it is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// At least this version.
    pub version: u32,
    /// Text of the database's collation is ordered there as here.
    pub order: bool,
    /// Letters and their cases are the same there as here.
    pub letters: bool,
}

/// A text and where it begins in the one that it was analysed in.
struct Text<'t> {
    text: &'t str,
    byte: usize,
    position: usize,
}

impl Text<'_> {
    /// The byte of this text that a position means.
    fn byte_at(&self, position: usize) -> Option<usize> {
        let characters = position.checked_sub(self.position)?;
        let mut starts = self.text.char_indices().map(|(byte, _)| byte);
        starts.nth(characters)
    }
}

/// What was found out about a statement so far.
pub(super) struct Reader<'a> {
    context: &'a QueryContext,
    pub sources: Vec<Source>,
    pub needs: Needs,
    /// The statement's own parameters.
    parameters: usize,
    /// What is told as further ones.
    pub session_values: Vec<SessionValue>,
}

impl<'a> Reader<'a> {
    pub fn new(context: &'a QueryContext, parameters: usize) -> Self {
        let needs = Needs { version: signature::OLDEST, order: false, letters: false };
        Self { context, sources: Vec::new(), needs, parameters, session_values: Vec::new() }
    }

    /// The statement's text for the remote.
    pub fn statement(
        &mut self,
        statement: &medley_sql::Query,
        query: &Query,
    ) -> Shippable<Rewritten> {
        let text = Text {
            text: &statement.text,
            byte: statement.span.start,
            position: statement.position,
        };
        self.text(&text, &statement.ast, query)
    }

    fn text(
        &mut self,
        text: &Text<'_>,
        ast: &medley_sql::query_ast::Query,
        query: &Query,
    ) -> Shippable<Rewritten> {
        super::plan::check_syntax(ast)?;
        let mut edits = Vec::new();
        let walked = visit_query(query, &mut |node, around| {
            let judged = match node {
                Node::Query(query) => self.query(text, query, &mut edits),
                Node::Expr(expr) => self.expr(text, expr, around, &mut edits),
            };
            judged.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        });
        if let ControlFlow::Break(reason) = walked {
            return Err(reason);
        }
        self.check_all_replaced(text, ast, &edits)?;
        check_words(text.text, &edits)?;
        check_table_commands(text.text, &edits)?;
        rewrite(text.text, edits)
    }

    /// Each name of a relation that stands in the text is one that was analysed, once: what the
    /// analysed tree left out would else be looked up at the remote.
    fn check_all_replaced(
        &self,
        text: &Text<'_>,
        ast: &medley_sql::query_ast::Query,
        edits: &[Edit],
    ) -> Shippable<()> {
        let path = &self.context.search_path;
        let scope = medley_analyze::Scope::new(&self.context.snapshot, path, self.context.role);
        let named = medley_analyze::relations(ast, &scope);
        let replaced: HashSet<_> = edits.iter().map(|edit| edit.span.start + text.byte).collect();
        match named.iter().all(|reference| replaced.contains(&reference.span.start))
            && replaced.len() == edits.len()
        {
            true => Ok(()),
            false => Err(NotShipped::because("a relation is named in a part that was left out")),
        }
    }

    fn query(&mut self, text: &Text<'_>, query: &Query, edits: &mut Vec<Edit>) -> Shippable<()> {
        let mut names = HashSet::new();
        for range in query.ranges.iter().filter(|range| range.in_from) {
            if let Some(name) = range.name.as_deref().filter(|name| !names.insert(*name)) {
                return Err(NotShipped::because(format_args!("two tables are called \"{name}\"")));
            }
        }
        for range in &query.ranges {
            self.range(text, range, edits)?;
        }
        for key in &query.order_by {
            self.ordered(target_type(query, key.target))?;
        }
        for key in query.windows.iter().flat_map(|window| &window.order_by) {
            self.ordered(target_type(query, key.target))?;
        }
        query.targets.iter().try_for_each(keeps_name)
    }

    fn range(&mut self, text: &Text<'_>, range: &Range, edits: &mut Vec<Edit>) -> Shippable<()> {
        let is_system = matches!(&range.kind, RangeKind::Relation(relation)
            if relation.kind == RelationKind::System);
        let mut types = range.columns.iter().map(|column| column.t).filter(|_| !is_system);
        types.try_for_each(shippable_type)?;
        match &range.kind {
            RangeKind::Relation(relation) => {
                let sql = match relation.kind {
                    RelationKind::System => Err(NotShipped::because("it reads a system catalog")),
                    RelationKind::ForeignTable => {
                        self.foreign_table(relation, range.name.as_deref())
                    }
                    RelationKind::View => self.view(relation, range),
                }?;
                let span = relation.place.0.clone();
                let span = span.and_then(|span| {
                    let start = span.start.checked_sub(text.byte)?;
                    Some(start..span.end.checked_sub(text.byte)?)
                });
                let span = span.ok_or_else(|| NotShipped::because("a table has no place"))?;
                let alias = match (&range.alias, &range.name) {
                    (None, Some(name)) => format!(" {}", quote_identifier(name)),
                    _ => String::new(),
                };
                edits.push(Edit { span, said: format!("{sql}{alias}") });
                Ok(())
            }
            RangeKind::Subquery(_) if range.in_from && range.alias.is_none() => {
                self.needs.version = self.needs.version.max(UNNAMED_SUBQUERIES);
                Ok(())
            }
            RangeKind::Subquery(_)
            | RangeKind::Function(_)
            | RangeKind::Values(_)
            | RangeKind::Cte(_)
            | RangeKind::Join(_) => Ok(()),
            #[allow(unreachable_patterns, reason = "kinds that are new are not known here")]
            _ => Err(NotShipped::because("it reads something of an unknown kind")),
        }
    }

    /// Its declared columns under their remote names.
    fn foreign_table(&mut self, range: &RelationRange, alias: Option<&str>) -> Shippable<String> {
        let relation = self.relation(range)?;
        self.may_read_whole(&relation, range)?;
        let server = relation.foreign_table().map(|table| table.server);
        let server = server.ok_or_else(|| NotShipped::because("a table has no server"))?;
        let handler = self.context.access.handler(server).map_err(NotShipped::because)?;
        let Handler::Sql(wrapper) = handler else {
            return Err(NotShipped::by_nature("a remote does not speak SQL"));
        };
        if wrapper.dialect().family != Family::Postgres || !wrapper.relays() {
            return Err(NotShipped::by_nature("a remote does not speak PostgreSQL's SQL"));
        }
        let schema = self.context.snapshot.schema(relation.schema);
        let schema = schema.map(|schema| schema.name.clone()).unwrap_or_default();
        let options = crate::scan::plain_options(&relation);
        let table = wrapper.remote_table(&schema, &relation.name, &options);
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for column in relation.live_columns() {
            if column.virtual_expression().is_some() {
                return Err(NotShipped::because(format_args!(
                    "column \"{}\" is computed here",
                    column.name
                )));
            }
            let options = crate::scan::plain(&column.options);
            let remote = wrapper.remote_column(&column.name, &options);
            let (name, local) = (quote_identifier(&remote), quote_identifier(&column.name));
            items.push(match remote == column.name {
                true => name.into_owned(),
                false => format!("{name} AS {local}"),
            });
            columns.push((remote, column.pg_type));
        }
        let schema_part =
            table.schema.as_ref().map(|schema| format!("{}.", quote_identifier(schema)));
        let from = format!("{}{}", schema_part.unwrap_or_default(), quote_identifier(&table.table));
        self.sources.push(Source {
            name: relation.name.clone(),
            alias: alias.unwrap_or(&relation.name).to_owned(),
            schema,
            server,
            check_as: range.check_as,
            table,
            columns,
        });
        Ok(format!("(SELECT {} FROM {from})", items.join(", ")))
    }

    /// Its query, expanded in the same way.
    fn view(&mut self, range: &RelationRange, columns: &Range) -> Shippable<String> {
        let relation = self.relation(range)?;
        self.may_read_whole(&relation, range)?;
        let (Some(view), Some(query)) = (relation.view(), &range.view) else {
            return Err(NotShipped::because("a view is not expanded"));
        };
        let parsed = medley_sql::parse_query(&view.query).map_err(NotShipped::because)?;
        let text = Text { text: &parsed.text, byte: parsed.span.start, position: parsed.position };
        let sql = self.text(&text, &parsed.ast, query)?.sql;
        let live: Vec<_> = relation.live_columns().map(|c| quote_identifier(&c.name)).collect();
        let name = quote_identifier(columns.name.as_deref().unwrap_or(&relation.name)).into_owned();
        let fence = if view.security_barrier() { " OFFSET 0" } else { "" };
        Ok(format!("(SELECT * FROM ({sql}) {name}({}){fence})", live.join(", ")))
    }

    fn relation(&self, range: &RelationRange) -> Shippable<Arc<Relation>> {
        let relation = self.context.snapshot.relation(range.oid);
        relation.cloned().ok_or_else(|| NotShipped::because("a relation is gone"))
    }

    /// All of its columns are named at the remote, so that all of them must be readable here.
    fn may_read_whole(&self, relation: &Relation, range: &RelationRange) -> Shippable<()> {
        let actor = self.context.snapshot.actor(range.check_as);
        let mut columns = relation.live_columns();
        match columns.all(|it| actor.has_on_column(relation, it.number, Privileges::SELECT)) {
            true => Ok(()),
            false => Err(NotShipped::because(format_args!(
                "the privileges on \"{}\" are on some of its columns only",
                relation.name
            ))),
        }
    }

    /// A value by which something is ordered.
    fn ordered(&mut self, t: Option<PgType>) -> Shippable<()> {
        match t.map_or(Order::Other, signature::order_of) {
            Order::Same => Ok(()),
            Order::Database => {
                self.needs.order = true;
                Ok(())
            }
            Order::Other => Err(NotShipped::because("something is ordered in a way of its own")),
        }
    }

    fn function(&mut self, function: &Function, expr: &Expr) -> Shippable<()> {
        let known = signature::of(function).ok_or_else(|| {
            NotShipped::because(format_args!("function {}() is not shippable", function.name))
        })?;
        self.needs.version = self.needs.version.max(known.since);
        self.needs.letters |= known.reads_letters
            && (expr.children().iter()).any(|it| !signature::BYTE_ORDER.contains(&it.t.collation));
        if known.orders {
            expr.children().iter().try_for_each(|it| self.ordered(Some(it.t)))?;
        }
        Ok(())
    }

    fn expr(
        &mut self,
        text: &Text<'_>,
        expr: &Expr,
        around: &[&Query],
        edits: &mut Vec<Edit>,
    ) -> Shippable<()> {
        if let Some((value, is_call)) = session_value_of(expr)? {
            return self.session_value(text, expr, around, edits, (value, is_call));
        }
        self.typed(expr)?;
        self.kind(text, expr)?;
        if let ExprKind::Coerce(coerce) = &expr.kind
            && coerce.conversion == Conversion::Text
        {
            // What a shippable type prints, and what it reads, is a value.
            return Ok(());
        }
        expr.calls().into_iter().try_for_each(|function| self.function(function, expr))
    }

    fn typed(&self, expr: &Expr) -> Shippable<()> {
        match (&expr.kind, expr.t.oid.0) {
            (ExprKind::Constant(Some(name)), REGCONFIG) => {
                match signature::is_known_configuration(name) {
                    true => Ok(()),
                    false => Err(NotShipped::because(format_args!(
                        "text search configuration \"{name}\" is not known to be there"
                    ))),
                }
            }
            (ExprKind::Function(call), RECORD) if signature::has_known_columns(call.function) => {
                Ok(())
            }
            _ => shippable_type(expr.t),
        }
    }

    /// Kinds that are not named are not sent.
    fn kind(&mut self, text: &Text<'_>, expr: &Expr) -> Shippable<()> {
        match &expr.kind {
            ExprKind::Column(column) if column.number <= 0 => {
                Err(NotShipped::because("it reads a system column"))
            }
            ExprKind::Constant(_) => self.constant(text, expr),
            ExprKind::Greatest(all) | ExprKind::Least(all) => {
                all.iter().try_for_each(|it| self.ordered(Some(it.t)))
            }
            ExprKind::Aggregate(call) => {
                let keys: &[AggregateKey] = &call.order_by;
                keys.iter().try_for_each(|key| self.ordered(Some(key.expr.t)))
            }
            ExprKind::Collate(_, collation, name) => {
                let is_anywhere = signature::BYTE_ORDER.contains(collation)
                    || *collation == CollationOid::DEFAULT;
                match is_anywhere {
                    true => Ok(()),
                    false => Err(NotShipped::because(format_args!(
                        "collation \"{name}\" may be another at the remote"
                    ))),
                }
            }
            ExprKind::Column(_)
            | ExprKind::Parameter(_)
            | ExprKind::Function(_)
            | ExprKind::Operator(_)
            | ExprKind::ArrayComparison(_)
            | ExprKind::Bool(..)
            | ExprKind::NullTest(..)
            | ExprKind::TruthTest(..)
            | ExprKind::Distinct(_)
            | ExprKind::NullIf(_)
            | ExprKind::Case(_)
            | ExprKind::CaseOperand
            | ExprKind::Coalesce(_)
            | ExprKind::Array(..)
            | ExprKind::Subscript(..)
            | ExprKind::Subquery(_)
            | ExprKind::SubqueryColumn(_)
            | ExprKind::Window(_)
            | ExprKind::Coerce(_) => Ok(()),
            _ => Err(NotShipped::because("an expression is of a kind that is not shippable")),
        }
    }

    /// `'now'::timestamptz` is another time at the remote.
    fn constant(&self, text: &Text<'_>, expr: &Expr) -> Shippable<()> {
        let is_time =
            expr.t.element().unwrap_or(expr.t).info().is_some_and(|it| it.category == 'D');
        let written = expr.position.and_then(|position| text.text.get(text.byte_at(position)?..));
        let (true, Some(written)) = (is_time, written) else { return Ok(()) };
        let literal =
            written.split_inclusive('\'').take(2).collect::<String>().to_ascii_lowercase();
        let told = ["now", "today", "tomorrow", "yesterday"];
        let plain = literal.starts_with('\'') || !written.starts_with(['e', 'E', 'u', 'U', '$']);
        match plain && !told.iter().any(|word| literal.contains(word)) {
            true => Ok(()),
            false => Err(NotShipped::because("a constant depends on when it is read")),
        }
    }

    /// The remote is told the value, as one more parameter.
    fn session_value(
        &mut self,
        text: &Text<'_>,
        expr: &Expr,
        around: &[&Query],
        edits: &mut Vec<Edit>,
        (value, is_call): (SessionValue, bool),
    ) -> Shippable<()> {
        let unknown = || NotShipped::because("a value of the session's stands in an unknown place");
        let start =
            expr.position.and_then(|position| text.byte_at(position)).ok_or_else(unknown)?;
        let span = session_value::span(text.text, start, is_call).ok_or_else(unknown)?;
        let known = self.session_values.iter().position(|known| *known == value);
        let index = known.unwrap_or_else(|| {
            self.session_values.push(value);
            self.session_values.len() - 1
        });
        let mut said = format!("(${})", self.parameters + index + 1);
        if let Some(name) = named_after(expr, around)
            && session_value::ends_item(text.text, span.end)
        {
            said.push_str(&format!(" AS {}", quote_identifier(name)));
        }
        edits.push(Edit { span, said });
        Ok(())
    }
}

/// A column that is called after a value of the session's, and is more than that, would be called
/// otherwise at the remote.
fn keeps_name(target: &Target) -> Shippable<()> {
    let is_so = session_value_of(&target.expr)?.is_some();
    let inside = || {
        visit_expr(&target.expr, &mut |node, _| match node {
            Node::Expr(expr) if matches!(session_value_of(expr), Ok(Some(_))) => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    };
    match !is_so && session_value::WORDS.contains(&target.name.as_str()) && inside() {
        true => Err(NotShipped::because("a column is called after a value of the session's")),
        false => Ok(()),
    }
}

/// Each word that tells of the session is replaced: an expression that was written twice is in
/// the tree once.
fn check_words(text: &str, edits: &[Edit]) -> Shippable<()> {
    let told = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| session_value::is_told(word)).count()
    };
    let replaced: usize =
        edits.iter().filter_map(|edit| text.get(edit.span.clone())).map(told).sum();
    match edits.iter().any(|edit| edit.said.starts_with("($")) && told(text) != replaced {
        true => Err(NotShipped::because("a value of the session's is named in several places")),
        false => Ok(()),
    }
}

/// `TABLE t` takes a name alone; what stands for the name here is a query.
fn check_table_commands(text: &str, edits: &[Edit]) -> Shippable<()> {
    let follows_table = |edit: &Edit| {
        let before = text.get(..edit.span.start).unwrap_or_default();
        let word = before.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
        word.is_some_and(|word| word.eq_ignore_ascii_case("table"))
    };
    match edits.iter().any(follows_table) {
        true => Err(NotShipped::because("it is a TABLE command")),
        false => Ok(()),
    }
}

/// The name of the column that this expression is all of.
fn named_after<'q>(expr: &Expr, around: &[&'q Query]) -> Option<&'q str> {
    let query = around.last()?;
    let mut targets = query.targets.iter().filter(|target| !target.junk);
    let target =
        targets.find(|target| target.expr.position == expr.position && target.expr == *expr);
    target.map(|target| target.name.as_str())
}

fn target_type(query: &Query, target: usize) -> Option<PgType> {
    query.targets.get(target).map(|target| target.expr.t)
}

fn shippable_type(t: PgType) -> Shippable<()> {
    match signature::is_shippable_type(t) {
        true => Ok(()),
        false => Err(NotShipped::because(format_args!("type {t} is not shippable"))),
    }
}

/// What an expression tells of the session, if it does, and whether it is written as a call.
fn session_value_of(expr: &Expr) -> Shippable<Option<(SessionValue, bool)>> {
    let refused = || NotShipped::because("a value of the session's is not known here");
    Ok(match &expr.kind {
        ExprKind::Function(call) if call.arguments.is_empty() => {
            call.builtin().and_then(SessionValue::of_function).map(|value| (value, true))
        }
        ExprKind::SqlValue(_) if expr.t.typmod != -1 => return Err(refused()),
        ExprKind::SqlValue(value) => Some((
            match value {
                SqlValue::CurrentTimestamp => SessionValue::TransactionTime,
                SqlValue::CurrentDate => SessionValue::CurrentDate,
                SqlValue::CurrentRole | SqlValue::CurrentUser | SqlValue::User => {
                    SessionValue::CurrentUser
                }
                SqlValue::SessionUser => SessionValue::SessionUser,
                SqlValue::CurrentCatalog => SessionValue::Database,
                _ => return Err(refused()),
            },
            false,
        )),
        _ => None,
    })
}
