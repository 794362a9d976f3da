//! Changes of rows at the remote: statements that are parsed once and run many times in a row
//! without waiting for each, and COPY FROM STDIN.
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::{BufMut, BytesMut};
use futures::{FutureExt, StreamExt};
use medley_fdw::{Batches, Error, Modified, Modify, Result, RowBuilder, TableName};
use medley_types::{ColumnWriter, Style, TimeZone, type_of_field};
use postgres_protocol::message::frontend;

use crate::protocol::{Body, Frame, bind_values, columns};
use crate::session::Session;
use crate::sql::{identifier, literal, qualified};
use crate::transfer::Transfer;

/// Bytes that are sent before answers are read: both sides must never wait for each other.
const CHUNK_BYTES: usize = 32 << 10;

/// Runs a statement once for each list of parameters.
pub(crate) async fn modify(session: &mut Session, modify: &Modify) -> Result<Modified> {
    session.ensure_free()?;
    let mut running = Running::parse(session, modify).await?;
    let mut runs = modify.runs.as_slice();
    while !runs.is_empty() {
        let sent = running.send(session, runs).await?;
        running.answers(session).await?;
        runs = &runs[sent..];
    }
    running.finish()
}

/// A statement that was parsed.
struct Running<'m> {
    modify: &'m Modify,
    transfer: Option<Transfer>,
    rows: Option<RowBuilder>,
    modified: Modified,
    /// Parse was sent, and no Sync yet.
    is_open: bool,
}

impl<'m> Running<'m> {
    /// Parses it as the unnamed statement, and learns what RETURNING returns.
    async fn parse(session: &mut Session, modify: &'m Modify) -> Result<Self> {
        let parsed = session.send_open(|out| {
            // As postgres_fdw does: the remote knows of which types the parameters are.
            frontend::parse("", &modify.sql, [], out)?;
            frontend::describe(b'S', "", out)
        });
        parsed.await?;
        let mut transfer = None;
        loop {
            let frame = session.event(&modify.sql).await?;
            match frame.tag {
                b'1' | b't' => {}
                b'n' => break,
                b'T' => {
                    let remote = columns(&frame.body);
                    let remote = remote.map_err(|error| session.lost(&error))?;
                    let Some(schema) = &modify.returning else { break };
                    match Transfer::new(schema.clone(), &remote) {
                        Ok(made) => transfer = Some(made),
                        Err(error) => return Err(session.recover().await.err().unwrap_or(error)),
                    }
                    break;
                }
                _ => return Err(session.unexpected(&frame)),
            }
        }
        let rows = transfer.as_ref().map(Transfer::rows);
        Ok(Self { modify, transfer, rows, modified: Modified::default(), is_open: true })
    }

    /// Sends as many runs as may be under way at once; how many.
    async fn send(&mut self, session: &mut Session, runs: &[Vec<Option<String>>]) -> Result<usize> {
        let mut sent = 0;
        let formats: Vec<i16> =
            self.transfer.iter().flat_map(|it| it.formats()).map(|it| it.code()).collect();
        let mut write = |out: &mut BytesMut| {
            let begin = out.len();
            for run in runs {
                let values = run.iter().map(Option::as_deref);
                bind_values("", "", values, formats.iter().copied(), out)?;
                frontend::execute("", 0, out)?;
                sent += 1;
                if out.len() - begin >= CHUNK_BYTES {
                    break;
                }
            }
            Ok(())
        };
        match std::mem::take(&mut self.is_open) {
            true => session.send_synced(write, 0, |_| Ok(())).await?,
            false => {
                let synced = session.send(1, |out| {
                    write(out)?;
                    frontend::sync(out);
                    Ok(())
                });
                synced.await?;
            }
        }
        Ok(sent)
    }

    /// Reads what they did.
    async fn answers(&mut self, session: &mut Session) -> Result<()> {
        loop {
            let frame = session.event(&self.modify.sql).await?;
            match frame.tag {
                b'2' => {}
                b'D' => self.returned(&frame)?,
                b'C' => self.modified.counts.push(count(&frame)),
                // A rule has put nothing in its place.
                b'I' => self.modified.counts.push(0),
                b'Z' => return Ok(()),
                _ => return Err(session.unexpected(&frame)),
            }
        }
    }

