//! Types' names.
use super::{Parser, Result};
use crate::ast::TypeName;
use crate::token::TokenKind;

/// The types that SQL spells with keywords, and PostgreSQL's names for them.
const BUILT_IN: &[(&str, &str)] = &[
    ("int", "int4"),
    ("integer", "int4"),
    ("smallint", "int2"),
    ("bigint", "int8"),
    ("real", "float4"),
    ("boolean", "bool"),
    ("double precision", "float8"),
    ("json", "json"),
];

/// Those that take modifiers, as numeric(10, 2).
const NUMERIC: &[&str] = &["numeric", "decimal", "dec"];

/// Bits of an interval's fields, as PostgreSQL's typmod has them.
const FIELDS: &[(&str, u32)] = &[
    ("year", 1 << 2),
    ("month", 1 << 1),
    ("day", 1 << 3),
    ("hour", 1 << 10),
    ("minute", 1 << 11),
    ("second", 1 << 12),
];

impl Parser<'_> {
    /// `Typename`.
    pub fn type_name(&mut self) -> Result<TypeName> {
        let position = self.position();
        let set_of = self.eat("setof");
        let mut name = self.simple_type_name(position)?;
        name.set_of = set_of;
        name.dimensions = self.array_bounds()?;
        Ok(name)
    }

    /// One without SETOF and array bounds.
    pub fn simple_type_name(&mut self, position: usize) -> Result<TypeName> {
        if let Some((_, name)) = BUILT_IN.iter().find(|(words, _)| self.eat(words)) {
            return Ok(built_in(name, vec![], position));
        }
        if self.eat_one_of(NUMERIC).is_some() {
            let modifiers = self.type_modifiers()?;
            return Ok(built_in("numeric", modifiers, position));
        }
        match self.word() {
            "float" => self.float(position),
            "char" | "character" | "varchar" | "nchar" | "national" => self.character(position),
            "bit" => self.bit(position),
            "time" | "timestamp" => self.time(position),
            "interval" => self.interval(position),
            _ => self.generic_type(position),
        }
    }

    /// `[schema.]name[%TYPE][(modifiers)]`.
    fn generic_type(&mut self, position: usize) -> Result<TypeName> {
        // A column name before a dot may be a keyword that a type alone may not.
        let mut parts = vec![self.type_function_name()?];
        while self.eat_char('.') {
            parts.push(self.label()?);
        }
        let percent_type = self.is_char('%') && self.word_at(1) == "type";
        if percent_type {
            self.advance();
            self.advance();
        }
        let modifiers = if percent_type { vec![] } else { self.type_modifiers()? };
        Ok(TypeName { parts, modifiers, dimensions: vec![], set_of: false, percent_type, position })
    }

    fn type_modifiers(&mut self) -> Result<Vec<String>> {
        self.maybe_parenthesized(Self::type_modifier)
    }

    /// The grammar takes any expression, the type only a simple one.
    fn type_modifier(&mut self) -> Result<String> {
        let from = self.at;
        self.a_expr()?;
        let end = std::mem::replace(&mut self.at, from);
        let modifier = match self.peek().kind {
            TokenKind::String(_) => self.string(),
            TokenKind::Ident { .. } | TokenKind::Keyword(_) => self.name(),
            _ => self.number(),
        };
        if self.at == end
            && let Ok(modifier) = modifier
        {
            return Ok(modifier);
        }
        let message = "type modifiers must be simple constants or identifiers";
        let state = medley_diagnostic::SqlState::SYNTAX_ERROR;
        self.refuse(message, state, self.tokens[from].position)
    }

    fn float(&mut self, position: usize) -> Result<TypeName> {
        self.expect("float")?;
        let at = self.peek_at(1).position;
        let digits = match self.parenthesized_integer()? {
            None => return Ok(built_in("float8", vec![], position)),
            Some(digits) => digits,
        };
        let refuse = |message| {
            self.refuse(message, medley_diagnostic::SqlState::INVALID_PARAMETER_VALUE, at)
        };
        match digits {
            ..1 => refuse("precision for type float must be at least 1 bit"),
            1..=24 => Ok(built_in("float4", vec![], position)),
            25..=53 => Ok(built_in("float8", vec![], position)),
            _ => refuse("precision for type float must be less than 54 bits"),
        }
    }

    fn parenthesized_integer(&mut self) -> Result<Option<i32>> {
        if !self.eat_char('(') {
            return Ok(None);
        }
        let value = self.integer()?;
        self.expect_char(')')?;
        Ok(Some(value))
    }

    /// A bare `char` is one character long.
    fn character(&mut self, position: usize) -> Result<TypeName> {
        let varying = if self.eat("varchar") {
            true
        } else {
            if self.eat("national") {
                if !self.eat("char") {
                    self.expect("character")?;
                }
            } else {
                self.advance();
            }
            self.eat("varying")
        };
        let length = self.parenthesized_integer()?;
        Ok(match (varying, length) {
            (true, length) => {
                built_in("varchar", length.iter().map(i32::to_string).collect(), position)
            }
            (false, length) => built_in("bpchar", vec![length.unwrap_or(1).to_string()], position),
        })
    }

    fn bit(&mut self, position: usize) -> Result<TypeName> {
        self.expect("bit")?;
        let varying = self.eat("varying");
        let modifiers = self.type_modifiers()?;
        Ok(match (varying, modifiers.is_empty()) {
            (true, _) => built_in("varbit", modifiers, position),
            (false, true) => built_in("bit", vec!["1".to_owned()], position),
            (false, false) => built_in("bit", modifiers, position),
        })
    }

    fn time(&mut self, position: usize) -> Result<TypeName> {
        let timestamp = self.eat("timestamp") || !self.eat("time");
        let modifiers = self.parenthesized_integer()?.iter().map(i32::to_string).collect();
        let zone = self.is("with") && self.word_at(1) == "time";
        if zone || (self.is("without") && self.word_at(1) == "time") {
            self.advance();
            self.expect("time zone")?;
        }
        let name = match (timestamp, zone) {
            (true, true) => "timestamptz",
            (true, false) => "timestamp",
            (false, true) => "timetz",
            (false, false) => "time",
        };
        Ok(built_in(name, modifiers, position))
    }

    fn interval(&mut self, position: usize) -> Result<TypeName> {
        self.expect("interval")?;
        if let Some(precision) = self.parenthesized_integer()? {
            // All fields, as PostgreSQL's INTERVAL_FULL_RANGE.
            let modifiers = vec![0x7fff.to_string(), precision.to_string()];
            return Ok(built_in("interval", modifiers, position));
        }
        let modifiers = self.interval_fields()?;
        Ok(built_in("interval", modifiers, position))
    }

    /// `DAY TO SECOND(3)` and the like: the fields' mask, then the precision.
    pub fn interval_fields(&mut self) -> Result<Vec<String>> {
        let Some(first) = self.interval_field() else { return Ok(vec![]) };
        let mut last = first;
        if self.is("to") {
            let ranges = [1..2, 0..0, 3..6, 4..6, 5..6, 0..0];
            if ranges[first].is_empty() {
                return self.unexpected();
            }
            self.advance();
            let end = self.peek();
            last = match self.interval_field() {
                Some(last) if ranges[first].contains(&last) => last,
                _ => return Err(self.unexpected_at(end)),
            };
        }
        let mask: u32 = FIELDS[first..=last].iter().map(|(_, bit)| bit).sum();
        let mut modifiers = vec![mask.to_string()];
        if FIELDS[last].0 == "second"
            && let Some(precision) = self.parenthesized_integer()?
        {
            modifiers.push(precision.to_string());
        }
        Ok(modifiers)
    }

    fn interval_field(&mut self) -> Option<usize> {
        let field = FIELDS.iter().position(|(word, _)| self.is(word));
        if field.is_some() {
            self.advance();
        }
        field
    }

    /// `[]`, `[3]`, `ARRAY`, `ARRAY[3]`.
    fn array_bounds(&mut self) -> Result<Vec<Option<i32>>> {
        let mut bounds = vec![];
        if self.eat("array") {
            return Ok(vec![self.bracketed_bound()?.flatten()]);
        }
        while let Some(bound) = self.bracketed_bound()? {
            bounds.push(bound);
        }
        Ok(bounds)
    }

    fn bracketed_bound(&mut self) -> Result<Option<Option<i32>>> {
        if !self.eat_char('[') {
            return Ok(None);
        }
        let bound = if self.is_char(']') { None } else { Some(self.integer()?) };
        self.expect_char(']')?;
        Ok(Some(bound))
    }
}

fn built_in(name: &str, modifiers: Vec<String>, position: usize) -> TypeName {
    TypeName {
        parts: vec!["pg_catalog".to_owned(), name.to_owned()],
        modifiers,
        dimensions: vec![],
        set_of: false,
        percent_type: false,
        position,
    }
}
