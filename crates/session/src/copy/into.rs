//! COPY … FROM STDIN, into a foreign table.
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::{SinkExt, StreamExt};
use medley_catalog::objects::{Column, Relation};
use medley_copy::{BinaryReader, Columns, Encoding, Format, Options, Reader, Target};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::Loaded;
use medley_sql::Copy;

use super::{named, options};
use crate::session::Bounds;
use crate::{Output, Session};

/// Batches on their way to the remote: what is read ahead is one.
type Batches = medley_engine::Result<RecordBatch>;

impl Session {
    /// Copies rows from the client into a foreign table.
    pub(super) async fn copy_from_client(
        &mut self,
        copy: &Copy,
        columns: &[String],
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        let oid = self.commands(bounds, out, |ctx| medley_commands::copied_into(ctx, copy)).await?;
        let options = options(copy)?;
        check_options(&options)?;
        let table = self.snapshot().relation(oid).cloned();
        let table = table.ok_or_else(|| Report::unsupported("COPY FROM into such a relation"))?;
        let columns = copied_columns(&table, columns)?;
        let source = Source::new(&table.name, &options, &columns, self)?;
        let numbers: Vec<i16> = columns.iter().map(|column| column.number).collect();
        self.begin_cursors(&bounds.token).await?;
        out.copy_in(options.format == Format::Binary, columns.len()).await?;
        let loaded = Loaded { table: oid, columns: &numbers, filter: copy.filter.as_ref() };
        let copied = self.load(loaded, source, bounds, out).await?;
        Ok(format!("COPY {copied}"))
    }

    async fn load(
        &mut self,
        loaded: Loaded<'_>,
        mut source: Source,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<u64, Report> {
        let context = self.changing_context(bounds.token.clone());
        let (sender, receiver): (Sender<Batches>, Receiver<Batches>) = channel(0);
        let engine = &self.instance.engine;
        let loading = engine.load(&context, loaded, receiver.boxed());
        let feeding = source.feed(&mut *out, sender);
        let (fed, loaded) = {
            tokio::pin!(loading, feeding);
            tokio::select! {
                biased;
                // Whatever the client still sends is passed over.
                loaded = &mut loading => (Ok(()), loaded),
                fed = &mut feeding => (fed, loading.await),
            }
        };
        // What was wrong with the data is why the rest has failed.
        fed?;
        let loaded = loaded.map_err(|error| error.report())?;
        self.notices(source.notices(), out).await?;
        self.tell_endings(&context.access, out).await?;
        Ok(loaded)
    }
}

/// What makes batches of what the client sends.
enum Source {
    Lines(Box<Reader>, Options),
    Binary(BinaryReader),
}

impl Source {
    fn new(
        table: &str,
        options: &Options,
        columns: &[Column],
        session: &Session,
    ) -> Result<Self, Report> {
        if options.format == Format::Binary {
            let columns: Vec<_> =
                columns.iter().map(|column| (column.name.clone(), column.pg_type)).collect();
            return Ok(Self::Binary(BinaryReader::new(table, &columns)));
        }
        let not_null = referenced("FORCE_NOT_NULL", options.force_not_null.as_ref(), columns)?;
        let null = referenced("FORCE_NULL", options.force_null.as_ref(), columns)?;
        let is_asked = options.default.is_some();
        if is_asked && columns.iter().any(|column| column.default.is_some()) {
            return Err(Report::unsupported("DEFAULT in COPY FROM, where a column has a default"));
        }
        let targets = columns.iter().enumerate().map(|(index, column)| Target {
            force_not_null: not_null[index],
            force_null: null[index],
            ..Target::new(column.name.clone(), column.pg_type)
        });
        let style = (**session.settings.lock().style()).clone();
        let reader = Reader::new(table, options.clone(), targets.collect(), style);
        Ok(Self::Lines(Box::new(reader), options.clone()))
    }

    /// Reads all that the client sends. An error goes where the batches go too, so that nobody
    /// takes what has come for all there is.
    async fn feed(
        &mut self,
        out: &mut dyn Output,
        mut sink: Sender<Batches>,
    ) -> Result<(), Report> {
        let fed = self.feed_all(out, &mut sink).await;
        if let Err(report) = &fed {
            let _ = sink.send(Err(report.clone().into())).await;
        }
        fed
    }

    async fn feed_all(
        &mut self,
        out: &mut dyn Output,
        sink: &mut Sender<Batches>,
    ) -> Result<(), Report> {
        while let Some(bytes) = out.copy_next().await? {
            let batch = match self {
                Self::Lines(reader, _) => reader.feed(&bytes),
                Self::Binary(reader) => reader.feed(&bytes),
            };
            if let Some(batch) = batch.map_err(|error| error.report())? {
                put(sink, batch).await;
            }
        }
        let last = match self {
            Self::Lines(reader, _) => reader.finish(),
            Self::Binary(reader) => reader.finish(),
        };
        put(sink, last.map_err(|error| error.report())?).await;
        Ok(())
    }

    /// What there is to be told of rows that were left out.
    fn notices(&self) -> Vec<Report> {
        let Self::Lines(reader, options) = self else { return Vec::new() };
        let mut notices = reader.skipped().take_notices();
        notices.extend(reader.skipped().summary(options));
        notices
    }
}

/// Where nobody takes it any more, the load has failed, and says so.
async fn put(sink: &mut Sender<Batches>, batch: RecordBatch) {
    if batch.num_rows() > 0 {
        let _ = sink.send(Ok(batch)).await;
    }
}

fn check_options(options: &Options) -> Result<(), Report> {
    if options.freeze {
        let message = "cannot perform COPY FREEZE on a foreign table";
        return Err(Report::error(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    match options.encoding {
        Some(Encoding::Other(name)) => {
            Err(Report::unsupported(format!("COPY in encoding \"{name}\"")))
        }
        _ => Ok(()),
    }
}

/// The columns that are told, in their order; all that are not computed where none are named.
fn copied_columns(table: &Arc<Relation>, names: &[String]) -> Result<Vec<Column>, Report> {
    if names.is_empty() {
        return Ok(table.live_columns().filter(|column| !column.is_generated()).cloned().collect());
    }
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for name in names {
        let Some(column) = table.column(name) else {
            let message =
                format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
            return Err(Report::error(SqlState::UNDEFINED_COLUMN, message));
        };
        if column.is_generated() {
            let message = format!("column \"{name}\" is a generated column");
            return Err(Report::error(SqlState::INVALID_COLUMN_REFERENCE, message)
                .with_detail("Generated columns cannot be used in COPY."));
        }
        if columns.iter().any(|known| known.number == column.number) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Report::error(SqlState::DUPLICATE_COLUMN, message));
        }
        columns.push(column.clone());
    }
    Ok(columns)
}

/// Which columns an option is about.
fn referenced(option: &str, of: Option<&Columns>, columns: &[Column]) -> Result<Vec<bool>, Report> {
    named(of, columns.iter().map(|column| column.name.as_str()), |name| {
        let message = format!("{option} column \"{name}\" not referenced by COPY");
        Report::error(SqlState::INVALID_COLUMN_REFERENCE, message)
    })
}
