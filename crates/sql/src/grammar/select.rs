//! SELECT, VALUES, TABLE, WITH, and what they are combined with.
use medley_diagnostic::SqlState;

use super::expression::{BEHIND_LABEL, Kind};
use crate::SyntaxError;
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// What a query has already, when more is hung on it from outside of its parentheses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clauses {
    with: bool,
    sort: bool,
    limit: bool,
    offset: bool,
}

/// LIMIT, FETCH and OFFSET of one query.
#[derive(Default)]
struct Limits {
    /// Where the count stands.
    limit: Option<usize>,
    offset: Option<usize>,
    /// Where WITH TIES stands.
    ties: Option<usize>,
}

const SET_OPERATORS: &[&str] = &["union", "intersect", "except"];

impl Parser<'_> {
    /// Whether a query begins here without a parenthesis.
    pub(super) fn begins_query(&self) -> bool {
        match self.word() {
            "select" | "with" | "table" => true,
            // A column may be called so.
            "values" => self.peek_at(1).kind == TokenKind::Char('('),
            _ => false,
        }
    }

    /// `SelectStmt`.
    pub(crate) fn select_stmt(&mut self) -> Result<()> {
        self.select_no_parens().map(drop)
    }

    /// `select_with_parens`.
    pub(super) fn select_with_parens(&mut self) -> Result<()> {
        self.parenthesized_query().map(drop)
    }

    fn parenthesized_query(&mut self) -> Result<Clauses> {
        self.enclosed(Self::select_no_parens)
    }

    /// `select_no_parens`; one in parentheses will do too.
    pub(super) fn select_no_parens(&mut self) -> Result<Clauses> {
        let with = self.is("with").then(|| self.position());
        if with.is_some() {
            self.with_clause()?;
        }
        self.behind_with(with)
    }

    /// `select_no_parens` behind WITH, which stands there, if there is one.
    pub(super) fn behind_with(&mut self, with: Option<usize>) -> Result<Clauses> {
        self.nested_deeply(|p| p.query_behind_with(with))
    }

    fn query_behind_with(&mut self, with: Option<usize>) -> Result<Clauses> {
        let mut clauses = self.select_clause()?;
        self.select_options(&mut clauses)?;
        if let Some(with) = with {
            if clauses.with {
                return self.action_error("multiple WITH clauses not allowed", with);
            }
            clauses.with = true;
        }
        Ok(clauses)
    }

    /// Whether what follows a query in parentheses makes it a part of a greater one.
    pub(super) fn goes_on_as_query(&self) -> bool {
        const CLAUSES: &[&str] = &["order", "limit", "offset", "fetch", "for"];
        SET_OPERATORS.contains(&self.word()) || CLAUSES.contains(&self.word())
    }

    /// Goes on with the greater one, behind a query in parentheses that has these clauses.
    pub(super) fn rest_of_query(&mut self, mut clauses: Clauses) -> Result<Clauses> {
        self.set_operations(&mut clauses)?;
        self.select_options(&mut clauses)?;
        Ok(clauses)
    }

    /// Operands and set operators.
    fn select_clause(&mut self) -> Result<Clauses> {
        let mut clauses = self.simple_select()?;
        self.set_operations(&mut clauses)?;
        Ok(clauses)
    }

    fn set_operations(&mut self, clauses: &mut Clauses) -> Result<()> {
        while self.eat_one_of(SET_OPERATORS).is_some() {
            let _ = self.eat("all") || self.eat("distinct");
            self.simple_select()?;
            *clauses = Clauses::default();
        }
        Ok(())
    }

    fn simple_select(&mut self) -> Result<Clauses> {
        if self.is_char('(') {
            return self.parenthesized_query();
        }
        match self.word() {
            "select" => self.select_core()?,
            "values" => {
                self.advance();
                self.several(|p| p.enclosed(Self::expr_list))?;
            }
            "table" => {
                self.advance();
                self.relation_expr()?;
            }
            _ => return self.unexpected(),
        }
        Ok(Clauses::default())
    }

    fn select_core(&mut self) -> Result<()> {
        self.expect("select")?;
        if self.eat("distinct") {
            if self.eat("on") {
                self.enclosed(Self::expr_list)?;
            }
            self.target_list()?;
        } else {
            self.eat("all");
            if !self.ends_target_list() {
                self.target_list()?;
            }
        }
        if self.eat("into") {
            self.new_table()?;
        }
        if self.eat("from") {
            self.tables()?;
        }
        self.maybe_where()?;
        self.maybe_group_by()?;
        if self.eat("having") {
            self.a_expr()?;
        }
        if self.eat("window") {
            self.several(|p| {
                p.col_id()?;
                p.expect("as")?;
                p.window_specification()
            })?;
        }
        Ok(())
    }

    /// Whether a list of no columns ends here.
    fn ends_target_list(&self) -> bool {
        match self.peek().kind {
            TokenKind::End | TokenKind::Char(';' | ')') => true,
            TokenKind::Keyword(keyword) => BEHIND_LABEL.contains(&keyword.word),
            _ => false,
        }
    }

    /// `target_list`.
    pub(super) fn target_list(&mut self) -> Result<()> {
        self.several(Self::target)
    }

    fn target(&mut self) -> Result<()> {
        if self.eat_char('*') {
            return Ok(());
        }
        self.expression_of(Kind::Labelled)?;
        if self.eat("as") {
            return self.col_label();
        }
        let label = match self.peek().kind {
            TokenKind::Ident { .. } => true,
            TokenKind::Keyword(keyword) => keyword.bare_label,
            _ => false,
        };
        if label {
            self.advance();
        }
        Ok(())
    }

    /// `OptTempTableName`.
    fn new_table(&mut self) -> Result<()> {
        let scoped = matches!(self.word(), "local" | "global")
            && matches!(self.word_at(1), "temp" | "temporary");
        if scoped {
            self.advance();
            self.advance();
            self.eat("table");
            return self.relation_name();
        }
        let kept = matches!(self.word(), "temp" | "temporary" | "unlogged");
        // A table may be called so.
        if kept && (self.is_col_id(1) || self.word_at(1) == "table") {
            self.advance();
        }
        self.eat("table");
        self.relation_name()
    }

    pub(super) fn maybe_where(&mut self) -> Result<()> {
        if self.eat("where") { self.a_expr() } else { Ok(()) }
    }

    fn maybe_group_by(&mut self) -> Result<()> {
        if !self.eat("group") {
            return Ok(());
        }
        self.expect("by")?;
        let _ = self.eat("all") || self.eat("distinct");
        self.group_by_list()
    }

    fn group_by_list(&mut self) -> Result<()> {
        self.several(|p| {
            let opens = p.peek_at(1).kind == TokenKind::Char('(');
            if p.is_char('(') && p.peek_at(1).kind == TokenKind::Char(')') {
                p.advance();
                p.advance();
                return Ok(());
            }
            match p.word() {
                "cube" | "rollup" if opens => {
                    p.advance();
                    p.enclosed(Self::expr_list)
                }
                "grouping" if p.word_at(1) == "sets" => {
                    p.expect("grouping sets")?;
                    p.enclosed(Self::group_by_list)
                }
                _ => p.a_expr(),
            }
        })
    }

    /// `sort_clause`.
    pub(super) fn sort_clause(&mut self) -> Result<()> {
        self.expect("order by")?;
        self.several(|p| {
            p.a_expr()?;
            if p.eat("using") {
                p.any_operator()?;
            } else {
                let _ = p.eat("asc") || p.eat("desc");
            }
            p.maybe_nulls()
        })
    }

    /// `NULLS FIRST` or `NULLS LAST`.
    pub(super) fn maybe_nulls(&mut self) -> Result<()> {
        if !self.is("nulls") || !matches!(self.word_at(1), "first" | "last") {
            return Ok(());
        }
        self.advance();
        self.advance();
        Ok(())
    }

    /// ORDER BY, LIMIT, OFFSET, FETCH and locks.
    fn select_options(&mut self, clauses: &mut Clauses) -> Result<()> {
        let mut sort = None;
        if self.is("order") {
            sort = Some(self.place_of(2));
            self.sort_clause()?;
        }
        let mut limits = Limits::default();
        let skips = if self.is("for") {
            let skips = self.locks()?;
            self.limits(&mut limits)?;
            skips
        } else {
            self.limits(&mut limits)?;
            if self.is("for") { self.locks()? } else { false }
        };
        self.once(clauses, sort, &limits, skips)
    }

    /// What PostgreSQL's grammar refuses when it hangs these on a query.
    fn once(
        &self,
        clauses: &mut Clauses,
        sort: Option<usize>,
        limits: &Limits,
        skips: bool,
    ) -> Result<()> {
        let twice = [
            (clauses.sort, sort, "multiple ORDER BY clauses not allowed"),
            (clauses.offset, limits.offset, "multiple OFFSET clauses not allowed"),
            (clauses.limit, limits.limit, "multiple LIMIT clauses not allowed"),
        ];
        for (before, position, message) in twice {
            if let (true, Some(position)) = (before, position) {
                return self.action_error(message, position);
            }
        }
        clauses.sort |= sort.is_some();
        clauses.offset |= limits.offset.is_some();
        clauses.limit |= limits.limit.is_some();
        match limits.ties {
            Some(ties) if !clauses.sort => {
                let message = "WITH TIES cannot be specified without ORDER BY clause";
                self.action_error(message, ties)
            }
            Some(ties) if skips => {
                let message = "SKIP LOCKED and WITH TIES options cannot be used together";
                self.action_error(message, ties)
            }
            _ => Ok(()),
        }
    }

    fn limits(&mut self, limits: &mut Limits) -> Result<()> {
        loop {
            match self.word() {
                "limit" | "fetch" if limits.limit.is_none() => {
                    let fetch = self.is("fetch");
                    limits.limit = Some(self.place_of(if fetch { 2 } else { 1 }));
                    if fetch {
                        limits.ties = self.fetch_first()?;
                    } else {
                        self.limit()?;
                    }
                }
                "offset" if limits.offset.is_none() => {
                    limits.offset = Some(self.place_of(1));
                    self.offset()?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn limit(&mut self) -> Result<()> {
        let limit = self.position();
        self.expect("limit")?;
        if !self.eat("all") {
            self.a_expr()?;
        }
        if !self.eat_char(',') {
            return Ok(());
        }
        self.a_expr()?;
        Err(Box::new(SyntaxError::Refused {
            message: "LIMIT #,# syntax is not supported".to_owned(),
            position: Some(limit),
            sqlstate: SqlState::SYNTAX_ERROR,
            hint: Some("Use separate LIMIT and OFFSET clauses."),
        }))
    }

    /// `FETCH FIRST n ROWS ONLY`; where WITH TIES stands, if it does.
    fn fetch_first(&mut self) -> Result<Option<usize>> {
        self.expect("fetch")?;
        if !self.eat("first") {
            self.expect("next")?;
        }
        if !self.is("row") && !self.is("rows") {
            self.fetch_value()?;
        }
        self.row_or_rows()?;
        if self.eat("only") {
            return Ok(None);
        }
        let ties = self.position();
        self.expect("with ties")?;
        Ok(Some(ties))
    }

    fn fetch_value(&mut self) -> Result<()> {
        if !self.eat_char('+') && !self.eat_char('-') {
            return self.c_expr();
        }
        let number = matches!(self.peek().kind, TokenKind::Integer | TokenKind::Float);
        self.take_if(number)
    }

    fn row_or_rows(&mut self) -> Result<()> {
        if self.eat("row") { Ok(()) } else { self.expect("rows") }
    }

    fn offset(&mut self) -> Result<()> {
        self.expect("offset")?;
        let signed = matches!(self.peek().kind, TokenKind::Char('+' | '-'))
            && matches!(self.peek_at(1).kind, TokenKind::Integer | TokenKind::Float)
            && matches!(self.word_at(2), "row" | "rows");
        let shape = self.expression_of(Kind::Any)?;
        if signed || shape == super::expression::Shape::Operand {
            self.eat_one_of(&["row", "rows"]);
        }
        Ok(())
    }

    fn lock_strength(&mut self) -> Result<()> {
        if self.eat("update") {
            return Ok(());
        }
        if self.eat("no") {
            return self.expect("key update");
        }
        self.eat("key");
        self.expect("share")
    }

    /// `for_locking_clause`; true if one of them skips rows.
    fn locks(&mut self) -> Result<bool> {
        if self.eat("for read") {
            self.expect("only")?;
            return Ok(false);
        }
        let mut skips = false;
        while self.eat("for") {
            self.lock_strength()?;
            if self.eat("of") {
                self.several(Self::relation_name)?;
            }
            if self.eat("skip") {
                self.expect("locked")?;
                skips = true;
            } else {
                self.eat("nowait");
            }
        }
        Ok(skips)
    }

    /// `with_clause`.
    pub(super) fn with_clause(&mut self) -> Result<()> {
        self.expect("with")?;
        let name = self.word_at(1) == "as" || self.peek_at(1).kind == TokenKind::Char('(');
        if self.is("recursive") && !name {
            self.advance();
        }
        self.several(Self::common_table)
    }

    fn common_table(&mut self) -> Result<()> {
        self.col_id()?;
        if self.is_char('(') {
            self.enclosed_names()?;
        }
        self.expect("as")?;
        if self.eat("not") {
            self.expect("materialized")?;
        } else {
            self.eat("materialized");
        }
        self.enclosed(Self::preparable_stmt)?;
        self.maybe_search()?;
        self.maybe_cycle()
    }

    fn maybe_search(&mut self) -> Result<()> {
        if !self.eat("search") {
            return Ok(());
        }
        if !self.eat("depth") {
            self.expect("breadth")?;
        }
        self.expect("first by")?;
        self.several(Self::col_id)?;
        self.expect("set")?;
        self.col_id()
    }

    fn maybe_cycle(&mut self) -> Result<()> {
        if !self.eat("cycle") {
            return Ok(());
        }
        self.several(Self::col_id)?;
        self.expect("set")?;
        self.col_id()?;
        if self.eat("to") {
            self.constant()?;
            self.expect("default")?;
            self.constant()?;
        }
        self.expect("using")?;
        self.col_id()
    }
}
