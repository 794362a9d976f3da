//! Types, and constants with their type before them.
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// Types of one word that take nothing.
const PLAIN: &[&str] = &["int", "integer", "smallint", "bigint", "real", "boolean", "json"];

/// Types that take any expressions as modifiers.
const MODIFIED: &[&str] = &["decimal", "dec", "numeric", "bit"];

const CHARACTERS: &[&str] = &["character", "char", "varchar", "nchar", "national"];

impl Parser<'_> {
    /// Whether this word is a type's, and a constant of that type.
    pub(super) fn begins_typed_constant(&self, word: &str) -> bool {
        let string = self.is_string_at(1);
        let opens = self.peek_at(1).kind == TokenKind::Char('(');
        let next = self.word_at(1);
        match word {
            "double" => next == "precision",
            "bit" => string || opens || next == "varying",
            "national" => matches!(next, "character" | "char"),
            "time" | "timestamp" => {
                string || opens || (matches!(next, "with" | "without") && self.word_at(2) == "time")
            }
            "interval" | "float" => string || opens,
            _ if PLAIN.contains(&word) => string,
            _ if MODIFIED.contains(&word) => string || opens,
            _ if CHARACTERS.contains(&word) => string || opens || next == "varying",
            _ => false,
        }
    }

    /// `ConstTypename Sconst` and `ConstInterval Sconst opt_interval`.
    pub(super) fn typed_constant(&mut self) -> Result<()> {
        if !self.eat("interval") {
            self.const_typename()?;
            return self.string_constant();
        }
        if self.is_char('(') {
            self.maybe_precision()?;
            return self.string_constant();
        }
        self.string_constant()?;
        self.interval_fields().map(drop)
    }

    /// A type that has keywords of its own; the intervals apart.
    fn const_typename(&mut self) -> Result<()> {
        let word = self.word();
        self.advance();
        match word {
            "double" => self.expect("precision"),
            "float" => {
                // Precision has its limits, which the reading of types knows.
                self.at -= 1;
                self.simple_type_name(self.position()).map(drop)
            }
            "bit" => {
                self.eat("varying");
                self.maybe_modifiers()
            }
            "time" | "timestamp" => {
                self.maybe_precision()?;
                self.maybe_time_zone()
            }
            _ if MODIFIED.contains(&word) => self.maybe_modifiers(),
            _ if CHARACTERS.contains(&word) => {
                if word == "national" && !self.eat("character") {
                    self.expect("char")?;
                }
                if word != "varchar" {
                    self.eat("varying");
                }
                self.maybe_precision()
            }
            _ => Ok(()),
        }
    }

    /// `AexprConst`.
    pub(super) fn constant(&mut self) -> Result<()> {
        let word = self.word();
        let literal = matches!(
            self.peek().kind,
            TokenKind::Integer | TokenKind::Float | TokenKind::String(_) | TokenKind::Bits
        );
        if literal || matches!(word, "true" | "false" | "null") {
            self.advance();
            return Ok(());
        }
        if self.begins_typed_constant(word) {
            return self.typed_constant();
        }
        self.function_name()?;
        if self.is_char('(') {
            self.enclosed(Self::expr_list)?;
        }
        self.string_constant()
    }

    fn maybe_time_zone(&mut self) -> Result<()> {
        let with = matches!(self.word(), "with" | "without") && self.word_at(1) == "time";
        if with {
            self.advance();
            self.expect("time zone")?;
        }
        Ok(())
    }

    /// `opt_type_modifiers`.
    fn maybe_modifiers(&mut self) -> Result<()> {
        if self.is_char('(') { self.enclosed(Self::expr_list) } else { Ok(()) }
    }

    /// `Typename`.
    pub(crate) fn typename(&mut self) -> Result<()> {
        self.eat("setof");
        self.simple_typename()?;
        if self.eat("array") {
            if self.is_char('[') {
                self.array_bound(false)?;
            }
            return Ok(());
        }
        while self.is_char('[') {
            self.array_bound(true)?;
        }
        Ok(())
    }

    /// `func_type`.
    pub(crate) fn func_type(&mut self) -> Result<()> {
        self.typename()?;
        if self.is_char('%') && self.word_at(1) == "type" {
            self.advance();
            self.advance();
        }
        Ok(())
    }

    fn array_bound(&mut self, may_be_empty: bool) -> Result<()> {
        self.expect_char('[')?;
        if !may_be_empty || !self.is_char(']') {
            self.integer_constant()?;
        }
        self.expect_char(']')
    }

    /// `SimpleTypename`.
    pub(super) fn simple_typename(&mut self) -> Result<()> {
        let word = self.word();
        let has_keywords = [PLAIN, MODIFIED, CHARACTERS].iter().any(|words| words.contains(&word))
            || matches!(word, "float" | "time" | "timestamp")
            || (word == "double" && self.word_at(1) == "precision");
        if has_keywords {
            return self.const_typename();
        }
        if self.eat("interval") {
            if self.is_char('(') {
                return self.maybe_precision();
            }
            return self.interval_fields().map(drop);
        }
        self.take_if(self.is_type_function_name(0))?;
        while self.eat_char('.') {
            self.col_label()?;
        }
        self.maybe_modifiers()
    }
}
