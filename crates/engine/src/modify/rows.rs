//! Rows changed one after the other: each row of the source becomes a run of a remote statement.
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, UInt64Array, new_null_array};
use datafusion::arrow::compute::{concat_batches, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use medley_analyze::stored;
use medley_analyze::tree::{Change, ChangeKind, columns_of_table};
use medley_catalog::objects::Column;
use medley_diagnostic::Diagnostic;
use medley_diagnostic::SqlState;
use medley_fdw::{Modified, Modify};
use medley_foreign::Remote;
use medley_types::{PgType, arrow_type, field};

use super::identity::Identity;
use super::parameters::{Texts, columns};
use super::plan::{Source, returned_columns};
use super::statement::Set;
use super::table::Table;
use crate::context::QueryContext;
use crate::error::{Error, Result};

/// Rows of the source, as they come.
pub(super) type Rows = BoxStream<'static, Result<RecordBatch>>;

/// Rows that go out in one request.
const RUNS: usize = 1024;
/// From so many rows on it is worth asking whether the remote loads them in bulk.
const BULK_ROWS: usize = 100;

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub count: u64,
    /// For each changed row, if they are wanted: the columns that the remote returned, then what
    /// stood beside the row.
    pub rows: Vec<RecordBatch>,
}

/// Changes rows of one table.
pub(super) struct Changer<'a> {
    pub context: &'a QueryContext,
    pub table: &'a Table,
    pub remote: &'a Remote,
    pub change: &'a Change,
    pub source: &'a Source,
    /// What the remote returns of each changed row; none where nobody wants rows.
    returning: Option<(Vec<String>, SchemaRef)>,
}

impl<'a> Changer<'a> {
    pub fn new(
        context: &'a QueryContext,
        table: &'a Table,
        remote: &'a Remote,
        change: &'a Change,
        source: &'a Source,
    ) -> Result<Self> {
        let returning = returned(table, change)?;
        Ok(Self { context, table, remote, change, source, returning })
    }

    fn returned_names(&self) -> &[String] {
        self.returning.as_ref().map_or(&[], |(names, _)| names)
    }

    /// INSERT. With `in_bulk`, many rows may go by another way than one INSERT each.
    pub async fn insert(&self, mut rows: Rows, in_bulk: bool) -> Result<Done> {
        let (mut first, mut count) = (Vec::new(), 0);
        let may_copy = in_bulk && self.returning.is_none() && !self.change.skips_conflicts;
        while may_copy && count < BULK_ROWS {
            let Some(batch) = rows.next().await else { break };
            let batch = batch?;
            count += batch.num_rows();
            first.push(Ok(batch));
        }
        let rows = stream::iter(first).chain(rows).boxed();
        if !may_copy || count < BULK_ROWS {
            return self.insert_runs(rows).await;
        }
        match self.copy_in(rows).await? {
            Ok(count) => Ok(Done { count, rows: Vec::new() }),
            Err(rows) => self.insert_runs(rows).await,
        }
    }

    async fn copy_in(&self, rows: Rows) -> Result<std::result::Result<u64, Rows>> {
        let columns = self.inserted_columns();
        let names = columns.iter().map(|(column, _)| self.table.plain_remote_column(column));
        let names = names.collect::<Result<Vec<_>>>()?;
        let layout = Layout::of(&columns);
        let layout_of_rows = layout.clone();
        let rows = rows.map(move |batch| {
            let laid_out = batch.and_then(|batch| layout_of_rows.batch(&batch));
            laid_out.map_err(|error| medley_fdw::Error::refused(error.report()))
        });
        let table = self.table.remote_name()?;
        let copied = self.context.access.copy_in(self.remote, &table, &names, rows.boxed()).await?;
        Ok(copied.map_err(|rows| {
            let rows = rows.map(|batch| {
                batch.map_err(|error| Error::from(medley_foreign::Error::from(error)))
            });
            let layout = layout.clone();
            rows.map(move |batch| batch.and_then(|batch| layout.undo(&batch))).boxed()
        }))
    }

