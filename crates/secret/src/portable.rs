use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

use crate::{Error, KeyId, Place, Result, Sealed, Secret, WrappedKey};

/// What the text of every portable value begins with, whatever its version.
const PREFIX: &str = "sealed:v";
/// The one version there is.
const VERSION: &str = "1:";

const WRAPPED: usize = 12 + 32 + 16;

/// A sealed value with all that is needed to seal it for another place: where it stood, and its
/// data key as the master key wrapped it. Ciphertext throughout; see [`crate::Sealer::reseal`].
///
/// Text: `sealed:v1:` and, in base64url without padding, of the data key its version (4, little
/// endian), the master key's id (8) and the wrapped key (60); of the place its class (4), object
/// (4) and column (2), the length of the option's name (2) and the name; then the sealed value.
#[derive(Clone, PartialEq, Eq)]
pub struct Portable {
    key: WrappedKey,
    class: u32,
    object: u32,
    column: i16,
    option: String,
    sealed: Sealed,
}

impl Portable {
    /// A value that stands in this place, sealed under one of these keys.
    pub fn new(place: Place<'_>, sealed: &Sealed, keys: &[WrappedKey]) -> Result<Self> {
        let version = sealed.key_version().ok_or(Error::Unopenable)?;
        let key = keys.iter().find(|key| key.version == version);
        Ok(Self {
            key: key.ok_or(Error::NoDataKey(version))?.clone(),
            class: place.class,
            object: place.object,
            column: place.column,
            option: place.option.to_owned(),
            sealed: sealed.clone(),
        })
    }

    /// Whether this text says that it is a portable value, of whatever version: `sealed:v`, a
    /// number and a colon. It then is one, or an error, and never a value of its own.
    pub fn is_meant_by(given: &Secret) -> bool {
        let rest = given.0.strip_prefix(PREFIX);
        let number = rest.and_then(|rest| rest.split_once(':')).map(|(number, _)| number);
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Reads the text form.
    pub fn parse(given: &Secret) -> Result<Self> {
        let text = given.0.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(VERSION));
        let bytes = text.and_then(|text| BASE64.decode(text).ok());
        bytes.and_then(|bytes| read(&bytes)).ok_or(Error::MalformedPortable)
    }

    /// The master key without which it does not open.
    pub fn master(&self) -> KeyId {
        self.key.master
    }

    pub(crate) fn key(&self) -> &WrappedKey {
        &self.key
    }

    pub(crate) fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    pub(crate) fn place(&self) -> Place<'_> {
        let Self { class, object, column, .. } = *self;
        Place { class, object, column, option: &self.option }
    }
}

fn read(mut bytes: &[u8]) -> Option<Portable> {
    let version = u32::from_le_bytes(take(&mut bytes)?);
    let master = KeyId::of_bytes(take(&mut bytes)?);
    let wrapped = take::<WRAPPED>(&mut bytes)?.to_vec();
    let class = u32::from_le_bytes(take(&mut bytes)?);
    let object = u32::from_le_bytes(take(&mut bytes)?);
    let column = i16::from_le_bytes(take(&mut bytes)?);
    let length = usize::from(u16::from_le_bytes(take(&mut bytes)?));
    let (option, sealed) = bytes.split_at_checked(length)?;
    Some(Portable {
        key: WrappedKey { version, master, bytes: wrapped },
        class,
        object,
        column,
        option: String::from_utf8(option.to_vec()).ok()?,
        sealed: Sealed(sealed.to_vec()),
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

/// Its text form.
impl fmt::Display for Portable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = u16::try_from(self.option.len()).map_err(|_| fmt::Error)?;
        let mut bytes = self.key.version.to_le_bytes().to_vec();
        bytes.extend(self.key.master.bytes());
        bytes.extend(&self.key.bytes);
        bytes.extend(self.class.to_le_bytes());
        bytes.extend(self.object.to_le_bytes());
        bytes.extend(self.column.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(self.option.as_bytes());
        bytes.extend(&self.sealed.0);
        write!(f, "{PREFIX}{VERSION}{}", BASE64.encode(bytes))
    }
}

impl fmt::Debug for Portable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portable({:?} of {}/{})", self.option, self.class, self.object)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test compares what comes out")]
mod tests {
    use super::*;
    use crate::{Keyring, MasterKey};

    const HERE: Place<'static> =
        Place { class: 1418, object: 16400, column: 0, option: "password" };
    const THERE: Place<'static> = Place { object: 17000, ..HERE };

