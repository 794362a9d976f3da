//! A password that takes the place of another once it has logged in.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use medley_catalog::ids::{Class, UserMappingOid};
use medley_catalog::objects::{OptionValue, Options, UserMapping};
use medley_catalog::{Backend, Catalog};
use medley_fdw::ours;
use medley_secret::{Opener, Place};
use parking_lot::Mutex;

use crate::audit::Author;
use crate::{Foreign, RemoteEvent};

/// Whoever is changing the mapping does not wait for us; the next login tries again.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// Mappings whose passwords are being replaced: of many who log in at once, one records it.
#[derive(Default)]
pub(crate) struct Rotations(Mutex<HashSet<UserMappingOid>>);

/// Why a password that logged in does not take the other's place.
#[derive(Debug, thiserror::Error)]
enum Unrecorded {
    #[error(transparent)]
    Catalog(#[from] medley_catalog::Error),
    #[error(transparent)]
    Secret(#[from] medley_secret::Error),
}

/// Records that a mapping's `password_next` has logged in: it is the `password` from now on. By a
/// transaction of its own, which no statement's fate undoes, and only where the mapping is what it
/// was when the login began.
pub(crate) async fn record(
    foreign: &Arc<Foreign>,
    author: &Author,
    server: &str,
    tried: &Arc<UserMapping>,
) {
    if tried.epoch.is_none() || !foreign.rotations.0.lock().insert(tried.oid) {
        return;
    }
    let (foreign, server, tried) = (Arc::clone(foreign), server.to_owned(), Arc::clone(tried));
    let author = author.clone();
    let recorded = tokio::task::spawn_blocking(move || {
        let recorded = promote(&foreign.catalog, &foreign.opener, &tried);
        foreign.rotations.0.lock().remove(&tried.oid);
        let mapping = tried.oid.0;
        match recorded {
            Ok(true) => {
                author.audit_of_control(RemoteEvent::Rotate, None).succeeded();
                tracing::info!(server, mapping, "password_next is the password now");
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(server, mapping, %error, "password_next not recorded"),
        }
    });
    // The login stands whatever comes of this.
    let _ = recorded.await;
}

/// False if the mapping was changed meanwhile.
fn promote(
    catalog: &Arc<Catalog>,
    opener: &Opener,
    tried: &UserMapping,
) -> Result<bool, Unrecorded> {
    let lock_timeout = Some(LOCK_TIMEOUT);
    let mut tx = catalog.begin(Backend { lock_timeout, ..Backend::default() });
    let now = tx.snapshot().user_mapping(tried.oid)?;
    let Some(old) = now.filter(|now| now.epoch == tried.epoch) else { return Ok(false) };
    let Some(options) = promoted(opener, &old)? else { return Ok(false) };
    tx.update(&old, UserMapping { options, ..UserMapping::clone(&old) })?;
    tx.commit()?;
    Ok(true)
}

/// The options with the next password, or the reference to it, in the place of the present one.
fn promoted(opener: &Opener, mapping: &UserMapping) -> Result<Option<Options>, Unrecorded> {
    let mut options = mapping.options.clone();
    let (password, next) = (ours::PASSWORD, ours::PASSWORD_NEXT);
    let references = (ours::reference_name(password), ours::reference_name(next));
    let taken = match (options.get(next), options.get(&references.1)) {
        (Some(OptionValue::Sealed(sealed)), _) => {
            let place = |option| Place {
                class: Class::UserMapping.oid(),
                object: mapping.oid.0,
                column: 0,
                option,
            };
            let moved = opener.moved(place(next), place(password), sealed)?;
            (password, references.0.as_str(), OptionValue::Sealed(moved))
        }
        (_, Some(reference)) => (references.0.as_str(), password, reference.clone()),
        (_, None) => return Ok(None),
    };
    let (set, replaced, value) = taken;
    options.remove(next);
    options.remove(&references.1);
    options.remove(replaced);
    options.set(set, value);
    Ok(Some(options))
}
