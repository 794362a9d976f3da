use super::{Name, RoleSpec, Statement};

/// `CREATE SCHEMA`.
#[derive(Debug)]
pub struct CreateSchema {
    /// An existing one is a notice.
    pub if_not_exists: bool,
    /// `None`: named as its owner.
    pub name: Option<Name>,
    /// AUTHORIZATION.
    pub owner: Option<RoleSpec>,
    /// What is made in it.
    pub elements: Vec<Statement>,
}
