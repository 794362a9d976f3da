//! Text to tokens, by the rules of PostgreSQL's scanner with `standard_conforming_strings` on.
use medley_diagnostic::{Report, Severity, SqlState};
use medley_secret::Secret;

use crate::SyntaxError;
use crate::escape::{self, Escape};
use crate::keyword::keyword;
use crate::token::{StringKind, Token, TokenKind};

/// Bytes of a name, PostgreSQL's NAMEDATALEN less one.
const NAME_LENGTH: usize = 63;

const OPERATOR: &str = "~!@#^&|`?+-*/%<>=";

/// One of these lets an operator end in `+` or `-`.
const UNLIKE_ARITHMETIC: &str = "~!@#^&|`?%";

/// What a text consists of.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// The last one is `End`.
    pub tokens: Vec<Token>,
    pub notices: Vec<Report>,
    /// Where scanning stopped, at which byte and why.
    pub failure: Option<(usize, SyntaxError)>,
}

/// Reads all of it, or up to the first thing that is no token.
pub(crate) fn scan(text: &str) -> Scanned {
    let mut scanner = Scanner {
        text,
        at: 0,
        start: 0,
        counted: (0, 1),
        tokens: Vec::with_capacity(text.len() / 5 + 2),
        notices: vec![],
    };
    let failure = scanner.run().err().map(|error| (scanner.start, error));
    Scanned { tokens: scanner.tokens, notices: scanner.notices, failure }
}

