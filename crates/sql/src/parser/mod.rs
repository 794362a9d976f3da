//! The grammar by recursive descent: this file is its vocabulary, the others are a family of
//! statements each. Errors are where PostgreSQL's grammar has them: at the first token that
//! cannot follow.
mod alter_table;
mod comment;
mod copy;
mod cursor;
mod database;
mod explain;
mod expression;
mod extension;
mod foreign_table;
mod grant;
mod maintenance;
mod object;
mod option;
mod prepare;
mod role;
mod rules;
mod schema;
mod server;
mod settings;
mod statement;
mod synopsis;
mod transaction;
mod type_name;
mod unsupported;
mod user_mapping;
mod view;
mod wrapper;

use medley_diagnostic::SqlState;
use medley_secret::Secret;

use crate::SyntaxError;
use crate::ast::{DropBehavior, Name, QualifiedName};
use crate::escape::string_value;
use crate::keyword::{Keyword, KeywordCategory};
use crate::token::{Token, TokenKind};

/// Errors are boxed: they are large, and the grammar recurses.
pub(crate) type Result<T> = std::result::Result<T, Box<SyntaxError>>;

/// Reads the tokens of a text, one statement after the other.
pub(crate) struct Parser<'a> {
    pub text: &'a str,
    /// The last one is `End`.
    pub tokens: &'a [Token],
    pub at: usize,
    /// How many parentheses and the like the grammar of queries is in.
    pub nesting: usize,
    /// Whether queries and expressions become trees, or are only gone over.
    pub trees: bool,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0, nesting: 0, trees: true }
    }

    pub fn peek(&self) -> &'a Token {
        self.peek_at(0)
    }

    pub fn peek_at(&self, ahead: usize) -> &'a Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    pub fn advance(&mut self) -> &'a Token {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub fn position(&self) -> usize {
        self.peek().position
    }

    /// As it was written.
    pub fn written(&self, token: &Token) -> &'a str {
        &self.text[token.span.clone()]
    }

    /// The text from one token up to before another.
    pub fn text_of(&self, from: usize, to: usize) -> &'a str {
        match from < to {
            true => &self.text[self.tokens[from].span.start..self.tokens[to - 1].span.end],
            false => "",
        }
    }

    /// `syntax error` where we are.
    pub fn unexpected<T>(&self) -> Result<T> {
        Err(self.unexpected_at(self.peek()))
    }

    pub fn unexpected_at(&self, token: &Token) -> Box<SyntaxError> {
        let token = self.told_apart(token);
        let position = token.position;
        Box::new(match token.kind {
            TokenKind::End => SyntaxError::AtEnd { position },
            _ => SyntaxError::AtToken { token: self.written(token).to_owned(), position },
        })
    }

    /// PostgreSQL takes NOT before LIKE for another word than NOT, and so WITH before TIME: there
    /// the error is.
    fn told_apart<'t>(&'t self, token: &'t Token) -> &'t Token {
        const PAIRS: &[(&str, &[&str])] = &[
            ("not", &["between", "in", "like", "ilike", "similar"]),
            ("nulls", &["first", "last"]),
            ("with", &["time", "ordinality"]),
            ("without", &["time"]),
            ("format", &["json"]),
        ];
        let at = self.tokens.partition_point(|other| other.position < token.position);
        let Some(before) = at.checked_sub(1).map(|at| &self.tokens[at]) else { return token };
        let pair = |(word, next): &(&str, &[&str])| {
            before.is_word(word) && next.iter().any(|next| token.is_word(next))
        };
        if PAIRS.iter().any(pair) { before } else { token }
    }

    /// The grammar's own words, and where.
    pub fn refuse<T>(
        &self,
        message: impl Into<String>,
        sqlstate: SqlState,
        position: usize,
    ) -> Result<T> {
        let position = Some(position);
        Err(Box::new(SyntaxError::Refused {
            message: message.into(),
            position,
            sqlstate,
            hint: None,
        }))
    }

    pub fn keyword_at(&self, ahead: usize) -> Option<&'static Keyword> {
        match self.peek_at(ahead).kind {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    /// The word of the keyword here, or nothing.
    pub fn word(&self) -> &'static str {
        self.word_at(0)
    }

    pub fn word_at(&self, ahead: usize) -> &'static str {
        self.keyword_at(ahead).map_or("", |keyword| keyword.word)
    }

    pub fn is(&self, word: &str) -> bool {
        self.word() == word
    }

    /// Whether all of these keywords, divided by spaces, come next.
    pub fn are(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| self.word_at(ahead) == word)
    }

    /// Takes these keywords if all of them come next.
    pub fn eat(&mut self, words: &str) -> bool {
        let found = self.are(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    /// Takes these keywords one by one.
    pub fn expect(&mut self, words: &str) -> Result<()> {
        for word in words.split(' ') {
            if !self.eat(word) {
                return self.unexpected();
            }
        }
        Ok(())
    }

    /// Takes one of these keywords: the index of it.
    pub fn eat_one_of(&mut self, words: &[&str]) -> Option<usize> {
        words.iter().position(|words| self.eat(words))
    }

    /// Which of the table's keys comes next; its value. The error is behind the words of a key
    /// that are there.
    pub fn choose<T: Copy>(&mut self, table: &[(&str, T)]) -> Result<T> {
        match table.iter().find(|(words, _)| self.eat(words)) {
            Some((_, value)) => Ok(*value),
            None => {
                let known = table.iter().map(|(words, _)| self.count_of(words)).max();
                Err(self.unexpected_at(self.peek_at(known.unwrap_or(0))))
            }
        }
    }

    /// How many of these keywords, divided by spaces, come next.
    fn count_of(&self, words: &str) -> usize {
        let words = words.split(' ').enumerate();
        words.take_while(|(ahead, word)| self.word_at(*ahead) == *word).count()
    }

    pub fn is_char(&self, c: char) -> bool {
        self.peek().kind == TokenKind::Char(c)
    }

    pub fn eat_char(&mut self, c: char) -> bool {
        let found = self.is_char(c);
        if found {
            self.advance();
        }
        found
    }

    pub fn expect_char(&mut self, c: char) -> Result<()> {
        if self.eat_char(c) { Ok(()) } else { self.unexpected() }
    }

    pub fn at_end(&self) -> bool {
        matches!(self.peek().kind, TokenKind::End | TokenKind::Char(';'))
    }

    fn label_if(&mut self, allowed: impl Fn(KeywordCategory) -> bool) -> Result<Name> {
        let name = match &self.peek().kind {
            TokenKind::Ident { name, .. } => name.clone(),
            TokenKind::Keyword(keyword) if allowed(keyword.category) => keyword.word.to_owned(),
            _ => return self.unexpected(),
        };
        self.advance();
        Ok(name)
    }

    /// A name of an object: `ColId`.
    pub fn name(&mut self) -> Result<Name> {
        use KeywordCategory::{ColumnName, Unreserved};
        self.label_if(|category| matches!(category, Unreserved | ColumnName))
    }

    /// A name of a type or function: `type_function_name`.
    pub fn type_function_name(&mut self) -> Result<Name> {
        use KeywordCategory::{TypeFunctionName, Unreserved};
        self.label_if(|category| matches!(category, Unreserved | TypeFunctionName))
    }

    /// A word that is no keyword: `IDENT`.
    pub fn identifier(&mut self) -> Result<()> {
        match self.peek().kind {
            TokenKind::Ident { .. } => self.label().map(drop),
            _ => self.unexpected(),
        }
    }

    /// Any word but a reserved one: `NonReservedWord`.
    pub fn non_reserved_word(&mut self) -> Result<Name> {
        self.label_if(|category| category != KeywordCategory::Reserved)
    }

    /// Any word: `ColLabel`.
    pub fn label(&mut self) -> Result<Name> {
        self.label_if(|_| true)
    }

    /// A relation's name: `qualified_name`.
    pub fn qualified_name(&mut self) -> Result<QualifiedName> {
        let from = self.at;
        self.relation_name()?;
        self.at = from;
        self.dotted_name()
    }

    /// Any other object's: `any_name`.
    pub fn dotted_name(&mut self) -> Result<QualifiedName> {
        let position = self.position();
        let mut parts = vec![self.name()?];
        while self.eat_char('.') {
            parts.push(self.label()?);
        }
        self.short_enough(parts, position)
    }

    fn short_enough(&self, parts: Vec<Name>, position: usize) -> Result<QualifiedName> {
        if parts.len() > 3 {
            let message =
                format!("improper qualified name (too many dotted names): {}", parts.join("."));
            return self.refuse(message, SqlState::SYNTAX_ERROR, position);
        }
        Ok(QualifiedName { parts, position })
    }

    /// A name of one part where the AST has room for more.
    pub fn bare_name(&mut self) -> Result<QualifiedName> {
        let position = self.position();
        Ok(QualifiedName { parts: vec![self.name()?], position })
    }

    /// A function's name, as wrappers have them: `handler_name`.
    pub fn handler_name(&mut self) -> Result<QualifiedName> {
        self.dotted_name()
    }

    /// At least one, divided by commas.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat_char(',') {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A list in parentheses.
    pub fn parenthesized<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_char('(')?;
        let items = self.list(item)?;
        self.expect_char(')')?;
        Ok(items)
    }

    /// A list in parentheses, if one opens here.
    pub fn maybe_parenthesized<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        if self.is_char('(') { self.parenthesized(item) } else { Ok(vec![]) }
    }

    /// A string constant.
    pub fn string(&mut self) -> Result<String> {
        let token = self.peek();
        let TokenKind::String(kind) = token.kind else { return self.unexpected() };
        // The scanner has read it once without an error.
        let Ok(value) = string_value(self.written(token), kind) else { return self.unexpected() };
        self.advance();
        Ok(value)
    }

    /// A string constant that nobody is to see; nor what stands in its place, which may be a
    /// password whose quotes were forgotten.
    pub fn secret(&mut self) -> Result<Secret> {
        let is_none = match &self.peek().kind {
            TokenKind::Ident { .. } | TokenKind::Integer | TokenKind::Float => false,
            TokenKind::Keyword(keyword) => keyword.category == KeywordCategory::Reserved,
            _ => true,
        };
        // Before a value it is a name too many.
        let is_name = matches!(self.peek_at(1).kind, TokenKind::String(_));
        let given = self.string().map(Secret::new);
        given.map_err(|error| if is_none || is_name { error } else { Box::new(error.concealed()) })
    }

    pub fn is_string(&self) -> bool {
        matches!(self.peek().kind, TokenKind::String(_))
    }

    /// A string constant, or NULL.
    pub fn string_or_null(&mut self) -> Result<Option<String>> {
        if self.eat("null") { Ok(None) } else { self.string().map(Some) }
    }

    /// An integer of 32 bits, perhaps with a sign.
    pub fn signed_integer(&mut self) -> Result<i32> {
        let negative = !self.eat_char('+') && self.eat_char('-');
        let value = self.integer()?;
        Ok(if negative { -value } else { value })
    }

    pub fn integer(&mut self) -> Result<i32> {
        let token = self.peek();
        if token.kind != TokenKind::Integer {
            return self.unexpected();
        }
        self.advance();
        Ok(integer_value(self.written(token)))
    }

    /// A number as it is written, perhaps with a sign: `NumericOnly`.
    pub fn number(&mut self) -> Result<String> {
        let sign = if self.eat_char('-') { "-" } else { "" };
        if sign.is_empty() {
            self.eat_char('+');
        }
        let token = self.peek();
        match token.kind {
            TokenKind::Integer | TokenKind::Float => {
                self.advance();
                Ok(format!("{sign}{}", self.written(token)))
            }
            _ => self.unexpected(),
        }
    }

    /// `[IF EXISTS]`; a name may be `if` too.
    pub fn if_exists(&mut self) -> bool {
        self.eat("if exists")
    }

    /// CASCADE, RESTRICT, or nothing.
    pub fn drop_behavior(&mut self) -> DropBehavior {
        if self.eat("cascade") {
            return DropBehavior::Cascade;
        }
        self.eat("restrict");
        DropBehavior::Restrict
    }
}

/// The value of a token `Integer`, in any of its notations.
pub(crate) fn integer_value(written: &str) -> i32 {
    let digits = written.replace('_', "");
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ => (10, digits.as_str()),
    };
    // The scanner has seen that it fits.
    i32::from_str_radix(digits, radix).unwrap_or(i32::MAX)
}
