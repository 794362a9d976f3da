use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::sealed::{BOUND, PLAIN};
use crate::{Binding, Error, KeyId, MasterKey, Place, Portable, Result, Sealed, Secret};

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

/// The data keys, opened by the master key. Its sealers and openers have what it has, also when
/// that changes.
#[derive(Clone)]
pub struct Keyring(Shared);

#[derive(Clone)]
struct Shared(Arc<RwLock<Arc<Keys>>>);

impl Shared {
    fn new(keys: Keys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    fn now(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

struct Keys {
    ciphers: BTreeMap<u32, Aes256GcmSiv>,
    /// What opens wrapped data keys, and the name of the master key that it is made from.
    wrapping: Option<Wrapping>,
    /// Why there are no ciphers, if there are none.
    wrapped_by: Option<KeyId>,
}

/// Seals, and cannot open.
#[derive(Clone)]
pub struct Sealer(Shared);

/// Opens what was sealed.
#[derive(Clone)]
pub struct Opener(Shared);

/// What a master key does: it wraps data keys.
#[derive(Clone)]
struct Wrapping {
    master: KeyId,
    cipher: Aes256GcmSiv,
}

impl Wrapping {
    fn of(master: &MasterKey) -> Self {
        Self { master: master.id(), cipher: wrapping_cipher(master) }
    }

    fn wrap(&self, key: &[u8], version: u32) -> WrappedKey {
        let nonce: [u8; NONCE] = rand::random();
        let aad = wrap_data(version);
        let payload = Payload { msg: key, aad: &aad };
        let ciphertext = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .expect("32 bytes are within the cipher's limit");
        let bytes = [&nonce[..], &ciphertext].concat();
        WrappedKey { version, master: self.master, bytes }
    }

    fn new_key(&self, version: u32) -> WrappedKey {
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        self.wrap(&*key, version)
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Option<Zeroizing<Vec<u8>>> {
        let nonce: [u8; NONCE] = wrapped.bytes.get(..NONCE)?.try_into().ok()?;
        let aad = wrap_data(wrapped.version);
        let payload = Payload { msg: &wrapped.bytes[NONCE..], aad: &aad };
        self.cipher.decrypt(&Nonce::from(nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher_of(&self, wrapped: &WrappedKey) -> Option<Aes256GcmSiv> {
        Aes256GcmSiv::new_from_slice(&self.unwrap(wrapped)?).ok()
    }
}

impl Keyring {
    /// A new data key, wrapped; the first has version 1.
    pub fn new_data_key(master: &MasterKey, version: u32) -> WrappedKey {
        Wrapping::of(master).new_key(version)
    }

    /// Opens the data keys. A key wrapped by another master key is left out, and using it is
    /// then an error that names the master key it needs.
    pub fn open(master: Option<&MasterKey>, wrapped: &[WrappedKey]) -> Self {
        Self(Shared::new(Keys::open(master.map(Wrapping::of), wrapped)))
    }

    /// One more data key, wrapped, for the store to keep; it is used from [`Keyring::reopen`] on.
    pub fn next_data_key(&self, wrapped: &[WrappedKey]) -> Result<WrappedKey> {
        let keys = self.0.now();
        let newest = wrapped.last().map_or(0, |key| key.version);
        let wrapping = keys.wrapping.as_ref().ok_or_else(|| keys.missing(newest))?;
        // A key beside one that cannot be opened would hide that the master key is another's.
        if newest != 0 && !keys.ciphers.contains_key(&newest) {
            return Err(keys.missing(newest));
        }
        Ok(wrapping.new_key(newest + 1))
    }

    /// Takes up the data keys as the store has them now.
    pub fn reopen(&self, wrapped: &[WrappedKey]) {
        self.0.replace(Keys::open(self.0.now().wrapping.clone(), wrapped));
    }

    /// The data keys wrapped by another master key instead.
    pub fn rewrapped(&self, wrapped: &[WrappedKey], by: &MasterKey) -> Result<Vec<WrappedKey>> {
        let (keys, new) = (self.0.now(), Wrapping::of(by));
        let rewrap = |key: &WrappedKey| {
            let opened = keys.wrapping.as_ref().and_then(|wrapping| wrapping.unwrap(key));
            let opened = opened.ok_or_else(|| keys.missing(key.version))?;
            Ok(new.wrap(&opened, key.version))
        };
        wrapped.iter().map(rewrap).collect()
    }

    /// Takes up another master key, and the data keys that it wraps.
    pub fn replace_master(&self, by: &MasterKey, wrapped: &[WrappedKey]) {
        self.0.replace(Keys::open(Some(Wrapping::of(by)), wrapped));
    }

    /// Seals a value anew, under the newest data key, for the place where it stands. None if it
    /// is under that key already. The value in clear exists only in here.
    pub fn renew(&self, place: Place<'_>, sealed: &Sealed) -> Result<Option<Sealed>> {
        let newest = self.0.now().ciphers.keys().next_back().copied();
        if newest.is_some() && sealed.key_version() == newest {
            return Ok(None);
        }
        let secret = self.opener().open(place, sealed)?;
        self.sealer().seal_bound(place, sealed.binding(), &secret).map(Some)
    }

    /// Whether the master key is there that wrapped this data key.
    pub fn can_open(&self, wrapped: &WrappedKey) -> bool {
        self.0.now().ciphers.contains_key(&wrapped.version)
    }

    /// The master key that was given.
    pub fn master(&self) -> Option<KeyId> {
        self.0.now().master()
    }

    /// For those who take values in.
    pub fn sealer(&self) -> Sealer {
        Sealer(self.0.clone())
    }

    /// For `foreign`, which hands opened values to wrappers.
    pub fn opener(&self) -> Opener {
        Opener(self.0.clone())
    }
}

impl Sealer {
    /// Seals a value for its place with the newest data key.
    pub fn seal(&self, place: Place<'_>, secret: &Secret) -> Result<Sealed> {
        self.seal_bound(place, None, secret)
    }

    /// The same, bound to where it is sent.
    pub fn seal_bound(
        &self,
        place: Place<'_>,
        binding: Option<Binding>,
        secret: &Secret,
    ) -> Result<Sealed> {
        let keys = self.0.now();
        let (version, cipher) = keys.ciphers.last_key_value().ok_or_else(|| keys.missing(0))?;
        let nonce: [u8; NONCE] = rand::random();
        let mut bytes = vec![if binding.is_some() { BOUND } else { PLAIN }];
        bytes.extend(version.to_le_bytes());
        bytes.extend(binding.iter().flat_map(|binding| binding.0));
        let aad = place.associated_data(&bytes);
        let ciphertext = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: secret.bytes(), aad: &aad })
            .map_err(|_| Error::Unopenable)?;
        bytes.extend(nonce);
        bytes.extend(ciphertext);
        Ok(Sealed(bytes))
    }

    /// Seals what was sealed in another catalog, or elsewhere in this one, for its new place: of
    /// the same option of an object of the same kind, and of no other. The value in clear exists
    /// only in here.
    /// What it was bound to it stays bound to; else it is bound to `binding`.
    pub fn reseal(
        &self,
        from: &Portable,
        to: Place<'_>,
        binding: Option<Binding>,
    ) -> Result<Sealed> {
        if !from.place().is_like(to) {
            return Err(Error::OtherPlace);
        }
        let key = from.key();
        let keys = self.0.now();
        let wrapping = keys.wrapping.as_ref().ok_or(Error::NoMasterKey(Some(key.master)))?;
        if key.master != wrapping.master {
            return Err(Error::OtherMasterKey { needed: key.master, given: wrapping.master });
        }
        let cipher = wrapping.cipher_of(key).ok_or(Error::Forged)?;
        let version = from.sealed().key_version();
        if version != Some(key.version) {
            return Err(Error::Forged);
        }
        let secret = open(&cipher, from.place(), from.sealed()).map_err(|_| Error::Forged)?;
        self.seal_bound(to, from.sealed().binding().or(binding), &secret)
    }
}

impl Opener {
    /// Opens a value that was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Secret> {
        let version = sealed.key_version().ok_or(Error::Unopenable)?;
        let keys = self.0.now();
        let cipher = keys.ciphers.get(&version).ok_or_else(|| keys.missing(version));
        match sealed.0.first() {
            Some(&(PLAIN | BOUND)) => open(cipher?, place, sealed),
            _ => Err(Error::Unopenable),
        }
    }

    /// Seals what is in one option of an object for another option of the same object: a secret
    /// takes the place of another. The value in clear exists only in here.
    pub fn moved(&self, from: Place<'_>, to: Place<'_>, sealed: &Sealed) -> Result<Sealed> {
        let same = (from.class, from.object, from.column) == (to.class, to.object, to.column);
        if !same {
            return Err(Error::OtherPlace);
        }
        let secret = self.open(from, sealed)?;
        Sealer(self.0.clone()).seal_bound(to, sealed.binding(), &secret)
    }
}

fn open(cipher: &Aes256GcmSiv, place: Place<'_>, sealed: &Sealed) -> Result<Secret> {
    if !matches!(sealed.0.first(), Some(&(PLAIN | BOUND))) {
        return Err(Error::Unopenable);
    }
    let (header, rest) = sealed.0.split_at_checked(sealed.header()).ok_or(Error::Unopenable)?;
    let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(Error::Unopenable)?;
    let (nonce, aad) = (*nonce, place.associated_data(header));
    let payload = Payload { msg, aad: &aad };
    let opened = cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| Error::Unopenable)?;
    String::from_utf8(opened).map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Error::Unopenable
    })
}

impl Keys {
    fn open(wrapping: Option<Wrapping>, wrapped: &[WrappedKey]) -> Self {
        let cipher = |key: &WrappedKey| Some((key.version, wrapping.as_ref()?.cipher_of(key)?));
        let ciphers = wrapped.iter().filter_map(cipher).collect();
        let wrapped_by = wrapped.last().map(|key| key.master);
        Self { ciphers, wrapping, wrapped_by }
    }

