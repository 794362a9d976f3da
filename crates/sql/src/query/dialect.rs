use std::any::TypeId;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};

use crate::keyword::{KeywordCategory, keyword};

/// sqlparser's PostgreSQL, less what PostgreSQL does not have.
#[derive(Debug)]
pub(super) struct Postgres;

/// PostgreSQL's idea of sqlparser's keyword.
fn known(word: &Keyword) -> Option<&'static crate::keyword::Keyword> {
    keyword(&format!("{word:?}").to_ascii_lowercase())
}

macro_rules! as_postgresql {
    ($($name:ident),* $(,)?) => {
        $(fn $name(&self) -> bool { PostgreSqlDialect {}.$name() })*
    };
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
        PostgreSqlDialect {}.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        PostgreSqlDialect {}.prec_value(precedence)
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
