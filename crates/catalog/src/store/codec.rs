//! Keys and values as bytes. A value begins with the version of its form.
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ids::{Class, Epoch, ObjectAddress, RoleOrPublic, ServerOid, UserMappingOid};
use crate::objects::{Row, RowKey, SettingScope, UserMapping};
use crate::snapshot::MappingEntry;

const VERSION: u8 = 1;
/// Of a user mapping, which says whether its role agreed to it.
const MAPPING_VERSION: u8 = 2;

/// Why bytes are no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodecError {
    #[error("a value has the unknown version {0}")]
    Version(u8),
    #[error("a value is empty")]
    Empty,
    #[error("a value cannot be read: {0}")]
    Form(#[from] postcard::Error),
    #[error("a value has {0} bytes too many")]
    Trailing(usize),
}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    Ok(postcard::to_extend(value, vec![VERSION])?)
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match postcard::take_from_bytes(body(bytes)?)? {
        (value, []) => Ok(value),
        (_, rest) => Err(CodecError::Trailing(rest.len())),
    }
}

fn body(bytes: &[u8]) -> Result<&[u8], CodecError> {
    match bytes.split_first() {
        Some((&VERSION, body)) => Ok(body),
        Some((other, _)) => Err(CodecError::Version(*other)),
        None => Err(CodecError::Empty),
    }
}

/// A mapping, and behind it whether its role agreed to it.
fn encode_mapping(mapping: &UserMapping) -> Result<Vec<u8>, CodecError> {
    Ok(postcard::to_extend(&(mapping, mapping.accepted), vec![MAPPING_VERSION])?)
}

pub(super) fn decode_mapping(bytes: &[u8]) -> Result<UserMapping, CodecError> {
    if bytes.first() != Some(&MAPPING_VERSION) {
        return decode(bytes);
    }
    match postcard::take_from_bytes::<(UserMapping, bool)>(mapping_body(bytes)?)? {
        ((mapping, accepted), []) => Ok(UserMapping { accepted, ..mapping }),
        (_, rest) => Err(CodecError::Trailing(rest.len())),
    }
}

/// Of either version: the first does not say who agreed, and nobody did.
fn mapping_body(bytes: &[u8]) -> Result<&[u8], CodecError> {
    match bytes.split_first() {
        Some((&MAPPING_VERSION, body)) => Ok(body),
        _ => body(bytes),
    }
}

/// Reads a mapping up to its options.
pub(super) fn decode_mapping_entry(bytes: &[u8]) -> Result<MappingEntry, CodecError> {
    type Head = (UserMappingOid, ServerOid, RoleOrPublic, Option<Epoch>);
    let ((oid, server, user, epoch), _) = postcard::take_from_bytes::<Head>(mapping_body(bytes)?)?;
    Ok(MappingEntry { oid, server, user, epoch })
}

pub(super) fn encode_row(row: &Row) -> Result<Vec<u8>, CodecError> {
    match row {
        Row::Database(it) => encode(&**it),
        Row::Role(it) => encode(&**it),
        Row::Membership(it) => encode(&**it),
        Row::Wrapper(it) => encode(&**it),
        Row::Server(it) => encode(&**it),
        Row::UserMapping(it) => encode_mapping(it),
        Row::Schema(it) => encode(&**it),
        Row::Relation(it) => encode(&**it),
        Row::Extension(it) => encode(&**it),
        Row::DefaultAcl(it) => encode(&**it),
        Row::SystemAcl(it) => encode(&**it),
        Row::Comment(it) => encode(&**it),
        Row::Setting(it) => encode(&**it),
    }
}

/// Of several such classes the rows are in one table.
fn is_of_system(class: Class) -> bool {
    matches!(class, Class::Function | Class::Type | Class::Language)
}

pub(super) fn encode_key(key: RowKey) -> Vec<u8> {
    match key {
        RowKey::Object(ObjectAddress { class, oid, .. }) if is_of_system(class) => {
            [class.oid().to_be_bytes(), oid.to_be_bytes()].concat()
        }
        RowKey::Object(address) => address.oid.to_be_bytes().to_vec(),
        RowKey::Comment(ObjectAddress { class, oid, subid }) => {
            [class.oid().to_be_bytes(), oid.to_be_bytes(), subid.to_be_bytes()].concat()
        }
        RowKey::Setting(SettingScope { database, role }) => {
            let (database, role) = (database.map_or(0, |it| it.0), role.map_or(0, |it| it.0));
            [database.to_be_bytes(), role.to_be_bytes()].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoleOid;
    use crate::objects::{OptionValue, Options};

    fn mapping(accepted: bool) -> UserMapping {
        let user = OptionValue::Plain("films_alice".to_owned());
        UserMapping {
            oid: UserMappingOid(1),
            server: ServerOid(2),
            user: RoleOrPublic::Role(RoleOid(3)),
            epoch: Some(Epoch::FIRST),
            options: Options::from_iter([("user".to_owned(), user)]),
            accepted,
        }
    }

    #[test]
    fn a_mapping_is_read_as_it_was_written() {
        for accepted in [false, true] {
            let bytes = encode_mapping(&mapping(accepted)).expect("encoded");
            assert_eq!(decode_mapping(&bytes).expect("decoded"), mapping(accepted));
            assert_eq!(decode_mapping_entry(&bytes).expect("decoded").server, ServerOid(2));
            assert!(decode_mapping(&bytes[..bytes.len() - 1]).is_err());
            assert!(decode_mapping(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn nobody_agreed_to_a_mapping_of_an_older_store() {
        let bytes = encode(&mapping(true)).expect("encoded");
        assert_eq!(decode_mapping(&bytes).expect("decoded"), mapping(false));
        assert_eq!(decode_mapping_entry(&bytes).expect("decoded").oid, UserMappingOid(1));
    }
}
