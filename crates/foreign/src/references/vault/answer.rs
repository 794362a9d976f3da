//! What Vault answers, in JSON; what may be secret in it is wiped.
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Refusal;

#[derive(Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) lease_id: String,
    #[serde(default)]
    pub(super) renewable: bool,
    /// In seconds.
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    pub(super) auth: Option<Auth>,
}

/// What a login brings.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) client_token: Text,
    /// In seconds; 0 is for ever.
    #[serde(default)]
    pub(super) lease_duration: u64,
    #[serde(default)]
    pub(super) renewable: bool,
}

/// Text that is wiped.
pub(super) struct Text(pub(super) Zeroizing<String>);

/// A part of an answer.
enum Value {
    Text(Zeroizing<String>),
    Object(HashMap<String, Value>),
    /// Nothing that could be a secret.
    Other,
}

impl Answer {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// How long what is lent lasts.
    pub(super) fn lasts(&self) -> Duration {
        super::lasts(self.lease_duration)
    }

    /// The values that are texts. KV version 2 has them one step deeper, beside what it says of
    /// their version.
    pub(super) fn values(self) -> Option<impl Iterator<Item = (String, Zeroizing<String>)>> {
        let Some(Value::Object(mut data)) = self.data else { return None };
        if data.contains_key("metadata") && data.contains_key("data") {
            let Some(Value::Object(inner)) = data.remove("data") else { return None };
            data = inner;
        }
        Some(data.into_iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            Value::Object(_) | Value::Other => None,
        }))
    }

    /// What it says of a token: how long that lasts (0 is for ever), and whether it is renewed.
    pub(super) fn token(self) -> Option<(u64, bool)> {
        let Some(Value::Object(data)) = self.data else { return None };
        let text = |name| match data.get(name) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        Some((text("ttl")?.parse().ok()?, text("renewable") == Some("true")))
    }
}

/// An object of texts.
pub(super) fn json(pairs: &[(&str, &str)]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    struct Pairs<'a>(&'a [(&'a str, &'a str)]);
    impl Serialize for Pairs<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }
    // At most six bytes for one, so that the buffer does not move.
    let room = pairs.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 8).sum::<usize>();
    let mut json = Zeroizing::new(Vec::with_capacity(room + 2));
    match serde_json::to_writer(&mut *json, &Pairs(pairs)) {
        Ok(()) => Ok(json),
        Err(_) => Err(Refusal::Malformed),
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(number.to_string())))
    }

    fn visit_f64<E>(self, _number: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(value.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = HashMap::new();
        while let Some((name, value)) = map.next_entry()? {
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(body: &str) -> String {
        let Some(answer) = Answer::parse(body.as_bytes()) else { return "malformed".to_owned() };
        let lease = format!("{} {}", answer.lease_id, answer.lasts().as_secs());
        let Some(values) = answer.values() else { return "none".to_owned() };
        let mut values: Vec<_> = values.map(|(name, value)| format!("{name}={}", *value)).collect();
        values.sort();
        format!("{lease} {}", values.join(" "))
    }

    #[test]
    fn a_secret_is_where_its_engine_puts_it() {
        let check = |body, expected: &str| assert_eq!(values(body), expected, "{body}");
        check(
            r#"{"request_id":"r","lease_id":"","renewable":false,"lease_duration":0,
                "data":{"data":{"password":"p\"\u00e9","port":5432,"on":true,"x":[1],"y":null},
                "metadata":{"version":3}},"wrap_info":null,"warnings":null,"auth":null}"#,
            " 0 on=true password=p\"\u{e9} port=5432",
        );
        check(
            r#"{"lease_id":"database/creds/r/1","lease_duration":3600,"renewable":true,
                "data":{"username":"u","password":"p"}}"#,
            "database/creds/r/1 3600 password=p username=u",
        );
        // A secret of version 1 with a field called so.
        check(r#"{"data":{"data":"x"}}"#, " 0 data=x");
        // A deleted version.
        check(r#"{"data":{"data":null,"metadata":{"version":3}}}"#, "none");
        check(r#"{"data":null}"#, "none");
        check(r#"{"data":[]}"#, "none");
        check("{}", "none");
        check("", "malformed");
        check("<html>", "malformed");
    }
}
