//! What every statement asks of the settings.
use std::sync::Arc;
use std::time::Duration;

use medley_diagnostic::Severity;
use medley_fdw::Isolation;
use medley_types::{ByteaOutput, DateStyle, IntervalStyle, Style, TimeZone};

use super::value::{in_base_unit, milliseconds};
use super::{Settings, Unit, parse_name_list};

/// The modes of a transaction, and what each begins as.
pub(super) const MODES: [(&str, &str); 3] = [
    ("transaction_isolation", "default_transaction_isolation"),
    ("transaction_read_only", "default_transaction_read_only"),
    ("transaction_deferrable", "default_transaction_deferrable"),
];

/// The settings that every statement asks for, read once for each time that one changes.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// How values print and are read.
    pub style: Arc<Style>,
    /// `search_path`, `$user` included.
    pub search_path: Arc<[String]>,
    /// `application_name`.
    pub application_name: Arc<str>,
    /// `statement_timeout`; none for no limit.
    pub statement_timeout: Option<Duration>,
    /// `transaction_timeout`.
    pub transaction_timeout: Option<Duration>,
    /// `idle_session_timeout`.
    pub idle_session_timeout: Option<Duration>,
    /// `idle_in_transaction_session_timeout`.
    pub idle_in_transaction_timeout: Option<Duration>,
    /// `medley.expiry_notice`.
    pub expiry_notice: Option<Duration>,
    /// `medley.pushdown`.
    pub pushdown: bool,
    /// `medley.query_memory`, in bytes; none for no limit of its own.
    pub query_memory: Option<usize>,
    /// `transaction_isolation` is serializable.
    serializable: bool,
    /// The transaction sees one state from its first statement to its last.
    pub sees_one_state: bool,
    /// `transaction_read_only`.
    pub read_only: bool,
    /// The transaction's modes are those that one begins with.
    pub has_default_modes: bool,
    /// The least rank of a word to the person, by `client_min_messages`.
    least_rank: u8,
}

impl Readings {
    /// Of the settings as they are; what has not changed since `before` is shared with it.
    pub(super) fn of(settings: &Settings, before: &Self) -> Self {
        let limit = |name| {
            let limit = Duration::from_millis(milliseconds(settings.get(name)));
            Some(limit).filter(|limit| !limit.is_zero())
        };
        let isolation = settings.get("transaction_isolation");
        Self {
            style: style(settings, &before.style),
            search_path: parse_name_list(settings.get("search_path")).into(),
            application_name: settings.get("application_name").into(),
            statement_timeout: limit("statement_timeout"),
            transaction_timeout: limit("transaction_timeout"),
            idle_session_timeout: limit("idle_session_timeout"),
            idle_in_transaction_timeout: limit("idle_in_transaction_session_timeout"),
            expiry_notice: limit("medley.expiry_notice"),
            pushdown: settings.is_on("medley.pushdown"),
            query_memory: query_memory(settings.get("medley.query_memory")),
            serializable: isolation == "serializable",
            sees_one_state: matches!(isolation, "repeatable read" | "serializable"),
            read_only: settings.is_on("transaction_read_only"),
            has_default_modes: MODES
                .iter()
                .all(|(mode, default)| settings.get(mode) == settings.get(default)),
            least_rank: least_rank(settings.get("client_min_messages")),
        }
    }

    /// `transaction_isolation`, as remotes are told of it.
    pub fn isolation(&self) -> Isolation {
        match self.serializable {
            true => Isolation::Serializable,
            false => Isolation::RepeatableRead,
        }
    }

    /// Whether a word of this severity goes to the person.
    pub fn tells(&self, severity: Severity) -> bool {
        rank(severity) >= self.least_rank
    }
}

fn style(settings: &Settings, before: &Arc<Style>) -> Arc<Style> {
    let style = Style {
        date_style: DateStyle::parse(settings.get("DateStyle"), DateStyle::default())
            .unwrap_or_default(),
        interval_style: IntervalStyle::parse(settings.get("IntervalStyle")).unwrap_or_default(),
        time_zone: TimeZone::parse(settings.get("TimeZone")).unwrap_or_default(),
        extra_float_digits: settings.get("extra_float_digits").parse().unwrap_or(1),
        bytea_output: ByteaOutput::parse(settings.get("bytea_output")).unwrap_or_default(),
    };
    if **before == style { Arc::clone(before) } else { Arc::new(style) }
}

/// In bytes; 0 is no limit of its own.
fn query_memory(setting: &str) -> Option<usize> {
    let kilobytes: usize = in_base_unit(setting, Unit::Kilobytes).parse().ok()?;
    (kilobytes > 0).then(|| kilobytes.saturating_mul(1024))
}

/// In the order of `client_min_messages`, in which LOG stands below NOTICE.
fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Debug => 0,
        Severity::Log => 1,
        Severity::Notice => 2,
        Severity::Warning => 3,
        // INFO always goes out.
        Severity::Error | Severity::Fatal | Severity::Panic | Severity::Info => 4,
    }
}

fn least_rank(setting: &str) -> u8 {
    match setting {
        "log" => 1,
        "notice" => 2,
        "warning" => 3,
        "error" => 4,
        _ => 0,
    }
}
