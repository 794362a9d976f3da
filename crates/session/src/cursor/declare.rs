//! DECLARE.
use std::sync::Arc;
use std::time::SystemTime;

use medley_analyze::Scope;
use medley_catalog::Snapshot;
use medley_catalog::ids::RelationOid;
use medley_diagnostic::{Report, SqlState};
use medley_engine::{Parameter, RawFormats, RunOptions};
use medley_sql::query_ast::{self as ast, GroupByExpr, SetExpr, SetOperator, SetQuantifier};
use medley_sql::{DeclareCursor, Query};

use super::tape::Tape;
use super::{Cursor, Position, State};
use crate::locks::read;
use crate::session::Bounds;
use crate::{Output, Session, Status};

impl Session {
    /// Opens a cursor. `text` is what it was declared in.
    pub(crate) async fn declare(
        &mut self,
        declare: &DeclareCursor,
        parameters: &[Parameter],
        text: &Arc<str>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let name = declare.name.as_str();
        if !declare.hold {
            self.check_in_block("DECLARE CURSOR", bounds)?;
        }
        if self.cursors.contains_key(name) || self.portals.contains_key(name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Report::error(SqlState::DUPLICATE_CURSOR, message));
        }
        // A cursor's values are text unless it is BINARY.
        let raw = (!declare.binary).then_some(RawFormats::Text);
        let options = RunOptions { raw, plan: None };
        let token = bounds.token.clone();
        let rows = self.start_query(&declare.query, parameters, options, token, out).await?;
        let scroll = declare.scroll.unwrap_or_else(|| self.can_go_back(&declare.query));
        let columns = rows.columns.clone();
        let style = Arc::clone(self.settings.lock().style());
        let role = self.identity.current_user();
        let kept = scroll.then(|| self.instance.engine.row_store(role));
        let cursor = Cursor {
            columns,
            text: Arc::clone(text),
            binary: declare.binary,
            scroll,
            created: SystemTime::now(),
            hold: declare.hold,
            held: false,
            style,
            level: self.transaction().depth(),
            state: State::At(Position::START),
            tape: Tape::new(rows, kept),
        };
        self.cursors.insert(name.to_owned(), cursor);
        Ok(())
    }

    /// Some statements are of no use where nothing follows.
    pub(crate) fn check_in_block(&self, statement: &str, bounds: &Bounds) -> Result<(), Report> {
        if self.status() == Status::InBlock || !bounds.alone {
            return Ok(());
        }
        let message = format!("{statement} can only be used in transaction blocks");
        Err(Report::error(SqlState::NO_ACTIVE_SQL_TRANSACTION, message))
    }

    /// Whether a cursor may go back that does not say so: where PostgreSQL's plan of the query
    /// could be run backwards too, which that of a foreign table never can.
    fn can_go_back(&mut self, query: &Query) -> bool {
        let readings = self.readings();
        let snapshot = self.snapshot();
        let scope = Scope::new(&snapshot, &readings.search_path, self.identity.current_user());
        let named = medley_analyze::relations(&query.ast, &scope);
        let mut addresses =
            named.iter().flat_map(|it| it.address).flat_map(|it| read(&snapshot, it));
        let is_foreign = |oid| is_foreign(&snapshot, RelationOid(oid));
        !addresses.any(|address| is_foreign(address.oid)) && is_reversible(&query.ast)
    }
}

fn is_foreign(snapshot: &Snapshot, relation: RelationOid) -> bool {
    snapshot.relation(relation).is_some_and(|it| it.foreign_table().is_some())
}

