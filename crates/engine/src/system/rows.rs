use std::collections::{BTreeSet, HashMap};

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use medley_types::PgType;

use crate::error::{Error, Result};
use crate::semantics::{Datum, Reader, Writer};

/// The values that equality conditions admit, by column. A column that is not there admits all.
#[derive(Debug, Default)]
pub struct Keys(HashMap<String, Admitted>);

/// The values of one column, in whichever form its type has.
#[derive(Debug)]
enum Admitted {
    Oids(BTreeSet<u32>),
    Texts(BTreeSet<String>),
}

impl Keys {
    /// Admits only these values of a column, arrays of one in the type's form; a second set
    /// leaves the first as it is, for all conditions are checked again. Types that are neither
    /// oids nor texts have no keys.
    pub(crate) fn admit(&mut self, column: &str, t: PgType, values: Vec<ArrayRef>) {
        let readers: Vec<_> = values.into_iter().map(|value| Reader::new(t, value)).collect();
        let oids = readers.iter().map(|it| it.get(0)?.oid()).collect::<Result<_>>();
        let texts = || -> Result<_> {
            readers.iter().map(|it| Ok(it.get(0)?.text()?.to_owned())).collect()
        };
        let admitted = oids.map(Admitted::Oids).or_else(|_: Error| texts().map(Admitted::Texts));
        if let Ok(admitted) = admitted {
            self.0.entry(column.to_owned()).or_insert(admitted);
        }
    }

    /// The oids that a column must have one of.
    pub fn oids(&self, column: &str) -> Option<&BTreeSet<u32>> {
        match self.0.get(column)? {
            Admitted::Oids(oids) => Some(oids),
            Admitted::Texts(_) => None,
        }
    }

    /// The texts that a column must have one of.
    pub fn texts(&self, column: &str) -> Option<&BTreeSet<String>> {
        match self.0.get(column)? {
            Admitted::Texts(texts) => Some(texts),
            Admitted::Oids(_) => None,
        }
    }

    /// Whether an oid is admitted.
    pub fn admits_oid(&self, column: &str, oid: u32) -> bool {
        self.oids(column).is_none_or(|oids| oids.contains(&oid))
    }

    /// Whether a text is admitted.
    pub fn admits_text(&self, column: &str, text: &str) -> bool {
        self.texts(column).is_none_or(|texts| texts.contains(text))
    }
}

/// Takes a relation's rows.
pub struct RowSink {
    schema: SchemaRef,
    table_oid: u32,
    writers: Vec<Writer>,
    rows: usize,
}

impl RowSink {
    /// For these columns; the last one of them is `tableoid`.
    pub(crate) fn new(schema: SchemaRef, types: &[PgType], table_oid: u32) -> Self {
        let writers = types.iter().map(|t| Writer::new(*t, 64)).collect();
        Self { schema, table_oid, writers, rows: 0 }
    }

    /// Adds a row: a value for each of the relation's columns, in order.
    pub fn push(&mut self, row: &[Datum<'_>]) -> Result<()> {
        let Some((table_oid, columns)) = self.writers.split_last_mut() else {
            return Err(Error::Internal("a relation without columns".to_owned()));
        };
        if columns.len() != row.len() {
            let message = format!("a row of {} where {} are declared", row.len(), columns.len());
            return Err(Error::Internal(message));
        }
        for (writer, datum) in columns.iter_mut().zip(row) {
            writer.push(datum)?;
        }
        table_oid.push(&Datum::Oid(self.table_oid))?;
        self.rows += 1;
        Ok(())
    }

    /// All rows.
    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let columns = self.writers.into_iter().map(Writer::finish).collect::<Result<_>>()?;
        RecordBatch::try_new(self.schema, columns)
            .map_err(|error| Error::Internal(error.to_string()))
    }
}
