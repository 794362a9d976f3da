//! An issuer of tokens: two documents over HTTP, and a key that signs.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use serde_json::{Value, json};

/// What this server is called at the issuer.
pub const AUDIENCE: &str = "medley";

/// It serves until the test's process ends.
pub struct Issuer {
    /// What it calls itself.
    pub name: String,
    published: Arc<Mutex<Published>>,
}

/// What it says to whom asks.
struct Published {
    keys: Vec<Value>,
    asked: usize,
    ill: bool,
}

/// A key and its name.
pub struct Key {
    pair: KeyPair,
    id: String,
}

impl Key {
    pub fn new(id: &str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self { pair, id: id.to_owned() }
    }

    fn published(&self) -> Value {
        let point = self.pair.der_bytes();
        let (x, y) = point[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }

    /// Its public half.
    pub fn public(&self) -> &[u8] {
        self.pair.der_bytes()
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::ES256) };
        let key = EncodingKey::from_ec_der(self.pair.serialized_der());
        jsonwebtoken::encode(&header, claims, &key).unwrap()
    }
}

impl Issuer {
    /// Serves the public halves of these keys.
    pub fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let published = Published { keys: Vec::new(), asked: 0, ill: false };
        let issuer = Self { name: name.clone(), published: Arc::new(Mutex::new(published)) };
        issuer.publish(keys);
        let published = Arc::clone(&issuer.published);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &name, &published).ok();
            }
        });
        issuer
    }

    /// From now on, these keys.
    pub fn publish(&self, keys: &[&Key]) {
        self.published.lock().unwrap().keys = keys.iter().map(|key| key.published()).collect();
    }

    /// From now on it answers with errors, or no longer.
    pub fn be_ill(&self, ill: bool) {
        self.published.lock().unwrap().ill = ill;
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.published.lock().unwrap().asked
    }

    /// The claims of a token that is good for `subject` for an hour.
    pub fn claims(&self, subject: &str) -> Value {
        json!({
            "iss": self.name, "aud": [AUDIENCE, "others"], "sub": subject,
            "scope": "openid sql", "exp": get_current_timestamp() + 3600,
        })
    }
}

fn answer(stream: TcpStream, name: &str, published: &Mutex<Published>) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut published = published.lock().unwrap();
    let (status, body) = match first.split(' ').nth(1) {
        _ if published.ill => ("503 Service Unavailable", json!({})),
        Some("/.well-known/openid-configuration") => {
            ("200 OK", json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }))
        }
        Some("/keys") => {
            published.asked += 1;
            let unknown = json!({ "kty": "unheard of", "kid": "?" });
            let keys: Vec<_> = [unknown].into_iter().chain(published.keys.clone()).collect();
            ("200 OK", json!({ "keys": keys }))
        }
        _ => ("404 Not Found", json!({})),
    };
    let body = body.to_string();
    write!(&stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
