use std::any::TypeId;
use std::cell::RefCell;

use sqlparser::ast::{Expr, Statement, UnaryOperator};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::construct;
use super::place::Places;
use crate::keyword::{KeywordCategory, keyword};

/// sqlparser's PostgreSQL, less what PostgreSQL does not have, and more of what it has.
#[derive(Debug, Default)]
pub(super) struct Postgres {
    pub(super) places: RefCell<Places>,
}

impl Postgres {
    fn operator_at(&self, parser: &Parser<'_>) {
        self.places.borrow_mut().operators.insert(parser.peek_token_ref().span.start);
    }
}

/// PostgreSQL's idea of sqlparser's keyword.
fn known(word: &Keyword) -> Option<&'static crate::keyword::Keyword> {
    keyword(&format!("{word:?}").to_ascii_lowercase())
}

macro_rules! as_postgresql {
    ($($name:ident),* $(,)?) => {
        $(fn $name(&self) -> bool { PostgreSqlDialect {}.$name() })*
    };
}

/// LIKE, BETWEEN, IN.
const LIKE: u8 = 60;

/// Every operator that is none of arithmetic and comparison.
const OTHER: u8 = 70;

const COLLATE: u8 = 120;

/// A sign.
const UNARY: u8 = 130;

const SUBSCRIPT: u8 = 140;

/// How tightly words bind that sqlparser takes for looser or tighter than PostgreSQL does.
fn word_level(word: Keyword) -> Option<u8> {
    match word {
        Keyword::COLLATE => Some(COLLATE),
        Keyword::OPERATOR => Some(OTHER),
        _ => None,
    }
}

/// Whether it is an operator, and neither arithmetic nor a comparison.
fn is_other_operator(token: &Token) -> bool {
    let text = token.to_string();
    let known = matches!(text.as_str(), "+" | "-" | "*" | "/" | "%" | "^" | "<" | ">" | "=")
        || matches!(text.as_str(), "<=" | ">=" | "<>" | "!=" | "=>");
    let signs = |c: char| "~!@#^&|`?+-*/%<>=".contains(c);
    !known && !text.is_empty() && text.chars().all(signs)
}

fn at_local(parser: &Parser<'_>) -> bool {
    matches!(&parser.peek_nth_token_ref(1).token, Token::Word(word) if word.keyword == Keyword::LOCAL)
}

impl Dialect for Postgres {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_identifier_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_identifier_part(c)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        PostgreSqlDialect {}.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_delimited_identifier_start(c)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        PostgreSqlDialect {}.is_reserved_for_identifier(keyword)
    }

    fn is_custom_operator_part(&self, c: char) -> bool {
        PostgreSqlDialect {}.is_custom_operator_part(c)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let known = match &parser.peek_token_ref().token {
            Token::Word(word) if word.keyword == Keyword::AT => match at_local(parser) {
                true => self.prec_value(Precedence::AtTz),
                false => return None,
            },
            Token::Word(word) => return word_level(word.keyword).map(Ok),
            Token::LBracket => SUBSCRIPT,
            Token::Colon => 0,
            Token::Caret => self.prec_value(Precedence::Caret),
            token if is_other_operator(token) => OTHER,
            _ => return None,
        };
        Some(Ok(known))
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Or => 10,
            Precedence::And => 20,
            Precedence::UnaryNot => 30,
            Precedence::Is => 40,
            Precedence::Eq => 50,
            Precedence::Between | Precedence::Like => LIKE,
            Precedence::Ampersand
            | Precedence::Colon
            | Precedence::PgOther
            | Precedence::Pipe
            | Precedence::Xor => OTHER,
            Precedence::PlusMinus => 80,
            Precedence::MulDivModOp => 90,
            Precedence::Caret => 100,
            Precedence::AtTz => 110,
            Precedence::DoubleColon => 150,
            Precedence::Period => 160,
        }
    }

    /// sqlparser lets signs take too much, and other operators too little.
    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        if let Some(construct) = construct::prefix(parser) {
            return Some(construct);
        }
        let token = parser.peek_token_ref();
        let (op, level) = match &token.token {
            Token::Word(word) if word.keyword == Keyword::CAST => {
                self.places.borrow_mut().cast_words.insert(token.span.start);
                return None;
            }
            Token::Minus => (UnaryOperator::Minus, UNARY),
            Token::Plus => (UnaryOperator::Plus, UNARY),
            Token::Tilde => (UnaryOperator::BitwiseNot, OTHER),
            Token::AtSign => (UnaryOperator::PGAbs, OTHER),
            Token::DoubleExclamationMark => (UnaryOperator::PGPrefixFactorial, OTHER),
            Token::PGSquareRoot => (UnaryOperator::PGSquareRoot, OTHER),
            Token::PGCubeRoot => (UnaryOperator::PGCubeRoot, OTHER),
            Token::Sharp => (UnaryOperator::Hash, OTHER),
            Token::AtDashAt => (UnaryOperator::AtDashAt, OTHER),
            Token::AtAt => (UnaryOperator::DoubleAt, OTHER),
            Token::QuestionMarkDash => (UnaryOperator::QuestionDash, OTHER),
            Token::QuestionPipe => (UnaryOperator::QuestionPipe, OTHER),
            _ => return None,
        };
        self.operator_at(parser);
        parser.advance_token();
        let operand = parser.parse_subexpr(level);
        Some(operand.map(|operand| Expr::UnaryOp { op, expr: Box::new(operand) }))
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        _: u8,
    ) -> Option<Result<Expr, ParserError>> {
        self.operator_at(parser);
        let token = parser.peek_token_ref();
        if token.token == Token::DoubleColon {
            self.places.borrow_mut().casts.insert(token.span.start);
        }
        construct::infix(parser, expr)
    }

    fn parse_statement(&self, _: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        None
    }

    fn is_column_alias(&self, word: &Keyword, _: &mut Parser<'_>) -> bool {
        known(word).is_none_or(|keyword| keyword.bare_label)
    }

    fn is_table_alias(&self, word: &Keyword, _: &mut Parser<'_>) -> bool {
        use KeywordCategory::{ColumnName, Unreserved};
        // `UPDATE t SET`: there alone SET is no alias, and elsewhere hardly anybody's.
        *word != Keyword::SET
            && known(word).is_none_or(|k| matches!(k.category, Unreserved | ColumnName))
    }

    // Not `supports_named_fn_args_with_expr_name`: it reads each argument twice, so that calls
    // within calls take exponential time. JSON_OBJECT('key': value) is the price.
    as_postgresql!(
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_array_typedef_with_brackets,
        supports_bitwise_shift_operators,
        supports_comma_separated_trim,
        supports_empty_projections,
        supports_filter_during_aggregation,
        supports_geometric_types,
        supports_group_by_expr,
        supports_insert_table_alias,
        supports_interval_options,
        supports_named_fn_args_with_colon_operator,
        supports_notnull_operator,
        supports_string_escape_constant,
        supports_unicode_string_literal,
        supports_xml_expressions,
    );
}
