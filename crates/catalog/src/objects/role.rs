use serde::{Deserialize, Serialize};

use medley_secret::Verifier;

use crate::ids::RoleOid;

/// A role: who logs in, owns, and is granted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its oid.
    pub oid: RoleOid,
    /// Its name.
    pub name: String,
    /// Passes every check.
    pub superuser: bool,
    /// The default of INHERIT in grants to it.
    pub inherit: bool,
    /// May make roles.
    pub create_role: bool,
    /// May make databases, if there were more than one.
    pub create_db: bool,
    /// May log in.
    pub can_login: bool,
    /// May start replication.
    pub replication: bool,
    /// Is not subject to row-level security.
    pub bypass_rls: bool,
    /// How many sessions it may have at once; -1 for any number.
    pub connection_limit: i32,
    /// What its password is checked against.
    #[serde(with = "verifier")]
    pub password: Option<Verifier>,
    /// When the password ends to be valid: microseconds since 2000-01-01 UTC; `i64::MAX` is
    /// `infinity`.
    pub valid_until: Option<i64>,
}

impl Role {
    /// As CREATE ROLE without options makes it.
    pub fn new(oid: RoleOid, name: impl Into<String>) -> Self {
        Self {
            oid,
            name: name.into(),
            superuser: false,
            inherit: true,
            create_role: false,
            create_db: false,
            can_login: false,
            replication: false,
            bypass_rls: false,
            connection_limit: -1,
            password: None,
            valid_until: None,
        }
    }
}

/// A verifier is stored in its text form, which outlives changes to the type.
mod verifier {
    use medley_secret::Verifier;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<Verifier>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Verifier::to_string).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Verifier>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| Verifier::parse(&text)).transpose().map_err(Error::custom)
    }
}
