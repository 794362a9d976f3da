//! Tables of files: nobody is logged in while they are read, so that no connection is lent.
use std::sync::Arc;

use medley_fdw::{FileSource, FileTable};

use futures::stream::{self, StreamExt as _};

use super::{Access, Batches};
use crate::audit::batch_size;
use crate::{Connection, Error, Remote, Result, connect};

impl Access {
    /// What a table's rows are read from, opened as the mapped account, for this statement alone.
    pub async fn files(self: &Arc<Self>, remote: &Remote, table: &FileTable) -> Result<FileSource> {
        let author = self.author(remote);
        let opened = async {
            let (connection, _) =
                connect::open(&self.foreign, remote, &self.person, &author).await?;
            match connection {
                Connection::Scan(mut connection) => Ok(connection.files(table).await?),
                Connection::Sql(_) => Err(Error::from(medley_fdw::Error::Unsupported("files"))),
            }
        };
        self.or_cancelled(opened).await
    }

    /// The same rows, followed for the audit log from when the first is asked for.
    pub fn audited(self: &Arc<Self>, remote: &Remote, rows: Batches) -> Batches {
        let (access, remote) = (Arc::clone(self), remote.clone());
        let followed = async move { access.audit(&remote).follow(rows, batch_size) };
        stream::once(followed).flatten().boxed()
    }

    /// Keeps what is to be told when the statement has ended.
    pub fn note(&self, notices: Vec<medley_fdw::Report>) {
        self.notices.lock().extend(notices);
    }

    /// What is to be told, and was not yet.
    pub fn take_notices(&self) -> Vec<medley_fdw::Report> {
        std::mem::take(&mut *self.notices.lock())
    }
}
