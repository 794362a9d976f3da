//! Types from their names in SQL: `numeric(12,2)`, `timestamp(3) with time zone`, `text[]`.
use crate::error::{Error, Result};
use crate::pg_type::PgType;
use crate::table;

impl PgType {
    /// Reads a type's name as SQL writes it, with its modifiers and brackets.
    pub fn parse(text: &str) -> Result<Self> {
        let words = split(text)?;
        let mut reader = Reader { words: &words, text };
        let element = reader.element()?;
        let t = if reader.brackets()? { reader.array_of(element)? } else { element };
        match reader.words {
            [] => Ok(t),
            [word, ..] => Err(reader.syntax(word)),
        }
    }
}

/// A word of a type's name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// In lower case.
    Bare(String),
    Quoted(String),
    Number(i64),
    Symbol(char),
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Bare(word) if word == keyword)
    }

    fn text(&self) -> String {
        match self {
            Self::Bare(text) | Self::Quoted(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Symbol(symbol) => symbol.to_string(),
        }
    }
}

fn split(text: &str) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let (name, length) = quoted(rest).ok_or_else(|| at(text, first))?;
                words.push(Word::Quoted(name));
                length
            }
            '0'..='9' | '-' => {
                let digits = |c: char| !c.is_ascii_digit();
                let length = rest[1..].find(digits).map_or(rest.len(), |end| end + 1);
                words.push(Word::Number(rest[..length].parse().map_err(|_| at(text, first))?));
                length
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'));
                let length = rest.find(end).unwrap_or(rest.len());
                words.push(Word::Bare(rest[..length].to_lowercase()));
                length
            }
            _ => {
                words.push(Word::Symbol(first));
                first.len_utf8()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// A name in quotes, doubled inside, and how long it is with them.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            name.push(c);
        } else if chars.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            return Some((name, at + 1));
        }
    }
    None
}

fn at(text: &str, near: impl ToString) -> Error {
    let near = if text.is_empty() { String::new() } else { near.to_string() };
    match near.as_str() {
        "" => Error::TypeSyntax("syntax error at end of input".to_owned()),
        near => Error::TypeSyntax(format!("syntax error at or near \"{near}\"")),
    }
}

struct Reader<'a> {
    words: &'a [Word],
    text: &'a str,
}

