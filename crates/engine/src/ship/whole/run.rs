//! Running a statement that is shipped as a whole.
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use futures::StreamExt;
use medley_fdw::{Estimate, Handler, RawBatch, RawQuery, RemoteTable, Settings};
use medley_foreign::Remote;
use medley_types::{Column, ColumnBuilder, PgType, Style, field};

use super::{Shippable, Whole, fits};
use crate::context::QueryContext;
use crate::engine::Parameter;
use crate::error::{Error, Result};
use crate::rows::{Batch, RawFormats, Rows};
use crate::scan::BIG_BYTES;

/// The settings that change what a query answers, as far as they are ours to set: the remote is
/// set to what is set here.
const SETTINGS: [&str; 13] = [
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "extra_float_digits",
    "bytea_output",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "xmloption",
    "xmlbinary",
    "array_nulls",
    "default_text_search_config",
    "transform_null_equals",
];

/// Where a statement goes.
pub(crate) struct Target {
    remote: Remote,
    /// All that it reads is plain there.
    is_plain: bool,
    /// It reads much.
    is_big: bool,
}

/// A statement below this may well cost more to be planned here than to be run there.
const MUCH: f64 = 5_000.0;

impl Target {
    /// Whether it is worth while to ask what the remote expects of it, and to think of another way:
    /// it reads several tables, not all small.
    pub fn may_be_much(&self, whole: &Whole) -> bool {
        self.is_big && whole.sources.len() > 1 && whole.session_values.is_empty()
    }

    /// What the remote expects of a statement without parameters, where it is much.
    pub async fn much(&self, context: &QueryContext, whole: &Whole) -> Result<Option<Estimate>> {
        let known = context.access.estimates(&self.remote, &[whole.sql.to_string()]).await?;
        Ok(known.into_iter().flatten().next().filter(|estimate| estimate.total_cost > MUCH))
    }
}

/// Where a statement goes, if all of it may.
pub(crate) async fn target(context: &QueryContext, whole: &Whole) -> Result<Shippable<Target>> {
    let remote = match whole.remote(context)? {
        Ok(remote) => remote,
        Err(reason) => return Ok(Err(reason)),
    };
    let (facts, tables) = context.access.remote_tables(&remote, &whole.tables).await?;
    let is_plain = tables.iter().all(|table| table.as_ref().is_some_and(|it| it.is_plain));
    let bytes: u64 = tables.iter().flatten().map(|table| table.bytes).sum();
    let is_big = bytes >= BIG_BYTES;
    Ok(judge(whole, &facts, &tables).map(|()| Target { remote, is_plain, is_big }))
}

/// The same, as far as it is known without asking the remote anything.
pub(crate) fn known_target(context: &QueryContext, whole: &Whole) -> Result<Shippable<Remote>> {
    let remote = match whole.remote(context)? {
        Ok(remote) => remote,
        refused => return Ok(refused),
    };
    let known = context.access.known_tables(&remote, &whole.tables);
    let judged = known.map_or(Ok(()), |(facts, tables)| judge(whole, &facts, &tables));
    Ok(judged.map(|()| remote))
}

fn judge(
    whole: &Whole,
    facts: &medley_fdw::Facts,
    tables: &[Option<Arc<RemoteTable>>],
) -> Shippable<()> {
    let tables: Vec<Option<&RemoteTable>> = tables.iter().map(Option::as_deref).collect();
    fits(whole, facts, &tables)
}

/// Starts a statement at its remote.
pub(crate) fn start(
    context: &QueryContext,
    whole: &Arc<Whole>,
    Target { remote, is_plain, .. }: Target,
    parameters: &[Parameter],
    raw: Option<RawFormats>,
    is_prepared: bool,
) -> Result<Rows> {
    debug_assert!(matches!(remote.handler(), Handler::Sql(_)));
    let columns = whole.columns.clone();
    let query = RawQuery {
        sql: Arc::clone(&whole.sql),
        parameters: values(context, whole, parameters)?,
        columns: Arc::clone(&whole.types),
        binary: raw
            .as_ref()
            .map_or_else(|| vec![false; columns.len()], |formats| formats.binary(columns.len())),
        settings: settings(context),
        is_prepared,
        leaves_nothing: is_plain,
    };
    let decoder = raw.is_none().then(|| Decoder::new(&columns, &context.style));
    let errors = Arc::clone(whole);
    let batches = context.access.raw_query(remote, query).map(move |batch| {
        let batch = batch.map_err(|error| placed(Error::from(error), &errors))?;
        match &decoder {
            None => Ok(Batch::Raw(batch)),
            Some(decoder) => decoder.columns(&batch).map(Batch::Columns),
        }
    });
    Ok(Rows { columns, batches: batches.boxed() })
}

