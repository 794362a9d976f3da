//! Roles: CREATE, ALTER, DROP, RENAME, who is a member of whom, what is theirs.
mod alter;
mod attributes;
mod create;
mod drop;
mod membership;
mod owned;

pub(crate) use alter::{alter, rename, to_alter};
pub(crate) use create::create;
pub(crate) use drop::drop;
pub(crate) use membership::{change_group, grant};
pub(crate) use owned::{drop_owned, reassign};

use crate::error::{Result, RoleError};

/// What says that a name is the system's.
const RESERVED_DETAIL: &str = "Role names starting with \"pg_\" are reserved.";

fn is_reserved(name: &str) -> bool {
    name.starts_with("pg_")
}

fn check_name(name: &str, detail: &'static str) -> Result<()> {
    match is_reserved(name) {
        true => Err(RoleError::ReservedName { name: name.to_owned(), detail: Some(detail) }.into()),
        false => Ok(()),
    }
}
