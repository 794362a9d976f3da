//! Settings.
use crate::context::SettingRow;

use super::super::value::{NULL, flag, optional, text, texts};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let settings = session.facts.settings();
    let mut admitted = settings.iter().filter(|it| keys.admits_text("name", &it.name));
    admitted.try_for_each(|setting| row(setting, out))
}

fn row(setting: &SettingRow, out: &mut RowSink) -> Result<()> {
    let words = setting.words.as_ref();
    out.push(&[
        text(setting.name.as_str()),
        text(setting.setting.as_str()),
        optional(setting.unit),
        text(setting.category),
        text(setting.description),
        NULL,
        text(setting.context),
        text(setting.kind),
        text(setting.source),
        optional(setting.min.as_deref()),
        optional(setting.max.as_deref()),
        words.map_or(NULL, |words| texts(words.iter().map(String::as_str))),
        optional(setting.boot.as_deref()),
        optional(setting.reset.as_deref()),
        NULL,
        NULL,
        flag(false),
    ])
}
