//! Our tokens in sqlparser's types. Names are folded already, strings read; the spans are in the
//! coinage of [`crate::span`]. A word that is no keyword of PostgreSQL's is none of sqlparser's
//! either, so that QUALIFY, TOP or PIVOT are the plain names that PostgreSQL takes them for.
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token as SqlToken, TokenWithSpan, Tokenizer, Word};

use super::rewrite::Tokens;
use crate::escape::string_value;
use crate::parser::{Parser, Result, integer_value};
use crate::span::location;
use crate::token::{Token, TokenKind};

/// Types and fields of time that are ordinary names in PostgreSQL and keywords in sqlparser's
/// idea of types.
const KEPT: &[Keyword] = &[
    Keyword::BOOL,
    Keyword::BYTEA,
    Keyword::CENTURY,
    Keyword::DATE,
    Keyword::DECADE,
    Keyword::DOW,
    Keyword::DOY,
    Keyword::EPOCH,
    Keyword::FLOAT4,
    Keyword::FLOAT8,
    Keyword::INT2,
    Keyword::INT4,
    Keyword::INT8,
    Keyword::ISODOW,
    Keyword::ISOYEAR,
    Keyword::JSONB,
    Keyword::JULIAN,
    Keyword::MICROSECONDS,
    Keyword::MILLENNIUM,
    Keyword::MILLISECONDS,
    Keyword::QUARTER,
    Keyword::REGCLASS,
    Keyword::TIMESTAMPTZ,
    Keyword::TIMETZ,
    Keyword::TIMEZONE,
    Keyword::TIMEZONE_HOUR,
    Keyword::TIMEZONE_MINUTE,
    Keyword::UUID,
    Keyword::VARBIT,
    Keyword::WEEK,
];

/// All of them; `TABLE t` becomes `SELECT * FROM t`.
pub(super) fn tokens(parser: &Parser<'_>, from: usize, to: usize) -> Result<Vec<TokenWithSpan>> {
    let mut converted = Vec::with_capacity(to - from + 2);
    let written = Tokens::new(parser, from, to);
    let mut next = from;
    while next < to {
        let at = next;
        next += 1;
        let token = &parser.tokens[at];
        let span = span(parser, token);
        if let Some((tokens, consumed)) = written.rewritten(at - from) {
            converted.extend(tokens.into_iter().map(|token| TokenWithSpan { token, span }));
            next = at + consumed;
            continue;
        }
        if token.is_word("table") && is_command(parser, from, at) {
            let words = ["SELECT", "*", "FROM"];
            let tokens = words.map(|word| match word {
                "*" => SqlToken::Mul,
                word => SqlToken::make_word(word, None),
            });
            converted.extend(tokens.map(|token| TokenWithSpan { token, span }));
            continue;
        }
        if let Some(words) = null_test(parser, from, at) {
            let tokens = words.iter().map(|word| SqlToken::make_word(word, None));
            converted.extend(tokens.map(|token| TokenWithSpan { token, span }));
            continue;
        }
        converted.push(TokenWithSpan { token: sql_token(parser, token)?, span });
    }
    Ok(converted)
}

