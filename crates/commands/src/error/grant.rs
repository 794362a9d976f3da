use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about privileges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// A privilege of another kind of object.
    #[error("invalid privilege type {privilege} for {object}")]
    InvalidPrivilege {
        /// In capitals.
        privilege: String,
        /// `foreign server`.
        object: &'static str,
    },
    /// A word that is no privilege.
    #[error("unrecognized privilege type \"{0}\"")]
    UnknownPrivilege(String),
    /// Columns of what has none.
    #[error("column privileges are only valid for relations")]
    ColumnsOfNoRelation,
    /// Columns where objects are yet to come.
    #[error("default privileges cannot be set for columns")]
    ColumnsByDefault,
    /// PUBLIC cannot have them.
    #[error("grant options can only be granted to roles")]
    OptionToPublic,
    /// GRANTED BY somebody else.
    #[error("grantor must be current user")]
    OtherGrantor,
    /// What was granted on would lose its ground.
    #[error("dependent privileges exist")]
    DependentPrivileges,
    /// Grant options that would go in a circle.
    #[error("grant options cannot be granted back to your own grantor")]
    Circular,
    /// Of an array's type.
    #[error("cannot set privileges of array types")]
    OfArray,
    /// Of a language that superusers alone write in.
    #[error("language \"{0}\" is not trusted")]
    UntrustedLanguage(String),
    /// IN SCHEMA of what is in no schema.
    #[error("cannot use IN SCHEMA clause when using {0}")]
    NotInSchema(String),
}

impl From<medley_catalog::acl::GrantError> for GrantError {
    fn from(error: medley_catalog::acl::GrantError) -> Self {
        use medley_catalog::acl::GrantError as Acl;
        match error {
            Acl::DependentPrivileges => Self::DependentPrivileges,
            Acl::Circular => Self::Circular,
            Acl::OptionToPublic => Self::OptionToPublic,
        }
    }
}

impl Diagnostic for GrantError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::InvalidPrivilege { .. }
            | Self::ColumnsOfNoRelation
            | Self::ColumnsByDefault
            | Self::OptionToPublic
            | Self::Circular
            | Self::OfArray
            | Self::NotInSchema(_) => SqlState::INVALID_GRANT_OPERATION,
            Self::UntrustedLanguage(_) => SqlState::WRONG_OBJECT_TYPE,
            Self::UnknownPrivilege(_) => SqlState::SYNTAX_ERROR,
            Self::OtherGrantor => SqlState::FEATURE_NOT_SUPPORTED,
            Self::DependentPrivileges => SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::UntrustedLanguage(_) => Some(
                "GRANT and REVOKE are not allowed on untrusted languages, because only \
                 superusers can use untrusted languages."
                    .into(),
            ),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::DependentPrivileges => Some("Use CASCADE to revoke them too.".into()),
            Self::OfArray => Some("Set the privileges of the element type instead.".into()),
            _ => None,
        }
    }
}
