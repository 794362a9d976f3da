//! PostgreSQL's grammar of queries, changes of rows and expressions, gone over without making a
//! tree: it says whether a text is SQL, where it stops being SQL, and where a query ends inside of
//! another statement. What comes through and sqlparser cannot read is not supported; it is never
//! called wrong.
//!
//! The methods are named after PostgreSQL's productions. Each goes over what it is named after, or
//! stops at the first token that cannot follow, which is where an LALR parser stops too.
//! Operators are reduced on a stack of precedences and not by recursion; what does recurse goes
//! through [`Parser::nested`].
mod change;
mod constant;
mod expression;
mod from;
mod function;
mod json;
mod operand;
mod precedence;
mod select;
mod xml;

use crate::SyntaxError;
use crate::keyword::KeywordCategory;
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// Parentheses, brackets and CASEs within each other.
pub(crate) const MOST_NESTING: usize = 250;

/// For how many of these a query within a query counts, or a call with a grammar of its own,
/// which take as much more stack.
const DEEP_NESTING: usize = 3;

impl Parser<'_> {
    /// Goes one level deeper, if there is one.
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.nested_by(1, inside)
    }

    /// The same for what takes more stack than an expression in parentheses.
    fn nested_deeply<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.nested_by(DEEP_NESTING, inside)
    }

    fn nested_by<T>(
        &mut self,
        levels: usize,
        inside: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.nesting + levels > MOST_NESTING {
            return Err(Box::new(SyntaxError::TooDeep));
        }
        self.nesting += levels;
        let result = inside(self);
        self.nesting -= levels;
        result
    }

    /// Something in parentheses.
    fn enclosed<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.expect_char('(')?;
        let result = self.nested(inside)?;
        self.expect_char(')')?;
        Ok(result)
    }

    /// Some of them, divided by commas; at least one.
    fn several(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        item(self)?;
        while self.eat_char(',') {
            item(self)?;
        }
        Ok(())
    }

    /// `name_list`, in parentheses.
    fn enclosed_names(&mut self) -> Result<()> {
        self.enclosed(|p| p.several(Self::col_id))
    }

    /// `ColId`.
    fn col_id(&mut self) -> Result<()> {
        use KeywordCategory::{ColumnName, Unreserved};
        self.take_if(self.is_name(0, &[Unreserved, ColumnName]))
    }

    /// `ColLabel`.
    fn col_label(&mut self) -> Result<()> {
        self.take_if(self.is_label(0))
    }

    fn take_if(&mut self, takes: bool) -> Result<()> {
        if !takes {
            return self.unexpected();
        }
        self.advance();
        Ok(())
    }

    pub(crate) fn is_col_id(&self, ahead: usize) -> bool {
        self.is_name(ahead, &[KeywordCategory::Unreserved, KeywordCategory::ColumnName])
    }

    /// `type_function_name`.
    fn is_type_function_name(&self, ahead: usize) -> bool {
        self.is_name(ahead, &[KeywordCategory::Unreserved, KeywordCategory::TypeFunctionName])
    }

    fn is_label(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead).kind, TokenKind::Ident { .. } | TokenKind::Keyword(_))
    }

    fn is_name(&self, ahead: usize, categories: &[KeywordCategory]) -> bool {
        match self.peek_at(ahead).kind {
            TokenKind::Ident { .. } => true,
            TokenKind::Keyword(keyword) => categories.contains(&keyword.category),
            _ => false,
        }
    }

    /// `any_name`: dots and labels only.
    pub(crate) fn any_name(&mut self) -> Result<()> {
        self.col_id()?;
        while self.eat_char('.') {
            self.col_label()?;
        }
        Ok(())
    }

    /// `[ONLY] qualified_name [*]`: `relation_expr`.
    pub(crate) fn relation_expr(&mut self) -> Result<()> {
        if self.eat("only") {
            return match self.is_char('(') {
                true => self.enclosed(Self::relation_name),
                false => self.relation_name(),
            };
        }
        self.relation_name()?;
        self.eat_char('*');
        Ok(())
    }

    /// `qualified_name`: of three parts at most.
    pub(crate) fn relation_name(&mut self) -> Result<()> {
        let from = self.at;
        self.col_id()?;
        let indirection = self.indirection()?;
        self.short_relation_name(from, indirection)
    }

    /// What `qualified_name` refuses of an indirection that follows its first part.
    fn short_relation_name(&self, from: usize, indirection: Indirection) -> Result<()> {
        if !indirection.names_only {
            return self.unexpected();
        }
        // Names and dots take turns.
        if self.at - from > 5 {
            let parts: Vec<_> = (from..self.at).step_by(2).map(|at| self.name_of(at)).collect();
            let message =
                format!("improper qualified name (too many dotted names): {}", parts.join("."));
            let state = medley_diagnostic::SqlState::SYNTAX_ERROR;
            return self.refuse(message, state, self.tokens[from].position);
        }
        Ok(())
    }

    fn name_of(&self, at: usize) -> &str {
        match &self.tokens[at].kind {
            TokenKind::Ident { name, .. } => name,
            TokenKind::Keyword(keyword) => keyword.word,
            _ => "",
        }
    }

    /// `opt_indirection`: names, `*` and subscripts behind something.
    fn indirection(&mut self) -> Result<Indirection> {
        let mut found = Indirection { names_only: true, any: false };
        let mut star = false;
        let mut misused = false;
        loop {
            if self.eat_char('.') {
                misused |= star;
                star = self.eat_char('*');
                found.names_only &= !star;
                if !star {
                    self.col_label()?;
                }
            } else if self.is_char('[') {
                misused |= star;
                star = false;
                found.names_only = false;
                self.subscript()?;
            } else if misused {
                return Err(self.near_here("improper use of \"*\""));
            } else {
                return Ok(found);
            }
            found.any = true;
        }
    }

    /// `[a]`, `[a:b]`, `[:]`.
    fn subscript(&mut self) -> Result<()> {
        self.expect_char('[')?;
        self.nested(|p| {
            if !p.is_char(':') {
                p.a_expr()?;
                if p.is_char(']') {
                    return Ok(());
                }
            }
            p.expect_char(':')?;
            if p.is_char(']') { Ok(()) } else { p.a_expr() }
        })?;
        self.expect_char(']')
    }

    /// A message of the grammar's own, with the token that comes next.
    fn near_here(&self, message: &'static str) -> Box<SyntaxError> {
        let token = self.peek();
        Box::new(match token.kind {
            TokenKind::End => SyntaxError::Refused {
                message: format!("{message} at end of input"),
                position: Some(token.position),
                sqlstate: medley_diagnostic::SqlState::SYNTAX_ERROR,
                hint: None,
            },
            _ => SyntaxError::Near {
                message,
                token: self.written(token).to_owned(),
                position: token.position,
                sqlstate: medley_diagnostic::SqlState::SYNTAX_ERROR,
                detail: None,
                hint: None,
            },
        })
    }

    fn is_string_at(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead).kind, TokenKind::String(_))
    }

    /// `Sconst`.
    fn string_constant(&mut self) -> Result<()> {
        self.take_if(self.is_string_at(0))
    }

    /// `Iconst`.
    fn integer_constant(&mut self) -> Result<()> {
        self.take_if(self.peek().kind == TokenKind::Integer)
    }

    /// `'(' Iconst ')'`, if it is there.
    fn maybe_precision(&mut self) -> Result<()> {
        match self.is_char('(') {
            true => self.enclosed(Self::integer_constant),
            false => Ok(()),
        }
    }

    /// Refuses what only the grammar's actions refuse.
    fn action_error<T>(&self, message: &str, position: usize) -> Result<T> {
        self.refuse(message, medley_diagnostic::SqlState::SYNTAX_ERROR, position)
    }
}

/// What followed a name.
#[derive(Clone, Copy)]
struct Indirection {
    /// No `*`, no subscript.
    names_only: bool,
    /// Anything at all.
    any: bool,
}