impl Reader<'_> {
    fn syntax(&self, near: &Word) -> Error {
        at(self.text, near.text())
    }

    fn here(&self) -> Error {
        match self.words.first() {
            Some(word) => self.syntax(word),
            None => at("", ""),
        }
    }

    fn next(&mut self) -> Option<Word> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first.clone())
    }

    /// Takes these keywords if they come next.
    fn keywords(&mut self, keywords: &[&str]) -> bool {
        let found = self.words.len() >= keywords.len()
            && self.words.iter().zip(keywords).all(|(word, keyword)| word.is(keyword));
        if found {
            self.words = &self.words[keywords.len()..];
        }
        found
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.words.first() == Some(&Word::Symbol(symbol));
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    /// `[]`, `[3]`, `array`; whether there is any. Dimensions are not part of a type.
    fn brackets(&mut self) -> Result<bool> {
        let mut any = self.keywords(&["array"]);
        while self.symbol('[') {
            any = true;
            if let Some(Word::Number(_)) = self.words.first() {
                self.next();
            }
            if !self.symbol(']') {
                return Err(self.here());
            }
        }
        Ok(any)
    }

    fn array_of(&self, element: PgType) -> Result<PgType> {
        element.array().ok_or_else(|| Error::UnknownType(format!("{}[]", element.plain_name())))
    }

    fn element(&mut self) -> Result<PgType> {
        let first = self.next().ok_or_else(|| self.here())?;
        match first {
            Word::Bare(_) if self.words.first() == Some(&Word::Symbol('.')) => {
                self.qualified(first.text())
            }
            Word::Bare(name) => self.keyword(name),
            Word::Quoted(_) if self.words.first() == Some(&Word::Symbol('.')) => {
                self.qualified(first.text())
            }
            Word::Quoted(name) => self.named(&name, &name),
            Word::Number(_) | Word::Symbol(_) => Err(self.syntax(&first)),
        }
    }

    fn qualified(&mut self, schema: String) -> Result<PgType> {
        self.symbol('.');
        match self.next() {
            Some(Word::Bare(name) | Word::Quoted(name)) => {
                let whole = format!("{schema}.{name}");
                match schema.as_str() {
                    "pg_catalog" => self.named(&name, &whole),
                    _ => Err(Error::UnknownType(whole)),
                }
            }
            Some(word) => Err(self.syntax(&word)),
            None => Err(self.here()),
        }
    }

    /// A type by its name in the catalog.
    fn named(&mut self, name: &str, shown: &str) -> Result<PgType> {
        let info =
            table::by_catalog_name(name).ok_or_else(|| Error::UnknownType(shown.to_owned()))?;
        let t = PgType::plain(info.oid.0);
        let modifiers = self.modifiers()?;
        with_modifiers(t, modifiers.as_deref())
    }

    /// `(12, 2)`.
    fn modifiers(&mut self) -> Result<Option<Vec<i64>>> {
        if !self.symbol('(') {
            return Ok(None);
        }
        let mut modifiers = Vec::new();
        loop {
            match self.next() {
                Some(Word::Number(number)) => modifiers.push(number),
                Some(word) => return Err(self.syntax(&word)),
                None => return Err(self.here()),
            }
            if self.symbol(')') {
                return Ok(Some(modifiers));
            }
            if !self.symbol(',') {
                return Err(self.here());
            }
        }
    }

    /// A type by a name that SQL's grammar may know.
    fn keyword(&mut self, name: String) -> Result<PgType> {
        match name.as_str() {
            "int" | "integer" => Ok(PgType::INT4),
            "smallint" => Ok(PgType::INT2),
            "bigint" => Ok(PgType::INT8),
            "real" => Ok(PgType::FLOAT4),
            "boolean" => Ok(PgType::BOOL),
            "double" if self.keywords(&["precision"]) => Ok(PgType::FLOAT8),
            "float" => self.float(),
            "decimal" | "dec" | "numeric" => {
                let modifiers = self.modifiers()?;
                with_modifiers(PgType::NUMERIC, modifiers.as_deref())
            }
            "national" if self.keywords(&["character"]) || self.keywords(&["char"]) => {
                self.character()
            }
            "character" | "char" | "nchar" => self.character(),
            "varchar" => {
                let modifiers = self.modifiers()?;
                with_modifiers(PgType::VARCHAR, modifiers.as_deref())
            }
            "bit" => self.bit(),
            "time" => self.with_zone(PgType::TIME, PgType::plain(TIMETZ)),
            "timestamp" => self.with_zone(PgType::TIMESTAMP, PgType::TIMESTAMPTZ),
            "interval" => self.interval(),
            _ => self.named(&name, &name),
        }
    }

    fn float(&mut self) -> Result<PgType> {
        let invalid = |text: &str| Err(Error::InvalidTypmod(text.to_owned()));
        match self.modifiers()?.as_deref() {
            None => Ok(PgType::FLOAT8),
            Some([..1]) => invalid("precision for type float must be at least 1 bit"),
            Some([..=24]) => Ok(PgType::FLOAT4),
            Some([..=53]) => Ok(PgType::FLOAT8),
            Some([_]) => invalid("precision for type float must be less than 54 bits"),
            Some(_) => Err(at(self.text, ',')),
        }
    }

    /// `char` is `char(1)`; `char varying` has no length of its own.
    fn character(&mut self) -> Result<PgType> {
        let varying = self.keywords(&["varying"]);
        let modifiers = self.modifiers()?;
        match (varying, modifiers.as_deref()) {
            (true, modifiers) => with_modifiers(PgType::VARCHAR, modifiers),
            (false, None) => Ok(PgType::bpchar(1)),
            (false, modifiers) => with_modifiers(PgType::BPCHAR, modifiers),
        }
    }

    /// `bit` is `bit(1)`.
    fn bit(&mut self) -> Result<PgType> {
        let varying = self.keywords(&["varying"]);
        let modifiers = self.modifiers()?;
        match (varying, modifiers.as_deref()) {
            (true, modifiers) => with_modifiers(PgType::plain(VARBIT), modifiers),
            (false, None) => with_modifiers(PgType::plain(BIT), Some(&[1])),
            (false, modifiers) => with_modifiers(PgType::plain(BIT), modifiers),
        }
    }

    fn with_zone(&mut self, without: PgType, with: PgType) -> Result<PgType> {
        let modifiers = self.modifiers()?;
        let zone = self.keywords(&["with", "time", "zone"]);
        if !zone {
            self.keywords(&["without", "time", "zone"]);
        }
        with_modifiers(if zone { with } else { without }, modifiers.as_deref())
    }

    /// `interval day to second(3)`.
    fn interval(&mut self) -> Result<PgType> {
        const ALL: i32 = 0x7fff;
        const FULL: i32 = 0xffff;
        if let Some(modifiers) = self.modifiers()? {
            let precision = precision(PgType::INTERVAL, &modifiers)?;
            return Ok(PgType::INTERVAL.with_typmod(ALL << 16 | precision));
        }
        let Some(first) = self.field() else { return Ok(PgType::INTERVAL) };
        let last = match self.keywords(&["to"]) {
            true => {
                self.field().filter(|last| legal_range(first, *last)).ok_or_else(|| self.here())?
            }
            false => first,
        };
        let precision = match (last, self.modifiers()?) {
            (SECOND, Some(modifiers)) => precision(PgType::INTERVAL, &modifiers)?,
            (_, Some(_)) => return Err(at(self.text, '(')),
            (_, None) => FULL,
        };
        let mask = FIELDS[first..=last].iter().fold(0, |mask, (_, bit)| mask | bit);
        Ok(PgType::INTERVAL.with_typmod(mask << 16 | precision))
    }

    /// The next word as an index into [`FIELDS`].
    fn field(&mut self) -> Option<usize> {
        let found =
            FIELDS.iter().position(|(name, _)| self.words.first().is_some_and(|w| w.is(name)));
        if found.is_some() {
            self.next();
        }
        found
    }
}

