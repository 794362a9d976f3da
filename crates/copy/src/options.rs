//! COPY's options, judged as PostgreSQL's `ProcessCopyOptions` does, in its order.
use medley_diagnostic::{Report, SqlState};

use crate::Encoding;

/// Which way COPY goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into a table, or out of a file.
    From,
    /// Out of a table.
    To,
}

/// One option as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Folded: `format`.
    pub name: String,
    /// Empty where only the name is written; `*` is one value.
    pub values: Vec<String>,
    /// Where in the statement, characters from 1; `None` where there is no statement.
    pub position: Option<usize>,
}

/// What the data looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// PostgreSQL's own, with backslashes.
    #[default]
    Text,
    /// Comma-separated values.
    Csv,
    /// PostgreSQL's binary form.
    Binary,
}

/// Whether the first line names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// It is a row.
    #[default]
    No,
    /// It is passed over.
    Yes,
    /// It must name the table's columns.
    Match,
}

/// What happens at a value that its type does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The statement fails.
    #[default]
    Stop,
    /// The row is left out.
    Ignore,
}

/// How much is told of rows that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogVerbosity {
    /// Nothing.
    Silent,
    /// How many.
    #[default]
    Default,
    /// Each of them.
    Verbose,
}

/// The columns that an option is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// `*`.
    All,
    /// These, of which nobody has looked whether they exist.
    Named(Vec<String>),
}

/// COPY's options, complete with their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// FORMAT.
    pub format: Format,
    /// FREEZE.
    pub freeze: bool,
    /// DELIMITER.
    pub delimiter: u8,
    /// NULL.
    pub null: String,
    /// DEFAULT.
    pub default: Option<String>,
    /// HEADER.
    pub header: Header,
    /// QUOTE.
    pub quote: u8,
    /// ESCAPE.
    pub escape: u8,
    /// FORCE_QUOTE.
    pub force_quote: Option<Columns>,
    /// FORCE_NOT_NULL.
    pub force_not_null: Option<Columns>,
    /// FORCE_NULL.
    pub force_null: Option<Columns>,
    /// ENCODING; `None` is the client's.
    pub encoding: Option<Encoding>,
    /// ON_ERROR.
    pub on_error: OnError,
    /// REJECT_LIMIT.
    pub reject_limit: Option<i64>,
    /// LOG_VERBOSITY.
    pub log_verbosity: LogVerbosity,
}

impl Default for Options {
    fn default() -> Self {
        Options::parse(Direction::From, &[]).expect("no option is wrong where none is given")
    }
}

/// The options as they come, before it is known what is not given.
#[derive(Default)]
struct Stated {
    format: Format,
    freeze: bool,
    delimiter: Option<String>,
    null: Option<String>,
    default: Option<String>,
    header: Header,
    quote: Option<String>,
    escape: Option<String>,
    force_quote: Option<Columns>,
    force_not_null: Option<Columns>,
    force_null: Option<Columns>,
    encoding: Option<Encoding>,
    on_error: OnError,
    reject_limit: Option<i64>,
    log_verbosity: LogVerbosity,
}

type Judged<T = ()> = Result<T, Report>;

impl Options {
    /// The options that a statement, or a table, gives.
    pub fn parse(direction: Direction, given: &[Given]) -> Judged<Self> {
        let mut stated = Stated::default();
        for (index, option) in given.iter().enumerate() {
            let before =
                |names: &[&str]| given[..index].iter().any(|it| names.contains(&&*it.name));
            if before(&[&option.name]) {
                return Err(
                    option.refuse(SqlState::SYNTAX_ERROR, "conflicting or redundant options")
                );
            }
            stated.take(direction, option)?;
        }
        stated.complete(direction)
    }

    /// Whether it is csv.
    pub fn is_csv(&self) -> bool {
        self.format == Format::Csv
    }
}

impl Given {
    fn refuse(&self, state: SqlState, message: impl Into<String>) -> Report {
        let report = Report::error(state, message);
        match self.position {
            Some(position) => report.at(position),
            None => report,
        }
    }

    fn text(&self) -> Judged<String> {
        let missing = || syntax(format!("{} requires a parameter", self.name));
        self.values.first().cloned().ok_or_else(missing)
    }

    /// As `defGetBoolean`: a name alone is true. A number is one only where there is a statement.
    fn truth(&self) -> Option<bool> {
        let Some(value) = self.values.first() else { return Some(true) };
        match (value.to_ascii_lowercase().as_str(), self.position) {
            ("true" | "on", _) | ("1", Some(_)) => Some(true),
            ("false" | "off", _) | ("0", Some(_)) => Some(false),
            _ => None,
        }
    }

