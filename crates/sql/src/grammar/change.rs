//! INSERT, UPDATE, DELETE, MERGE.
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

impl Parser<'_> {
    /// `PreparableStmt`: a query or a change of rows.
    pub(crate) fn preparable_stmt(&mut self) -> Result<()> {
        let with = self.is("with").then(|| self.position());
        if with.is_some() {
            self.with_clause()?;
        }
        match self.word() {
            "insert" => self.insert(),
            "update" => self.update(),
            "delete" => self.delete(),
            "merge" => self.merge(),
            _ => self.behind_with(with).map(drop),
        }
    }

    fn insert(&mut self) -> Result<()> {
        self.expect("insert into")?;
        self.relation_name()?;
        if self.eat("as") {
            self.col_id()?;
        }
        if self.eat("default") {
            self.expect("values")?;
        } else {
            if self.is_char('(') && !self.query_begins_in_parentheses() {
                self.insert_columns()?;
            }
            self.maybe_overriding()?;
            self.select_stmt()?;
        }
        self.maybe_on_conflict()?;
        self.maybe_returning()
    }

    /// Whether a parenthesis encloses a query and no columns.
    fn query_begins_in_parentheses(&self) -> bool {
        match self.word_at(1) {
            "select" | "with" | "table" => true,
            "values" => self.peek_at(2).kind == TokenKind::Char('('),
            _ => self.peek_at(1).kind == TokenKind::Char('('),
        }
    }

    fn insert_columns(&mut self) -> Result<()> {
        self.enclosed(|p| p.several(Self::set_target))
    }

    fn maybe_overriding(&mut self) -> Result<()> {
        if !self.eat("overriding") {
            return Ok(());
        }
        if !self.eat("user") {
            self.expect("system")?;
        }
        self.expect("value")
    }

    fn maybe_on_conflict(&mut self) -> Result<()> {
        if !self.eat("on") {
            return Ok(());
        }
        self.expect("conflict")?;
        if self.eat("on") {
            self.expect("constraint")?;
            self.col_id()?;
        } else if self.is_char('(') {
            self.enclosed(|p| p.several(Self::index_element))?;
            self.maybe_where()?;
        }
        self.expect("do")?;
        if self.eat("nothing") {
            return Ok(());
        }
        self.expect("update set")?;
        self.set_list()?;
        self.maybe_where()
    }

    /// `index_elem`.
    pub(crate) fn index_element(&mut self) -> Result<()> {
        self.partition_key()?;
        if self.is_char('(') {
            self.relation_options()?;
        }
        let _ = self.eat("asc") || self.eat("desc");
        self.maybe_nulls()
    }

    /// `part_elem`: something indexed, its collation, its operator class.
    pub(crate) fn partition_key(&mut self) -> Result<()> {
        self.indexed()?;
        if self.eat("collate") {
            self.any_name()?;
        }
        let class = !self.begins_nulls() && self.is_col_id(0);
        if class { self.any_name() } else { Ok(()) }
    }

    /// A column, a call, or an expression in parentheses.
    pub(crate) fn indexed(&mut self) -> Result<()> {
        let opens = self.peek_at(1).kind == TokenKind::Char('(');
        let dotted = matches!(self.peek_at(1).kind, TokenKind::Char('.' | '['));
        if self.is_char('(') {
            self.enclosed(Self::a_expr)
        } else if opens || dotted || self.begins_special_call() || !self.is_col_id(0) {
            self.windowless_call()
        } else {
            self.col_id()
        }
    }

    fn begins_nulls(&self) -> bool {
        self.is("nulls") && matches!(self.word_at(1), "first" | "last")
    }

    fn maybe_returning(&mut self) -> Result<()> {
        if !self.eat("returning") {
            return Ok(());
        }
        if self.eat("with") {
            self.enclosed(|p| {
                p.several(|p| {
                    if !p.eat("old") {
                        p.expect("new")?;
                    }
                    p.expect("as")?;
                    p.col_id()
                })
            })?;
        }
        self.target_list()
    }

    fn set_target(&mut self) -> Result<()> {
        self.col_id()?;
        self.indirection().map(drop)
    }

    /// `set_clause_list`.
    fn set_list(&mut self) -> Result<()> {
        self.several(|p| {
            match p.is_char('(') {
                true => p.enclosed(|p| p.several(Self::set_target))?,
                false => p.set_target()?,
            }
            p.expect_char('=')?;
            p.a_expr()
        })
    }

    fn update(&mut self) -> Result<()> {
        self.expect("update")?;
        self.relation_with_alias()?;
        self.expect("set")?;
        self.set_list()?;
        if self.eat("from") {
            self.tables()?;
        }
        self.maybe_where_or_current()?;
        self.maybe_returning()
    }

    /// `relation_expr_opt_alias`: SET is no alias.
    fn relation_with_alias(&mut self) -> Result<()> {
        self.relation_expr()?;
        let alias = self.eat("as") || (self.is_col_id(0) && !self.is("set"));
        if alias { self.col_id() } else { Ok(()) }
    }

    fn maybe_where_or_current(&mut self) -> Result<()> {
        if self.are("where current of") {
            self.expect("where current of")?;
            return self.col_id();
        }
        self.maybe_where()
    }

    fn delete(&mut self) -> Result<()> {
        self.expect("delete from")?;
        self.relation_with_alias()?;
        if self.eat("using") {
            self.tables()?;
        }
        self.maybe_where_or_current()?;
        self.maybe_returning()
    }

    fn merge(&mut self) -> Result<()> {
        self.expect("merge into")?;
        self.relation_with_alias()?;
        self.expect("using")?;
        self.table_ref()?;
        self.expect("on")?;
        self.a_expr()?;
        self.expect("when")?;
        loop {
            self.merge_when()?;
            if !self.eat("when") {
                break;
            }
        }
        self.maybe_returning()
    }

    /// Behind WHEN.
    fn merge_when(&mut self) -> Result<()> {
        let inserts = self.eat("not");
        self.expect("matched")?;
        let mut inserts = inserts;
        if inserts && self.eat("by") {
            if self.eat("source") {
                inserts = false;
            } else {
                self.expect("target")?;
            }
        }
        if self.eat("and") {
            self.a_expr()?;
        }
        self.expect("then")?;
        match self.word() {
            "do" => self.expect("do nothing"),
            "insert" if inserts => self.merge_insert(),
            "delete" if !inserts => self.expect("delete"),
            "update" if !inserts => {
                self.expect("update set")?;
                self.set_list()
            }
            _ => self.unexpected(),
        }
    }

    fn merge_insert(&mut self) -> Result<()> {
        self.expect("insert")?;
        if self.eat("default") {
            return self.expect("values");
        }
        if self.is_char('(') {
            self.insert_columns()?;
        }
        self.maybe_overriding()?;
        self.expect("values")?;
        self.enclosed(Self::expr_list)
    }
}