    fn returned(&mut self, frame: &Frame) -> Result<()> {
        let (Some(transfer), Some(rows)) = (&self.transfer, &mut self.rows) else { return Ok(()) };
        transfer.append(&frame.body, rows)?;
        if rows.is_full() {
            self.modified.returned.push(rows.finish()?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Modified> {
        if let Some(rows) = self.rows.as_mut().filter(|rows| !rows.is_empty()) {
            self.modified.returned.push(rows.finish()?);
        }
        Ok(self.modified)
    }
}

/// The number at the end of a command's tag: `INSERT 0 5`, `DELETE 1`, `COPY 7`.
fn count(frame: &Frame) -> u64 {
    let tag = Body(&frame.body).text().unwrap_or_default();
    tag.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Whether COPY would do to these columns what INSERT does: rules and policies see INSERT only, a
/// view takes no COPY, and a column that is GENERATED ALWAYS does not say no to it.
pub(crate) async fn can_copy_in(
    session: &mut Session,
    table: &TableName,
    columns: &[String],
) -> Result<bool> {
    let schema = literal(table.schema.as_deref().unwrap_or("public"));
    let names: Vec<_> = columns.iter().map(|name| literal(name)).collect();
    let sql = format!(
        "SELECT c.relkind IN ('r', 'p') AND NOT c.relhasrules \
         AND NOT pg_catalog.row_security_active(c.oid) AND NOT EXISTS (\
         SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 \
         AND (a.attidentity = 'a' OR a.attgenerated <> '') \
         AND a.attname = ANY (ARRAY[{}]::name[])) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {schema} AND c.relname = {}",
        names.join(", "),
        literal(&table.table)
    );
    let rows = session.rows(&sql).await?;
    Ok(rows.first().and_then(|row| row.first()?.as_deref()) == Some("t"))
}

/// Loads rows by COPY FROM STDIN, as text: the remote's columns may be of other types than those
/// declared here, and read what these print.
pub(crate) async fn copy_in(
    session: &mut Session,
    table: &TableName,
    columns: &[String],
    mut rows: Batches<'static>,
) -> Result<u64> {
    let names: Vec<_> = columns.iter().map(|name| identifier(name)).collect();
    let sql = format!("COPY {}({}) FROM STDIN", qualified(table), names.join(", "));
    session.ensure_free()?;
    session.send(1, |out| frontend::query(&sql, out)).await?;
    let frame = session.event(&sql).await?;
    if frame.tag != b'G' {
        return Err(session.unexpected(&frame));
    }
    let style = Arc::new(Style {
        time_zone: TimeZone::default(),
        extra_float_digits: 3,
        ..Style::default()
    });
    while let Some(batch) = rows.next().await {
        let lines = batch.and_then(|batch| lines(&batch, &style));
        let lines = match lines {
            Ok(lines) => lines,
            Err(error) => return Err(give_up(session, error).await),
        };
        put(session, lines).await?;
        if has_failed(session).await? {
            break;
        }
    }
    frontend::copy_done(session.wire().output());
    flush(session).await?;
    let mut copied = 0;
    loop {
        let frame = session.event(&sql).await?;
        match frame.tag {
            b'C' => copied = count(&frame),
            b'Z' => return Ok(copied),
            _ => return Err(session.unexpected(&frame)),
        }
    }
}

/// Tells the remote that there will be no more rows; the error, unless the connection is lost.
async fn give_up(session: &mut Session, error: Error) -> Error {
    let ended = async {
        let told = frontend::copy_fail("no more rows", session.wire().output());
        told.map_err(|error| session.lost(&error))?;
        flush(session).await?;
        session.recover().await
    };
    ended.await.err().unwrap_or(error)
}

async fn put(session: &mut Session, lines: BytesMut) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let data = frontend::CopyData::new(lines.freeze());
    data.map_err(|error| session.lost(&error))?.write(session.wire().output());
    flush(session).await
}

async fn flush(session: &mut Session) -> Result<()> {
    let sent = session.wire().flush().await;
    sent.map_err(|error| session.lost(&error))
}

/// Whether the remote has said something before the end: that it takes no more.
async fn has_failed(session: &mut Session) -> Result<bool> {
    if let Some(Err(error)) = session.wire().fill().now_or_never() {
        return Err(session.lost(&error));
    }
    match session.wire().peek().map(|next| next.is_some_and(|(tag, _)| tag == b'E')) {
        Ok(failed) => Ok(failed),
        Err(error) => Err(session.lost(&error)),
    }
}

/// A batch in COPY's text format.
fn lines(batch: &RecordBatch, style: &Style) -> Result<BytesMut> {
    let schema = batch.schema();
    let writer = |(field, array)| ColumnWriter::text(type_of_field(field), array, style);
    let columns = schema.fields().iter().map(AsRef::as_ref).zip(batch.columns()).map(writer);
    let columns: Vec<_> = columns.collect::<medley_types::Result<_>>().map_err(unprintable)?;
    let (mut out, mut value) = (BytesMut::new(), BytesMut::new());
    for row in 0..batch.num_rows() {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.put_u8(b'\t');
            }
            if column.is_null(row) {
                out.put_slice(b"\\N");
                continue;
            }
            value.clear();
            column.write(row, &mut value).map_err(unprintable)?;
            escape(&value, &mut out);
        }
        out.put_u8(b'\n');
    }
    Ok(out)
}

fn unprintable(source: medley_types::Error) -> Error {
    Error::Value { source, context: None }
}

fn escape(value: &[u8], out: &mut BytesMut) {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r'))
    {
        out.put_slice(&rest[..at]);
        out.put_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\r",
        });
        rest = &rest[at + 1..];
    }
    out.put_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_as_copy_reads_them() {
        let check = |value: &str, expected: &str| {
            let mut out = BytesMut::new();
            escape(value.as_bytes(), &mut out);
            assert_eq!(out, expected.as_bytes());
        };
        check("plain", "plain");
        check("a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e");
        check("\\N", "\\\\N");
        check("", "");
    }
}
