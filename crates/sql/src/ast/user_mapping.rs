use super::{Name, OptionItem, RoleSpec};

/// `CREATE USER MAPPING`.
#[derive(Debug)]
pub struct CreateUserMapping {
    /// An existing mapping is a notice.
    pub if_not_exists: bool,
    /// Whose.
    pub role: RoleSpec,
    /// Of which server.
    pub server: Name,
    /// In the form of CREATE.
    pub options: Vec<OptionItem>,
}

/// `ALTER USER MAPPING`.
#[derive(Debug)]
pub struct AlterUserMapping {
    /// Whose.
    pub role: RoleSpec,
    /// Of which server.
    pub server: Name,
    /// In the form of ALTER.
    pub options: Vec<OptionItem>,
}

/// `DROP USER MAPPING`.
#[derive(Debug)]
pub struct DropUserMapping {
    /// A missing role, server or mapping is a notice.
    pub if_exists: bool,
    /// Whose.
    pub role: RoleSpec,
    /// Of which server.
    pub server: Name,
}