struct Scanner<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    /// Of the token that is being read.
    start: usize,
    /// A byte and its character's number, so that counting goes on from there.
    counted: (usize, usize),
    tokens: Vec<Token>,
    notices: Vec<Report>,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    fn run(&mut self) -> Result<()> {
        loop {
            self.skip_space()?;
            self.start = self.at;
            let Some(first) = self.peek() else { break };
            let kind = self.token(first)?;
            self.push(kind);
        }
        self.push(TokenKind::End);
        Ok(())
    }

    fn push(&mut self, kind: TokenKind) {
        let position = self.position(self.start);
        self.tokens.push(Token { kind, span: self.start..self.at, position });
    }

    fn token(&mut self, first: char) -> Result<TokenKind> {
        if let Some(kind) = self.prefixed(first)? {
            return Ok(kind);
        }
        match first {
            '\'' => self.quoted_string(StringKind::Plain),
            '"' => self.quoted_identifier(None),
            '$' => self.dollar(),
            '0'..='9' => self.number(),
            '.' if self.digit_at(1) => self.number(),
            _ if is_identifier_start(first) => Ok(self.word()),
            _ if OPERATOR.contains(first) => self.operator(),
            _ => Ok(self.symbol(first)),
        }
    }

    /// `E'`, `B'`, `X'`, `N'`, `U&'` and `U&"`.
    fn prefixed(&mut self, first: char) -> Result<Option<TokenKind>> {
        let rest = &self.text.as_bytes()[self.at + first.len_utf8()..];
        let (prefix, kind) = match (first.to_ascii_lowercase(), rest) {
            ('e', [b'\'', ..]) => (1, StringKind::Escape),
            ('b' | 'x', [b'\'', ..]) => {
                self.at += 1;
                return self.bits().map(Some);
            }
            ('n', [b'\'', ..]) => {
                self.at += 1;
                return Ok(keyword("nchar").map(TokenKind::Keyword));
            }
            ('u', [b'&', b'\'', ..]) => (2, StringKind::Unicode('\\')),
            ('u', [b'&', b'"', ..]) => {
                self.at += 2;
                return self.quoted_identifier(Some('\\')).map(Some);
            }
            _ => return Ok(None),
        };
        self.at += prefix;
        self.quoted_string(kind).map(Some)
    }

    fn quoted_string(&mut self, kind: StringKind) -> Result<TokenKind> {
        self.quoted_pieces(kind == StringKind::Escape, "unterminated quoted string")
            .map_err(|error| self.escape_before_end(kind).unwrap_or(error))?;
        let kind = match kind {
            StringKind::Unicode(_) => StringKind::Unicode(self.uescape()?),
            other => other,
        };
        if matches!(kind, StringKind::Escape | StringKind::Unicode(_)) {
            self.check_escapes(kind)?;
        }
        Ok(TokenKind::String(kind))
    }

    /// An escape that is wrong comes before the end that is missing.
    fn escape_before_end(&mut self, kind: StringKind) -> Option<SyntaxError> {
        let rest = &self.text[self.start..];
        if kind != StringKind::Escape {
            return None;
        }
        let end = if rest.ends_with('\\') { "\\'" } else { "'" };
        let (offset, escape) = escape::string_value(&format!("{rest}{end}"), kind).err()?;
        if matches!(escape, Escape::Bytes(_)) {
            // Whether the bytes are UTF-8 is asked of the whole literal.
            return None;
        }
        if self.start + offset < self.text.len() {
            return Some(self.bad_escape(offset, escape));
        }
        self.start = self.text.len();
        Some(self.near("invalid Unicode surrogate pair"))
    }

    fn bits(&mut self) -> Result<TokenKind> {
        let message = if self.text[self.start..].starts_with(['b', 'B']) {
            "unterminated bit string literal"
        } else {
            "unterminated hexadecimal string literal"
        };
        self.quoted_pieces(false, message)?;
        Ok(TokenKind::Bits)
    }

    /// Goes behind the closing quote of the last piece, from the opening quote of the first.
    fn quoted_pieces(&mut self, escapes: bool, unterminated: &'static str) -> Result<()> {
        loop {
            self.at += 1;
            self.at = string_end(self.text, self.at, escapes)
                .ok_or_else(|| self.unterminated(unterminated))?;
            match continuation(self.text, self.at) {
                Some(quote) => self.at = quote,
                None => return Ok(()),
            }
        }
    }

    /// `UESCAPE 'c'` behind `U&'...'`, if it is there.
    fn uescape(&mut self) -> Result<char> {
        let literal_end = self.at;
        self.skip_space()?;
        let word = &self.text[self.at..];
        let is_uescape = word.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("uescape"))
            && !word[7..].starts_with(is_identifier_part);
        if !is_uescape {
            self.at = literal_end;
            return Ok('\\');
        }
        self.at += 7;
        self.skip_space()?;
        self.uescape_character()
    }

    fn uescape_character(&mut self) -> Result<char> {
        let begin = self.at;
        let message = "UESCAPE must be followed by a simple string literal";
        if self.peek() != Some('\'') {
            self.start = begin;
            if let Some(first) = self.peek() {
                self.token(first)?;
            }
            self.start = begin;
            return Err(self.near(message));
        }
        let literal = std::mem::replace(&mut self.start, begin);
        self.quoted_pieces(false, "unterminated quoted string")?;
        self.start = literal;
        let mut inside = self.text[begin + 1..self.at - 1].chars();
        match (inside.next(), inside.next()) {
            (Some(c), None) if !c.is_ascii_hexdigit() && !"+'\"".contains(c) && !is_space(c) => {
                Ok(c)
            }
            _ => {
                self.start = begin;
                Err(self.near("invalid Unicode escape character"))
            }
        }
    }

    /// The value is read once now, for its errors, and again when somebody asks for it.
    fn check_escapes(&mut self, kind: StringKind) -> Result<()> {
        let literal = &self.text[self.start..self.at];
        match escape::string_value(literal, kind) {
            Ok(value) => {
                drop(Secret::new(value));
                Ok(())
            }
            Err((offset, escape)) => {
                let error = self.bad_escape(offset, escape);
                Err(self.next_failure(kind).unwrap_or(error))
            }
        }
    }

    /// PostgreSQL scans one token more before it reads a `U&` literal.
    fn next_failure(&mut self, kind: StringKind) -> Option<SyntaxError> {
        if !matches!(kind, StringKind::Unicode(_)) {
            return None;
        }
        let before = self.start;
        let failure = self.skip_space().err().or_else(|| {
            self.start = self.at;
            let first = self.peek()?;
            // It is not read either.
            self.token(first).err().filter(|error| matches!(error, SyntaxError::Near { .. }))
        });
        if failure.is_none() {
            self.start = before;
        }
        failure
    }

    fn bad_escape(&mut self, offset: usize, escape: Escape) -> SyntaxError {
        // Where quotes were doubled, it counts the characters of the name, as PostgreSQL does.
        let at = self.text.floor_char_boundary(self.start + offset);
        let position = self.position(at);
        escape.error(&self.text[at..self.at], position)
    }

    fn quoted_identifier(&mut self, unicode: Option<char>) -> Result<TokenKind> {
        let open = self.at + 1;
        self.at = identifier_end(self.text, open)
            .ok_or_else(|| self.unterminated("unterminated quoted identifier"))?;
        let inside = self.text[open..self.at - 1].replace("\"\"", "\"");
        if inside.is_empty() {
            return Err(self.near("zero-length delimited identifier"));
        }
        let name = match unicode {
            None => inside,
            Some(_) => {
                let escape = self.uescape()?;
                escape::unicode(&inside, escape)
                    .map_err(|(offset, escape)| self.bad_escape("U&\"".len() + offset, escape))?
            }
        };
        Ok(TokenKind::Ident { name: self.truncate(name), quoted: true })
    }

    fn word(&mut self) -> TokenKind {
        self.skip_while(is_identifier_part);
        let word = self.text[self.start..self.at].to_ascii_lowercase();
        match keyword(&word) {
            Some(keyword) => TokenKind::Keyword(keyword),
            None => TokenKind::Ident { name: self.truncate(word), quoted: false },
        }
    }

    /// Cuts a name at a character, and says so.
    fn truncate(&mut self, mut name: String) -> String {
        if name.len() <= NAME_LENGTH {
            return name;
        }
        let cut = (0..=NAME_LENGTH).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
        let message = format!("identifier \"{name}\" will be truncated to \"{}\"", &name[..cut]);
        self.notices.push(notice(message));
        name.truncate(cut);
        name
    }

    /// `$1`, `$tag$...$tag$`, or a `$` that belongs nowhere.
    fn dollar(&mut self) -> Result<TokenKind> {
        self.at += 1;
        if self.digit_at(0) {
            self.skip_while(|c| c.is_ascii_digit());
            return self.end_of_number(TokenKind::Parameter, "trailing junk after parameter");
        }
        let rest = &self.text[self.at..];
        let tag = rest.find(|c| !is_identifier_part(c) || c == '$').unwrap_or(rest.len());
        if rest[tag..].starts_with('$') {
            let delimiter = &self.text[self.start..self.at + tag + 1];
            let open = self.at + tag + 1;
            let close = self.text[open..]
                .find(delimiter)
                .ok_or_else(|| self.unterminated("unterminated dollar-quoted string"))?;
            self.at = open + close + delimiter.len();
            return Ok(TokenKind::String(StringKind::Dollar));
        }
        Ok(TokenKind::Char('$'))
    }

    fn number(&mut self) -> Result<TokenKind> {
        let radix = match self.text.as_bytes()[self.at..] {
            [b'0', b'x' | b'X', ..] => Some((16, "invalid hexadecimal integer")),
            [b'0', b'o' | b'O', ..] => Some((8, "invalid octal integer")),
            [b'0', b'b' | b'B', ..] => Some((2, "invalid binary integer")),
            _ => None,
        };
        let kind = match radix {
            Some((radix, message)) => self.radix_integer(radix, message)?,
            None => self.decimal(),
        };
        self.end_of_number(kind, "trailing junk after numeric literal")
    }

    fn radix_integer(&mut self, radix: u32, message: &'static str) -> Result<TokenKind> {
        self.at += 2;
        let digits = self.at;
        while self.skip_digit(radix, self.at) {}
        if self.at == digits {
            return Err(self.no_digits(message));
        }
        let digits = self.text[digits..self.at].replace('_', "");
        Ok(match i32::from_str_radix(&digits, radix) {
            Ok(_) => TokenKind::Integer,
            Err(_) => TokenKind::Float,
        })
    }

    /// `0x` alone; with more of a word behind it, it is a zero that runs into a word.
    fn no_digits(&mut self, message: &'static str) -> SyntaxError {
        let prefix = self.at;
        self.skip_while(is_identifier_part);
        match &self.text[prefix..self.at] {
            "" | "_" => self.near(message),
            _ => self.near("trailing junk after numeric literal"),
        }
    }

    /// One digit, perhaps with `_` before it.
    fn skip_digit(&mut self, radix: u32, first: usize) -> bool {
        let rest = &self.text[self.at..];
        let (skip, rest) = match rest.strip_prefix('_') {
            Some(rest) if self.at > first || radix != 10 => (1, rest),
            _ => (0, rest),
        };
        let found = rest.chars().next().is_some_and(|c| c.is_digit(radix));
        if found {
            self.at += skip + 1;
        }
        found
    }

    fn decimal(&mut self) -> TokenKind {
        let mut integer = true;
        self.skip_digits();
        if self.peek() == Some('.') && !self.text[self.at..].starts_with("..") {
            integer = false;
            self.at += 1;
            self.skip_digits();
        }
        integer &= !self.skip_exponent();
        let digits = self.text[self.start..self.at].replace('_', "");
        match integer && digits.parse::<i32>().is_ok() {
            true => TokenKind::Integer,
            false => TokenKind::Float,
        }
    }

    fn skip_digits(&mut self) {
        let first = self.at;
        while self.skip_digit(10, first) {}
    }

    fn skip_exponent(&mut self) -> bool {
        let before = self.at;
        if !matches!(self.peek(), Some('e' | 'E')) {
            return false;
        }
        self.at += 1;
        if matches!(self.peek(), Some('+' | '-')) {
            self.at += 1;
        }
        let digits = self.at;
        self.skip_digits();
        if self.at == digits {
            self.at = before;
        }
        self.at > before
    }

    /// A number that runs into a word is none.
    fn end_of_number(&mut self, kind: TokenKind, junk: &'static str) -> Result<TokenKind> {
        let exponent = self.text.as_bytes()[self.at..].get(..2);
        if kind != TokenKind::Parameter && matches!(exponent, Some([b'e' | b'E', b'+' | b'-'])) {
            self.at += 2;
            return Err(self.near(junk));
        }
        if self.peek().is_some_and(is_identifier_start) {
            self.skip_while(is_identifier_part);
            return Err(self.near(junk));
        }
        Ok(kind)
    }

    fn operator(&mut self) -> Result<TokenKind> {
        self.skip_while(|c| OPERATOR.contains(c));
        let mut operator = &self.text[self.start..self.at];
        for comment in ["--", "/*"] {
            operator = &operator[..operator.find(comment).unwrap_or(operator.len())];
        }
        while operator.len() > 1
            && operator.ends_with(['+', '-'])
            && !operator.contains(|c| UNLIKE_ARITHMETIC.contains(c))
        {
            operator = &operator[..operator.len() - 1];
        }
        self.at = self.start + operator.len();
        if operator.len() > NAME_LENGTH {
            return Err(self.near("operator too long"));
        }
        let mut characters = operator.chars();
        Ok(match (operator, characters.next(), characters.next()) {
            ("=>", ..) => TokenKind::Symbol("=>"),
            (_, Some(only), None) if "+-*/%^<>=".contains(only) => TokenKind::Char(only),
            _ => TokenKind::Operator,
        })
    }

    fn symbol(&mut self, first: char) -> TokenKind {
        let long = ["::", ":=", ".."].into_iter().find(|s| self.text[self.at..].starts_with(s));
        self.at += long.map_or(first.len_utf8(), str::len);
        long.map_or(TokenKind::Char(first), TokenKind::Symbol)
    }

    /// Spaces and comments.
    fn skip_space(&mut self) -> Result<()> {
        loop {
            self.skip_while(is_space);
            let rest = &self.text[self.at..];
            if rest.starts_with("--") {
                self.skip_while(|c| c != '\n' && c != '\r');
            } else if rest.starts_with("/*") {
                self.start = self.at;
                self.at = comment_end(self.text, self.at)
                    .ok_or_else(|| self.unterminated("unterminated /* comment"))?;
            } else {
                return Ok(());
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn digit_at(&self, offset: usize) -> bool {
        self.text.as_bytes().get(self.at + offset).is_some_and(u8::is_ascii_digit)
    }

    fn skip_while(&mut self, part: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|c| !part(c)).unwrap_or(rest.len());
    }

    /// The number of the character at this byte. Goes on from the last one asked for.
    fn position(&mut self, byte: usize) -> usize {
        let (counted, position) = match self.counted {
            (counted, position) if counted <= byte => (counted, position),
            _ => (0, 1),
        };
        let position = position + self.text[counted..byte].chars().count();
        self.counted = (byte, position);
        position
    }

    fn unterminated(&mut self, message: &'static str) -> SyntaxError {
        self.at = self.text.len();
        self.near(message)
    }

    fn near(&mut self, message: &'static str) -> SyntaxError {
        let position = self.position(self.start);
        if self.start == self.text.len() {
            return SyntaxError::Refused {
                message: format!("{message} at end of input"),
                position: Some(position),
                sqlstate: SqlState::SYNTAX_ERROR,
                hint: None,
            };
        }
        SyntaxError::Near {
            message,
            token: self.text[self.start..self.at].to_owned(),
            position,
            sqlstate: SqlState::SYNTAX_ERROR,
            detail: None,
            hint: None,
        }
    }
}

/// Behind the closing quote of a string whose inside begins here.
fn string_end(text: &str, open: usize, escapes: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = open;
    loop {
        match bytes.get(at)? {
            b'\\' if escapes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn identifier_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = open;
    loop {
        match bytes.get(at)? {
            b'"' if bytes.get(at + 1) == Some(&b'"') => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The opening quote of a string's next piece: only a line end, and spaces and `--` comments,
/// may lie between.
pub(crate) fn continuation(text: &str, end: usize) -> Option<usize> {
    let mut at = end;
    let mut new_line = false;
    loop {
        let rest = &text[at..];
        let next = rest.chars().next()?;
        match next {
            '\'' => return new_line.then_some(at),
            '\n' | '\r' => new_line = true,
            '-' if rest.starts_with("--") => {
                at += rest.find(['\n', '\r'])?;
                continue;
            }
            _ if is_space(next) => {}
            _ => return None,
        }
        at += 1;
    }
}

/// Comments nest.
fn comment_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at..at + 2)? {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return Some(at + 2),
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
}

pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

pub(crate) fn is_identifier_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

pub(crate) fn is_identifier_part(c: char) -> bool {
    is_identifier_start(c) || c.is_ascii_digit() || c == '$'
}

fn notice(message: String) -> Report {
    Report {
        severity: Severity::Notice,
        sqlstate: SqlState::NAME_TOO_LONG,
        message,
        detail: None,
        hint: None,
        context: None,
        position: None,
        internal: None,
        constraint: None,
    }
}