    struct Server {
        keyring: Keyring,
        keys: Vec<WrappedKey>,
    }

    /// Servers of one master key have data keys of their own.
    fn server(master: &MasterKey) -> Server {
        let keys = vec![Keyring::new_data_key(master, 1)];
        Server { keyring: Keyring::open(Some(master), &keys), keys }
    }

    fn carried(from: &Server) -> Portable {
        let sealed = from.keyring.sealer().seal(HERE, &Secret::new("canary".into())).unwrap();
        Portable::new(HERE, &sealed, &from.keys).unwrap()
    }

    fn given(text: impl Into<String>) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn it_opens_at_its_new_place_under_the_new_data_key() {
        let master = MasterKey::generate();
        let (old, new) = (server(&master), server(&master));
        let text = carried(&old).to_string();
        assert!(Portable::is_meant_by(&given(&*text)) && !text.contains("canary"));
        let read = Portable::parse(&given(text)).unwrap();
        assert_eq!(read, carried_as(&read));
        let sealed = new.keyring.sealer().reseal(&read, THERE, None).unwrap();
        assert_eq!(new.keyring.opener().open(THERE, &sealed).unwrap().expose(), "canary");
        assert!(new.keyring.opener().open(HERE, &sealed).is_err());
        assert!(old.keyring.opener().open(THERE, &sealed).is_err());
    }

    fn carried_as(read: &Portable) -> Portable {
        Portable::parse(&given(read.to_string())).unwrap()
    }

    #[test]
    fn it_opens_for_its_own_option_of_its_own_kind_only() {
        let server = server(&MasterKey::generate());
        let carried = carried(&server);
        for elsewhere in [
            Place { option: "sslpassword", ..THERE },
            Place { class: 1417, ..THERE },
            Place { column: 1, ..THERE },
        ] {
            let refused = server.keyring.sealer().reseal(&carried, elsewhere, None);
            assert!(matches!(refused, Err(Error::OtherPlace)));
        }
    }

    #[test]
    fn what_it_says_of_itself_cannot_be_changed() {
        let server = server(&MasterKey::generate());
        let original = carried(&server);
        let forgeries = [
            Portable { object: 1, ..original.clone() },
            Portable { option: "sslpassword".into(), ..original.clone() },
            Portable { class: 1417, ..original.clone() },
            Portable { column: 2, ..original.clone() },
        ];
        for forged in forgeries {
            let to = Place { object: 17000, ..forged.place() };
            assert!(matches!(
                server.keyring.sealer().reseal(&forged, to, None),
                Err(Error::Forged)
            ));
        }
        let bytes =
            BASE64.decode(original.to_string().strip_prefix("sealed:v1:").unwrap()).unwrap();
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1;
            let Some(damaged) = read(&damaged) else { continue };
            server.keyring.sealer().reseal(&damaged, THERE, None).unwrap_err();
        }
        for length in 0..bytes.len() {
            let text = given(format!("sealed:v1:{}", BASE64.encode(&bytes[..length])));
            let Ok(cut) = Portable::parse(&text) else { continue };
            server.keyring.sealer().reseal(&cut, THERE, None).unwrap_err();
        }
    }

    #[test]
    fn another_master_key_is_named() {
        let (master, other) = (MasterKey::generate(), MasterKey::generate());
        let carried = carried(&server(&master));
        let refused = server(&other).keyring.sealer().reseal(&carried, THERE, None);
        assert!(
            matches!(refused, Err(Error::OtherMasterKey { needed, .. }) if needed == master.id())
        );
        let keyless = Keyring::open(None, &[]).sealer().reseal(&carried, THERE, None);
        assert!(matches!(keyless, Err(Error::NoMasterKey(_))));
    }

    #[test]
    fn only_what_says_it_is_sealed_is_meant() {
        for meant in ["sealed:v1:", "sealed:v1:abc", "sealed:v2:abc", "sealed:v10:"] {
            assert!(Portable::is_meant_by(&given(meant)), "{meant}");
            assert!(matches!(Portable::parse(&given(meant)), Err(Error::MalformedPortable)));
        }
        for password in
            ["", "sealed", "sealed:", "sealed:v", "sealed:v:", "sealed:vx:", "Sealed:v1:"]
        {
            assert!(!Portable::is_meant_by(&given(password)), "{password}");
        }
    }
}
