use super::{Name, TransactionMode};

/// `SET`, `RESET` and what is written like them.
#[derive(Debug)]
pub enum Set {
    /// `SET [SESSION | LOCAL] ...`; RESET is a change of a session's.
    Setting {
        /// How long it holds.
        scope: SetScope,
        /// What changes.
        change: SettingChange,
    },
    /// `SET [LOCAL] TRANSACTION modes`, `SET SESSION CHARACTERISTICS AS TRANSACTION modes`.
    TransactionModes {
        /// This transaction, or those to come.
        scope: TransactionScope,
        /// In their order.
        modes: Vec<TransactionMode>,
    },
    /// `SET TRANSACTION SNAPSHOT 'id'`.
    TransactionSnapshot(String),
}

/// How long a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetScope {
    /// Until the session ends.
    Session,
    /// Until the transaction ends.
    Local,
}

/// Whose modes are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionScope {
    /// This transaction's.
    Transaction,
    /// Those of the session's transactions to come.
    Session,
}

/// What changes of the settings. TIME ZONE is the setting `timezone`, NAMES `client_encoding`,
/// ROLE `role`, SESSION AUTHORIZATION `session_authorization`, SCHEMA `search_path`,
/// XML OPTION `xmloption`, as in PostgreSQL.
#[derive(Debug)]
pub enum SettingChange {
    /// `SET name TO value`.
    Set {
        /// Folded; may have dots.
        name: Name,
        /// Its value.
        value: SetValue,
    },
    /// `RESET name`.
    Reset(Name),
    /// `RESET ALL`.
    ResetAll,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// DEFAULT.
    Default,
    /// FROM CURRENT: of ALTER ROLE.
    FromCurrent,
    /// One or more.
    List(Vec<SettingArgument>),
}

/// One value of a setting's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingArgument {
    /// A word or a string: `on`, `'UTC'`.
    Text(String),
    /// A number as it was written, its sign included.
    Number(String),
    /// `INTERVAL '...' HOUR TO MINUTE`, of TIME ZONE: the string.
    Interval(String),
}

impl SettingArgument {
    /// The value, whatever it is.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Interval(text) => text,
        }
    }
}

/// `DISCARD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// ALL.
    All,
    /// PLANS.
    Plans,
    /// SEQUENCES.
    Sequences,
    /// TEMP, TEMPORARY.
    Temp,
}