    /// The columns that are written, and at which place of the source their value is; none for
    /// those that get NULL.
    fn inserted_columns(&self) -> Vec<(&Column, Option<usize>)> {
        let place = |column: &Column| {
            self.change.columns.iter().position(|number| *number == column.number)
        };
        let columns = self.table.relation.live_columns().filter(|column| !column.is_generated());
        columns.map(|column| (column, place(column))).collect()
    }

    async fn insert_runs(&self, mut rows: Rows) -> Result<Done> {
        let insert = |rows| insert_statement(self.table, self.change, rows, self.returned_names());
        let layout = Layout::of(&self.inserted_columns());
        let types: Vec<_> = layout.columns.iter().map(|(t, _)| *t).collect();
        let at_once = match self.returning.is_none() && !types.is_empty() {
            // As many parameters as the protocol has numbers for.
            true => self.table.batch_size(self.context).min(usize::from(u16::MAX) / types.len()),
            false => 1,
        };
        let mut done = Done::default();
        while let Some(batch) = rows.next().await {
            let batch = layout.batch(&batch?)?;
            let texts = Texts::new(&columns(&batch, 0, &types)?)?;
            let runs = (0..batch.num_rows()).map(|row| texts.row(row));
            let runs = runs.collect::<Result<Vec<_>>>()?;
            let whole = runs.len() - runs.len() % at_once.max(1);
            let (even, rest) = runs.split_at(whole);
            let even: Vec<_> = even.chunks(at_once.max(1)).map(<[_]>::concat).collect();
            let sql = insert(at_once)?;
            for runs in even.chunks(RUNS) {
                let modified = self.run(&sql, repeated(&types, at_once), runs.to_vec()).await?;
                done.add(modified, Vec::new())?;
            }
            if !rest.is_empty() {
                let (sql, types) = (insert(rest.len())?, repeated(&types, rest.len()));
                done.add(self.run(&sql, types, vec![rest.concat()]).await?, Vec::new())?;
            }
        }
        Ok(done)
    }

    /// UPDATE and DELETE.
    pub async fn change_found(&self, identity: &Identity, mut rows: Rows) -> Result<Done> {
        let sql =
            statement(self.context, self.table, self.change, identity, self.returned_names())?;
        let (values, keys) = (self.source.values.len(), self.source.keys.len());
        let keys_first = self.table.writing()?.keys_first();
        let types = match keys_first {
            true => [&self.source.keys[..], &self.source.values].concat(),
            false => [&self.source.values[..], &self.source.keys].concat(),
        };
        let mut seen = HashSet::new();
        let mut done = Done::default();
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let of_values = Texts::new(&columns(&batch, 0, &self.source.values)?)?;
            let of_keys = Texts::new(&columns(&batch, values, &self.source.keys)?)?;
            let (mut runs, mut places) = (Vec::new(), Vec::new());
            for row in 0..batch.num_rows() {
                let key = of_keys.row(row)?;
                // Who joins a row with several changes it once: by the first.
                if identity.finds_changed_rows() && !seen.insert(key.clone()) {
                    continue;
                }
                let value = of_values.row(row)?;
                runs.push(if keys_first { [key, value].concat() } else { [value, key].concat() });
                places.push(row as u64);
            }
            let beside = &batch.columns()[values + keys..];
            for (runs, places) in runs.chunks(RUNS).zip(places.chunks(RUNS)) {
                let modified = self.run(&sql, types.clone(), runs.to_vec()).await?;
                self.check_found_once(&modified)?;
                let beside = match self.returning.is_some() {
                    true => taken(beside, places, &modified)?,
                    false => Vec::new(),
                };
                done.add(modified, beside)?;
            }
        }
        Ok(done)
    }

    /// A ctid is unique to a table, not to those that it has parts or children in: rows that were
    /// not meant may have been changed with the one that was, and all of it is undone.
    fn check_found_once(&self, modified: &Modified) -> Result<()> {
        if modified.counts.iter().all(|count| *count <= 1) {
            return Ok(());
        }
        let table = &self.table.relation.name;
        let message =
            format!("rows of foreign table \"{table}\" cannot be told apart at the remote");
        let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
        Err(Error::at(state, message, None)
            .with_hint("Where the remote table has partitions, change one of them."))
    }

    async fn run(
        &self,
        sql: &Arc<str>,
        types: Vec<PgType>,
        runs: Vec<Vec<Option<String>>>,
    ) -> Result<Modified> {
        let returning = self.returning.as_ref().map(|(_, schema)| Arc::clone(schema));
        let returning = returning.filter(|schema| !schema.fields().is_empty());
        let modify = Modify { sql: Arc::clone(sql), types, runs, returning };
        Ok(self.context.access.modify(self.remote, modify).await?)
    }
}

