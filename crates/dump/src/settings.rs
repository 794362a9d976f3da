//! ALTER ROLE … SET and ALTER DATABASE … SET.
use medley_catalog::ids::DatabaseOid;
use medley_catalog::objects::SettingScope;

use crate::Dump;
use crate::script::{literal, name};

/// Settings that are lists of names, each a constant of its own.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

impl Dump<'_> {
    pub(crate) fn settings(&mut self) {
        let mut settings: Vec<_> = self.catalog().settings().collect();
        settings.sort_by_cached_key(|setting| self.whose(setting.scope));
        for setting in settings {
            let whose = self.whose(setting.scope);
            for (parameter, value) in &setting.values {
                let value = setting_value(parameter, value);
                self.script.push(format!("ALTER {whose} SET {} TO {value}", name(parameter)));
            }
        }
    }

    fn whose(&self, scope: SettingScope) -> String {
        let database = self.catalog().database(DatabaseOid::MEDLEY).map(|it| name(&it.name));
        let database = database.unwrap_or_default();
        match (scope.role, scope.database) {
            (None, None) => "ROLE ALL".to_owned(),
            (None, Some(_)) => format!("DATABASE {database}"),
            (Some(role), None) => format!("ROLE {}", self.role_name(role)),
            (Some(role), Some(_)) => {
                format!("ROLE {} IN DATABASE {database}", self.role_name(role))
            }
        }
    }
}

fn setting_value(parameter: &str, value: &str) -> String {
    if !LISTS.contains(&parameter) {
        return literal(value);
    }
    let names = medley_sql::parse_name_list(value);
    match names.is_empty() {
        true => "''".to_owned(),
        false => names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", "),
    }
}
