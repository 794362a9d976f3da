//! What the operating system is asked to keep from others: this process's memory.
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, setrlimit};

/// No core dumps, and nobody but root traces this process or reads its memory and environment.
///
/// It is asked for before a key is read. Where it is refused the server runs all the same, and
/// says so.
pub fn keep_memory_private() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core dumps are not off");
    }
    if let Err(error) = set_dumpable(false) {
        tracing::warn!(%error, "others of this account may read this process's memory");
    }
}
