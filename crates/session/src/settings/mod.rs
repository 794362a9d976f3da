//! The session's settings: one table of them, and what they are now.
mod readings;
mod table;
mod value;

pub use readings::Readings;
pub use table::{Context, Kind, SERVER_VERSION, SETTINGS, Setting, Unit, find, restricted};
pub use value::{in_base_unit, milliseconds};

pub use medley_sql::parse_name_list;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use medley_diagnostic::{Report, SqlState};
use medley_sql::SetValue;
use medley_types::Style;

/// What each setting is, in a session. Changes belong to the transaction: what it set is undone
/// with it, and what it set LOCAL ends with it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What RESET goes back to, where it is not the table's default: what the client asked for
    /// at the start, and what ALTER ROLE … SET says.
    initial: Arc<Values>,
    now: State,
    /// At the start of the transaction and of each savepoint, the latest last.
    saved: Vec<State>,
    /// How many states there were.
    states: u64,
}

/// By name in lower case.
type Values = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
struct State {
    session: Arc<Values>,
    local: Arc<Values>,
    readings: Arc<Readings>,
    /// Two states of one number have the same values.
    number: u64,
}

/// Who asks, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// A superuser asks.
    pub superuser: bool,
    /// Until the end of the transaction only.
    pub local: bool,
}