    fn boolean(&self) -> Judged<bool> {
        self.truth().ok_or_else(|| syntax(format!("{} requires a Boolean value", self.name)))
    }

    fn columns(&self) -> Judged<Option<Columns>> {
        match self.values.as_slice() {
            [] => Err(self.refuse(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("argument to option \"{}\" must be a list of column names", self.name),
            )),
            [all] if all == "*" => Ok(Some(Columns::All)),
            names => Ok(Some(Columns::Named(names.to_vec()))),
        }
    }

    fn format(&self) -> Judged<Format> {
        match self.text()?.as_str() {
            "text" => Ok(Format::Text),
            "csv" => Ok(Format::Csv),
            "binary" => Ok(Format::Binary),
            other => Err(self.unrecognized("format", other)),
        }
    }

    fn header(&self, direction: Direction) -> Judged<Header> {
        let value = self.values.first();
        match self.truth() {
            Some(true) => Ok(Header::Yes),
            Some(false) => Ok(Header::No),
            None if value.is_some_and(|it| it.eq_ignore_ascii_case("match")) => match direction {
                Direction::From => Ok(Header::Match),
                Direction::To => Err(unsupported("cannot use \"match\" with HEADER in COPY TO")),
            },
            None => Err(syntax(format!("{} requires a Boolean value or \"match\"", self.name))),
        }
    }

    fn encoding(&self) -> Judged<Option<Encoding>> {
        let found = Encoding::by_name(&self.text()?);
        let refuse = || {
            let message =
                format!("argument to option \"{}\" must be a valid encoding name", self.name);
            self.refuse(SqlState::INVALID_PARAMETER_VALUE, message)
        };
        found.map(Some).ok_or_else(refuse)
    }

    fn on_error(&self, direction: Direction) -> Judged<OnError> {
        if direction == Direction::To {
            let message = "COPY ON_ERROR cannot be used with COPY TO";
            return Err(self.refuse(SqlState::INVALID_PARAMETER_VALUE, message));
        }
        let word = self.text()?;
        match word.to_ascii_lowercase().as_str() {
            "stop" => Ok(OnError::Stop),
            "ignore" => Ok(OnError::Ignore),
            _ => Err(self.unrecognized("ON_ERROR", &word)),
        }
    }

    fn log_verbosity(&self) -> Judged<LogVerbosity> {
        let word = self.text()?;
        match word.to_ascii_lowercase().as_str() {
            "silent" => Ok(LogVerbosity::Silent),
            "default" => Ok(LogVerbosity::Default),
            "verbose" => Ok(LogVerbosity::Verbose),
            _ => Err(self.unrecognized("LOG_VERBOSITY", &word)),
        }
    }

    fn reject_limit(&self) -> Judged<Option<i64>> {
        let missing = || syntax(format!("{} requires a numeric value", self.name));
        let text = self.values.first().ok_or_else(missing)?;
        let limit: i64 = text.trim().parse().map_err(|_| {
            let message = format!("invalid input syntax for type bigint: \"{text}\"");
            Report::error(SqlState::INVALID_TEXT_REPRESENTATION, message)
        })?;
        match limit {
            1.. => Ok(Some(limit)),
            _ => Err(invalid(format!("REJECT_LIMIT ({limit}) must be greater than zero"))),
        }
    }

    fn unrecognized(&self, option: &str, value: &str) -> Report {
        let message = format!("COPY {option} \"{value}\" not recognized");
        self.refuse(SqlState::INVALID_PARAMETER_VALUE, message)
    }
}

fn syntax(message: impl Into<String>) -> Report {
    Report::error(SqlState::SYNTAX_ERROR, message)
}

