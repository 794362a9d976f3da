//! Where the rows go that a cursor passes over.
use std::sync::Arc;

use medley_diagnostic::{Diagnostic, Report};
use medley_engine::{Batch, RawFormats};
use medley_types::{Column, Style};

use crate::{Output, query};

/// Who is given rows, if anybody is.
pub(super) enum Sink<'a> {
    /// They are passed only.
    Nobody,
    /// They are told.
    Client(Client<'a>),
}

/// A client, and what rows are to become for it.
pub(super) struct Client<'a> {
    pub out: &'a mut dyn Output,
    pub columns: &'a [Column],
    /// The settings under which rows became text that did so at the remote.
    pub made: &'a Arc<Style>,
    /// The settings as they are now.
    pub style: Arc<Style>,
}

impl Sink<'_> {
    pub async fn put(&mut self, batch: Batch) -> Result<(), Report> {
        match self {
            Self::Nobody => Ok(()),
            Self::Client(client) => client.put(batch).await,
        }
    }
}

impl Client<'_> {
    async fn put(&mut self, batch: Batch) -> Result<(), Report> {
        let batch = match batch {
            raw @ Batch::Raw(_) if !self.takes_raw() => {
                let columns = raw.into_columns(self.columns, self.made);
                Batch::Columns(columns.map_err(|error| error.report())?)
            }
            batch => batch,
        };
        query::put(&batch, &self.style, self.out).await
    }

    /// Whether the client takes text as it came.
    fn takes_raw(&self) -> bool {
        let text = match self.out.raw_formats() {
            None | Some(RawFormats::Binary) => false,
            Some(RawFormats::Text) => true,
            Some(RawFormats::Columns(binary)) => !binary.contains(&true),
        };
        text && *self.made == self.style
    }
}