/// INSERT of so many rows.
pub(super) fn insert_statement(
    table: &Table,
    change: &Change,
    rows: usize,
    returned: &[String],
) -> Result<Arc<str>> {
    let set = table.relation.live_columns().map(|column| {
        let set = if column.is_generated() { Set::Default } else { Set::Parameter };
        Ok((table.remote_column(column)?, set))
    });
    let set = set.collect::<Result<Vec<_>>>()?;
    Ok(table.writing()?.insert(&set, rows, change.skips_conflicts, returned).into())
}

/// The statement that changes one row.
pub(super) fn statement(
    context: &QueryContext,
    table: &Table,
    change: &Change,
    identity: &Identity,
    returned: &[String],
) -> Result<Arc<str>> {
    let writing = table.writing()?;
    let sql = match change.kind {
        ChangeKind::Delete => writing.delete(&identity.names(), returned),
        ChangeKind::Update | ChangeKind::Insert => {
            writing.update(&updated(context, table, change)?, &identity.names(), returned)
        }
    };
    Ok(sql.into())
}

/// The columns that a remote returns of each changed row; none where nobody wants rows.
pub(super) fn returned(table: &Table, change: &Change) -> Result<Option<(Vec<String>, SchemaRef)>> {
    match change.returning.is_some() || !change.checks.is_empty() {
        true => returning(table, &returned_columns(table, change)?).map(Some),
        false => Ok(None),
    }
}

/// What UPDATE sets, in the order of the source's values, and then what is generated from them.
fn updated(context: &QueryContext, table: &Table, change: &Change) -> Result<Vec<(String, Set)>> {
    let mut set = Vec::new();
    for number in &change.columns {
        set.push((table.remote_column(table.column(*number)?)?, Set::Parameter));
    }
    for column in table.relation.live_columns().filter(|column| column.is_generated()) {
        if change.to_default.contains(&column.number)
            || depends(context, table, column, &change.columns)?
        {
            set.push((table.remote_column(column)?, Set::Default));
        }
    }
    Ok(set)
}

/// Whether a generated column is computed from one of these.
fn depends(
    context: &QueryContext,
    table: &Table,
    column: &Column,
    changed: &[i16],
) -> Result<bool> {
    let Some(default) = &column.default else { return Ok(false) };
    let tree = stored::expression(&context.snapshot, &table.relation, &default.expression)?;
    Ok(columns_of_table(&tree).iter().any(|number| changed.contains(number)))
}

/// What RETURNING says at the remote, and what comes.
fn returning(table: &Table, columns: &[&Column]) -> Result<(Vec<String>, SchemaRef)> {
    let names = columns.iter().map(|column| table.remote_column(column));
    let fields: Vec<_> =
        columns.iter().map(|column| field(column.name.clone(), column.pg_type, true)).collect();
    Ok((names.collect::<Result<_>>()?, Arc::new(Schema::new(fields))))
}

