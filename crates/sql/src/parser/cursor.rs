//! DECLARE, FETCH, MOVE, CLOSE.
use super::{Parser, Result};
use crate::ast::{CloseCursor, DeclareCursor, FetchCursor, FetchDirection, Statement};
use crate::token::TokenKind;

impl Parser<'_> {
    /// Behind DECLARE.
    pub fn declare_cursor(&mut self) -> Result<Statement> {
        let name = self.name()?;
        let (mut binary, mut asensitive, mut scroll) = (false, None, None);
        let mut conflict = None;
        loop {
            if self.eat("binary") {
                binary = true;
            } else if self.eat("insensitive") {
                if asensitive.replace(false) == Some(true) {
                    conflict = conflict.or(Some(("ASENSITIVE", "INSENSITIVE")));
                }
            } else if self.eat("asensitive") {
                if asensitive.replace(true) == Some(false) {
                    conflict = conflict.or(Some(("ASENSITIVE", "INSENSITIVE")));
                }
            } else if self.eat("no") {
                self.expect("scroll")?;
                if scroll.replace(false) == Some(true) {
                    conflict = Some(("SCROLL", "NO SCROLL"));
                }
            } else if self.eat("scroll") {
                if scroll.replace(true) == Some(false) {
                    conflict = Some(("SCROLL", "NO SCROLL"));
                }
            } else {
                break;
            }
        }
        self.expect("cursor")?;
        let hold = self.eat("with");
        if hold || self.eat("without") {
            self.expect("hold")?;
        }
        self.expect("for")?;
        let query = self.query()?;
        let cursor = DeclareCursor { name, binary, asensitive, scroll, conflict, hold, query };
        Ok(Statement::DeclareCursor(cursor))
    }

    /// Behind FETCH or MOVE.
    pub fn fetch(&mut self, move_only: bool) -> Result<Statement> {
        let direction = self.fetch_direction()?;
        let _ = self.eat("from") || self.eat("in");
        let cursor = self.name()?;
        Ok(Statement::Fetch(FetchCursor { move_only, direction, cursor }))
    }

    fn fetch_direction(&mut self) -> Result<FetchDirection> {
        use FetchDirection::{Absolute, Backward, Forward, Relative};
        if matches!(self.peek().kind, TokenKind::Integer | TokenKind::Char('+' | '-')) {
            return Ok(Forward(Some(self.signed_integer()?.into())));
        }
        // A cursor may be called `next`.
        let ends = matches!(self.peek_at(1).kind, TokenKind::End | TokenKind::Char(';'));
        if ends && !self.is("all") {
            return Ok(Forward(Some(1)));
        }
        let word = self.word();
        match word {
            "next" | "prior" | "first" | "last" | "all" | "absolute" | "relative" | "forward"
            | "backward" => self.advance(),
            _ => return Ok(Forward(Some(1))),
        };
        Ok(match word {
            "next" => Forward(Some(1)),
            "prior" => Backward(Some(1)),
            "first" => Absolute(1),
            "last" => Absolute(-1),
            "all" => Forward(None),
            "absolute" => Absolute(self.signed_integer()?.into()),
            "relative" => Relative(self.signed_integer()?.into()),
            "forward" => Forward(self.fetch_count()?),
            _ => Backward(self.fetch_count()?),
        })
    }

    fn fetch_count(&mut self) -> Result<Option<i64>> {
        if self.eat("all") {
            return Ok(None);
        }
        match self.peek().kind {
            TokenKind::Integer | TokenKind::Char('+' | '-') => {
                Ok(Some(self.signed_integer()?.into()))
            }
            _ => Ok(Some(1)),
        }
    }

    /// Behind CLOSE.
    pub fn close_cursor(&mut self) -> Result<Statement> {
        let cursor = if self.eat("all") { None } else { Some(self.name()?) };
        Ok(Statement::Close(CloseCursor { cursor }))
    }
}
