//! The accounts of this machine.
use nix::unistd::{Uid, User};

/// The name of an account, if it has one.
pub fn name(uid: u32) -> Option<String> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(user) => user.map(|user| user.name),
        Err(error) => {
            tracing::warn!(uid, %error, "cannot look up an account");
            None
        }
    }
}
