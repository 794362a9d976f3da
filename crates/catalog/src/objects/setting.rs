use serde::{Deserialize, Serialize};

use crate::ids::{DatabaseOid, RoleOid};

/// Whose sessions a setting of `ALTER ROLE … SET` or `ALTER DATABASE … SET` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SettingScope {
    /// In which database; `None` for any.
    pub database: Option<DatabaseOid>,
    /// Of which role; `None` for all.
    pub role: Option<RoleOid>,
}

/// A row of `pg_db_role_setting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Whose.
    pub scope: SettingScope,
    /// Names and values, in the order in which they were set.
    pub values: Vec<(String, String)>,
}

impl Setting {
    /// As `setconfig` and `rolconfig` show them.
    pub fn shown(&self) -> Vec<String> {
        self.values.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }
}
