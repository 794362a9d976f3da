//! Expressions: operators and what holds them together.
use super::operand::Operand;
use super::precedence::{Level, Pending};
use super::select::Clauses;
use crate::SyntaxError;
use crate::keyword::Keyword;
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// Which expression it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `a_expr`.
    Any,
    /// An `a_expr` that a bare label may follow: AND, IS, LIKE and more may be that label.
    Labelled,
    /// The `a_expr` of SUBSTRING, which SIMILAR without TO may follow.
    Substring,
    /// `b_expr`, which knows no word but IS DISTINCT FROM and IS DOCUMENT.
    Restricted,
}

/// What an expression turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `c_expr`: one operand.
    Operand,
    /// There are operators.
    Compound,
}

/// What parentheses enclose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// A query, and what it has.
    Query(Clauses),
    /// A query in parentheses of its own.
    Enclosed(Clauses),
    /// One expression.
    One,
    /// Several.
    Many,
}

/// What follows the list of a query's columns: an operator's word before one of these is a label.
pub(super) const BEHIND_LABEL: &[&str] = &[
    "into",
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
    "returning",
    "on",
    "with",
    // In CREATE SCHEMA.
    "create",
    "grant",
];

const NORMAL_FORMS: &[&str] = &["nfc", "nfd", "nfkc", "nfkd"];