/// `a ISNULL`, which sqlparser would take for `a AS isnull`, and `a NOTNULL`.
fn null_test(parser: &Parser<'_>, from: usize, at: usize) -> Option<&'static [&'static str]> {
    let words: &[&str] = match &parser.tokens[at].kind {
        TokenKind::Keyword(keyword) if keyword.word == "isnull" => &["IS", "NULL"],
        TokenKind::Keyword(keyword) if keyword.word == "notnull" => &["IS", "NOT", "NULL"],
        _ => return None,
    };
    let before = at.checked_sub(1).filter(|before| *before >= from).map(|at| &parser.tokens[at])?;
    let label = before.is_word("as") || before.kind == TokenKind::Char('.');
    let call = parser.tokens[at + 1].kind == TokenKind::Char('(');
    (!label && !call).then_some(words)
}

/// TABLE is a query of its own, except behind INTO.
fn is_command(parser: &Parser<'_>, from: usize, at: usize) -> bool {
    const BEFORE: &[&str] = &["into", "temp", "temporary", "unlogged", "local", "global"];
    let before = (at > from).then(|| &parser.tokens[at - 1]);
    !before.is_some_and(|before| {
        let label = before.is_word("as") || before.kind == TokenKind::Char('.');
        // In CREATE VIEW AS the query begins behind AS, and so at `from`.
        label || BEFORE.iter().any(|word| before.is_word(word))
    })
}

fn span(parser: &Parser<'_>, token: &Token) -> Span {
    let length = parser.written(token).chars().count();
    Span::new(
        location(token.span.start, token.position),
        location(token.span.end, token.position + length),
    )
}

fn sql_token(parser: &Parser<'_>, token: &Token) -> Result<SqlToken> {
    let written = parser.written(token);
    Ok(match &token.kind {
        TokenKind::Ident { name, quoted: true } => {
            word(name.clone(), Some('"'), Keyword::NoKeyword)
        }
        TokenKind::Ident { name, quoted: false } => match SqlToken::make_word(name, None) {
            SqlToken::Word(known) if KEPT.contains(&known.keyword) => SqlToken::Word(known),
            _ => word(name.clone(), None, Keyword::NoKeyword),
        },
        TokenKind::Keyword(keyword) => keyword_token(keyword.word),
        // The scanner has read it once without an error.
        TokenKind::String(kind) => match string_value(written, *kind) {
            Ok(value) => SqlToken::SingleQuotedString(value),
            Err(_) => return Err(parser.unexpected_at(token)),
        },
        TokenKind::Bits => bits(written),
        TokenKind::Integer => SqlToken::Number(integer_value(written).to_string(), false),
        TokenKind::Float => SqlToken::Number(float(written), false),
        TokenKind::Parameter => SqlToken::Placeholder(written.to_owned()),
        TokenKind::Operator => operator(written),
        TokenKind::Char(c) => character(*c),
        TokenKind::Symbol(symbol) => match *symbol {
            "::" => SqlToken::DoubleColon,
            ":=" => SqlToken::Assignment,
            "=>" => SqlToken::RArrow,
            _ => return Err(parser.unexpected_at(token)),
        },
        TokenKind::End => SqlToken::EOF,
    })
}

fn word(value: String, quote_style: Option<char>, keyword: Keyword) -> SqlToken {
    SqlToken::Word(Word { value, quote_style, keyword })
}

/// Unreserved words of PostgreSQL's that mean more to sqlparser than they do in a query.
fn keyword_token(text: &str) -> SqlToken {
    const NAMES: &[&str] = &["cluster", "global", "load", "object", "prior", "replace", "version"];
    match NAMES.contains(&text) {
        true => word(text.to_owned(), None, Keyword::NoKeyword),
        false => SqlToken::make_word(text, None),
    }
}

fn bits(written: &str) -> SqlToken {
    let inside: String = written[1..].split('\'').skip(1).step_by(2).collect();
    match written.starts_with(['b', 'B']) {
        true => SqlToken::SingleQuotedByteStringLiteral(inside),
        false => SqlToken::HexStringLiteral(inside),
    }
}

/// In decimal, whatever its notation.
fn float(written: &str) -> String {
    let digits = written.replace('_', "");
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => return digits,
    };
    decimal(&digits[2..], radix)
}

/// Digits of another radix as decimal digits, however many.
fn decimal(digits: &str, radix: u32) -> String {
    // Little end first, nine decimal digits in each.
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let sum = *limb * u64::from(radix) + carry;
            *limb = sum % LIMB;
            carry = sum / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    let zeros = text.bytes().take_while(|byte| *byte == b'0').count().min(text.len() - 1);
    text.drain(..zeros);
    text
}

/// sqlparser knows most of PostgreSQL's operators by name; the rest are custom.
fn operator(written: &str) -> SqlToken {
    match written {
        "<>" | "!=" => return SqlToken::Neq,
        "<=" => return SqlToken::LtEq,
        ">=" => return SqlToken::GtEq,
        "||" => return SqlToken::StringConcat,
        // Another `=` to sqlparser, and none to PostgreSQL.
        "==" => return SqlToken::CustomBinaryOperator(written.to_owned()),
        _ => {}
    }
    let mut tokens = Tokenizer::new(&PostgreSqlDialect {}, written).tokenize().unwrap_or_default();
    match (tokens.pop(), tokens.is_empty()) {
        (Some(SqlToken::Placeholder(_)), _) => SqlToken::Question,
        (Some(token), true) => token,
        _ => SqlToken::CustomBinaryOperator(written.to_owned()),
    }
}

fn character(c: char) -> SqlToken {
    match c {
        ',' => SqlToken::Comma,
        '(' => SqlToken::LParen,
        ')' => SqlToken::RParen,
        '[' => SqlToken::LBracket,
        ']' => SqlToken::RBracket,
        '.' => SqlToken::Period,
        ';' => SqlToken::SemiColon,
        ':' => SqlToken::Colon,
        '+' => SqlToken::Plus,
        '-' => SqlToken::Minus,
        '*' => SqlToken::Mul,
        '/' => SqlToken::Div,
        '%' => SqlToken::Mod,
        '^' => SqlToken::Caret,
        '<' => SqlToken::Lt,
        '>' => SqlToken::Gt,
        '=' => SqlToken::Eq,
        other => SqlToken::Char(other),
    }
}
