use std::ops::Range;

use crate::keyword::Keyword;

/// The smallest part of a text that means something.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    /// Its bytes; of a literal in several pieces, all of them.
    pub span: Range<usize>,
    /// Of its first character: characters from 1.
    pub position: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// Folded (or unquoted) and cut. No value of a string is ever kept in a token.
    Ident {
        name: String,
        quoted: bool,
    },
    Keyword(&'static Keyword),
    String(StringKind),
    /// `B'...'` and `X'...'`.
    Bits,
    /// Fits 32 bits.
    Integer,
    /// Any other number.
    Float,
    /// `$1`.
    Parameter,
    /// One that is more than the characters of `Char`.
    Operator,
    /// `,()[].;:+-*/%^<>=`, or what belongs nowhere.
    Char(char),
    /// `::`, `..`, `:=`, `=>`.
    Symbol(&'static str),
    End,
}

/// How a string is written, and so how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringKind {
    /// `'...'`.
    Plain,
    /// `E'...'`.
    Escape,
    /// `U&'...'`, with this character before code points.
    Unicode(char),
    /// `$tag$...$tag$`.
    Dollar,
}

impl Token {
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.kind, TokenKind::Keyword(keyword) if keyword.word == word)
    }

    /// Whether it is a constant in quotes.
    pub fn is_literal(&self) -> bool {
        matches!(self.kind, TokenKind::String(_) | TokenKind::Bits)
    }

    /// Whether an operand must follow.
    pub fn is_operator(&self) -> bool {
        match self.kind {
            TokenKind::Operator => true,
            TokenKind::Char(c) => "+-*/%^<>=".contains(c),
            _ => false,
        }
    }
}
