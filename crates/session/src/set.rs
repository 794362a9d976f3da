//! SET, RESET, SHOW, DISCARD.
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::Schema;
use medley_commands::SettingWrite;
use medley_diagnostic::{Diagnostic, Report, Severity, SqlState};
use medley_sql::{
    AlterDatabaseSettings, AlterRoleSettings, Discard, Set, SetScope, SetValue, SettingArgument,
    SettingChange, TransactionScope,
};
use medley_types::{Column, PgType, field};

use crate::session::Bounds;
use crate::settings::Change;
use crate::transaction::Kind;
use crate::{Output, Session};

impl Session {
    /// Runs SET or RESET.
    pub(crate) async fn set(&mut self, set: &Set, out: &mut dyn Output) -> Result<(), Report> {
        match set {
            Set::Setting { scope, change } => {
                let local = *scope == SetScope::Local;
                if local {
                    self.warn_outside_block("SET LOCAL", out).await?;
                }
                self.change(change, local)
            }
            Set::TransactionModes { scope: TransactionScope::Transaction, modes } => {
                self.warn_outside_block("SET TRANSACTION", out).await?;
                self.set_modes(modes)
            }
            Set::TransactionModes { scope: TransactionScope::Session, modes } => {
                self.set_default_modes(modes)
            }
            Set::TransactionSnapshot(_) => Err(Report::unsupported("SET TRANSACTION SNAPSHOT")),
        }
    }

    /// Warns of a statement that means nothing outside of a block.
    pub(crate) async fn warn_outside_block(
        &self,
        what: &str,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        if self.transaction.as_ref().is_some_and(|it| it.kind == Kind::Block) {
            return Ok(());
        }
        let message = format!("{what} can only be used in transaction blocks");
        self.notice(&Report::warning(SqlState::NO_ACTIVE_SQL_TRANSACTION, message), out).await
    }

    fn change(&mut self, change: &SettingChange, local: bool) -> Result<(), Report> {
        let how = Change { superuser: self.is_superuser(), local };
        match change {
            SettingChange::ResetAll => {
                self.settings.lock().reset_all();
                Ok(())
            }
            SettingChange::Reset(name) => match name.as_str() {
                "role" => {
                    self.identity.reset_role(local);
                    Ok(())
                }
                "session_authorization" => self.reset_session_user(local),
                name => self.settings.lock().reset(name, how),
            },
            SettingChange::Set { name, value } => match name.as_str() {
                "role" => match one_text(name.as_str(), value)? {
                    Some(role) => self.set_role(role, local),
                    None => {
                        self.identity.reset_role(local);
                        Ok(())
                    }
                },
                "session_authorization" => match one_text(name.as_str(), value)? {
                    Some(role) => self.set_session_user(role, local),
                    None => self.reset_session_user(local),
                },
                "is_superuser" => Err(cannot_be_changed(name)),
                "transaction_isolation" | "transaction_read_only" | "transaction_deferrable" => {
                    self.settings.lock().set(name.as_str(), value, Change { local: true, ..how })
                }
                name => self.settings.lock().set(name, value, how),
            },
        }
    }

    /// SET ROLE. Whether the session user may is asked of the latest committed catalog and the
    /// transaction's own changes.
    fn set_role(&mut self, role: &str, local: bool) -> Result<(), Report> {
        let role = match role {
            "none" => None,
            name => {
                let snapshot = self.snapshot();
                let session_user = self.identity.session_user();
                let role = medley_commands::check_set_role(&snapshot, session_user, name);
                Some(role.map_err(|error| error.report())?)
            }
        };
        self.identity.set_role(role, local);
        Ok(())
    }

    fn set_session_user(&mut self, name: &str, local: bool) -> Result<(), Report> {
        let snapshot = self.snapshot();
        let authenticated = self.identity.authenticated();
        let checked =
            medley_commands::check_set_session_authorization(&snapshot, authenticated, name);
        let role = checked.map_err(|error| error.report())?;
        self.identity.set_session_user(role, local);
        Ok(())
    }

    fn reset_session_user(&mut self, local: bool) -> Result<(), Report> {
        self.identity.set_session_user(self.identity.authenticated(), local);
        Ok(())
    }

