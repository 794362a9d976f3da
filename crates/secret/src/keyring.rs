use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Error, KeyId, MasterKey, Place, Portable, Result, Sealed, Secret};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 4;
const NONCE: usize = 12;

/// A data key as the store keeps it: wrapped by the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// Counts from 1; the highest seals.
    pub version: u32,
    /// The master key that wrapped it.
    pub master: KeyId,
    pub(crate) bytes: Vec<u8>,
}

/// The data keys, opened by the master key.
pub struct Keyring(Arc<Keys>);

struct Keys {
    ciphers: BTreeMap<u32, Aes256GcmSiv>,
    /// What opens wrapped data keys, and the name of the master key that it is made from.
    wrapping: Option<(KeyId, Aes256GcmSiv)>,
    /// Why there are no ciphers, if there are none.
    wrapped_by: Option<KeyId>,
}

/// Seals, and cannot open.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

/// Opens what was sealed.
#[derive(Clone)]
pub struct Opener(Arc<Keys>);

impl Keyring {
    /// A new data key, wrapped; the first has version 1.
    pub fn new_data_key(master: &MasterKey, version: u32) -> WrappedKey {
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        let nonce: [u8; NONCE] = rand::random();
        let aad = wrap_data(version);
        let payload = Payload { msg: &*key, aad: &aad };
        let ciphertext = wrapping_cipher(master)
            .encrypt(&Nonce::from(nonce), payload)
            .expect("32 bytes are within the cipher's limit");
        let bytes = [&nonce[..], &ciphertext].concat();
        WrappedKey { version, master: master.id(), bytes }
    }

    /// Opens the data keys. A key wrapped by another master key is left out, and using it is
    /// then an error that names the master key it needs.
    pub fn open(master: Option<&MasterKey>, wrapped: &[WrappedKey]) -> Self {
        let wrapping = master.map(|master| (master.id(), wrapping_cipher(master)));
        let unwrapped = |key: &WrappedKey| {
            let (_, cipher) = wrapping.as_ref()?;
            Some((key.version, unwrap(cipher, key)?))
        };
        let ciphers = wrapped.iter().filter_map(unwrapped).collect();
        let wrapped_by = wrapped.last().map(|key| key.master);
        Self(Arc::new(Keys { ciphers, wrapping, wrapped_by }))
    }

    /// For those who take values in.
    pub fn sealer(&self) -> Sealer {
        Sealer(Arc::clone(&self.0))
    }

    /// For `foreign`, which hands opened values to wrappers.
    pub fn opener(&self) -> Opener {
        Opener(Arc::clone(&self.0))
    }
}

impl Sealer {
    /// Seals a value for its place with the newest data key.
    pub fn seal(&self, place: Place<'_>, secret: &Secret) -> Result<Sealed> {
        let (version, cipher) = self.0.ciphers.last_key_value().ok_or_else(|| self.0.missing(0))?;
        let nonce: [u8; NONCE] = rand::random();
        let aad = place.associated_data(FORMAT, *version);
        let ciphertext = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: secret.bytes(), aad: &aad })
            .map_err(|_| Error::Unopenable)?;
        let mut bytes = vec![FORMAT];
        bytes.extend(version.to_le_bytes());
        bytes.extend(nonce);
        bytes.extend(ciphertext);
        Ok(Sealed(bytes))
    }

    /// Seals what was sealed in another catalog, or elsewhere in this one, for its new place: of
    /// the same option of an object of the same kind, and of no other. The value in clear exists
    /// only in here.
    pub fn reseal(&self, from: &Portable, to: Place<'_>) -> Result<Sealed> {
        if !from.place().is_like(to) {
            return Err(Error::OtherPlace);
        }
        let (given, wrapping) = self.0.wrapping.as_ref().ok_or(Error::NoMasterKey)?;
        let key = from.key();
        if key.master != *given {
            return Err(Error::OtherMasterKey { needed: key.master, given: *given });
        }
        let cipher = unwrap(wrapping, key).ok_or(Error::Forged)?;
        let version = from.sealed().key_version();
        if version != Some(key.version) {
            return Err(Error::Forged);
        }
        let secret = open(&cipher, from.place(), from.sealed()).map_err(|_| Error::Forged)?;
        self.seal(to, &secret)
    }
}

impl Opener {
    /// Opens a value that was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Secret> {
        let version = sealed.key_version().ok_or(Error::Unopenable)?;
        let cipher = self.0.ciphers.get(&version).ok_or_else(|| self.0.missing(version));
        match sealed.0.first() {
            Some(&FORMAT) => open(cipher?, place, sealed),
            _ => Err(Error::Unopenable),
        }
    }
}

