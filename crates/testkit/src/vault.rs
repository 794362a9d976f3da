//! A service that answers as Vault does, as far as its documented API says: logins by token,
//! AppRole and Kubernetes, KV version 2, database credentials, leases and tokens that end, are
//! renewed and revoked. It counts what it is asked, and fails as it is told.
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A Vault on a free port of this machine, for one test.
pub struct Vault {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

/// What makes an account at a database, or takes it away: by its name and password.
pub type Account = Box<dyn Fn(&str, &str) + Send>;

#[derive(Default)]
struct State {
    secrets: HashMap<String, Value>,
    databases: HashMap<String, Database>,
    logins: Vec<Login>,
    tokens: HashMap<String, Token>,
    leases: HashMap<String, Lease>,
    denied: HashSet<String>,
    requests: Vec<String>,
    failure: Option<(u16, usize)>,
    delay: Duration,
    made: usize,
}

struct Database {
    ttl: Duration,
    max_ttl: Duration,
    create: Account,
    drop: Account,
}

struct Login {
    path: String,
    proof: Value,
    ttl: Duration,
}

struct Token {
    ends: Option<Instant>,
    ttl: Duration,
}

struct Lease {
    database: String,
    account: String,
    token: String,
    began: Instant,
    ends: Instant,
}

/// A status, and what is said.
type Answer = (u16, Value);

impl Vault {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("could not listen")?;
        let address = listener.local_addr()?;
        let state: Arc<Mutex<State>> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let (serves, stops) = (Arc::clone(&state), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stops.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&serves);
                // Whoever goes away in the middle hears nothing.
                thread::spawn(move || drop(serve(&state, stream)));
            }
        });
        Ok(Self { address, state, stop })
    }

    /// Where it is: `http://127.0.0.1:8200`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// A token that somebody made.
    pub fn add_token(&self, token: &str, ttl: Option<Duration>) {
        let ends = ttl.map(|ttl| Instant::now() + ttl);
        let ttl = ttl.unwrap_or_default();
        self.state().tokens.insert(token.to_owned(), Token { ends, ttl });
    }

    /// A login at `auth/MOUNT/login`: who tells this gets a token that lasts so long.
    pub fn add_login(&self, mount: &str, proof: Value, ttl: Duration) {
        self.state().logins.push(Login { path: format!("auth/{mount}/login"), proof, ttl });
    }

    /// A secret of KV version 2; the path has `data` after its mount.
    pub fn put(&self, path: &str, data: Value) {
        self.state().secrets.insert(path.to_owned(), data);
    }

    /// A role of the database engine: `database/creds/NAME` makes an account.
    pub fn add_database(
        &self,
        name: &str,
        (ttl, max_ttl): (Duration, Duration),
        create: Account,
        drop: Account,
    ) {
        let database = Database { ttl, max_ttl, create, drop };
        self.state().databases.insert(name.to_owned(), database);
    }

    /// No token may read this path.
    pub fn deny(&self, path: &str) {
        self.state().denied.insert(path.to_owned());
    }

    /// The next requests end in this status.
    pub fn fail(&self, status: u16, times: usize) {
        self.state().failure = Some((status, times));
    }

    /// Each answer takes so long.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// All tokens end.
    pub fn revoke_tokens(&self) {
        let mut state = self.state();
        let tokens: Vec<_> = state.tokens.keys().cloned().collect();
        tokens.iter().for_each(|token| state.revoke_token(token));
    }

    /// What was asked since the last call: `GET secret/data/app`.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// How many of the requests so far begin so.
    pub fn count(&self, prefix: &str) -> usize {
        self.state().requests.iter().filter(|it| it.starts_with(prefix)).count()
    }

    /// How many leases there are.
    pub fn leases(&self) -> usize {
        let mut state = self.state();
        state.end_leases();
        state.leases.len()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes who listens.
        drop(TcpStream::connect(self.address));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(state: &Mutex<State>, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut parts = line.split_whitespace();
    let (method, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (method, path) = (method.to_owned(), decoded(path));
    let (mut token, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("x-vault-token") => {
                value.clone_into(&mut token);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or_default();
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let delay = lock(state).delay;
    thread::sleep(delay);
    let (status, answer) = lock(state).answer(&method, &path, &token, &body);
    let text = if status == 204 { String::new() } else { answer.to_string() };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// As Vault does before it looks at a path.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let code = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match byte {
            b'%' => {
                let digits: Vec<_> = rest.by_ref().take(2).collect();
                bytes.extend(code(&digits));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl State {
    fn answer(&mut self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let Some(path) = path.strip_prefix("/v1/") else { return said(404, "no handler") };
        self.requests.push(format!("{method} {path}"));
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return said(301, "moved");
        }
        if let Some((status, times)) = &mut self.failure
            && *times > 0
        {
            *times -= 1;
            return said(*status, "told to fail");
        }
        self.end_leases();
        if path.ends_with("/login") {
            return self.log_in(path, body);
        }
        if !self.is_valid(token) || self.denied.contains(path) {
            return said(403, "permission denied");
        }
        match (method, path) {
            ("GET", "auth/token/lookup-self") => self.look_up(token),
            ("POST", "auth/token/renew-self") => self.renew_token(token),
            ("POST", "auth/token/revoke-self") => {
                self.revoke_token(token);
                (204, Value::Null)
            }
            ("POST", "sys/leases/renew") => self.renew_lease(body),
            ("POST", "sys/leases/revoke") => {
                self.revoke_lease(body["lease_id"].as_str().unwrap_or_default());
                (204, Value::Null)
            }
            ("GET", path) => match path.strip_prefix("database/creds/") {
                Some(name) => self.lend(name, token),
                None => self.read(path),
            },
            _ => said(405, "unsupported operation"),
        }
    }

    fn log_in(&mut self, path: &str, body: &Value) -> Answer {
        let found = self.logins.iter().find(|it| it.path == path && it.proof == *body);
        let Some(ttl) = found.map(|login| login.ttl) else { return said(400, "invalid login") };
        self.made += 1;
        let token = format!("hvs.token-{}", self.made);
        let ends = (!ttl.is_zero()).then(|| Instant::now() + ttl);
        self.tokens.insert(token.clone(), Token { ends, ttl });
        (200, answered(json!({ "auth": auth(&token, ttl) })))
    }

    fn is_valid(&self, token: &str) -> bool {
        self.tokens.get(token).is_some_and(|it| it.ends.is_none_or(|ends| Instant::now() < ends))
    }

    fn look_up(&self, token: &str) -> Answer {
        let left = self.tokens[token].ends.map(|ends| ends - Instant::now()).unwrap_or_default();
        let data = json!({ "id": token, "ttl": seconds(left), "renewable": !left.is_zero() });
        (200, answered(json!({ "data": data })))
    }

    fn renew_token(&mut self, token: &str) -> Answer {
        let Some(found) = self.tokens.get_mut(token) else { return said(403, "bad token") };
        found.ends = found.ends.map(|_| Instant::now() + found.ttl);
        let ttl = found.ttl;
        (200, answered(json!({ "auth": auth(token, ttl) })))
    }

    fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
        let of_token = self.leases.iter().filter(|(_, lease)| lease.token == token);
        let leases: Vec<_> = of_token.map(|(id, _)| id.clone()).collect();
        leases.iter().for_each(|id| self.revoke_lease(id));
    }

    fn lend(&mut self, name: &str, token: &str) -> Answer {
        let Some(database) = self.databases.get(name) else { return said(400, "unknown role") };
        self.made += 1;
        let account = format!("v-{name}-{}", self.made);
        let password = format!("lent-{}", self.made);
        (database.create)(&account, &password);
        let id = format!("database/creds/{name}/{}", self.made);
        let (ttl, began) = (database.ttl, Instant::now());
        let lease = Lease {
            database: name.to_owned(),
            account: account.clone(),
            token: token.to_owned(),
            began,
            ends: began + ttl,
        };
        self.leases.insert(id.clone(), lease);
        (
            200,
            answered(json!({
                "lease_id": id, "lease_duration": seconds(ttl), "renewable": true,
                "data": { "username": account, "password": password },
            })),
        )
    }

    /// No lease lasts longer than its engine says in all.
    fn renew_lease(&mut self, body: &Value) -> Answer {
        let id = body["lease_id"].as_str().unwrap_or_default();
        let Some(lease) = self.leases.get_mut(id) else { return said(400, "lease not found") };
        let database = &self.databases[&lease.database];
        let now = Instant::now();
        lease.ends = (now + database.ttl).min(lease.began + database.max_ttl);
        let left = seconds(lease.ends.saturating_duration_since(now));
        (200, answered(json!({ "lease_id": id, "lease_duration": left, "renewable": true })))
    }

    fn revoke_lease(&mut self, id: &str) {
        if let Some(lease) = self.leases.remove(id) {
            (self.databases[&lease.database].drop)(&lease.account, "");
        }
    }

    fn end_leases(&mut self) {
        let now = Instant::now();
        let tokens: Vec<_> = self
            .tokens
            .iter()
            .filter(|(_, it)| it.ends.is_some_and(|ends| ends < now))
            .map(|(token, _)| token.clone())
            .collect();
        tokens.iter().for_each(|token| self.revoke_token(token));
        let ended = self.leases.iter().filter(|(_, lease)| lease.ends <= now);
        let ended: Vec<_> = ended.map(|(id, _)| id.clone()).collect();
        ended.iter().for_each(|id| self.revoke_lease(id));
    }

    fn read(&self, path: &str) -> Answer {
        match self.secrets.get(path) {
            Some(data) => {
                let metadata = json!({ "version": 1, "destroyed": false, "deletion_time": "" });
                (200, answered(json!({ "data": { "data": data, "metadata": metadata } })))
            }
            None => (404, json!({ "errors": [] })),
        }
    }
}

fn said(status: u16, error: &str) -> Answer {
    (status, json!({ "errors": [error] }))
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

fn auth(token: &str, ttl: Duration) -> Value {
    json!({
        "client_token": token, "accessor": "a", "policies": ["default"], "metadata": null,
        "lease_duration": seconds(ttl), "renewable": !ttl.is_zero(),
    })
}

/// With the fields that each answer has.
fn answered(fields: Value) -> Value {
    let mut answer = json!({
        "request_id": "r", "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": null, "wrap_info": null, "warnings": null, "auth": null,
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        answer[name] = value.clone();
    }
    answer
}
