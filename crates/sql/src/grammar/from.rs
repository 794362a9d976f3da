//! FROM.
use super::select::Clauses;
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// What parentheses in FROM enclose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Enclosed {
    Query(Clauses),
    Join,
}

impl Parser<'_> {
    /// `from_list`.
    pub(crate) fn tables(&mut self) -> Result<()> {
        self.several(Self::table_ref)
    }

    /// `table_ref`, its joins included.
    pub(super) fn table_ref(&mut self) -> Result<()> {
        self.single_table()?;
        self.joins().map(drop)
    }

    /// Joins behind a table; false if there is none.
    fn joins(&mut self) -> Result<bool> {
        let mut any = false;
        while self.join()? {
            any = true;
        }
        Ok(any)
    }

    fn join(&mut self) -> Result<bool> {
        if self.eat("cross") {
            self.expect("join")?;
            self.single_table()?;
            return Ok(true);
        }
        let natural = self.eat("natural");
        let kind = match self.word() {
            "full" | "left" | "right" => {
                self.advance();
                self.eat("outer");
                true
            }
            "inner" => {
                self.advance();
                true
            }
            _ => natural,
        };
        if !kind && !self.is("join") {
            return Ok(false);
        }
        self.expect("join")?;
        if natural {
            self.single_table()?;
            return Ok(true);
        }
        self.nested(Self::table_ref)?;
        self.join_condition()?;
        Ok(true)
    }

    fn join_condition(&mut self) -> Result<()> {
        if self.eat("using") {
            self.enclosed_names()?;
            return if self.eat("as") { self.col_id() } else { Ok(()) };
        }
        self.expect("on")?;
        self.a_expr()
    }

    /// A `table_ref` without joins, but in parentheses.
    fn single_table(&mut self) -> Result<()> {
        if self.eat("lateral") {
            if self.is_char('(') {
                self.select_with_parens()?;
                return self.maybe_alias();
            }
            return self.table_function();
        }
        if self.is_char('(') {
            self.parenthesized_table()?;
            return self.maybe_alias();
        }
        if self.is("only") {
            self.relation_expr()?;
            return self.behind_relation();
        }
        if self.begins_table_function() {
            return self.table_function();
        }
        let from = self.at;
        let plain = self.is_type_function_name(0);
        let relation = self.is_col_id(0);
        self.take_if(plain || relation)?;
        if plain && self.is_char('(') {
            self.at = from;
            return self.table_function();
        }
        if !relation {
            return self.unexpected();
        }
        let indirection = self.indirection()?;
        if indirection.any && indirection.names_only && self.is_char('(') {
            self.at = from;
            return self.table_function();
        }
        self.short_relation_name(from, indirection)?;
        self.eat_char('*');
        self.behind_relation()
    }

    /// An alias and TABLESAMPLE.
    fn behind_relation(&mut self) -> Result<()> {
        self.maybe_alias()?;
        if !self.eat("tablesample") {
            return Ok(());
        }
        self.function_name()?;
        self.enclosed(Self::expr_list)?;
        if self.eat("repeatable") { self.enclosed(Self::a_expr) } else { Ok(()) }
    }

    /// `func_name`.
    pub(crate) fn function_name(&mut self) -> Result<()> {
        if !self.is_col_id(0) {
            return self.take_if(self.is_type_function_name(0));
        }
        let alone = self.is_type_function_name(0);
        self.advance();
        let indirection = self.indirection()?;
        if (alone || indirection.any) && indirection.names_only {
            return Ok(());
        }
        self.unexpected()
    }

    fn begins_table_function(&self) -> bool {
        let opens = self.peek_at(1).kind == TokenKind::Char('(');
        self.begins_special_call()
            || (self.is("rows") && self.word_at(1) == "from")
            || (opens && matches!(self.word(), "xmltable" | "json_table"))
    }

    /// `func_table`, XMLTABLE or JSON_TABLE, with its alias.
    fn table_function(&mut self) -> Result<()> {
        let opens = self.peek_at(1).kind == TokenKind::Char('(');
        if opens && self.eat("xmltable") {
            self.xml_table()?;
            return self.maybe_alias();
        }
        if opens && self.eat("json_table") {
            self.json_table()?;
            return self.maybe_alias();
        }
        if self.eat("rows from") {
            self.enclosed(|p| {
                p.several(|p| {
                    p.windowless_call()?;
                    if p.eat("as") { p.column_definitions() } else { Ok(()) }
                })
            })?;
        } else {
            self.windowless_call()?;
        }
        if self.is("with") && self.word_at(1) == "ordinality" {
            self.expect("with ordinality")?;
        }
        self.maybe_function_alias()
    }

    /// `'(' TableFuncElementList ')'`.
    fn column_definitions(&mut self) -> Result<()> {
        self.enclosed(|p| p.several(Self::column_definition_of_function))
    }

    fn column_definition_of_function(&mut self) -> Result<()> {
        self.col_id()?;
        self.typename()?;
        if self.eat("collate") { self.any_name() } else { Ok(()) }
    }

    /// `func_alias_clause`.
    fn maybe_function_alias(&mut self) -> Result<()> {
        let as_ = self.eat("as");
        if as_ && self.is_char('(') {
            return self.column_definitions();
        }
        if !as_ && !self.is_col_id(0) {
            return Ok(());
        }
        self.col_id()?;
        if !self.is_char('(') {
            return Ok(());
        }
        let names = matches!(self.peek_at(2).kind, TokenKind::Char(',' | ')'));
        if names { self.enclosed_names() } else { self.column_definitions() }
    }

    /// `opt_alias_clause`.
    fn maybe_alias(&mut self) -> Result<()> {
        let as_ = self.eat("as");
        if !as_ && !self.is_col_id(0) {
            return Ok(());
        }
        self.col_id()?;
        if self.is_char('(') { self.enclosed_names() } else { Ok(()) }
    }

    /// A query or a join in parentheses.
    fn parenthesized_table(&mut self) -> Result<Enclosed> {
        self.enclosed(|p| {
            if p.begins_query() {
                return p.select_no_parens().map(Enclosed::Query);
            }
            if !p.is_char('(') {
                p.single_table()?;
                return p.must_join();
            }
            let inner = p.parenthesized_table()?;
            if let Enclosed::Query(clauses) = inner
                && p.goes_on_as_query()
            {
                return p.rest_of_query(clauses).map(Enclosed::Query);
            }
            if p.is_char(')') {
                return Ok(inner);
            }
            let alias = p.is("as") || p.is_col_id(0);
            p.maybe_alias()?;
            if inner == Enclosed::Join && !alias {
                p.joins()?;
                return Ok(Enclosed::Join);
            }
            p.must_join()
        })
    }

    fn must_join(&mut self) -> Result<Enclosed> {
        if self.joins()? { Ok(Enclosed::Join) } else { self.unexpected() }
    }
}
