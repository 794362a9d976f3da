//! What PostgreSQL has and sqlparser's tree has no node for: a call of a function, or a name,
//! whose quotes are back quotes, which nobody can write. Some are made here, where sqlparser asks
//! what to do next; the others by other tokens than those that were written (`convert`).
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, TrimWhereField, Value, ValueWithSpan,
};
use sqlparser::dialect::Precedence;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

/// The quote of names that are no names.
const MARK: char = '`';

/// A construct that stands in the tree as a call, or as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Construct {
    /// `x AT LOCAL`, a call of `x`.
    AtLocal,
    /// `COLLATION FOR (x)`, a call of `x`.
    CollationFor,
    /// `NORMALIZE(x, form)`, a call of `x` and the form as text, if there is one.
    Normalize,
    /// `TRIM(side FROM x)` without characters, a call of the side's function's name as text and
    /// `x`.
    Trim,
    /// The lower bound of BETWEEN SYMMETRIC, a call of it.
    Symmetric,
    /// `x IS JSON`, a call of `x` and of its further words as text.
    IsJson,
    /// `x IS DOCUMENT`, a call of `x`.
    IsDocument,
    /// `VARIADIC x`, a named argument.
    Variadic,
    /// `ROWS FROM (…)`, a function in FROM with its functions as arguments.
    RowsFrom,
    /// `(x).*`, a field's name.
    Star,
    /// GROUP BY DISTINCT, the first of its expressions.
    Distinct,
    /// `USING (…) AS alias`, the last of the columns, whose name is the alias behind a space.
    UsingAlias,
    /// `AS (column type, …)` without an alias: the alias.
    NoAlias,
    /// EXCLUDE of a window's frame: the name of the window that it extends, which is its word, and
    /// behind a space the window's that it does extend.
    Exclude,
}

/// The constructs by the names that they have in the tree.
const NAMES: &[(&str, Construct)] = &[
    ("at local", Construct::AtLocal),
    ("collation for", Construct::CollationFor),
    ("normalize", Construct::Normalize),
    ("trim", Construct::Trim),
    ("symmetric", Construct::Symmetric),
    ("is json", Construct::IsJson),
    ("is document", Construct::IsDocument),
    ("variadic", Construct::Variadic),
    ("rows from", Construct::RowsFrom),
    ("*", Construct::Star),
    ("distinct", Construct::Distinct),
    ("using", Construct::UsingAlias),
    ("", Construct::NoAlias),
    ("exclude", Construct::Exclude),
];

/// The construct that a name stands for, and what is said of it; `None` for a name.
pub fn construct(name: &Ident) -> Option<(Construct, &str)> {
    if name.quote_style != Some(MARK) {
        return None;
    }
    let (word, rest) = name.value.split_once('\u{1f}').unwrap_or((&name.value, ""));
    let (_, found) = NAMES.iter().find(|(known, _)| *known == word)?;
    Some((*found, rest))
}

/// The token of a name that stands for a construct.
pub(super) fn mark(of: Construct, said: &str) -> Token {
    let Ident { value, quote_style, .. } = name(of, said, Span::empty());
    Token::Word(sqlparser::tokenizer::Word { value, quote_style, keyword: Keyword::NoKeyword })
}

fn name(of: Construct, said: &str, span: Span) -> Ident {
    let (word, _) = NAMES.iter().find(|(_, known)| *known == of).expect("each has its name");
    let value = match said {
        "" => (*word).to_owned(),
        said => format!("{word}\u{1f}{said}"),
    };
    Ident { value, quote_style: Some(MARK), span }
}

#[inline(never)]
fn call(of: Construct, span: Span, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    let args = FunctionArgumentList {
        duplicate_treatment: None,
        args: args.collect(),
        clauses: Vec::new(),
    };
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(name(of, "", span))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(args),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn text(word: &str, span: Span) -> Expr {
    Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(word.to_owned()), span })
}

type Parsed = Result<Expr, ParserError>;

