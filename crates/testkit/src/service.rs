//! A service that answers JSON over HTTP: to each who shows a token, what it has for them.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// One on a free port of this machine, for one test.
pub struct Service {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    /// By token and path.
    answers: HashMap<(String, String), Answer>,
    asked: Vec<String>,
}

#[derive(Clone)]
enum Answer {
    Says(u16, String),
    Never,
}

impl Service {
    /// Starts one that knows nobody: it answers 401 to everything.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("could not listen")?;
        let address = listener.local_addr()?;
        let (state, stop) = (Arc::<Mutex<State>>::default(), Arc::<AtomicBool>::default());
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

    /// Where it is: `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers who shows this token with this text from now on; to a path that it has nothing
    /// for, 404.
    pub fn answer(&self, token: &str, path: &str, text: &str) {
        self.set(token, path, Answer::Says(200, text.to_owned()));
    }

    /// The same with a status alone.
    pub fn refuse(&self, token: &str, path: &str, status: u16) {
        self.set(token, path, Answer::Says(status, String::new()));
    }

    /// Leaves whoever asks waiting.
    pub fn hang(&self, token: &str, path: &str) {
        self.set(token, path, Answer::Never);
    }

    /// What it was asked since this was called last: `token path`.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().asked)
    }

    fn set(&self, token: &str, path: &str, answer: Answer) {
        self.lock().answers.insert((token.to_owned(), path.to_owned()), answer);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes who listens.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(state: &Mutex<State>, mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut token = String::new();
    for line in lines {
        let line = line?;
        match line.strip_prefix("Authorization: Bearer ") {
            Some(shown) => shown.clone_into(&mut token),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let answer = state.lock().unwrap_or_else(PoisonError::into_inner).answered(token, path);
    match answer {
        Answer::Says(status, text) => write!(
            stream,
            "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        ),
        Answer::Never => {
            thread::sleep(Duration::from_secs(600));
            Ok(())
        }
    }
}

impl State {
    fn answered(&mut self, token: String, path: String) -> Answer {
        self.asked.push(format!("{token} {path}"));
        let is_known = self.answers.keys().any(|(known, _)| *known == token);
        let found = self.answers.get(&(token, path)).cloned();
        let status = if is_known { 404 } else { 401 };
        found.unwrap_or(Answer::Says(status, String::new()))
    }
}
