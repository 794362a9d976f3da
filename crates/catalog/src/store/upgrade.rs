//! Stores of older formats, which become of this one when they are opened.
use super::{DATABASES, FORMAT, Meta, SYSTEM_ACLS, Store};
use crate::bootstrap;
use crate::error::Result;

impl Store {
    /// Writes what a store of this format lacks, in one commit of redb's and under the number of
    /// the last one: what was in it stays as it is.
    pub(super) fn upgrade(&self, from: u32, meta: &Meta) -> Result<()> {
        let transaction = self.begin_write()?;
        if from < 2 {
            transaction.open_table(DATABASES).map_err(|error| self.store_error(error))?;
            self.write_change(&transaction, &bootstrap::database())?;
        }
        if from < 4 {
            transaction.open_table(SYSTEM_ACLS).map_err(|error| self.store_error(error))?;
        }
        self.write_meta(&transaction, meta)?;
        transaction.commit().map_err(|error| self.store_error(error))?;
        tracing::info!(from, to = FORMAT, "catalog upgraded");
        Ok(())
    }
}
