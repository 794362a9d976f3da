use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// A name that only the system gives, or nobody.
    #[error("role name \"{name}\" is reserved")]
    ReservedName {
        /// The name.
        name: String,
        /// Which rule says so.
        detail: Option<&'static str>,
    },
    /// SET ROLE to nobody.
    #[error("role \"{0}\" does not exist")]
    NotASetting(String),
    /// CONNECTION LIMIT below -1.
    #[error("invalid connection limit: {0}")]
    ConnectionLimit(i32),
    /// DROP ROLE CURRENT_USER.
    #[error("cannot use special role specifier in DROP ROLE")]
    SpecialInDrop,
    /// DROP ROLE of oneself.
    #[error("current user cannot be dropped")]
    CurrentUser,
    /// DROP ROLE of whom one logged in as.
    #[error("session user cannot be dropped")]
    SessionUser,
    /// A predefined role.
    #[error("cannot drop role {0} because it is required by the database system")]
    Required(String),
    /// REASSIGN OWNED or DROP OWNED of the bootstrap superuser's.
    #[error(
        "cannot {action} objects owned by role {role} because they are required by the database system"
    )]
    RequiredOwner {
        /// `drop` or `reassign ownership of`.
        action: &'static str,
        /// The role.
        role: String,
    },
    /// The superuser that `init` made, without the attribute.
    #[error("permission denied to alter role")]
    BootstrapStaysSuperuser,
    /// RENAME of oneself.
    #[error("session user cannot be renamed")]
    RenameSessionUser,
    /// RENAME of the current user.
    #[error("current user cannot be renamed")]
    RenameCurrentUser,
    /// A membership that would make a circle.
    #[error("role \"{role}\" is a member of role \"{member}\"")]
    Circular {
        /// What was to be granted.
        role: String,
        /// To whom.
        member: String,
    },
    /// ADMIN OPTION that would go in a circle.
    #[error("ADMIN option cannot be granted back to your own grantor")]
    CircularAdmin,
    /// Nobody is a member of this explicitly.
    #[error("role \"{0}\" cannot have explicit members")]
    NoExplicitMembers(String),
    /// This is nobody's member.
    #[error("role \"{0}\" cannot be a member of any role")]
    NoMembership(String),
    /// A word after WITH that is none.
    #[error("unrecognized role option \"{0}\"")]
    UnknownGrantOption(String),
    /// A column list where roles are granted.
    #[error("column names cannot be included in GRANT/REVOKE ROLE")]
    ColumnsOfRole,
    /// What was granted on would lose its ground.
    #[error("dependent privileges exist")]
    DependentPrivileges,
    /// The ADMIN option is with a role whose privileges one does not have.
    #[error("no possible grantors")]
    NoGrantor,
    /// A moment that is none.
    #[error("invalid input syntax for type timestamp with time zone: \"{0}\"")]
    ValidUntil(String),
}

impl Diagnostic for RoleError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::ReservedName { .. } => SqlState::RESERVED_NAME,
            Self::NotASetting(_) | Self::ConnectionLimit(_) | Self::SpecialInDrop => {
                SqlState::INVALID_PARAMETER_VALUE
            }
            Self::CurrentUser | Self::SessionUser => SqlState::OBJECT_IN_USE,
            Self::Required(_) | Self::RequiredOwner { .. } | Self::DependentPrivileges => {
                SqlState::DEPENDENT_OBJECTS_STILL_EXIST
            }
            Self::RenameSessionUser
            | Self::RenameCurrentUser
            | Self::NoExplicitMembers(_)
            | Self::NoMembership(_)
            | Self::BootstrapStaysSuperuser => SqlState::FEATURE_NOT_SUPPORTED,
            Self::Circular { .. } | Self::CircularAdmin | Self::ColumnsOfRole => {
                SqlState::INVALID_GRANT_OPERATION
            }
            Self::UnknownGrantOption(_) => SqlState::SYNTAX_ERROR,
            Self::NoGrantor => SqlState::INTERNAL_ERROR,
            Self::ValidUntil(_) => SqlState::INVALID_DATETIME_FORMAT,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::ReservedName { detail, .. } => detail.map(str::to_owned),
            Self::BootstrapStaysSuperuser => {
                Some("The bootstrap superuser must have the SUPERUSER attribute.".into())
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::DependentPrivileges => Some("Use CASCADE to revoke them too.".into()),
            _ => None,
        }
    }
}
