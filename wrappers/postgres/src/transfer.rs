//! From the remote's bytes into columns: what is asked for in which format, and rows in.
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use medley_fdw::{Error, Report, Result, RowBuilder, SqlState};
use medley_types::{ColumnBuilder, Form, PgType, Style, TimeZone, type_of_field};

use crate::protocol::RemoteColumn;

/// How the values of a column come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As the remote's send function writes them.
    Binary,
    /// As the remote's output function prints them; our input function reads that.
    Text,
}

impl Format {
    /// Its number in the protocol.
    pub fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }

    /// Binary where the remote's values are of the declared type, which is one whose binary
    /// form is known here; text where they are not, as postgres_fdw reads all of them.
    fn of(declared: PgType, remote: &RemoteColumn) -> Self {
        let same_type = declared.oid.0 == remote.type_oid
            || is_plain_text(declared.oid.0) && is_plain_text(remote.type_oid);
        let same_typmod = declared.typmod == -1 || declared.typmod == remote.typmod;
        match same_type && same_typmod && has_known_binary(declared) {
            true => Self::Binary,
            false => Self::Text,
        }
    }
}

/// text and varchar, whose values are the same.
fn is_plain_text(oid: u32) -> bool {
    [PgType::TEXT.oid.0, PgType::VARCHAR.oid.0].contains(&oid)
}

fn has_known_binary(t: PgType) -> bool {
    const JSONPATH: u32 = 4072;
    match Form::of(t) {
        Form::Printed => {
            t == PgType::JSONB || t == PgType::INET || t == PgType::CIDR || t.oid.0 == JSONPATH
        }
        // The oid of something at the remote means nothing here; its name may.
        Form::Oid => t.oid == PgType::OID.oid || t.oid == PgType::XID.oid,
        Form::List => t.element().is_some_and(has_known_binary),
        _ => true,
    }
}

/// How all the columns of a result come.
pub(crate) struct Transfer {
    schema: SchemaRef,
    formats: Vec<Format>,
    style: Style,
}

impl Transfer {
    /// For these columns of the remote's; without declared ones, rows are only counted.
    pub fn new(schema: SchemaRef, remote: &[RemoteColumn]) -> Result<Self> {
        let declared = schema.fields();
        if !declared.is_empty() && declared.len() != remote.len() {
            return Err(Error::Mismatch);
        }
        let format = |(field, remote): (&Arc<_>, _)| Format::of(type_of_field(field), remote);
        let formats = declared.iter().zip(remote).map(format).collect();
        // What a session is set to: ISO, GMT, postgres, all digits.
        let style = Style { time_zone: TimeZone::default(), ..Style::default() };
        Ok(Self { schema, formats, style })
    }

    /// It is for the columns of this very schema: those of the same reading.
    pub fn is_of(&self, schema: &SchemaRef) -> bool {
        Arc::ptr_eq(&self.schema, schema)
    }

    /// The format of each column.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// All of it can come by COPY BINARY, which has one format for all columns.
    pub fn is_binary(&self) -> bool {
        self.formats.iter().all(|format| *format == Format::Binary)
    }

    /// Columns to collect rows in.
    pub fn rows(&self) -> RowBuilder {
        RowBuilder::new(self.schema.clone())
    }

    /// Appends a row: what DataRow holds, and a tuple of COPY BINARY.
    pub fn append(&self, body: &[u8], rows: &mut RowBuilder) -> Result<()> {
        self.append_run(body, std::iter::once(0..body.len()), &mut Vec::new(), rows).map(drop)
    }

    /// Appends the rows that stand in these places of the input, column by column, and says where
    /// the last of them ends.
    pub fn append_run(
        &self,
        input: &[u8],
        run: impl Iterator<Item = Range<usize>>,
        places: &mut Vec<Place>,
        rows: &mut RowBuilder,
    ) -> Result<usize> {
        places.clear();
        let (mut count, mut end) = (0, 0);
        for body in run {
            self.locate(input, body.clone(), places).ok_or_else(cut_short)?;
            (count, end) = (count + 1, body.end);
        }
        let columns = self.formats.len();
        for (index, (builder, format)) in rows.columns().iter_mut().zip(&self.formats).enumerate() {
            let values = places.chunks_exact(columns).map(|row| row[index].of(input));
            self.values(builder, *format, values)
                .map_err(|source| self.in_column(source, index))?;
        }
        rows.end_rows(count, end);
        Ok(end)
    }