/// The words that come next, as far as they are words.
fn word<'p>(parser: &'p Parser<'_>, nth: usize) -> Option<&'p str> {
    match &parser.peek_nth_token_ref(nth).token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

fn is_words(parser: &Parser<'_>, words: &[&str]) -> bool {
    let mut words = words.iter().enumerate();
    words.all(|(nth, wanted)| word(parser, nth).is_some_and(|it| it.eq_ignore_ascii_case(wanted)))
}

fn skip(parser: &mut Parser<'_>, tokens: usize) {
    (0..tokens).for_each(|_| parser.advance_token());
}

/// A construct that begins an expression.
#[inline(never)]
pub(super) fn prefix(parser: &mut Parser<'_>) -> Option<Parsed> {
    let called = |nth: usize| parser.peek_nth_token_ref(nth).token == Token::LParen;
    if is_words(parser, &["normalize"]) && called(1) {
        return Some(normalize(parser));
    }
    if is_words(parser, &["collation", "for"]) && called(2) {
        return Some(collation_for(parser));
    }
    if is_words(parser, &["trim"]) && called(1) {
        return trim(parser);
    }
    None
}

#[inline(never)]
fn normalize(parser: &mut Parser<'_>) -> Parsed {
    let span = parser.peek_token_ref().span;
    skip(parser, 2);
    let mut args = vec![parser.parse_expr()?];
    if parser.consume_token(&Token::Comma) {
        let form = parser.parse_identifier()?;
        args.push(text(&form.value.to_ascii_uppercase(), form.span));
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call(Construct::Normalize, span, args))
}

#[inline(never)]
fn collation_for(parser: &mut Parser<'_>) -> Parsed {
    let span = parser.peek_token_ref().span;
    skip(parser, 3);
    let arg = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(call(Construct::CollationFor, span, vec![arg]))
}

/// `TRIM(side FROM x)`, `TRIM(FROM x)`.
#[inline(never)]
fn trim(parser: &mut Parser<'_>) -> Option<Parsed> {
    let span = parser.peek_token_ref().span;
    let side = match word(parser, 2)?.to_ascii_lowercase().as_str() {
        "both" => Some(TrimWhereField::Both),
        "leading" => Some(TrimWhereField::Leading),
        "trailing" => Some(TrimWhereField::Trailing),
        "from" => None,
        _ => return None,
    };
    let from = if side.is_some() { 3 } else { 2 };
    if !word(parser, from)?.eq_ignore_ascii_case("from") {
        return None;
    }
    skip(parser, from + 1);
    let name = match side {
        None | Some(TrimWhereField::Both) => "btrim",
        Some(TrimWhereField::Leading) => "ltrim",
        Some(TrimWhereField::Trailing) => "rtrim",
    };
    Some(trimmed(parser, name, span))
}

#[inline(never)]
fn trimmed(parser: &mut Parser<'_>, name: &str, span: Span) -> Parsed {
    let mut args = vec![text(name, span)];
    args.extend(parser.parse_comma_separated(Parser::parse_expr)?);
    parser.expect_token(&Token::RParen)?;
    Ok(call(Construct::Trim, span, args))
}

/// A construct that goes on after an expression.
#[inline(never)]
pub(super) fn infix(parser: &mut Parser<'_>, left: &Expr) -> Option<Parsed> {
    let span = parser.peek_token_ref().span;
    if is_words(parser, &["at", "local"]) {
        skip(parser, 2);
        return Some(Ok(call(Construct::AtLocal, span, vec![left.clone()])));
    }
    if is_words(parser, &["is"]) {
        return test(parser, left, span);
    }
    let negated = is_words(parser, &["not"]);
    let nth = usize::from(negated);
    match word(parser, nth)?.to_ascii_lowercase().as_str() {
        "between" => between(parser, left, negated, nth + 1),
        like @ ("like" | "ilike") => {
            let op = match (like, negated) {
                ("like", false) => BinaryOperator::PGLikeMatch,
                ("like", true) => BinaryOperator::PGNotLikeMatch,
                (_, false) => BinaryOperator::PGILikeMatch,
                (_, true) => BinaryOperator::PGNotILikeMatch,
            };
            any_or_all(parser, left, op, nth + 1)
        }
        _ => None,
    }
}

/// `IS [NOT] JSON …`, `IS [NOT] DOCUMENT`.
#[inline(never)]
fn test(parser: &mut Parser<'_>, left: &Expr, span: Span) -> Option<Parsed> {
    let negated = word(parser, 1)?.eq_ignore_ascii_case("not");
    let nth = 1 + usize::from(negated);
    let found = match word(parser, nth)?.to_ascii_lowercase().as_str() {
        "json" => {
            skip(parser, nth + 1);
            let mut args = vec![left.clone()];
            args.extend(json_words(parser).into_iter().map(|word| text(&word, span)));
            call(Construct::IsJson, span, args)
        }
        "document" => {
            skip(parser, nth + 1);
            call(Construct::IsDocument, span, vec![left.clone()])
        }
        _ => return None,
    };
    Some(Ok(match negated {
        false => found,
        true => Expr::UnaryOp {
            op: sqlparser::ast::UnaryOperator::Not,
            expr: Box::new(Expr::Nested(Box::new(found))),
        },
    }))
}

/// `OBJECT`, `WITH UNIQUE KEYS` and so on, those that say something.
#[inline(never)]
fn json_words(parser: &mut Parser<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for kind in ["object", "array", "scalar", "value"] {
        if is_words(parser, &[kind]) {
            skip(parser, 1);
            words.push(kind.to_owned());
            break;
        }
    }
    for unique in ["with", "without"] {
        if is_words(parser, &[unique, "unique"]) {
            skip(parser, 2);
            if is_words(parser, &["keys"]) {
                skip(parser, 1);
            }
            words.extend((unique == "with").then(|| "unique".to_owned()));
        }
    }
    words
}

/// BETWEEN with a word of how.
#[inline(never)]
fn between(parser: &mut Parser<'_>, left: &Expr, negated: bool, nth: usize) -> Option<Parsed> {
    let symmetric = match word(parser, nth)?.to_ascii_lowercase().as_str() {
        "symmetric" => true,
        "asymmetric" => false,
        _ => return None,
    };
    let span = parser.peek_nth_token_ref(nth).span;
    skip(parser, nth + 1);
    Some(bounds(parser, symmetric, span).map(|(low, high)| Expr::Between {
        expr: Box::new(left.clone()),
        negated,
        low: Box::new(low),
        high: Box::new(high),
    }))
}

#[inline(never)]
fn bounds(
    parser: &mut Parser<'_>,
    symmetric: bool,
    span: Span,
) -> Result<(Expr, Expr), ParserError> {
    use sqlparser::dialect::Dialect as _;
    let level = super::dialect::Postgres::default().prec_value(Precedence::Between);
    let low = parser.parse_subexpr(level)?;
    parser.expect_keyword_is(Keyword::AND)?;
    let high = parser.parse_subexpr(level)?;
    let low = if symmetric { call(Construct::Symmetric, span, vec![low]) } else { low };
    Ok((low, high))
}

/// `LIKE ANY (…)`, `LIKE ALL (…)`: comparisons with the elements of an array, or with rows.
#[inline(never)]
fn any_or_all(
    parser: &mut Parser<'_>,
    left: &Expr,
    op: BinaryOperator,
    nth: usize,
) -> Option<Parsed> {
    let all = match word(parser, nth)?.to_ascii_lowercase().as_str() {
        "any" | "some" => false,
        "all" => true,
        _ => return None,
    };
    skip(parser, nth + 1);
    Some(compared(parser).map(|right| {
        let (left, right) = (Box::new(left.clone()), Box::new(right));
        match all {
            true => Expr::AllOp { left, compare_op: op, right },
            false => Expr::AnyOp { left, compare_op: op, right, is_some: false },
        }
    }))
}

/// What stands in the parentheses behind ANY and ALL.
#[inline(never)]
fn compared(parser: &mut Parser<'_>) -> Parsed {
    let subquery = ["select", "with", "values"];
    parser.expect_token(&Token::LParen)?;
    let right = match subquery.iter().any(|begin| is_words(parser, &[begin])) {
        true => Expr::Subquery(parser.parse_query()?),
        false => parser.parse_expr()?,
    };
    parser.expect_token(&Token::RParen)?;
    Ok(right)
}
