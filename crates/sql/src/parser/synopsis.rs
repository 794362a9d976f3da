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

use super::rules::RULES;
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
    /// The farthest error.
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
        "call" => |p| p.windowless_call(),
        "query" => |p| p.select_stmt(),
        "statement" => |p| p.preparable_stmt(),
        "index_elem" => |p| p.index_element(),
        "part_elem" => |p| p.partition_key(),
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
        self.remember(from, error);
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

    /// The token that an error is about.
    fn place_of(&self, error: &SyntaxError) -> usize {
        use medley_diagnostic::Diagnostic;
        let tokens = self.parser.tokens;
        match error.position() {
            Some(position) => {
                tokens.partition_point(|token| token.position < position).min(tokens.len() - 1)
            }
            None => self.parser.at,
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

impl Parser<'_> {
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
            (Some(best), Some((place, error))) if place > best.end => Err(error),
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
    use super::super::rules::{ACTIONS, COLUMN_ACTIONS, STATEMENTS};
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
        for (_, text) in STATEMENTS.iter().chain(ACTIONS).chain(COLUMN_ACTIONS) {
            check(&read(text));
        }
    }
}