    /// Notes where the values of a row are; without declared columns nobody looks at them.
    fn locate(&self, input: &[u8], body: Range<usize>, places: &mut Vec<Place>) -> Option<()> {
        let row = &input[..body.end];
        let (count, mut at) = (row.get(body.start..)?.first_chunk()?, body.start + 2);
        if self.formats.is_empty() {
            return Some(());
        }
        if usize::try_from(i16::from_be_bytes(*count)).ok()? != self.formats.len() {
            return None;
        }
        for _ in &self.formats {
            let length = i32::from_be_bytes(*row.get(at..)?.first_chunk()?);
            at += 4;
            places.push(Place { start: at as u32, length });
            at += match length {
                -1 => 0,
                length => usize::try_from(length).ok()?,
            };
        }
        (at == body.end).then_some(())
    }

    fn values<'a>(
        &self,
        builder: &mut ColumnBuilder,
        format: Format,
        mut values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    ) -> medley_types::Result<()> {
        match format {
            Format::Binary => builder.append_binaries(values),
            Format::Text => values.try_for_each(|value| match value {
                Some(bytes) => self.text(builder, bytes),
                None => {
                    builder.append_null();
                    Ok(())
                }
            }),
        }
    }

    fn text(&self, builder: &mut ColumnBuilder, bytes: &[u8]) -> medley_types::Result<()> {
        match std::str::from_utf8(bytes) {
            Ok(text) => builder.append_text(text, &self.style),
            Err(error) => {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                Err(medley_types::Error::InvalidUtf8(format!("0x{byte:02x}")))
            }
        }
    }

    #[cold]
    fn in_column(&self, source: medley_types::Error, index: usize) -> Error {
        Error::Value {
            source,
            context: Some(format!("column \"{}\"", self.schema.field(index).name())),
        }
    }
}

/// Where a value is in what the remote has sent: no message is longer than an `i32` says.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    start: u32,
    /// -1 is NULL.
    length: i32,
}

impl Place {
    #[inline]
    fn of(self, input: &[u8]) -> Option<&[u8]> {
        let start = self.start as usize;
        usize::try_from(self.length).ok().map(|length| &input[start..start + length])
    }
}

/// What COPY BINARY ends with.
pub(crate) fn is_trailer(body: &[u8]) -> bool {
    matches!(body, [] | [0xff, 0xff])
}

/// A row that ends before its last value.
pub(crate) fn cut_short() -> Error {
    let message = "invalid row from server";
    Error::remote(Report::error(SqlState::PROTOCOL_VIOLATION, message))
}

#[cfg(test)]
mod tests {
    use arrow_schema::Schema;
    use medley_types::field;

    use super::*;

    fn remote(type_oid: u32, typmod: i32) -> RemoteColumn {
        RemoteColumn { name: "c".to_owned(), type_oid, typmod }
    }

    #[test]
    fn only_values_of_the_declared_type_come_in_binary() {
        let check = |declared: PgType, oid, typmod, expected| {
            assert_eq!(Format::of(declared, &remote(oid, typmod)), expected, "{declared}");
        };
        check(PgType::INT4, 23, -1, Format::Binary);
        check(PgType::INT8, 23, -1, Format::Text);
        check(PgType::VARCHAR, 25, -1, Format::Binary);
        check(PgType::TEXT, 1043, 14, Format::Binary);
        check(PgType::TEXT, 1042, 14, Format::Text);
        check(PgType::NUMERIC, 1700, PgType::numeric(10, 2).typmod, Format::Binary);
        check(PgType::numeric(10, 2), 1700, PgType::numeric(10, 2).typmod, Format::Binary);
        check(PgType::numeric(10, 2), 1700, -1, Format::Text);
        check(PgType::JSONB, 3802, -1, Format::Binary);
        check(PgType::plain(600), 600, -1, Format::Text);
        check(PgType::REGCLASS, 2205, -1, Format::Text);
        check(PgType::INT4_ARRAY, 1007, -1, Format::Binary);
    }

    #[test]
    fn a_row_that_is_cut_short_is_an_error_and_no_panic() {
        let fields = vec![field("a", PgType::INT4, true), field("b", PgType::TEXT, true)];
        let columns = [remote(23, -1), remote(25, -1)];
        let transfer = Transfer::new(Arc::new(Schema::new(fields)), &columns).expect("two columns");
        let row = b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x02ab";
        let mut rows = transfer.rows();
        transfer.append(row, &mut rows).expect("it is whole");
        assert_eq!(rows.finish().expect("a batch").num_rows(), 1);
        for end in 0..row.len() {
            assert!(transfer.append(&row[..end], &mut transfer.rows()).is_err(), "{end}");
        }
        assert!(transfer.append(b"\0\x01\xff\xff\xff\xff", &mut rows).is_err());
    }
}