fn invalid(message: impl Into<String>) -> Report {
    Report::error(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn unsupported(message: impl Into<String>) -> Report {
    Report::error(SqlState::FEATURE_NOT_SUPPORTED, message)
}

fn breaks_line(text: &str) -> bool {
    text.contains(['\r', '\n'])
}

impl Stated {
    fn take(&mut self, direction: Direction, option: &Given) -> Judged {
        match option.name.as_str() {
            "format" => self.format = option.format()?,
            "freeze" => self.freeze = option.boolean()?,
            "delimiter" => self.delimiter = Some(option.text()?),
            "null" => self.null = Some(option.text()?),
            "default" => self.default = Some(option.text()?),
            "header" => self.header = option.header(direction)?,
            "quote" => self.quote = Some(option.text()?),
            "escape" => self.escape = Some(option.text()?),
            "force_quote" => self.force_quote = option.columns()?,
            "force_not_null" => self.force_not_null = option.columns()?,
            "force_null" => self.force_null = option.columns()?,
            "encoding" => self.encoding = option.encoding()?,
            "on_error" => self.on_error = option.on_error(direction)?,
            "log_verbosity" => self.log_verbosity = option.log_verbosity()?,
            "reject_limit" => self.reject_limit = option.reject_limit()?,
            other => {
                let message = format!("option \"{other}\" not recognized");
                return Err(option.refuse(SqlState::SYNTAX_ERROR, message));
            }
        }
        Ok(())
    }

    fn complete(self, direction: Direction) -> Judged<Options> {
        self.check_binary()?;
        let csv = self.format == Format::Csv;
        let delimiter = self.delimiter.clone().unwrap_or(if csv { "," } else { "\t" }.to_owned());
        let null = self.null.clone().unwrap_or(if csv { "" } else { "\\N" }.to_owned());
        let quote = self.quote.clone().unwrap_or("\"".to_owned());
        let escape = self.escape.clone().unwrap_or_else(|| quote.clone());
        self.check_lines(&delimiter, &null)?;
        self.check_csv(&delimiter, &quote, &escape)?;
        self.check_columns(direction)?;
        self.check_markers(direction, &delimiter, &null, &quote)?;
        self.check_errors()?;
        let byte = |text: &str| text.as_bytes().first().copied().unwrap_or_default();
        Ok(Options {
            format: self.format,
            freeze: self.freeze,
            delimiter: byte(&delimiter),
            null,
            default: self.default,
            header: self.header,
            quote: byte(&quote),
            escape: byte(&escape),
            force_quote: self.force_quote,
            force_not_null: self.force_not_null,
            force_null: self.force_null,
            encoding: self.encoding,
            on_error: self.on_error,
            reject_limit: self.reject_limit,
            log_verbosity: self.log_verbosity,
        })
    }

    fn check_binary(&self) -> Judged {
        if self.format != Format::Binary {
            return Ok(());
        }
        let stated = [
            (self.delimiter.is_some(), "DELIMITER"),
            (self.null.is_some(), "NULL"),
            (self.default.is_some(), "DEFAULT"),
        ];
        match stated.iter().find(|(is_stated, _)| *is_stated) {
            Some((_, name)) => Err(syntax(format!("cannot specify {name} in BINARY mode"))),
            None => Ok(()),
        }
    }

    /// Nothing that separates or stands for a value may end a line.
    fn check_lines(&self, delimiter: &str, null: &str) -> Judged {
        if delimiter.len() != 1 {
            return Err(unsupported("COPY delimiter must be a single one-byte character"));
        }
        if breaks_line(delimiter) {
            return Err(invalid("COPY delimiter cannot be newline or carriage return"));
        }
        if breaks_line(null) {
            let message = "COPY null representation cannot use newline or carriage return";
            return Err(invalid(message));
        }
        if self.default.as_deref().is_some_and(breaks_line) {
            let message = "COPY default representation cannot use newline or carriage return";
            return Err(invalid(message));
        }
        let is_taken = |c: char| matches!(c, '\\' | '.' | 'a'..='z' | '0'..='9');
        if self.format != Format::Csv && delimiter.contains(is_taken) {
            return Err(invalid(format!("COPY delimiter cannot be \"{delimiter}\"")));
        }
        if self.format == Format::Binary && self.header != Header::No {
            return Err(unsupported("cannot specify HEADER in BINARY mode"));
        }
        Ok(())
    }

    fn check_csv(&self, delimiter: &str, quote: &str, escape: &str) -> Judged {
        let csv = self.format == Format::Csv;
        self.check_needs_csv(self.quote.is_some(), "QUOTE")?;
        if csv && quote.len() != 1 {
            return Err(unsupported("COPY quote must be a single one-byte character"));
        }
        if csv && delimiter == quote {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        self.check_needs_csv(self.escape.is_some(), "ESCAPE")?;
        if csv && escape.len() != 1 {
            return Err(unsupported("COPY escape must be a single one-byte character"));
        }
        Ok(())
    }

    fn check_needs_csv(&self, is_stated: bool, option: &str) -> Judged {
        match is_stated && self.format != Format::Csv {
            true => Err(unsupported(format!("COPY {option} requires CSV mode"))),
            false => Ok(()),
        }
    }

    fn check_columns(&self, direction: Direction) -> Judged {
        self.check_needs_csv(self.force_quote.is_some(), "FORCE_QUOTE")?;
        if self.force_quote.is_some() && direction == Direction::From {
            return Err(unsupported("COPY FORCE_QUOTE cannot be used with COPY FROM"));
        }
        let into = [
            (self.force_not_null.is_some(), "FORCE_NOT_NULL"),
            (self.force_null.is_some(), "FORCE_NULL"),
        ];
        for (is_stated, option) in into {
            self.check_needs_csv(is_stated, option)?;
            if is_stated && direction == Direction::To {
                return Err(invalid(format!("COPY {option} cannot be used with COPY TO")));
            }
        }
        Ok(())
    }

    /// What stands for null and for a default must be told from everything else.
    fn check_markers(
        &self,
        direction: Direction,
        delimiter: &str,
        null: &str,
        quote: &str,
    ) -> Judged {
        let csv = self.format == Format::Csv;
        if null.contains(delimiter) {
            let message = "COPY delimiter character must not appear in the NULL specification";
            return Err(invalid(message));
        }
        if csv && null.contains(quote) {
            return Err(invalid("CSV quote character must not appear in the NULL specification"));
        }
        if self.freeze && direction == Direction::To {
            return Err(invalid("COPY FREEZE cannot be used with COPY TO"));
        }
        let Some(default) = &self.default else { return Ok(()) };
        if direction == Direction::To {
            return Err(unsupported("COPY DEFAULT cannot be used with COPY TO"));
        }
        if default.contains(delimiter) {
            let message = "COPY delimiter character must not appear in the DEFAULT specification";
            return Err(unsupported(message));
        }
        if csv && default.contains(quote) {
            let message = "CSV quote character must not appear in the DEFAULT specification";
            return Err(unsupported(message));
        }
        if default == null {
            let message = "NULL specification and DEFAULT specification cannot be the same";
            return Err(unsupported(message));
        }
        Ok(())
    }

    fn check_errors(&self) -> Judged {
        let stops = self.on_error == OnError::Stop;
        if self.format == Format::Binary && !stops {
            return Err(syntax("only ON_ERROR STOP is allowed in BINARY mode"));
        }
        if self.reject_limit.is_some() && stops {
            return Err(invalid("COPY REJECT_LIMIT requires ON_ERROR to be set to IGNORE"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(direction: Direction, text: &str) -> Result<Options, Report> {
        let given = text.split(';').filter(|it| !it.is_empty()).map(|option| {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, vec![value.to_owned()]),
                None => (option, vec![]),
            };
            Given { name: name.to_owned(), values: value, position: None }
        });
        Options::parse(direction, &given.collect::<Vec<_>>())
    }

    fn check(direction: Direction, text: &str, expected: &str) {
        let told = match parse(direction, text) {
            Ok(_) => "ok".to_owned(),
            Err(report) => format!("{} {}", report.sqlstate, report.message),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn formats_have_their_defaults() {
        let text = Options::default();
        assert_eq!((text.delimiter, text.null.as_str()), (b'\t', "\\N"));
        let csv = parse(Direction::From, "format=csv;quote='").unwrap();
        assert_eq!((csv.delimiter, csv.null.as_str()), (b',', ""));
        assert_eq!((csv.quote, csv.escape), (b'\'', b'\''));
    }

    #[test]
    fn wrong_options_are_refused_as_postgresql_refuses_them() {
        use Direction::{From, To};
        check(From, "format=binary;header", "0A000 cannot specify HEADER in BINARY mode");
        check(From, "format=binary;delimiter=,", "42601 cannot specify DELIMITER in BINARY mode");
        check(From, "delimiter=a", "22023 COPY delimiter cannot be \"a\"");
        check(From, "quote=x", "0A000 COPY QUOTE requires CSV mode");
        check(
            From,
            "format=csv;default=",
            "0A000 NULL specification and DEFAULT specification cannot be the same",
        );
        check(To, "header=match", "0A000 cannot use \"match\" with HEADER in COPY TO");
        check(From, "header=2", "42601 header requires a Boolean value or \"match\"");
        check(
            From,
            "reject_limit=3",
            "22023 COPY REJECT_LIMIT requires ON_ERROR to be set to IGNORE",
        );
        check(From, "reject_limit=x", "22P02 invalid input syntax for type bigint: \"x\"");
        check(From, "format=csv;format=text", "42601 conflicting or redundant options");
        check(From, "on_error=IGNORE;reject_limit=1;log_verbosity=Silent", "ok");
        check(To, "format=csv;force_null=*", "22023 COPY FORCE_NULL cannot be used with COPY TO");
    }
}
