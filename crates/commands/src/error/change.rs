use medley_diagnostic::{Diagnostic, SqlState};

/// Rows that cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// MERGE INTO a foreign table.
    #[error("cannot execute MERGE on relation \"{0}\"")]
    Merge(String),
    /// A column that is not there to be written.
    #[error("cannot assign to system column \"{0}\"")]
    SystemColumn(String),
    /// A column twice in SET.
    #[error("multiple assignments to same column \"{0}\"")]
    AssignedTwice(String),
    /// ON CONFLICT of columns.
    #[error("there is no unique or exclusion constraint matching the ON CONFLICT specification")]
    NoArbiter,
    /// A view that is more than a part of one relation.
    #[error("cannot {} view \"{name}\"", verb(.tag))]
    View {
        /// Its name.
        name: String,
        /// `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
        tag: &'static str,
    },
}

fn verb(tag: &str) -> &'static str {
    match tag {
        "INSERT" => "insert into",
        "UPDATE" => "update",
        "DELETE" => "delete from",
        _ => "merge into",
    }
}

impl Diagnostic for ChangeError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Merge(_) | Self::SystemColumn(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::AssignedTwice(_) => SqlState::SYNTAX_ERROR,
            Self::NoArbiter => SqlState::INVALID_COLUMN_REFERENCE,
            Self::View { .. } => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Merge(_) => Some("This operation is not supported for foreign tables.".into()),
            Self::View { .. } => Some(
                "Views that do not select from a single table or view are not automatically \
                 updatable."
                    .into(),
            ),
            Self::SystemColumn(_) | Self::AssignedTwice(_) | Self::NoArbiter => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let Self::View { tag, .. } = self else { return None };
        let doing = match *tag {
            "INSERT" => "inserting into",
            "UPDATE" => "updating",
            "DELETE" => "deleting from",
            _ => "merging into",
        };
        Some(format!(
            "To enable {doing} the view, provide an INSTEAD OF {tag} trigger or an unconditional \
             ON {tag} DO INSTEAD rule."
        ))
    }
}