impl Settings {
    /// With these values on top of the defaults: those that ALTER ROLE … SET has stored, the
    /// weakest first, and over them what the client asks for.
    ///
    /// What is stored was judged when it was stored. If it is no value any more, it is passed
    /// over: whoever could mend it must still be able to log in.
    pub fn new(
        stored: impl IntoIterator<Item = (String, String)>,
        asked: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Report> {
        let mut values = Values::new();
        for (name, text) in stored {
            if let Err(report) = begin_with(&mut values, &name, &text, true) {
                tracing::warn!(setting = name, sqlstate = %report.sqlstate, "setting passed over");
            }
        }
        for (name, text) in asked {
            begin_with(&mut values, &name, &text, false)?;
        }
        let mut settings =
            Self { initial: Arc::new(values), now: State::default(), saved: Vec::new(), states: 0 };
        settings.reread();
        Ok(settings)
    }

    /// As SHOW prints it.
    pub fn show(&self, name: &str) -> Result<&str, Report> {
        self.value(name).ok_or_else(|| unknown(name))
    }

    /// The same, of a setting that the table has.
    pub fn get(&self, name: &'static str) -> &str {
        self.value(name).expect("a setting asked for by a constant name is in the table")
    }

    /// Whether a Boolean setting is on.
    pub fn is_on(&self, name: &'static str) -> bool {
        self.get(name) == "on"
    }

    /// How values print and are read now.
    pub fn style(&self) -> &Arc<Style> {
        &self.now.readings.style
    }

    /// What every statement asks for.
    pub fn readings(&self) -> &Arc<Readings> {
        &self.now.readings
    }

    /// Changes whenever a value does; what it was before may come back with the values.
    pub fn number(&self) -> u64 {
        self.now.number
    }

    fn value(&self, name: &str) -> Option<&str> {
        let (key, default) = match table::entry(name) {
            Some((key, setting)) => (Cow::Borrowed(key), Some(setting.default)),
            None => (Cow::Owned(name.to_lowercase()), None),
        };
        let values = [&self.now.local, &self.now.session, &self.initial];
        let set = values.into_iter().find_map(|values| values.get(key.as_ref()));
        set.map(String::as_str).or(default)
    }

    /// `SET name TO value`.
    pub fn set(&mut self, name: &str, value: &SetValue, change: Change) -> Result<(), Report> {
        match value {
            SetValue::Default => self.reset(name, change),
            SetValue::FromCurrent => {
                Err(Report::error(SqlState::SYNTAX_ERROR, "SET FROM CURRENT is not supported here"))
            }
            SetValue::List(arguments) => {
                let text = flatten(name, arguments)?;
                self.set_text(name, &text, change)
            }
        }
    }

    /// The same with the value as one text, as `set_config` gives it.
    pub fn set_text(&mut self, name: &str, text: &str, change: Change) -> Result<(), Report> {
        let (key, value) = judge(name, text, self.value(name), change.superuser)?;
        self.put(key, Some(value), change.local);
        Ok(())
    }

    /// `RESET name`.
    pub fn reset(&mut self, name: &str, change: Change) -> Result<(), Report> {
        match find(name) {
            Some(setting) => may_change(setting, change.superuser)?,
            None => check_made_up(name)?,
        }
        let value = change.local.then(|| self.initial_value(name).map(str::to_owned)).flatten();
        self.put(key(name), value, change.local);
        Ok(())
    }

    /// `RESET ALL`: what the session set; not what cannot be reset within a transaction.
    pub fn reset_all(&mut self) {
        let kept = |name: &str| name.starts_with("transaction_") && name != "transaction_timeout";
        let keep = |values: &Values| {
            Arc::new(
                values
                    .iter()
                    .filter(|(k, _)| kept(k))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            )
        };
        self.now.session = keep(&self.now.session);
        self.now.local = keep(&self.now.local);
        self.reread();
    }

    fn initial_value(&self, name: &str) -> Option<&str> {
        let initial = self.initial.get(&key(name)).map(String::as_str);
        initial.or_else(|| find(name).map(|setting| setting.default))
    }

    fn put(&mut self, key: String, value: Option<String>, local: bool) {
        if !local {
            Arc::make_mut(&mut self.now.local).remove(&key);
        }
        let values = if local { &mut self.now.local } else { &mut self.now.session };
        match value {
            Some(value) => Arc::make_mut(values).insert(key, value),
            None => Arc::make_mut(values).remove(&key),
        };
        self.reread();
    }

    /// Something has changed.
    fn reread(&mut self) {
        self.states += 1;
        self.now.number = self.states;
        self.now.readings = Arc::new(Readings::of(self, &self.now.readings));
    }

    /// A transaction begins, in the modes that are its defaults.
    pub fn begin(&mut self) {
        if !self.now.readings.has_default_modes {
            for (mode, default) in readings::MODES {
                let value = self.get(default).to_owned();
                self.put(key(mode), Some(value), true);
            }
        }
        self.push();
    }

    /// A savepoint begins.
    pub fn push(&mut self) {
        self.saved.push(self.now.clone());
    }

    /// How many are open: the transaction and its savepoints.
    pub fn depth(&self) -> usize {
        self.saved.len()
    }

    /// Savepoints beyond this depth are released: their changes belong to what is around them.
    pub fn release(&mut self, depth: usize) {
        self.saved.truncate(depth);
    }

    /// Undoes what came after the savepoint at this depth, and keeps the savepoint.
    pub fn rollback_to(&mut self, depth: usize) {
        self.saved.truncate(depth + 1);
        if let Some(saved) = self.saved.last() {
            self.now = saved.clone();
        }
    }

    /// The transaction is over: what it set stays, what it set LOCAL goes.
    pub fn commit(&mut self) {
        self.saved.clear();
        self.end_local();
    }

    /// The transaction is undone, and with it what it set.
    pub fn rollback(&mut self) {
        if let Some(first) = self.saved.drain(..).next() {
            self.now = first;
        }
        self.end_local();
    }

    fn end_local(&mut self) {
        if !self.now.local.is_empty() {
            self.now.local = Arc::default();
            self.reread();
        }
    }

    /// Name and value of each setting, in order; those that scripts made up are there too.
    pub fn all(&self) -> BTreeMap<&str, &str> {
        let known = SETTINGS.iter().map(|setting| (setting.name, self.get(setting.name)));
        let made_up = [&self.initial, &self.now.session, &self.now.local]
            .into_iter()
            .flat_map(|values| values.iter())
            .filter(|(name, _)| find(name).is_none())
            .map(|(name, value)| (name.as_str(), value.as_str()));
        known.chain(made_up).collect()
    }

    /// What clients are told at the start, and whenever it changes.
    pub fn reported(&self) -> impl Iterator<Item = (&'static str, &str)> {
        SETTINGS.iter().filter(|s| s.reported).map(|s| (s.name, self.get(s.name)))
    }
}

fn key(name: &str) -> String {
    table::entry(name).map_or_else(|| name.to_lowercase(), |(key, _)| key.to_owned())
}

/// The key and the value as it is kept, if it may be set so.
fn begin_with(values: &mut Values, name: &str, text: &str, superuser: bool) -> Result<(), Report> {
    let now = values.get(&key(name)).cloned();
    let (key, value) = judge(name, text, now.as_deref(), superuser)?;
    values.insert(key, value);
    Ok(())
}

fn judge(
    name: &str,
    text: &str,
    now: Option<&str>,
    superuser: bool,
) -> Result<(String, String), Report> {
    let Some(setting) = find(name) else {
        check_made_up(name)?;
        return Ok((name.to_lowercase(), text.to_owned()));
    };
    may_change(setting, superuser)?;
    let value = value::read(setting, text, now.unwrap_or(setting.default))?;
    Ok((setting.name.to_lowercase(), value))
}

/// A setting that PostgreSQL does not know must have a prefix, and not a reserved one.
fn check_made_up(name: &str) -> Result<(), Report> {
    let Some((prefix, _)) = name.split_once('.') else { return Err(unknown(name)) };
    let is_name = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    let invalid = || {
        Report::error(
            SqlState::INVALID_NAME,
            format!("invalid configuration parameter name \"{name}\""),
        )
    };
    if RESERVED_PREFIXES.contains(&prefix) {
        return Err(invalid().with_detail(format!("\"{prefix}\" is a reserved prefix.")));
    }
    if name.split('.').all(is_name) {
        return Ok(());
    }
    Err(invalid().with_detail(
        "Custom parameter names must be two or more simple identifiers separated by dots.",
    ))
}

const RESERVED_PREFIXES: &[&str] = &["medley", "postgres_fdw"];

fn unknown(name: &str) -> Report {
    let message = format!("unrecognized configuration parameter \"{name}\"");
    Report::error(SqlState::UNDEFINED_OBJECT, message)
}

fn may_change(setting: &Setting, superuser: bool) -> Result<(), Report> {
    let name = setting.name;
    match setting.context {
        Context::User => Ok(()),
        Context::Superuser if superuser => Ok(()),
        Context::Superuser => Err(Report::error(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied to set parameter \"{name}\""),
        )),
        Context::Postmaster => Err(Report::error(
            SqlState::CANT_CHANGE_RUNTIME_PARAM,
            format!("parameter \"{name}\" cannot be changed without restarting the server"),
        )),
        Context::Internal => Err(Report::error(
            SqlState::CANT_CHANGE_RUNTIME_PARAM,
            format!("parameter \"{name}\" cannot be changed"),
        )),
    }
}

