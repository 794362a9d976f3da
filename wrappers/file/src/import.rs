//! IMPORT FOREIGN SCHEMA of a folder of Parquet files: a file is a table, and so is a folder in it,
//! whose parts like `year=2024` are columns.
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Schema};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use medley_fdw::{ColumnDef, Error, ImportSchema, Report, Result, SqlState, TableDef};
use medley_types::PgType;
use object_store::ObjectStoreExt;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::async_reader::MetadataFetch;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;

/// Where the tables of an import are, and how a table of it is named.
pub(crate) struct Place<'a> {
    /// What stands before the paths, and is no part of them.
    pub prefix: String,
    /// The folder that is imported, as paths begin.
    pub folder: &'a str,
    /// The options that name a file, and a folder.
    pub options: (&'static str, &'static str),
    /// What else a table is given.
    pub format: Option<(&'static str, &'static str)>,
}

/// What one table is made of: its files' first, and whether it is a folder.
struct Found {
    first: ObjectMeta,
    is_folder: bool,
}

/// Describes each file and each folder of those files.
pub(crate) async fn import(
    store: &Arc<dyn ObjectStore>,
    wanted: &ImportSchema,
    place: &Place<'_>,
    files: Vec<ObjectMeta>,
) -> Result<Vec<TableDef>> {
    let mut tables = BTreeMap::new();
    for meta in files {
        let rest = below(meta.location.as_ref(), place.folder);
        let (name, is_folder) = match rest.split_once('/') {
            Some((folder, _)) => (folder.to_owned(), true),
            None => (stem(rest).to_owned(), false),
        };
        // A folder of parts is the table itself.
        let is_of_parts = is_folder && name.contains('=');
        let name = if is_of_parts { last(place.folder) } else { name };
        tables.entry(name).or_insert(Found { first: meta, is_folder });
    }
    let mut defs = Vec::new();
    for (name, found) in tables {
        if wanted.restriction.admits(&name) && is_parquet(&found) {
            defs.push(table(store, place, name, found).await?);
        }
    }
    Ok(defs)
}

fn is_parquet(found: &Found) -> bool {
    let name = found.first.location.filename().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "parquet" | "parq" | "pq"))
}

fn below<'a>(path: &'a str, folder: &str) -> &'a str {
    path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/')
}

fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

fn last(folder: &str) -> String {
    folder.rsplit('/').find(|part| !part.is_empty()).unwrap_or("files").to_owned()
}

async fn table(
    store: &Arc<dyn ObjectStore>,
    place: &Place<'_>,
    name: String,
    found: Found,
) -> Result<TableDef> {
    let schema = schema(store, &found.first).await?;
    let mut columns: Vec<_> =
        schema.fields().iter().map(|it| column(it.name(), &type_name(it.data_type()))).collect();
    let rest = below(found.first.location.as_ref(), place.folder);
    let parts = rest.split('/').filter_map(|part| part.split_once('='));
    columns.extend(parts.map(|(name, _)| column(name, "text")));
    let is_whole = rest.split('/').next().is_some_and(|part| part.contains('='));
    let path = match (found.is_folder, is_whole) {
        (false, _) => found.first.location.to_string(),
        (true, true) => place.folder.to_owned(),
        (true, false) => format!("{}/{name}", place.folder).trim_start_matches('/').to_owned(),
    };
    let option = if found.is_folder { place.options.1 } else { place.options.0 };
    let mut options = vec![(option, format!("{}{path}", place.prefix))];
    options.extend(place.format.map(|(name, value)| (name, value.to_owned())));
    Ok(TableDef { name, columns, options })
}

async fn schema(store: &Arc<dyn ObjectStore>, meta: &ObjectMeta) -> Result<Schema> {
    let failed = |error: ParquetError| {
        let message = format!("could not read file \"{}\"", meta.location);
        let report = Report::error(SqlState::BAD_COPY_FILE_FORMAT, message);
        Error::refused(report.with_detail(error.to_string()))
    };
    let read = ParquetMetaDataReader::new().load_and_finish(Fetch { store, meta }, meta.size);
    let metadata = read.await.map_err(failed)?;
    let file = metadata.file_metadata();
    parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()).map_err(failed)
}

/// Pieces of an object.
struct Fetch<'a> {
    store: &'a Arc<dyn ObjectStore>,
    meta: &'a ObjectMeta,
}

impl MetadataFetch for Fetch<'_> {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = self.store.get_range(&self.meta.location, range);
        read.map(|bytes| bytes.map_err(|error| ParquetError::External(Box::new(error)))).boxed()
    }
}

fn column(name: &str, type_name: &str) -> ColumnDef {
    ColumnDef {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        pg_type: PgType::parse(type_name).ok(),
        collation: None,
        not_null: false,
        default: None,
        generated: None,
        options: Vec::new(),
    }
}

/// The type that holds every value of an Arrow type.
fn type_name(t: &DataType) -> String {
    use DataType as T;
    match t {
        T::Boolean => "boolean",
        T::Int8 | T::Int16 | T::UInt8 => "smallint",
        T::Int32 | T::UInt16 => "integer",
        T::Int64 | T::UInt32 => "bigint",
        T::UInt64 => "numeric(20,0)",
        T::Float16 | T::Float32 => "real",
        T::Float64 => "double precision",
        T::Date32 | T::Date64 => "date",
        T::Time32(_) | T::Time64(_) => "time without time zone",
        T::Timestamp(_, None) => "timestamp without time zone",
        T::Timestamp(_, Some(_)) => "timestamp with time zone",
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => "bytea",
        T::Struct(_) | T::Map(..) => "jsonb",
        T::Decimal32(precision, scale)
        | T::Decimal64(precision, scale)
        | T::Decimal128(precision, scale)
        | T::Decimal256(precision, scale) => return format!("numeric({precision},{scale})"),
        T::Dictionary(_, inner) => return type_name(inner),
        T::List(inner) | T::LargeList(inner) | T::FixedSizeList(inner, _) => {
            return match inner.data_type() {
                nested if nested.is_nested() => "jsonb".to_owned(),
                scalar => format!("{}[]", type_name(scalar)),
            };
        }
        _ => "text",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use arrow_schema::TimeUnit;

    use super::*;

    #[test]
    fn each_arrow_type_has_a_type_that_holds_it() {
        let check = |t: DataType, expected: &str| assert_eq!(type_name(&t), expected);
        check(DataType::UInt64, "numeric(20,0)");
        check(DataType::Decimal128(10, 2), "numeric(10,2)");
        check(DataType::Timestamp(TimeUnit::Nanosecond, None), "timestamp without time zone");
        check(DataType::new_list(DataType::Int32, true), "integer[]");
        check(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)), "text");
    }
}