    /// Runs SHOW; the rows go out, the tag is the caller's.
    pub(crate) async fn show(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Report> {
        if name.eq_ignore_ascii_case("all") {
            let rows = self.all_settings();
            return self.text_rows(show_all_columns(), rows, out).await;
        }
        let (name, value) = self.shown(name)?;
        self.text_rows(vec![text_column(&name)], vec![vec![value]], out).await
    }

    /// A setting's name in its own case, and its value.
    pub(crate) fn shown(&self, name: &str) -> Result<(String, String), Report> {
        let snapshot = self.committed();
        let lower = name.to_lowercase();
        let value = match lower.as_str() {
            "role" => match self.identity.role() {
                Some(role) => snapshot.role_name(role),
                None => "none".to_owned(),
            },
            "session_authorization" => snapshot.role_name(self.identity.session_user()),
            "is_superuser" => if self.is_superuser() { "on" } else { "off" }.to_owned(),
            _ => {
                let value = self.settings.lock().show(name)?.to_owned();
                let name = crate::settings::find(name).map_or(lower, |it| it.name.to_owned());
                return Ok((name, value));
            }
        };
        Ok((lower, value))
    }

    fn all_settings(&self) -> Vec<Vec<String>> {
        let settings = self.settings.lock();
        let doc = |name: &str| crate::settings::find(name).map_or("", |setting| setting.doc);
        let row = |(name, value): (&str, &str)| {
            vec![name.to_owned(), value.to_owned(), doc(name).to_owned()]
        };
        let mut rows: Vec<_> = settings.all().into_iter().map(row).collect();
        rows.sort_by_key(|row| row[0].to_lowercase());
        rows
    }

    /// Sends a result made of texts.
    pub(crate) async fn text_rows(
        &self,
        columns: Vec<Column>,
        rows: Vec<Vec<String>>,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        out.columns(&columns).await?;
        let fields: Vec<_> = columns.iter().map(|c| field(&c.name, c.pg_type, false)).collect();
        let arrays = (0..columns.len()).map(|index| {
            let values = rows.iter().map(|row| row[index].as_str());
            Arc::new(StringArray::from_iter_values(values)) as ArrayRef
        });
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema, arrays.collect())
            .map_err(|error| Report::error(SqlState::INTERNAL_ERROR, error.to_string()))?;
        let style = Arc::clone(self.settings.lock().style());
        out.rows(&batch, &style).await
    }

    /// ALTER ROLE … SET: judged as SET would be, and kept for sessions to come.
    pub(crate) async fn alter_role_settings(
        &mut self,
        alter: &AlterRoleSettings,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let write = self.judged(&alter.change, out).await?;
        let (role, database) = (alter.role.as_ref(), alter.database.as_deref());
        self.commands(bounds, out, |context| {
            medley_commands::alter_role_settings(context, role, database, write)
        })
        .await?;
        Ok(())
    }

    /// ALTER DATABASE … SET, likewise.
    pub(crate) async fn alter_database_settings(
        &mut self,
        alter: &AlterDatabaseSettings,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let write = self.judged(&alter.change, out).await?;
        self.commands(bounds, out, |context| {
            medley_commands::alter_database_settings(context, &alter.name, write)
        })
        .await?;
        Ok(())
    }

    /// What is to be kept, with a notice where that may be of no use.
    async fn judged(
        &mut self,
        change: &SettingChange,
        out: &mut dyn Output,
    ) -> Result<SettingWrite, Report> {
        let write = self.setting_write(change)?;
        if let Some(doubt) = self.doubt(&write) {
            self.notice(&doubt, out).await?;
        }
        Ok(write)
    }

    /// A role may be created, or granted, before somebody logs in.
    fn doubt(&self, write: &SettingWrite) -> Option<Report> {
        let SettingWrite::Set { name, value } = write else { return None };
        if name != "role" || value == "none" {
            return None;
        }
        let snapshot = self.committed();
        let checked =
            medley_commands::check_set_role(&snapshot, self.identity.session_user(), value);
        let mut report = checked.err()?.report();
        if report.sqlstate == SqlState::INSUFFICIENT_PRIVILEGE {
            report.message = format!("permission will be denied to set role \"{value}\"");
        } else {
            report.sqlstate = SqlState::UNDEFINED_OBJECT;
        }
        Some(Report { severity: Severity::Notice, ..report })
    }