/// The error with its place in what the person has written, if it has one there.
fn placed(error: Error, whole: &Whole) -> Error {
    let Error::Foreign(medley_foreign::Error::Wrapper(medley_fdw::Error::Remote(mut report))) =
        error
    else {
        return error;
    };
    let origin = report.position.and_then(|position| whole.text.origin(position));
    report.position = origin.map(|position| position + whole.position - 1);
    Error::from(*report)
}

/// The statement's parameters, and what the remote is told of the session.
fn values(
    context: &QueryContext,
    whole: &Whole,
    parameters: &[Parameter],
) -> Result<Vec<(PgType, Option<String>)>> {
    let style = Style { extra_float_digits: 3, ..Style::default() };
    let given = parameters.iter().map(|parameter| {
        let text = crate::semantics::output(parameter.pg_type, &parameter.value, 0, &style)?;
        Ok((parameter.pg_type, text))
    });
    let told = whole.session_values.iter().map(|value| {
        let known = value.value(context);
        let missing = || Error::Internal("a value of the session's is not known".to_owned());
        Ok((value.t(), Some(known.ok_or_else(missing)?)))
    });
    given.chain(told).collect()
}

/// The same for all statements until something is set.
fn settings(context: &QueryContext) -> Settings {
    match context.facts.relayed() {
        Some(known) => Arc::clone(known.get_or_init(|| read_settings(context))),
        None => read_settings(context),
    }
}

fn read_settings(context: &QueryContext) -> Settings {
    let value = |name: &'static str| {
        let value = context.facts.setting(name)?;
        // What it prints is the same, and every system has it.
        let is_c = name.starts_with("lc_") && value == "C.UTF-8";
        Some((name, if is_c { "C".to_owned() } else { value }))
    };
    SETTINGS.iter().filter_map(|name| value(name)).collect()
}

/// Makes columns of rows of text.
pub(crate) struct Decoder {
    types: Vec<PgType>,
    schema: Arc<Schema>,
    style: Style,
}

impl Decoder {
    pub(crate) fn new(columns: &[Column], style: &Style) -> Self {
        let fields = columns.iter().map(|it| field(it.name.clone(), it.pg_type, true));
        Self {
            types: columns.iter().map(|column| column.pg_type).collect(),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            style: style.clone(),
        }
    }

    pub(crate) fn columns(&self, batch: &RawBatch) -> Result<RecordBatch> {
        let mut builders: Vec<_> =
            self.types.iter().map(|t| ColumnBuilder::new(*t, batch.rows)).collect();
        let mut rest = &batch.messages[..];
        for _ in 0..batch.rows {
            self.row(&mut rest, &mut builders)?;
        }
        let options =
            datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.rows));
        let columns = builders.iter_mut().map(ColumnBuilder::finish).collect();
        let made = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        made.map_err(|error| Error::Internal(error.to_string()))
    }

    fn row(&self, rest: &mut &[u8], builders: &mut [ColumnBuilder]) -> Result<()> {
        // The tag, the length, and how many values.
        take(rest, 7)?;
        for builder in builders {
            let length = take(rest, 4)?.first_chunk().map_or(-1, |it| i32::from_be_bytes(*it));
            match usize::try_from(length) {
                Err(_) => builder.append_null(),
                Ok(length) => {
                    let text = std::str::from_utf8(take(rest, length)?).map_err(|_| cut_short())?;
                    builder.append_text(text, &self.style)?;
                }
            }
        }
        Ok(())
    }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length).ok_or_else(cut_short)?;
    *rest = left;
    Ok(taken)
}

fn cut_short() -> Error {
    Error::Internal("a row of the remote's is cut short".to_owned())
}
