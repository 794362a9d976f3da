use std::path::PathBuf;

use medley_diagnostic::{Diagnostic, SqlState};

use crate::{KeyId, KeySource};

/// What goes wrong with keys and what they seal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or made.
    #[error("could not access key file \"{}\": {source}", path.display())]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner may read the key file.
    #[error("key file \"{}\" has group or world access", .0.display())]
    KeyFilePermissions(PathBuf),
    /// It is not a key file.
    #[error("\"{}\" is not a Medley key file", .0.display())]
    KeyFileFormat(PathBuf),
    /// What a source of keys has is none.
    #[error("what {0} has is not a Medley key")]
    KeyFormat(KeySource),
    /// A credential's name is a file's name.
    #[error("\"{0}\" is not the name of a systemd credential")]
    CredentialName(String),
    /// The command did not print a key.
    #[error("key command \"{program}\": {why}")]
    KeyCommand {
        /// Which.
        program: String,
        /// Why not.
        why: String,
    },
    /// No master key was given.
    #[error("{}", not_loaded(*.0))]
    NoMasterKey(
        /// The one that is needed.
        Option<KeyId>,
    ),
    /// The data key was wrapped by a master key that is not the one given.
    #[error("master key {needed} is needed, but key {given} was given")]
    OtherMasterKey {
        /// The one that wrapped the data key.
        needed: KeyId,
        /// The one that was given.
        given: KeyId,
    },
    /// There is no data key of this version.
    #[error("data key version {0} does not exist")]
    NoDataKey(u32),
    /// The bytes were not sealed here, or for another place, or are damaged.
    #[error("a sealed value cannot be opened")]
    Unopenable,
    /// The text begins as a portable sealed value does, and is none.
    #[error("malformed sealed value")]
    MalformedPortable,
    /// A portable sealed value was given for another option, or another kind of object.
    #[error("the value was sealed for another option")]
    OtherPlace,
    /// A portable sealed value does not open under the key that it names.
    #[error("the sealed value is damaged or forged")]
    Forged,
    /// Something that is not a SCRAM verifier stands where one should.
    #[error("invalid SCRAM verifier")]
    Verifier,
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn not_loaded(needed: Option<KeyId>) -> String {
    match needed {
        Some(needed) => format!("master key {needed} is not loaded"),
        None => "the master key is not loaded".to_owned(),
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::KeyFile { .. } => SqlState::IO_ERROR,
            Self::KeyFilePermissions(_)
            | Self::KeyFileFormat(_)
            | Self::KeyFormat(_)
            | Self::CredentialName(_)
            | Self::KeyCommand { .. } => SqlState::CONFIG_FILE_ERROR,
            Self::NoMasterKey(_) | Self::OtherMasterKey { .. } | Self::NoDataKey(_) => {
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::MalformedPortable | Self::OtherPlace | Self::Forged => {
                SqlState::INVALID_PARAMETER_VALUE
            }
            Self::Unopenable | Self::Verifier => SqlState::DATA_CORRUPTED,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::KeyFilePermissions(path) => {
                Some(format!("Run \"chmod 600 {}\".", path.display()))
            }
            Self::NoMasterKey(_) => Some(
                "Start the server with --key-file naming the key made by \"medley init\".".into(),
            ),
            Self::OtherMasterKey { .. } => Some(
                "Start the server with --key-file naming the key that is needed, or enter the \
                 value itself."
                    .into(),
            ),
            Self::MalformedPortable => Some(
                "What begins with \"sealed:v1:\" is a value of \"medley dump --secrets sealed\", \
                 and cannot be a password."
                    .into(),
            ),
            Self::OtherPlace => Some(
                "A sealed value is taken for the same option of the same kind of object only."
                    .into(),
            ),
            Self::Unopenable => {
                Some("Set the option again with ALTER USER MAPPING or ALTER SERVER.".into())
            }
            _ => None,
        }
    }
}