impl Parser<'_> {
    /// `a_expr`.
    pub(crate) fn a_expr(&mut self) -> Result<()> {
        self.expression_of(Kind::Any).map(drop)
    }

    /// `b_expr`.
    pub(crate) fn b_expr(&mut self) -> Result<()> {
        self.expression_of(Kind::Restricted).map(drop)
    }

    /// `c_expr`.
    pub(super) fn c_expr(&mut self) -> Result<()> {
        match self.operand(Kind::Restricted)? {
            Operand::Row | Operand::Plain => Ok(()),
            Operand::Whole => self.unexpected(),
        }
    }

    /// `expr_list`.
    pub(super) fn expr_list(&mut self) -> Result<()> {
        self.several(Self::a_expr)
    }

    pub(super) fn expression_of(&mut self, kind: Kind) -> Result<Shape> {
        let mut pending = Pending::default();
        self.operand_with_signs(kind, &mut pending)?;
        self.rest_of_expression(kind, pending)
    }

    /// What follows an operand that was read already.
    fn rest_of_expression(&mut self, kind: Kind, mut pending: Pending) -> Result<Shape> {
        let mut shape = if pending.is_empty() { Shape::Operand } else { Shape::Compound };
        while self.operator(kind, &mut pending)? {
            shape = Shape::Compound;
        }
        Ok(shape)
    }

    /// An operand, and the signs and NOTs before it.
    fn operand_with_signs(&mut self, kind: Kind, pending: &mut Pending) -> Result<()> {
        while let Some(level) = self.sign(kind)? {
            pending.push(level);
        }
        let operand = self.operand(kind)?;
        if operand == Operand::Row && kind != Kind::Restricted && self.eat("overlaps") {
            return self.row();
        }
        Ok(())
    }

    /// `row`: at least two in parentheses, or ROW and any.
    fn row(&mut self) -> Result<()> {
        if self.eat("row") {
            return self.enclosed(|p| if p.is_char(')') { Ok(()) } else { p.expr_list() });
        }
        self.enclosed(|p| {
            p.a_expr()?;
            p.expect_char(',')?;
            p.expr_list()
        })
    }

    /// An operator before its operand.
    fn sign(&mut self, kind: Kind) -> Result<Option<Level>> {
        let level = match self.peek().kind {
            TokenKind::Char('+' | '-') => Level::Unary,
            TokenKind::Operator if !self.is_comparison() => Level::Other,
            TokenKind::Keyword(word) if word.word == "not" && kind != Kind::Restricted => {
                Level::Not
            }
            TokenKind::Keyword(word) if word.word == "operator" && self.opens(1) => {
                self.named_operator()?;
                return Ok(Some(Level::Other));
            }
            _ => return Ok(None),
        };
        self.advance();
        // Here alone NOT IN is no word of its own.
        if level == Level::Not && self.is("in") {
            let (token, position) = (self.written(self.peek()).to_owned(), self.position());
            return Err(Box::new(SyntaxError::AtToken { token, position }));
        }
        Ok(Some(level))
    }

    fn opens(&self, ahead: usize) -> bool {
        self.peek_at(ahead).kind == TokenKind::Char('(')
    }

    /// `<=`, `>=`, `<>` and `!=`, which bind like `=`.
    fn is_comparison(&self) -> bool {
        matches!(self.written(self.peek()), "<=" | ">=" | "<>" | "!=")
    }

    /// `OPERATOR(s.+)`.
    pub(super) fn named_operator(&mut self) -> Result<()> {
        self.expect("operator")?;
        self.enclosed(Self::dotted_operator)
    }

    /// `any_operator`: `s.+`.
    pub(crate) fn dotted_operator(&mut self) -> Result<()> {
        while self.is_col_id(0) {
            self.advance();
            self.expect_char('.')?;
        }
        self.bare_operator()
    }

    /// `all_Op`.
    fn bare_operator(&mut self) -> Result<()> {
        let operator = match self.peek().kind {
            TokenKind::Operator => true,
            TokenKind::Char(c) => "+-*/%^<>=".contains(c),
            _ => false,
        };
        self.take_if(operator)
    }

    /// `qual_all_Op`.
    pub(crate) fn any_operator(&mut self) -> Result<()> {
        if self.is("operator") { self.named_operator() } else { self.bare_operator() }
    }

    /// One operator with what it needs to its right; false where there is none.
    fn operator(&mut self, kind: Kind, pending: &mut Pending) -> Result<bool> {
        let level = match self.peek().kind {
            TokenKind::Char('+' | '-') => Level::Plus,
            TokenKind::Char('*' | '/' | '%') => Level::Times,
            TokenKind::Char('^') => Level::Power,
            TokenKind::Char('<' | '>' | '=') => Level::Comparison,
            TokenKind::Operator if self.is_comparison() => Level::Comparison,
            TokenKind::Operator => Level::Other,
            TokenKind::Symbol("::") => {
                pending.reduce(Level::Cast, self)?;
                self.advance();
                return self.typename().map(|()| true);
            }
            TokenKind::Keyword(keyword) => return self.word_operator(keyword, kind, pending),
            _ => return Ok(false),
        };
        pending.reduce(level, self)?;
        self.advance();
        self.right_operand(level, kind, pending)?;
        Ok(true)
    }

    /// An operand, or ANY, SOME or ALL and a set of them.
    fn right_operand(&mut self, level: Level, kind: Kind, pending: &mut Pending) -> Result<()> {
        if kind != Kind::Restricted && self.eat_one_of(&["any", "some", "all"]).is_some() {
            return self.one_or_query();
        }
        pending.push(level);
        self.operand_with_signs(kind, pending)
    }

    /// `select_with_parens` or one expression in parentheses.
    fn one_or_query(&mut self) -> Result<()> {
        self.parentheses_of_at_most(1).map(drop)
    }

    fn word_operator(
        &mut self,
        keyword: &Keyword,
        kind: Kind,
        pending: &mut Pending,
    ) -> Result<bool> {
        let Some(level) = self.level_of(keyword.word, kind) else { return Ok(false) };
        if level == Level::Escape {
            return self.escape(kind, pending);
        }
        pending.reduce(level, self)?;
        let alone = pending.is_empty();
        if alone && kind == Kind::Labelled && keyword.bare_label && self.ends_label(1) {
            return Ok(false);
        }
        if alone && kind == Kind::Substring && self.is("similar") && self.word_at(1) != "to" {
            return Ok(false);
        }
        self.behind_word(keyword.word, kind, pending)?;
        Ok(true)
    }

    /// How tightly a word binds, if it is an operator here.
    fn level_of(&self, word: &str, kind: Kind) -> Option<Level> {
        const LIKES: &[&str] = &["between", "in", "like", "ilike", "similar"];
        let level = match word {
            "is" => Level::Is,
            "operator" if self.opens(1) => Level::Other,
            _ if kind == Kind::Restricted => return None,
            "or" => Level::Or,
            "and" => Level::And,
            "isnull" | "notnull" => Level::Is,
            "not" if LIKES.contains(&self.word_at(1)) => Level::Like,
            "escape" => Level::Escape,
            "at" => Level::AtTimeZone,
            "collate" => Level::Collate,
            word if LIKES.contains(&word) => Level::Like,
            _ => return None,
        };
        Some(level)
    }

    /// Whether what comes there can follow a label.
    fn ends_label(&self, ahead: usize) -> bool {
        match self.peek_at(ahead).kind {
            TokenKind::End | TokenKind::Char(',' | ')' | ';') => true,
            TokenKind::Keyword(keyword) => BEHIND_LABEL.contains(&keyword.word),
            _ => false,
        }
    }

    fn escape(&mut self, kind: Kind, pending: &mut Pending) -> Result<bool> {
        if !pending.escape() {
            return Ok(false);
        }
        self.advance();
        self.operand_with_signs(kind, pending)?;
        Ok(true)
    }

    /// The rest of an operator, from its word.
    fn behind_word(&mut self, word: &str, kind: Kind, pending: &mut Pending) -> Result<()> {
        if word == "operator" {
            self.named_operator()?;
            return self.right_operand(Level::Other, kind, pending);
        }
        self.advance();
        match word {
            "not" => {
                let word = self.word();
                self.behind_word(word, kind, pending)
            }
            "or" => self.binary(Level::Or, kind, pending),
            "and" => self.binary(Level::And, kind, pending),
            "like" | "ilike" => {
                if self.eat_one_of(&["any", "some", "all"]).is_some() {
                    return self.one_or_query();
                }
                pending.push_like();
                self.operand_with_signs(kind, pending)
            }
            "similar" => {
                self.expect("to")?;
                pending.push_like();
                self.operand_with_signs(kind, pending)
            }
            "between" => self.between(kind, pending),
            "in" => self.parentheses_of_at_most(usize::MAX).map(drop),
            "is" => self.behind_is(kind, pending),
            "at" if self.eat("local") => Ok(()),
            "at" => {
                self.expect("time zone")?;
                self.binary(Level::AtTimeZone, kind, pending)
            }
            "collate" => self.any_name(),
            _ => Ok(()),
        }
    }

    fn binary(&mut self, level: Level, kind: Kind, pending: &mut Pending) -> Result<()> {
        pending.push(level);
        self.operand_with_signs(kind, pending)
    }

    fn between(&mut self, kind: Kind, pending: &mut Pending) -> Result<()> {
        let _ = self.eat("symmetric") || self.eat("asymmetric");
        self.b_expr()?;
        self.expect("and")?;
        self.binary(Level::Like, kind, pending)
    }

    fn behind_is(&mut self, kind: Kind, pending: &mut Pending) -> Result<()> {
        self.eat("not");
        if self.eat("distinct") {
            self.expect("from")?;
            return self.binary(Level::Is, kind, pending);
        }
        if self.eat("document") {
            return Ok(());
        }
        if kind == Kind::Restricted {
            return self.unexpected();
        }
        let values = ["null", "true", "false", "unknown", "normalized"];
        if self.eat_one_of(&values).is_some() {
            return Ok(());
        }
        if self.eat_one_of(NORMAL_FORMS).is_some() {
            return self.expect("normalized");
        }
        self.expect("json")?;
        self.eat_one_of(&["value", "array", "object", "scalar"]);
        self.maybe_unique_keys()
    }

    /// A query in parentheses, or so many expressions.
    fn parentheses_of_at_most(&mut self, most: usize) -> Result<Inside> {
        self.expect_char('(')?;
        let inside = self.nested(|p| p.inside_parentheses(most))?;
        self.expect_char(')')?;
        Ok(inside)
    }

    /// `select_with_parens`, or a row, or an expression in parentheses.
    pub(super) fn parentheses(&mut self) -> Result<Inside> {
        self.parentheses_of_at_most(usize::MAX)
    }

    fn inside_parentheses(&mut self, most: usize) -> Result<Inside> {
        let first = match self.query_or_expression()? {
            Inside::Enclosed(clauses) => Inside::Query(clauses),
            first => first,
        };
        if first != Inside::One || most == 1 || !self.eat_char(',') {
            return Ok(first);
        }
        self.expr_list()?;
        Ok(Inside::Many)
    }

    /// `select_no_parens` or `a_expr`, before a comma or a parenthesis.
    pub(super) fn query_or_expression(&mut self) -> Result<Inside> {
        if self.begins_query() {
            return self.select_no_parens().map(Inside::Query);
        }
        let mut pending = Pending::default();
        let mut whole = None;
        if self.is_char('(') {
            let inner = self.parentheses()?;
            if let Inside::Query(clauses) = inner {
                if self.goes_on_as_query() {
                    return self.rest_of_query(clauses).map(Inside::Query);
                }
                whole = Some(Inside::Enclosed(clauses)).filter(|_| self.is_char(')'));
            }
            self.behind_parentheses(inner)?;
        } else {
            self.operand_with_signs(Kind::Any, &mut pending)?;
        }
        self.rest_of_expression(Kind::Any, pending)?;
        Ok(whole.unwrap_or(Inside::One))
    }

    /// A parenthesis that was read is the first operand of an expression.
    fn behind_parentheses(&mut self, inside: Inside) -> Result<()> {
        if inside != Inside::Many {
            return self.indirection().map(drop);
        }
        if self.eat("overlaps") {
            return self.row();
        }
        Ok(())
    }

    /// `WITH UNIQUE [KEYS]` or `WITHOUT UNIQUE [KEYS]`, if it is there.
    pub(super) fn maybe_unique_keys(&mut self) -> Result<()> {
        let zone = matches!(self.word_at(1), "time" | "ordinality");
        if (self.is("with") || self.is("without")) && !zone {
            self.advance();
            self.expect("unique")?;
            self.eat("keys");
        }
        Ok(())
    }

    /// One of the normal forms of Unicode.
    pub(super) fn normal_form(&mut self) -> Result<()> {
        match self.eat_one_of(NORMAL_FORMS) {
            Some(_) => Ok(()),
            None => self.unexpected(),
        }
    }
}