/// What a cursor is refused for, whenever it is declared.
pub(crate) fn check_declared(declare: &DeclareCursor) -> Result<(), Report> {
    if let Some((one, other)) = declare.conflict {
        let message = format!("cannot specify both {one} and {other}");
        return Err(Report::error(SqlState::INVALID_CURSOR_DEFINITION, message));
    }
    if declare.query.changes_rows() {
        let message = "DECLARE CURSOR must not contain data-modifying statements in WITH";
        return Err(Report::error(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    match declare.query.ast.locks.first() {
        Some(lock) => check_locks(declare, &lock.lock_type),
        None => Ok(()),
    }
}

fn check_locks(declare: &DeclareCursor, lock: &ast::LockType) -> Result<(), Report> {
    let lock = match lock {
        ast::LockType::Update => "FOR UPDATE",
        ast::LockType::Share => "FOR SHARE",
    };
    let refuse = |message: String, detail: &str, state| {
        Err(Report::error(state, message).with_detail(detail))
    };
    if declare.hold {
        let message = format!("DECLARE CURSOR WITH HOLD ... {lock} is not supported");
        let detail = "Holdable cursors must be READ ONLY.";
        return refuse(message, detail, SqlState::FEATURE_NOT_SUPPORTED);
    }
    if declare.scroll == Some(true) {
        let message = format!("DECLARE SCROLL CURSOR ... {lock} is not supported");
        let detail = "Scrollable cursors must be READ ONLY.";
        return refuse(message, detail, SqlState::FEATURE_NOT_SUPPORTED);
    }
    if declare.asensitive == Some(false) {
        let message = format!("DECLARE INSENSITIVE CURSOR ... {lock} is not valid");
        let detail = "Insensitive cursors must be READ ONLY.";
        return refuse(message, detail, SqlState::INVALID_CURSOR_DEFINITION);
    }
    Ok(())
}

/// Whether PostgreSQL would run this backwards: what is sorted, and scans of one relation.
fn is_reversible(query: &ast::Query) -> bool {
    query.order_by.is_some() || is_reversible_body(&query.body)
}

fn is_reversible_body(body: &SetExpr) -> bool {
    match body {
        SetExpr::Values(_) => true,
        SetExpr::Query(query) => is_reversible(query),
        SetExpr::Select(select) => is_reversible_select(select),
        SetExpr::SetOperation { op, set_quantifier, left, right } => {
            (op, set_quantifier) == (&SetOperator::Union, &SetQuantifier::All)
                && is_reversible_body(left)
                && is_reversible_body(right)
        }
        _ => false,
    }
}

fn is_reversible_select(select: &ast::Select) -> bool {
    let [from] = select.from.as_slice() else { return false };
    let is_grouped = match &select.group_by {
        GroupByExpr::Expressions(exprs, _) => !exprs.is_empty(),
        GroupByExpr::All(_) => true,
    };
    let computes = select.distinct.is_some() || select.having.is_some() || is_grouped;
    from.joins.is_empty() && !computes && !select.projection.iter().any(has_call)
}

/// An aggregate, a window or a set of rows may be among what is called.
fn has_call(item: &ast::SelectItem) -> bool {
    struct Calls;
    impl ast::Visitor for Calls {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &ast::Expr) -> std::ops::ControlFlow<()> {
            match expr {
                ast::Expr::Function(_) => std::ops::ControlFlow::Break(()),
                _ => std::ops::ControlFlow::Continue(()),
            }
        }
    }
    ast::Visit::visit(item, &mut Calls).is_break()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_run_backwards_is_what_postgresql_says() {
        let check = |sql: &str, expected| {
            let query = medley_sql::parse_query(sql).expect("it is a query");
            assert_eq!(is_reversible(&query.ast), expected, "{sql}");
        };
        check("SELECT 1", false);
        check("VALUES (1), (2)", true);
        check("SELECT * FROM generate_series(1, 3) g", true);
        check("SELECT generate_series(1, 3)", false);
        check("SELECT count(*) FROM generate_series(1, 3) g", false);
        check("SELECT DISTINCT g FROM generate_series(1, 3) g", false);
        check("SELECT * FROM a, b", false);
        check("SELECT * FROM a, b ORDER BY 1", true);
        check("SELECT * FROM a UNION ALL VALUES (1)", true);
        check("SELECT * FROM a UNION VALUES (1)", false);
    }
}