fn open(cipher: &Aes256GcmSiv, place: Place<'_>, sealed: &Sealed) -> Result<Secret> {
    let bytes = &sealed.0;
    if bytes.first() != Some(&FORMAT) || bytes.len() < HEADER + NONCE {
        return Err(Error::Unopenable);
    }
    let version = sealed.key_version().ok_or(Error::Unopenable)?;
    let nonce: [u8; NONCE] =
        bytes[HEADER..HEADER + NONCE].try_into().map_err(|_| Error::Unopenable)?;
    let aad = place.associated_data(FORMAT, version);
    let payload = Payload { msg: &bytes[HEADER + NONCE..], aad: &aad };
    let opened = cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| Error::Unopenable)?;
    String::from_utf8(opened).map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Error::Unopenable
    })
}

impl Keys {
    fn missing(&self, version: u32) -> Error {
        match (self.master(), self.wrapped_by) {
            (None, _) => Error::NoMasterKey,
            (Some(given), Some(needed)) if given != needed => {
                Error::OtherMasterKey { needed, given }
            }
            _ => Error::NoDataKey(version),
        }
    }

    fn master(&self) -> Option<KeyId> {
        self.wrapping.as_ref().map(|(id, _)| *id)
    }
}

fn wrapping_cipher(master: &MasterKey) -> Aes256GcmSiv {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, master.bytes())
        .expand(b"medley data key wrapping v1", &mut *key)
        .expect("32 bytes are within HKDF's limit");
    Aes256GcmSiv::new((&*key).into())
}

fn wrap_data(version: u32) -> Vec<u8> {
    [&b"medley data key"[..], &version.to_le_bytes()].concat()
}

fn unwrap(wrapping: &Aes256GcmSiv, wrapped: &WrappedKey) -> Option<Aes256GcmSiv> {
    let nonce: [u8; NONCE] = wrapped.bytes.get(..NONCE)?.try_into().ok()?;
    let aad = wrap_data(wrapped.version);
    let payload = Payload { msg: &wrapped.bytes[NONCE..], aad: &aad };
    let key = wrapping.decrypt(&Nonce::from(nonce), payload).ok()?;
    Aes256GcmSiv::new_from_slice(&Zeroizing::new(key)).ok()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({:?})", self.0.master())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test compares what comes out")]
mod tests {
    use super::*;

    const PLACE: Place<'static> =
        Place { class: 1418, object: 16400, column: 0, option: "password" };

    #[test]
    fn what_is_sealed_opens_at_its_own_place_only() {
        let master = MasterKey::generate();
        let keyring = Keyring::open(Some(&master), &[Keyring::new_data_key(&master, 1)]);
        let sealed = keyring.sealer().seal(PLACE, &Secret::new("canary".into())).unwrap();
        let opener = keyring.opener();
        assert_eq!(opener.open(PLACE, &sealed).unwrap().expose(), "canary");
        for elsewhere in [
            Place { object: 16401, ..PLACE },
            Place { class: 1417, ..PLACE },
            Place { option: "sslpassword", ..PLACE },
            Place { column: 1, ..PLACE },
        ] {
            assert!(matches!(opener.open(elsewhere, &sealed), Err(Error::Unopenable)));
        }
    }

    #[test]
    fn another_master_key_is_named() {
        let (master, other) = (MasterKey::generate(), MasterKey::generate());
        let wrapped = [Keyring::new_data_key(&master, 1)];
        let sealed = Keyring::open(Some(&master), &wrapped)
            .sealer()
            .seal(PLACE, &Secret::new("canary".into()))
            .unwrap();
        let error = Keyring::open(Some(&other), &wrapped).opener().open(PLACE, &sealed);
        assert!(
            matches!(error, Err(Error::OtherMasterKey { needed, .. }) if needed == master.id())
        );
        let error = Keyring::open(None, &wrapped).opener().open(PLACE, &sealed);
        assert!(matches!(error, Err(Error::NoMasterKey)));
    }

    #[test]
    fn damage_is_noticed() {
        let master = MasterKey::generate();
        let keyring = Keyring::open(Some(&master), &[Keyring::new_data_key(&master, 1)]);
        let sealed = keyring.sealer().seal(PLACE, &Secret::new("canary".into())).unwrap();
        for index in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[index] ^= 1;
            assert!(keyring.opener().open(PLACE, &damaged).is_err());
        }
        assert!(keyring.opener().open(PLACE, &Sealed(Vec::new())).is_err());
    }
}