const BIT: u32 = 1560;
const VARBIT: u32 = 1562;
const TIMETZ: u32 = 1266;

/// The fields of an interval with their bits in its typmod, from the greatest.
const FIELDS: [(&str, i32); 6] = [
    ("year", 1 << 2),
    ("month", 1 << 1),
    ("day", 1 << 3),
    ("hour", 1 << 10),
    ("minute", 1 << 11),
    ("second", 1 << 12),
];
const MONTH: usize = 1;
const SECOND: usize = 5;

/// `year to month`, and what lies between day and second.
fn legal_range(first: usize, last: usize) -> bool {
    first < last && (last == MONTH || first > MONTH)
}

/// Applies modifiers as the type's `typmodin` does.
fn with_modifiers(t: PgType, modifiers: Option<&[i64]>) -> Result<PgType> {
    let Some(modifiers) = modifiers else { return Ok(t) };
    match t.oid.0 {
        1700 => numeric(modifiers),
        1043 => Ok(t.with_typmod(length("varchar", MAX_LENGTH, modifiers)? + 4)),
        1042 => Ok(t.with_typmod(length("char", MAX_LENGTH, modifiers)? + 4)),
        BIT => Ok(t.with_typmod(length("bit", MAX_BITS, modifiers)?)),
        VARBIT => Ok(t.with_typmod(length("varbit", MAX_BITS, modifiers)?)),
        1083 | TIMETZ | 1114 | 1184 => Ok(t.with_typmod(precision(t, modifiers)?)),
        1186 => Ok(t.with_typmod(0x7fff << 16 | precision(t, modifiers)?)),
        _ => {
            let name = t.info().map_or("???", |info| info.name);
            Err(Error::TypeSyntax(format!("type modifier is not allowed for type \"{name}\"")))
        }
    }
}

/// The longest varchar.
const MAX_LENGTH: i64 = 10_485_760;
/// The longest bit string.
const MAX_BITS: i64 = i32::MAX as i64 / 8 * 8 - 32;

fn invalid<T>(message: String) -> Result<T> {
    Err(Error::InvalidTypmod(message))
}

fn length(name: &str, most: i64, modifiers: &[i64]) -> Result<i32> {
    match *modifiers {
        [..1] => invalid(format!("length for type {name} must be at least 1")),
        [length] if length > most => {
            invalid(format!("length for type {name} cannot exceed {most}"))
        }
        [length] => Ok(length as i32),
        _ => invalid("invalid type modifier".to_owned()),
    }
}

