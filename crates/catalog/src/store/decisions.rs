//! What is kept of transactions that several remotes prepare: whoever coordinates them knows what
//! the bytes mean. It is no part of the catalog, and of no version of it.
use redb::{ReadableDatabase, ReadableTable};

use super::{Store, Table};
use crate::error::Result;

const DECISIONS: Table = Table::new("decision");

impl Store {
    /// All there are, by transaction.
    pub(crate) fn decisions(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let transaction = self.database.begin_read().map_err(|error| self.store_error(error))?;
        let table = match transaction.open_table(DECISIONS) {
            Ok(table) => table,
            // None was ever kept.
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(error) => return Err(self.store_error(error)),
        };
        let entries = table.iter().map_err(|error| self.store_error(error))?;
        entries
            .map(|entry| {
                let (key, value) = entry.map_err(|error| self.store_error(error))?;
                let name = String::from_utf8_lossy(key.value()).into_owned();
                Ok((name, value.value().to_vec()))
            })
            .collect()
    }

    /// Keeps one, or forgets it; when this returns, it is on disk.
    pub(crate) fn decide(&self, transaction: &str, value: Option<&[u8]>) -> Result<()> {
        let writing = self.begin_write()?;
        {
            let mut table =
                writing.open_table(DECISIONS).map_err(|error| self.store_error(error))?;
            let key = transaction.as_bytes();
            let done = match value {
                Some(value) => table.insert(key, value).map(drop),
                None => table.remove(key).map(drop),
            };
            done.map_err(|error| self.store_error(error))?;
        }
        writing.commit().map_err(|error| self.store_error(error))
    }
}
