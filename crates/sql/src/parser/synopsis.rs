//! Grammars written as PostgreSQL's manual writes them, for statements of which nothing is kept.
//!
//! `[ x ]` may be missing, `{ x | y }` is one of them, `x ,...` is a list with commas, `x ...` one
//! without; `<rule>` is a rule of [`RULES`] or a production of [`production`], `<@name>` the same
//! for the relation that the statement is about. Any other word is a keyword or a sign.
//!
//! All ways through a text are followed at once, so the farthest token that none of them takes is
//! where PostgreSQL's parser stops too.
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::rules::{PARTS, RULES};
use super::{Parser, Result};
use crate::SyntaxError;
use crate::token::TokenKind;

/// One part of a synopsis.
#[derive(Debug)]
enum Part {
    Word(&'static str),
    Sign(&'static str),
    Rule(&'static str),
    Production(Production),
    /// The relation that the statement is about.
    Relation,
    Sequence(Vec<Part>),
    OneOf(Vec<Part>),
    Optional(Box<Part>),
    /// With commas between, or without.
    Several(Box<Part>, bool),
}

type Production = fn(&mut Parser<'_>) -> Result<()>;

/// A synopsis, read once.
#[derive(Debug)]
struct Synopsis(Part);

/// How far a text follows synopses.
struct Follower<'p, 'a> {
    parser: &'p mut Parser<'a>,
    /// The farthest error, and twice the token that it is at, one more if it is behind that.
    error: Option<(usize, Box<SyntaxError>)>,
    /// Where the relation begins, once one was read.
    relation: Option<usize>,
}

static READ_RULES: LazyLock<HashMap<&'static str, Part>> =
    LazyLock::new(|| RULES.iter().map(|(name, text)| (*name, read(text))).collect());

impl Synopsis {
    fn new(text: &'static str) -> Self {
        Self(read(text))
    }
}

fn read(text: &'static str) -> Part {
    let mut words = text.split_whitespace().peekable();
    let part = alternatives(&mut words);
    assert!(words.next().is_none(), "a bracket too many in `{text}`");
    part
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn alternatives(words: &mut Words<'static>) -> Part {
    let mut ways = vec![sequence(words)];
    while words.next_if_eq(&"|").is_some() {
        ways.push(sequence(words));
    }
    match ways.len() {
        1 => ways.remove(0),
        _ => Part::OneOf(ways),
    }
}

fn sequence(words: &mut Words<'static>) -> Part {
    let mut parts = vec![];
    while let Some(word) = words.next_if(|word| !["]", "}", "|"].contains(word)) {
        let mut part = part(word, words);
        if let Some(again) = words.next_if(|word| [",...", "..."].contains(word)) {
            part = Part::Several(Box::new(part), again == ",...");
        }
        parts.push(part);
    }
    Part::Sequence(parts)
}

fn part(word: &'static str, words: &mut Words<'static>) -> Part {
    match word {
        "[" => {
            let inside = alternatives(words);
            assert_eq!(words.next(), Some("]"));
            Part::Optional(Box::new(inside))
        }
        "{" => {
            let inside = alternatives(words);
            assert_eq!(words.next(), Some("}"));
            inside
        }
        _ => match word.strip_prefix('<').and_then(|word| word.strip_suffix('>')) {
            Some("@") => Part::Relation,
            Some(name) => match production(name) {
                Some(production) => Part::Production(production),
                None => Part::Rule(name),
            },
            None if word.starts_with(|c: char| c.is_ascii_lowercase()) => Part::Word(word),
            None => Part::Sign(word),
        },
    }
}

/// What the parser knows without a synopsis.
fn production(name: &str) -> Option<Production> {
    Some(match name {
        "name" => |p| p.name().map(drop),
        "label" => |p| p.label().map(drop),
        "word" => |p| p.non_reserved_word().map(drop),
        "any_name" => |p| p.any_name(),
        "qualified" => |p| p.relation_name(),
        "relation" => |p| p.relation_expr(),
        "func_name" => |p| p.function_name(),
        "param_name" => |p| p.type_function_name().map(drop),
        "string" => |p| p.string().map(drop),
        "secret" => |p| p.secret().map(drop),
        "int" => |p| p.integer().map(drop),
        "number" => |p| p.number().map(drop),
        "type" => |p| p.typename(),
        "func_type" => |p| p.func_type(),
        "role" => |p| p.role_spec().map(drop),
        "operator" => |p| p.dotted_operator(),
        "expr" => |p| p.a_expr(),
        "b_expr" => |p| p.b_expr(),
        "call" => |p| p.application(),
        "partition_by" => |p| p.partition_by(),
        "query" => |p| p.select_stmt(),
        "statement" => |p| p.preparable_stmt(),
        "index_elem" => |p| p.index_element(),
        "def_arg" => |p| p.def_arg(),
        "reloptions" => |p| p.relation_options().map(drop),
        "column" => |p| p.column_definition().map(drop),
        "element" => |p| p.table_element().map(drop),
        "constraint" => |p| p.table_constraint().map(drop),
        "typed_element" => |p| p.partition_element().map(drop),
        "table_actions" => |p| p.list(Parser::table_action).map(drop),
        "tables" => |p| p.tables(),
        "stats_elem" => |p| p.indexed(),
        "ident" => |p| p.identifier(),
        "hash_bound" => |p| p.hash_bound(),
        "not_of_identity" => |p| p.not_of_identity(),
        "set_or_reset" => |p| p.set_or_reset().map(drop),
        "setting" => |p| p.setting().map(drop),
        "execute" => |p| {
            p.expect("execute")?;
            p.execute().map(drop)
        },
        _ => return None,
    })
}

impl<'p, 'a> Follower<'p, 'a> {
    fn new(parser: &'p mut Parser<'a>) -> Self {
        Self { parser, error: None, relation: None }
    }

    /// Where the synopsis may end that begins at this token.
    fn ends(&mut self, synopsis: &Synopsis, from: usize) -> BTreeSet<usize> {
        self.follow(&synopsis.0, from)
    }

    fn follow(&mut self, part: &Part, from: usize) -> BTreeSet<usize> {
        match part {
            Part::Word(word) => self.token(from, |token| token.is_word(word)),
            Part::Sign(sign) => self.token(from, |token| match token.kind {
                TokenKind::Char(c) => sign.chars().eq([c]),
                _ => false,
            }),
            Part::Rule(name) => match READ_RULES.get(name) {
                Some(part) => self.follow(part, from),
                None => unreachable!("a test looks at every rule that is named"),
            },
            Part::Production(production) => self.produce(*production, from),
            Part::Relation => {
                let ends = self.produce(|p| p.relation_name(), from);
                if !ends.is_empty() {
                    self.relation.get_or_insert(from);
                }
                ends
            }
            Part::Sequence(parts) => {
                let start = BTreeSet::from([from]);
                parts.iter().fold(start, |ends, part| self.follow_all(part, &ends))
            }
            Part::OneOf(ways) => ways.iter().flat_map(|way| self.follow(way, from)).collect(),
            Part::Optional(part) => {
                let mut ends = self.follow(part, from);
                ends.insert(from);
                ends
            }
            Part::Several(part, commas) => self.several_parts(part, *commas, from),
        }
    }

    fn follow_all(&mut self, part: &Part, from: &BTreeSet<usize>) -> BTreeSet<usize> {
        from.iter().flat_map(|from| self.follow(part, *from)).collect()
    }

    fn several_parts(&mut self, part: &Part, commas: bool, from: usize) -> BTreeSet<usize> {
        let mut ends = self.follow(part, from);
        let mut new = ends.clone();
        while !new.is_empty() {
            if commas {
                new = self.follow_all(&Part::Sign(","), &new);
            }
            new = self.follow_all(part, &new);
            new.retain(|end| ends.insert(*end));
        }
        ends
    }

    fn token(&mut self, from: usize, is: impl Fn(&crate::token::Token) -> bool) -> BTreeSet<usize> {
        let token = &self.parser.tokens[from];
        if is(token) {
            return BTreeSet::from([from + 1]);
        }
        let error = self.parser.unexpected_at(token);
        self.remember(2 * from, error);
        BTreeSet::new()
    }

    fn produce(&mut self, production: Production, from: usize) -> BTreeSet<usize> {
        self.parser.at = from;
        match production(self.parser) {
            Ok(()) => BTreeSet::from([self.parser.at]),
            Err(error) => {
                let place = self.place_of(&error);
                self.remember(place, error);
                BTreeSet::new()
            }
        }
    }

    /// How far an error was found: what the grammar refuses in its own words, it refuses behind
    /// that, before whatever else may be wrong there.
    fn place_of(&self, error: &SyntaxError) -> usize {
        use medley_diagnostic::Diagnostic;
        let tokens = self.parser.tokens;
        match error {
            SyntaxError::AtToken { .. } | SyntaxError::AtEnd { .. } => {
                let position = error.position().unwrap_or(0);
                2 * tokens.partition_point(|token| token.position < position)
            }
            _ => 2 * self.parser.at + 1,
        }
    }

    fn remember(&mut self, place: usize, error: Box<SyntaxError>) {
        if self.error.as_ref().is_none_or(|(farthest, _)| *farthest < place) {
            self.error = Some((place, error));
        }
    }
}

/// Synopses of a table, and the names of what they are of.
#[derive(Debug)]
pub(super) struct Synopses(Vec<(&'static str, Synopsis)>);

/// What a text was found to be.
#[derive(Debug)]
pub(super) struct Found {
    /// Its name in the table.
    pub name: &'static str,
    /// The token behind it.
    end: usize,
    /// Where the relation begins that it is about.
    pub relation: Option<usize>,
}

impl Synopses {
    pub fn new(table: &[(&'static str, &'static str)]) -> Self {
        Self(table.iter().map(|(name, text)| (*name, Synopsis::new(text))).collect())
    }
}

static READ_PARTS: LazyLock<Vec<(&'static str, Synopses)>> =
    LazyLock::new(|| PARTS.iter().map(|part| (part.0, Synopses::new(&[*part]))).collect());

impl Parser<'_> {
    /// Goes over a part of [`PARTS`], or over nothing if it has none of that name.
    pub(super) fn pass(&mut self, part: &str) -> Result<()> {
        match READ_PARTS.iter().find(|(name, _)| *name == part) {
            Some((_, synopses)) => self.find(synopses).map(drop),
            None => Ok(()),
        }
    }

    /// `PARTITION BY strategy (keys)`, if it is there.
    fn partition_by(&mut self) -> Result<()> {
        if !self.eat("partition") {
            return Ok(());
        }
        self.expect("by")?;
        let position = self.position();
        let strategy = self.name()?;
        self.parenthesized(Self::partition_key)?;
        if ["hash", "list", "range"].contains(&strategy.as_str()) {
            return Ok(());
        }
        let message = format!("unrecognized partitioning strategy \"{strategy}\"");
        self.refuse(message, medley_diagnostic::SqlState::INVALID_PARAMETER_VALUE, position)
    }

    /// `(MODULUS n, REMAINDER n)`.
    fn hash_bound(&mut self) -> Result<()> {
        use medley_diagnostic::SqlState;
        let bounds = self.parenthesized(|parser| {
            let position = parser.position();
            let name = parser.non_reserved_word()?;
            parser.integer()?;
            Ok((name, position))
        })?;
        let mut seen = vec![];
        for (name, position) in bounds {
            if !["modulus", "remainder"].contains(&name.as_str()) {
                let message = format!("unrecognized hash partition bound specification \"{name}\"");
                return self.refuse(message, SqlState::SYNTAX_ERROR, position);
            }
            if seen.contains(&name) {
                let message = format!("{name} for hash partition provided more than once");
                return self.refuse(message, SqlState::DUPLICATE_OBJECT, position);
            }
            seen.push(name);
        }
        let missing =
            ["modulus", "remainder"].into_iter().find(|name| !seen.iter().any(|s| s == name));
        let Some(name) = missing else { return Ok(()) };
        Err(Box::new(SyntaxError::Refused {
            message: format!("{name} for hash partition must be specified"),
            position: None,
            sqlstate: SqlState::SYNTAX_ERROR,
            hint: None,
        }))
    }

    /// An option of sequences that the grammar takes for an identity column, and then refuses.
    fn not_of_identity(&mut self) -> Result<()> {
        let position = self.position();
        let option = match self.word() {
            "as" => {
                self.advance();
                self.typename()?;
                "as"
            }
            "restart" => {
                self.advance();
                let _ = self.eat("with");
                if matches!(self.peek().kind, TokenKind::Integer | TokenKind::Float) {
                    self.number()?;
                }
                "restart"
            }
            "owned" => {
                self.expect("owned by")?;
                self.any_name()?;
                "owned_by"
            }
            _ => return self.unexpected(),
        };
        let message = format!("sequence option \"{option}\" not supported here");
        self.refuse(message, medley_diagnostic::SqlState::SYNTAX_ERROR, position)
    }

    /// Goes over the longest text from here that one of the synopses describes. Those without a
    /// name describe nothing, and only tell where an error is.
    pub(super) fn find(&mut self, synopses: &Synopses) -> Result<Found> {
        let from = self.at;
        let trees = std::mem::replace(&mut self.trees, false);
        let mut best: Option<Found> = None;
        let mut farthest: Option<(usize, Box<SyntaxError>)> = None;
        for (name, synopsis) in &synopses.0 {
            let mut follower = Follower::new(self);
            let end = follower.ends(synopsis, from).pop_last();
            let (relation, error) = (follower.relation, follower.error);
            if let Some(end) = end.filter(|_| !name.is_empty())
                && best.as_ref().is_none_or(|best| best.end < end)
            {
                best = Some(Found { name, end, relation });
            }
            if let Some((place, error)) = error
                && farthest.as_ref().is_none_or(|(farthest, _)| *farthest < place)
            {
                farthest = Some((place, error));
            }
        }
        self.trees = trees;
        self.at = from;
        match (best, farthest) {
            (Some(best), Some((place, error))) if place > 2 * best.end => Err(error),
            (Some(best), _) => {
                self.at = best.end;
                Ok(best)
            }
            (None, Some((_, error))) => Err(error),
            (None, None) => self.unexpected(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{ACTIONS, COLUMN_ACTIONS, OBJECTS, PARTITIONS, PARTS, STATEMENTS};
    use super::*;

    fn check(part: &Part) {
        match part {
            Part::Rule(name) => assert!(READ_RULES.contains_key(name), "no rule is called {name}"),
            Part::Sequence(parts) | Part::OneOf(parts) => parts.iter().for_each(check),
            Part::Optional(part) | Part::Several(part, _) => check(part),
            Part::Word(word) => {
                assert!(crate::keyword::keyword(word).is_some(), "{word} is no keyword");
            }
            Part::Sign(_) | Part::Production(_) | Part::Relation => {}
        }
    }

    #[test]
    fn synopses_name_what_there_is() {
        READ_RULES.values().for_each(check);
        for table in [STATEMENTS, ACTIONS, COLUMN_ACTIONS, PARTITIONS, PARTS, OBJECTS] {
            table.iter().for_each(|(_, text)| check(&read(text)));
        }
    }
}
