use std::collections::{BTreeSet, HashMap};

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use medley_types::PgType;

use crate::error::{Error, Result};
use crate::semantics::{Datum, Reader, Writer};

/// The values that equality conditions admit, by column. A column that is not there admits all.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<String, Admitted>);

/// The values of one column, in whichever form its type has.
#[derive(Clone, Debug)]
enum Admitted {
    Oids(BTreeSet<u32>),
    Texts(BTreeSet<String>),
}

impl Admitted {
    fn len(&self) -> usize {
        match self {
            Self::Oids(oids) => oids.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

impl Keys {
    /// Admits only these values of a column, arrays of one in the type's form. Of two sets the
    /// smaller one stays, for all conditions are checked again. Types that are neither oids nor
    /// texts have no keys.
    pub(crate) fn admit(&mut self, column: &str, t: PgType, values: Vec<ArrayRef>) {
        let readers: Vec<_> = values.into_iter().map(|value| Reader::new(t, value)).collect();
        let oids = readers.iter().map(|it| it.get(0)?.oid()).collect::<Result<_>>();
        let texts = || -> Result<_> {
            readers.iter().map(|it| Ok(it.get(0)?.text()?.to_owned())).collect()
        };
        let admitted = oids.map(Admitted::Oids).or_else(|_: Error| texts().map(Admitted::Texts));
        let smaller = |new: &Admitted| self.count(column).is_none_or(|old| new.len() < old);
        if let Some(admitted) = admitted.ok().filter(smaller) {
            self.0.insert(column.to_owned(), admitted);
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

    /// How many values a column may have.
    pub fn count(&self, column: &str) -> Option<usize> {
        self.0.get(column).map(Admitted::len)
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

/// How many rows a scan has, as far as that is known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCount {
    /// So many.
    Exactly(usize),
    /// A guess.
    About(usize),
}

/// Takes a relation's rows, and keeps the columns that are asked for.
pub struct RowSink {
    schema: SchemaRef,
    table_oid: u32,
    /// How many columns a row has.
    width: usize,
    /// Which of them are kept, `tableoid` being the last.
    kept: Vec<(usize, Writer)>,
    rows: usize,
}

impl RowSink {
    /// For these columns (by index, of those of these types); the last type is `tableoid`'s.
    pub(crate) fn new(
        schema: SchemaRef,
        types: &[PgType],
        columns: &[usize],
        table_oid: u32,
    ) -> Self {
        let kept = columns.iter().map(|index| (*index, Writer::new(types[*index], 64))).collect();
        Self { schema, table_oid, width: types.len() - 1, kept, rows: 0 }
    }

    /// Whether the column of this index is asked for: not to compute it in vain.
    pub fn wants(&self, column: usize) -> bool {
        self.kept.iter().any(|(index, _)| *index == column)
    }

    /// Adds a row: a value for each of the relation's columns, in order.
    pub fn push(&mut self, row: &[Datum<'_>]) -> Result<()> {
        if self.width != row.len() {
            let message = format!("a row of {} where {} are declared", row.len(), self.width);
            return Err(Error::Internal(message));
        }
        for (index, writer) in &mut self.kept {
            writer.push(row.get(*index).unwrap_or(&Datum::Oid(self.table_oid)))?;
        }
        self.rows += 1;
        Ok(())
    }

    /// All rows.
    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let columns = self.kept.into_iter().map(|(_, writer)| writer.finish());
        let columns = columns.collect::<Result<_>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(self.schema, columns, &rows)
            .map_err(|error| Error::Internal(error.to_string()))
    }
}
