//! What a token must be.
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refused;

/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 60;

/// Signatures that only the issuer can make. With the others, whoever can check a token can make
/// one.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token must say.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    pub name_claim: &'a str,
    /// Separated by spaces; all of them.
    pub scope: &'a str,
}

/// Times are numbers here: the library takes a claim of another type for one that is not there.
#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "exp")]
    _expires: f64,
    #[serde(rename = "nbf")]
    not_before: Option<f64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Who the bearer of a token is.
pub fn identify(
    token: &str,
    header: &Header,
    key: &DecodingKey,
    expected: &Expected<'_>,
    now: u64,
) -> Result<String, Refused> {
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation(header, expected))?.claims;
    if claims.not_before.is_some_and(|time| time > (now + LEEWAY) as f64) {
        return Err(Refused::Early);
    }
    let granted = scopes(&claims.others);
    if let Some(missing) = expected.scope.split_whitespace().find(|s| !granted.contains(s)) {
        return Err(Refused::Scope(missing.to_owned()));
    }
    match claims.others.get(expected.name_claim) {
        Some(Value::String(name)) if !name.is_empty() => Ok(name.clone()),
        _ => Err(Refused::Nameless(expected.name_claim.to_owned())),
    }
}

fn validation(header: &Header, expected: &Expected<'_>) -> Validation {
    // An algorithm that is not allowed stays out of the list, and the token is refused.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.algorithms = ALGORITHMS.into_iter().filter(|known| *known == header.alg).collect();
    validation.leeway = LEEWAY;
    validation.set_audience(&[expected.audience]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation
}

/// `scope` is words in a string, by RFC 8693; `scp` is a list of words at some issuers.
fn scopes(claims: &Map<String, Value>) -> Vec<&str> {
    let mut scopes = Vec::new();
    for claim in ["scope", "scp"].into_iter().filter_map(|name| claims.get(name)) {
        match claim {
            Value::String(words) => scopes.extend(words.split_whitespace()),
            Value::Array(words) => scopes.extend(words.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    scopes
}