    fn setting_write(&self, change: &SettingChange) -> Result<SettingWrite, Report> {
        let (name, value) = match change {
            SettingChange::ResetAll if self.is_superuser() => {
                return Ok(SettingWrite::ResetAll { kept: Vec::new() });
            }
            SettingChange::ResetAll => {
                return Ok(SettingWrite::ResetAll {
                    kept: crate::settings::restricted().collect(),
                });
            }
            SettingChange::Reset(name) | SettingChange::Set { name, value: SetValue::Default } => {
                if name != "role" && name != "session_authorization" {
                    let how = Change { superuser: self.is_superuser(), local: false };
                    self.settings.lock().clone().reset(name, how)?;
                }
                return Ok(SettingWrite::Reset(own_name(name)));
            }
            SettingChange::Set { name, value } => (name, value),
        };
        let value = match value {
            SetValue::FromCurrent => self.shown(name)?.1,
            _ if name == "session_authorization" => {
                return Err(Report::unsupported("ALTER ROLE ... SET session_authorization"));
            }
            _ if name == "is_superuser" => return Err(cannot_be_changed(name)),
            value if name == "role" => one_text(name, value)?.unwrap_or("none").to_owned(),
            value => {
                let how = Change { superuser: self.is_superuser(), local: false };
                self.settings.lock().clone().set(name, value, how)?;
                match value {
                    // As it was written: another version may have other units.
                    SetValue::List(arguments) => crate::settings::flatten(name, arguments)?,
                    SetValue::Default | SetValue::FromCurrent => String::new(),
                }
            }
        };
        Ok(SettingWrite::Set { name: own_name(name), value })
    }

    /// Runs DISCARD.
    pub(crate) async fn discard(&mut self, discard: Discard) -> Result<(), Report> {
        if matches!(discard, Discard::All | Discard::Temp) {
            self.transaction();
            self.drop_temporary()?;
        }
        if discard != Discard::All {
            return Ok(());
        }
        self.reset_session_user(false)?;
        self.settings.lock().reset_all();
        self.statements.clear();
        self.portals.clear();
        self.cursors.clear();
        Ok(())
    }
}

/// A setting's name in its own case.
fn own_name(name: &str) -> String {
    crate::settings::find(name).map_or(name, |setting| setting.name).to_owned()
}

fn cannot_be_changed(name: &str) -> Report {
    let message = format!("parameter \"{name}\" cannot be changed");
    Report::error(SqlState::CANT_CHANGE_RUNTIME_PARAM, message)
}

/// The columns of SHOW's result.
pub(crate) fn show_columns(name: &str) -> Vec<Column> {
    match name.eq_ignore_ascii_case("all") {
        true => show_all_columns(),
        false => {
            let own = crate::settings::find(name).map_or(name, |setting| setting.name);
            vec![text_column(own)]
        }
    }
}

fn show_all_columns() -> Vec<Column> {
    ["name", "setting", "description"].map(text_column).to_vec()
}

pub(crate) fn text_column(name: &str) -> Column {
    Column { name: name.to_owned(), pg_type: PgType::TEXT }
}

/// The one text of `SET role TO x`; None for DEFAULT.
fn one_text<'a>(name: &str, value: &'a SetValue) -> Result<Option<&'a str>, Report> {
    match value {
        SetValue::Default => Ok(None),
        SetValue::List(arguments) => match arguments.as_slice() {
            [argument] => Ok(Some(SettingArgument::as_str(argument))),
            _ => {
                let message = format!("SET {name} takes only one argument");
                Err(Report::error(SqlState::INVALID_PARAMETER_VALUE, message))
            }
        },
        SetValue::FromCurrent => {
            Err(Report::error(SqlState::SYNTAX_ERROR, "FROM CURRENT has no meaning here"))
        }
    }
}