fn numeric(modifiers: &[i64]) -> Result<PgType> {
    let (precision, scale) = match *modifiers {
        [precision] => (precision, 0),
        [precision, scale] => (precision, scale),
        _ => return invalid("invalid NUMERIC type modifier".to_owned()),
    };
    if !(1..=1000).contains(&precision) {
        return invalid(format!("NUMERIC precision {precision} must be between 1 and 1000"));
    }
    if !(-1000..=1000).contains(&scale) {
        return invalid(format!("NUMERIC scale {scale} must be between -1000 and 1000"));
    }
    Ok(PgType::numeric(precision as u16, scale as i16))
}

/// Digits of a second; more than there are is as many as there are.
fn precision(t: PgType, modifiers: &[i64]) -> Result<i32> {
    const FULL: i64 = 6;
    let (name, suffix) = match t.oid.0 {
        1083 => ("TIME", ""),
        TIMETZ => ("TIME", " WITH TIME ZONE"),
        1114 => ("TIMESTAMP", ""),
        1184 => ("TIMESTAMP", " WITH TIME ZONE"),
        _ => ("INTERVAL", ""),
    };
    match *modifiers {
        [precision @ ..0] => {
            invalid(format!("{name}({precision}){suffix} precision must not be negative"))
        }
        [precision] => Ok(precision.min(FULL) as i32),
        _ => invalid("invalid type modifier".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_format_type_prints_them() {
        let check = |text: &str, printed: &str| {
            let t = PgType::parse(text).expect(text);
            assert_eq!(t.to_string(), printed, "{text}");
            assert_eq!(PgType::parse(printed), Ok(t), "{printed}");
        };
        check("numeric(12,2)", "numeric(12,2)");
        check("DECIMAL ( 3 , -2 )", "numeric(3,-2)");
        check("numeric(5)", "numeric(5,0)");
        check("varchar(10)[]", "character varying(10)[]");
        check("timestamp(3) with time zone", "timestamp(3) with time zone");
        check("timestamptz(9)", "timestamp(6) with time zone");
        check("time", "time without time zone");
        check("pg_catalog.int4", "integer");
        check("pg_catalog.\"int4\"", "integer");
        check("\"char\"", "\"char\"");
        check("char", "character(1)");
        check("nchar varying(3)", "character varying(3)");
        check("pg_catalog.bpchar", "bpchar");
        check("double  precision", "double precision");
        check("text[][3]", "text[]");
        check("int array[4]", "integer[]");
        check("_text", "text[]");
        check("interval day to second(3)", "interval day to second(3)");
        check("interval year to month", "interval year to month");
        check("interval hour", "interval hour");
        check("interval(2)", "interval(2)");
        check("float(24)", "real");
        check("float(25)", "double precision");
        check("float", "double precision");
        check("bit", "bit(1)");
        check("bit varying(5)", "bit varying(5)");
        check("name", "name");
        check("json", "json");
        check("oidvector", "oidvector");
    }

    #[test]
    fn what_is_no_type_is_refused_in_postgresqls_words() {
        let check = |text: &str, code: &str, message: &str| {
            use medley_diagnostic::Diagnostic;
            let error = PgType::parse(text).unwrap_err();
            assert_eq!((error.sqlstate().code(), error.to_string().as_str()), (code, message));
        };
        check("foo", "42704", "type \"foo\" does not exist");
        check("myschema.foo", "42704", "type \"myschema.foo\" does not exist");
        check("pg_catalog.integer", "42704", "type \"pg_catalog.integer\" does not exist");
        check("\"integer\"", "42704", "type \"integer\" does not exist");
        check("numeric(1001)", "22023", "NUMERIC precision 1001 must be between 1 and 1000");
        check("numeric(0)", "22023", "NUMERIC precision 0 must be between 1 and 1000");
        check("numeric(1,2,3)", "22023", "invalid NUMERIC type modifier");
        check("varchar(0)", "22023", "length for type varchar must be at least 1");
        check("varchar(10485761)", "22023", "length for type varchar cannot exceed 10485760");
        check("char(0)", "22023", "length for type char must be at least 1");
        check("float(0)", "22023", "precision for type float must be at least 1 bit");
        check("float(54)", "22023", "precision for type float must be less than 54 bits");
        check("int4(3)", "42601", "type modifier is not allowed for type \"int4\"");
        check("int(3)", "42601", "syntax error at or near \"(\"");
        check("interval month to day", "42601", "syntax error at end of input");
        check("", "42601", "syntax error at end of input");
        check("text[", "42601", "syntax error at end of input");
        check("text; drop", "42601", "syntax error at or near \";\"");
    }
}