impl Done {
    /// What was changed; `beside` is for the rows that were.
    fn add(&mut self, modified: Modified, beside: Vec<ArrayRef>) -> Result<()> {
        let count = modified.total();
        self.count += count;
        let returned = match modified.returned.first() {
            None => Vec::new(),
            Some(first) => {
                let all = concat_batches(&first.schema(), &modified.returned);
                all.map_err(|error| Error::Internal(error.to_string()))?.columns().to_vec()
            }
        };
        let columns = [returned, beside].concat();
        self.rows.push(unnamed(columns, usize::try_from(count).unwrap_or(usize::MAX))?);
        Ok(())
    }
}

/// A batch of these columns, and one more that says nothing: there may be no other.
pub(crate) fn unnamed(columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let nothing: ArrayRef = Arc::new(UInt64Array::from_value(0, rows));
    let columns: Vec<_> = columns.into_iter().chain([nothing]).collect();
    let named = columns.into_iter().enumerate();
    let named = named.map(|(place, column)| (unnamed_column(place), column, true));
    RecordBatch::try_from_iter_with_nullable(named)
        .map_err(|error| Error::Internal(error.to_string()))
}

/// What the column at this place of such a batch is called.
pub(super) fn unnamed_column(place: usize) -> String {
    format!("c{place}")
}

/// The schema of such a batch.
pub(crate) fn unnamed_schema(types: Vec<DataType>) -> Schema {
    let types = types.into_iter().chain([DataType::UInt64]).enumerate();
    let fields = types.map(|(place, t)| Field::new(unnamed_column(place), t, true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// What stood beside the rows that were found.
fn taken(beside: &[ArrayRef], places: &[u64], modified: &Modified) -> Result<Vec<ArrayRef>> {
    let found = places.iter().zip(&modified.counts).filter(|(_, count)| **count > 0);
    let found = UInt64Array::from_iter_values(found.map(|(place, _)| *place));
    let taken = beside.iter().map(|column| take(column, &found, None));
    let taken = taken.collect::<std::result::Result<Vec<_>, _>>();
    taken.map_err(|error| Error::Internal(error.to_string()))
}

fn repeated(types: &[PgType], times: usize) -> Vec<PgType> {
    types.iter().copied().cycle().take(types.len() * times).collect()
}

/// From the source's columns to the table's.
#[derive(Clone)]
struct Layout {
    /// Types, and places in the source.
    columns: Vec<(PgType, Option<usize>)>,
    schema: SchemaRef,
}

impl Layout {
    fn of(columns: &[(&Column, Option<usize>)]) -> Self {
        let fields: Vec<_> =
            columns.iter().map(|(it, _)| field(it.name.clone(), it.pg_type, true)).collect();
        let columns = columns.iter().map(|(it, place)| (it.pg_type, *place)).collect();
        Self { columns, schema: Arc::new(Schema::new(fields)) }
    }

    fn batch(&self, source: &RecordBatch) -> Result<RecordBatch> {
        let arrays = self.columns.iter().map(|(t, place)| match place {
            Some(place) => source
                .columns()
                .get(*place)
                .cloned()
                .ok_or_else(|| Error::Internal("a value is missing".to_owned())),
            None => Ok(new_null_array(&arrow_type(*t), source.num_rows())),
        });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let options = datafusion::arrow::array::RecordBatchOptions::new()
            .with_row_count(Some(source.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::Internal(error.to_string()))
    }

    /// The source's columns again.
    fn undo(&self, laid_out: &RecordBatch) -> Result<RecordBatch> {
        let mut places: Vec<_> = self
            .columns
            .iter()
            .zip(laid_out.columns())
            .filter_map(|((_, place), column)| Some(((*place)?, Arc::clone(column))))
            .collect();
        places.sort_by_key(|(place, _)| *place);
        unnamed(places.into_iter().map(|(_, column)| column).collect(), laid_out.num_rows())
    }
}

/// All rows, before the first of them is changed.
pub(super) async fn all_at_once(rows: Rows) -> Result<Rows> {
    let mut rows: Pin<Box<_>> = rows;
    let mut all = Vec::new();
    while let Some(batch) = rows.next().await {
        all.push(Ok(batch?));
    }
    Ok(stream::iter(all).boxed())
}
