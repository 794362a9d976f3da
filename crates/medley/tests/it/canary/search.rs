//! Listening to everything that is said, for one value.
use std::collections::BTreeSet;
use std::path::Path;

use medley_testkit::{Canary, Forms, Medley};
use parking_lot::Mutex;
use tokio_postgres::error::DbError;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

/// What is searched for, and where it was found.
pub struct Search {
    pub canary: Canary,
    watched: Mutex<Vec<Watched>>,
    found: Mutex<BTreeSet<String>>,
    /// Where something was that may be there.
    promised: Mutex<BTreeSet<String>>,
}

/// Bytes that are searched for too.
pub struct Watched {
    name: &'static str,
    forms: Forms,
    /// The ways by which they may come.
    places: &'static [&'static str],
}

impl Watched {
    pub fn new(name: &'static str, bytes: &[u8], places: &'static [&'static str]) -> Self {
        Self { name, forms: Forms::of(bytes), places }
    }
}

impl Search {
    pub fn new() -> Self {
        Self {
            canary: Canary::new(),
            watched: Mutex::default(),
            found: Mutex::default(),
            promised: Mutex::default(),
        }
    }

    /// From now on these are searched for too.
    pub fn watch(&self, watched: Watched) {
        self.watched.lock().push(watched);
    }

    /// Looks at what came by this way.
    pub fn look(&self, bytes: &[u8], way: &str) {
        if let Some(form) = self.canary.found_in(bytes) {
            self.found.lock().insert(format!("{way} ({form})"));
        }
        for Watched { name, forms, places } in &*self.watched.lock() {
            let Some(form) = forms.found_in(bytes) else { continue };
            match places.contains(&way) {
                true => _ = self.promised.lock().insert(format!("{name} in {way}")),
                false => _ = self.found.lock().insert(format!("{way} ({name} {form})")),
            }
        }
    }

    /// Looks at each file below a folder, and at its name: how many there are.
    pub fn look_below(&self, folder: &Path, way: &str) -> usize {
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            self.look(path.as_os_str().as_encoded_bytes(), way);
            let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() {
                files += self.look_below(&path, way);
            } else if kind.is_file() {
                self.look(&std::fs::read(&path).unwrap(), way);
                files += 1;
            }
        }
        files
    }

    /// The ways by which it came out.
    pub fn found(&self) -> Vec<String> {
        self.found.lock().iter().cloned().collect()
    }

    /// What was found where it may be.
    pub fn promised(&self) -> Vec<String> {
        self.promised.lock().iter().cloned().collect()
    }

    /// Somebody whose password it is.
    pub async fn ear<'a>(&'a self, medley: &Medley, who: &'a str) -> Ear<'a> {
        let client = medley.connect(who, self.canary.value()).await.unwrap();
        Ear { search: self, client, who }
    }
}

/// What is said to one person, all fields of it.
pub struct Ear<'a> {
    search: &'a Search,
    client: Client,
    who: &'a str,
}

impl Ear<'_> {
    fn with_secret(&self, sql: &str) -> String {
        sql.replace('#', self.search.canary.value())
    }

    /// Runs a statement, in which `#` stands for the secret, and looks at the answer. True where
    /// it succeeds.
    pub async fn hear(&self, sql: &str, way: &str) -> bool {
        let way = format!("{way} to {}", self.who);
        match self.client.simple_query(&self.with_secret(sql)).await {
            Ok(messages) => {
                self.search.look(rows(&messages).join("\n").as_bytes(), &way);
                true
            }
            Err(error) => {
                let error = error.as_db_error().unwrap_or_else(|| panic!("{way}: {error}"));
                self.search.look(fields(error).as_bytes(), &way);
                false
            }
        }
    }

    /// The same, unheard: what one has said oneself.
    pub async fn say(&self, sql: &str) -> Result<(), String> {
        let said = self.client.simple_query(&self.with_secret(sql)).await;
        said.map(drop).map_err(|error| crate::said(&error))
    }

    /// By the extended protocol.
    pub async fn prepare(&self, sql: &str) {
        if let Err(error) = self.client.execute(&self.with_secret(sql), &[]).await {
            let error = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}"));
            self.search.look(fields(error).as_bytes(), sql);
        }
    }

    /// As a parameter, unheard.
    pub async fn bind(&self, sql: &str) {
        let value = self.search.canary.value();
        let _ = self.client.query_typed(sql, &[(&value, Type::TEXT)]).await;
    }

    /// All values of all rows.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let messages = self.client.simple_query(sql).await;
        rows(&messages.unwrap_or_else(|error| panic!("{sql}: {}", crate::said(&error))))
    }
}

fn rows(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            (0..row.len()).filter_map(|i| row.get(i).map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    messages.iter().flat_map(row).collect()
}

/// With the internal query and the names of objects.
fn fields(error: &DbError) -> String {
    format!("{error:?} {:?} {:?} {:?}", error.detail(), error.hint(), error.where_())
}