/// The one text that a list of arguments stands for.
pub fn flatten(name: &str, arguments: &[medley_sql::SettingArgument]) -> Result<String, Report> {
    use medley_sql::SettingArgument as Argument;
    let setting = find(name);
    let is_list = setting.is_some_and(|s| matches!(s.kind, Kind::NameList | Kind::DateStyle));
    if arguments.len() > 1 && !is_list {
        let message = format!("SET {name} takes only one argument");
        return Err(Report::error(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    let quoted = setting.is_some_and(|s| s.kind == Kind::NameList);
    let texts = arguments.iter().map(|argument| match argument {
        Argument::Text(text) if quoted => medley_sql::quote_identifier(text).into_owned(),
        Argument::Interval(text) => format!("INTERVAL '{text}'"),
        Argument::Text(text) | Argument::Number(text) => text.clone(),
    });
    Ok(texts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Change = Change { superuser: false, local: false };
    const LOCAL: Change = Change { superuser: false, local: true };

    fn settings() -> Settings {
        Settings::new([], [("application_name".to_owned(), "test".to_owned())]).unwrap()
    }

    #[test]
    fn what_a_transaction_sets_is_undone_with_it() {
        let mut settings = settings();
        settings.push();
        settings.set_text("work_mem", "1MB", SESSION).unwrap();
        settings.push();
        settings.set_text("work_mem", "2MB", LOCAL).unwrap();
        settings.rollback_to(1);
        assert_eq!(settings.show("work_mem"), Ok("1MB"));
        settings.rollback();
        assert_eq!(settings.show("work_mem"), Ok("4MB"));
    }

    #[test]
    fn what_is_local_ends_with_the_transaction() {
        let mut settings = settings();
        settings.push();
        settings.set_text("timezone", "Europe/Paris", SESSION).unwrap();
        settings.set_text("TIMEZONE", "Asia/Tokyo", LOCAL).unwrap();
        assert_eq!(settings.show("TimeZone"), Ok("Asia/Tokyo"));
        settings.commit();
        assert_eq!(settings.show("TimeZone"), Ok("Europe/Paris"));
        settings.reset("timezone", SESSION).unwrap();
        assert_eq!(settings.show("TimeZone"), Ok("Etc/UTC"));
    }

    #[test]
    fn reset_goes_back_to_what_the_client_asked_for() {
        let mut settings = settings();
        settings.set_text("application_name", "other", SESSION).unwrap();
        settings.reset("application_name", SESSION).unwrap();
        assert_eq!(settings.show("application_name"), Ok("test"));
    }

    #[test]
    fn names_must_be_known_or_have_a_prefix_of_their_own() {
        let mut settings = settings();
        let mut check = |name, expected: Result<(), &str>| {
            let result = settings.set_text(name, "x", SESSION);
            assert_eq!(result.map_err(|report| report.message), expected.map_err(str::to_owned));
        };
        check("a.b", Ok(()));
        check("foo", Err("unrecognized configuration parameter \"foo\""));
        check("postgres_fdw.foo", Err("invalid configuration parameter name \"postgres_fdw.foo\""));
        check("server_version", Err("parameter \"server_version\" cannot be changed"));
        check("log_statement", Err("permission denied to set parameter \"log_statement\""));
        assert_eq!(settings.show("A.B"), Ok("x"));
    }
}
