use std::io;

use bytes::{BufMut, BytesMut};
use medley_types::PgType;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend::{self, BindError};

/// Writes a Bind: parameters go as text, columns come in these formats.
pub(crate) fn bind(
    portal: &str,
    statement: &str,
    parameters: &[(PgType, Option<String>)],
    formats: impl IntoIterator<Item = i16>,
    out: &mut BytesMut,
) -> io::Result<()> {
    let values = parameters.iter().map(|(_, value)| value.as_deref());
    bind_values(portal, statement, values, formats, out)
}

/// The same for values alone.
pub(crate) fn bind_values<'v>(
    portal: &str,
    statement: &str,
    values: impl ExactSizeIterator<Item = Option<&'v str>>,
    formats: impl IntoIterator<Item = i16>,
    out: &mut BytesMut,
) -> io::Result<()> {
    let write = |value: Option<&str>, out: &mut BytesMut| match value {
        None => Ok(IsNull::Yes),
        Some(text) => {
            out.put_slice(text.as_bytes());
            Ok(IsNull::No)
        }
    };
    let bound = frontend::bind(portal, statement, [], values, write, formats, out);
    bound.map_err(|error| match error {
        BindError::Serialization(error) => error,
        BindError::Conversion(error) => io::Error::other(error),
    })
}