    fn missing(&self, version: u32) -> Error {
        match (self.master(), self.wrapped_by) {
            (None, needed) => Error::NoMasterKey(needed),
            (Some(given), Some(needed)) if given != needed => {
                Error::OtherMasterKey { needed, given }
            }
            _ => Error::NoDataKey(version),
        }
    }

    fn master(&self) -> Option<KeyId> {
        self.wrapping.as_ref().map(|wrapping| wrapping.master)
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

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({:?})", self.master())
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
    fn a_secret_is_moved_within_its_object_only() {
        let master = MasterKey::generate();
        let keyring = Keyring::open(Some(&master), &[Keyring::new_data_key(&master, 1)]);
        let next = Place { option: "password_next", ..PLACE };
        let sealed = keyring.sealer().seal(next, &Secret::new("canary".into())).unwrap();
        let opener = keyring.opener();
        let moved = opener.moved(next, PLACE, &sealed).unwrap();
        assert_eq!(opener.open(PLACE, &moved).unwrap().expose(), "canary");
        let elsewhere = Place { object: 16401, ..PLACE };
        assert!(matches!(opener.moved(next, elsewhere, &sealed), Err(Error::OtherPlace)));
        assert!(matches!(opener.moved(PLACE, next, &sealed), Err(Error::Unopenable)));
    }

    #[test]
    fn what_is_empty_is_known_without_opening() {
        let master = MasterKey::generate();
        let sealer = Keyring::open(Some(&master), &[Keyring::new_data_key(&master, 1)]).sealer();
        assert!(sealer.seal(PLACE, &Secret::new(String::new())).unwrap().is_of_nothing());
        assert!(!sealer.seal(PLACE, &Secret::new("x".into())).unwrap().is_of_nothing());
    }

    #[test]
    fn a_bound_value_tells_what_it_is_bound_to_and_no_other() {
        let master = MasterKey::generate();
        let mut wrapped = vec![Keyring::new_data_key(&master, 1)];
        let keyring = Keyring::open(Some(&master), &wrapped);
        let binding = Binding::to("w", [("host", "a")]);
        let secret = Secret::new("canary".into());
        let sealed = keyring.sealer().seal_bound(PLACE, Some(binding), &secret).unwrap();
        assert!(sealed.binding() == Some(binding) && !sealed.is_of_nothing());
        assert_eq!(keyring.opener().open(PLACE, &sealed).unwrap().expose(), "canary");
        for index in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[index] ^= 1;
            assert!(keyring.opener().open(PLACE, &damaged).is_err(), "{index}");
        }
        let stripped = Sealed([&[PLAIN], &sealed.0[1..5], &sealed.0[37..]].concat());
        assert!(keyring.opener().open(PLACE, &stripped).is_err());
        // It stays bound where it is sealed anew, moved, or carried elsewhere.
        wrapped.push(keyring.next_data_key(&wrapped).unwrap());
        keyring.reopen(&wrapped);
        let renewed = keyring.renew(PLACE, &sealed).unwrap().unwrap();
        let next = Place { option: "next", ..PLACE };
        let moved = keyring.opener().moved(PLACE, next, &renewed).unwrap();
        let portable = Portable::new(PLACE, &renewed, &wrapped).unwrap();
        let there = Place { object: 17000, ..PLACE };
        let other = Binding::to("w", [("host", "b")]);
        let carried = keyring.sealer().reseal(&portable, there, Some(other)).unwrap();
        for sealed in [renewed, moved, carried] {
            assert!(sealed.binding() == Some(binding));
        }
        let plain = keyring.sealer().seal(PLACE, &secret).unwrap();
        let portable = Portable::new(PLACE, &plain, &wrapped).unwrap();
        let carried = keyring.sealer().reseal(&portable, there, Some(other)).unwrap();
        assert!(carried.binding() == Some(other));
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
        assert!(matches!(error, Err(Error::NoMasterKey(needed)) if needed == Some(master.id())));
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

    #[test]
    fn a_new_data_key_seals_from_then_on_and_old_values_open() {
        let master = MasterKey::generate();
        let mut wrapped = vec![Keyring::new_data_key(&master, 1)];
        let keyring = Keyring::open(Some(&master), &wrapped);
        let (sealer, opener) = (keyring.sealer(), keyring.opener());
        let old = sealer.seal(PLACE, &Secret::new("canary".into())).unwrap();
        assert_eq!(keyring.renew(PLACE, &old).unwrap(), None);
        wrapped.push(keyring.next_data_key(&wrapped).unwrap());
        keyring.reopen(&wrapped);
        let new = keyring.renew(PLACE, &old).unwrap().unwrap();
        assert_eq!((old.key_version(), new.key_version()), (Some(1), Some(2)));
        assert_eq!(sealer.seal(PLACE, &Secret::new("x".into())).unwrap().key_version(), Some(2));
        for sealed in [&old, &new] {
            assert_eq!(opener.open(PLACE, sealed).unwrap().expose(), "canary");
        }
        let elsewhere = Place { object: 16401, ..PLACE };
        assert!(matches!(keyring.renew(elsewhere, &old), Err(Error::Unopenable)));
    }

    #[test]
    fn another_master_key_wraps_the_same_data_keys() {
        let (master, next) = (MasterKey::generate(), MasterKey::generate());
        let wrapped = [Keyring::new_data_key(&master, 1), Keyring::new_data_key(&master, 2)];
        let keyring = Keyring::open(Some(&master), &wrapped);
        let sealed = keyring.sealer().seal(PLACE, &Secret::new("canary".into())).unwrap();
        let rewrapped = keyring.rewrapped(&wrapped, &next).unwrap();
        let opens = |master| Keyring::open(Some(master), &rewrapped).opener().open(PLACE, &sealed);
        assert_eq!(opens(&next).unwrap().expose(), "canary");
        assert!(matches!(opens(&master), Err(Error::OtherMasterKey { .. })));
        let other = Keyring::open(Some(&next), &wrapped);
        assert!(other.rewrapped(&wrapped, &master).is_err());
        assert!(other.next_data_key(&wrapped).is_err());
        assert!(Keyring::open(None, &wrapped).next_data_key(&wrapped).is_err());
    }
}
