use super::{Name, ObjectKind, QualifiedName};

/// `CREATE EXTENSION`.
#[derive(Debug)]
pub struct CreateExtension {
    /// An existing one is a notice.
    pub if_not_exists: bool,
    /// The extension.
    pub name: Name,
    /// SCHEMA.
    pub schema: Option<Name>,
    /// VERSION.
    pub version: Option<String>,
    /// CASCADE.
    pub cascade: bool,
}

/// `ALTER EXTENSION e ...`, other than SET SCHEMA.
#[derive(Debug)]
pub struct AlterExtension {
    /// The extension.
    pub name: Name,
    /// What changes.
    pub action: AlterExtensionAction,
}

/// What ALTER EXTENSION does.
#[derive(Debug)]
pub enum AlterExtensionAction {
    /// `UPDATE [TO 'version']`.
    Update(Option<String>),
    /// `ADD` (true) or `DROP` of a member.
    Member {
        /// ADD.
        add: bool,
        /// `None` for kinds that Medley does not have.
        object: Option<(ObjectKind, QualifiedName)>,
    },
}
