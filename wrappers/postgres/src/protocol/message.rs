use std::io;

use medley_fdw::{Report, Severity, SqlState};

use super::malformed;

/// The bytes of a message, read from the front. `None` is the end where none should be.
pub(crate) struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    /// So many bytes.
    #[inline]
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// A byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes.
    #[inline]
    pub fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    /// Four bytes.
    #[inline]
    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A text that ends with a zero byte.
    pub fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|&byte| byte == 0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    /// A value with its length before it; an inner `None` is NULL.
    #[inline]
    pub fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match self.i32()? {
            -1 => Some(None),
            length => self.bytes(usize::try_from(length).ok()?).map(Some),
        }
    }
}

/// What the remote asks for, or says, while logging in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// Logged in.
    Ok,
    /// The password itself.
    Cleartext,
    /// Its hash with this salt.
    Md5([u8; 4]),
    /// One of these mechanisms.
    Sasl(Vec<String>),
    /// The mechanism goes on.
    SaslContinue(String),
    /// The mechanism ends.
    SaslFinal(String),
    /// A method that there is none of here, by its number.
    Other(i32),
}

/// Reads an Authentication message.
pub(crate) fn authentication(body: &[u8]) -> io::Result<Authentication> {
    let mut body = Body(body);
    let parse = |body: &mut Body<'_>| {
        let text = |body: &Body<'_>| String::from_utf8(body.0.to_vec()).ok();
        Some(match body.i32()? {
            0 => Authentication::Ok,
            3 => Authentication::Cleartext,
            5 => Authentication::Md5(body.array()?),
            10 => Authentication::Sasl(mechanisms(body)?),
            11 => Authentication::SaslContinue(text(body)?),
            12 => Authentication::SaslFinal(text(body)?),
            other => Authentication::Other(other),
        })
    };
    parse(&mut body).ok_or_else(|| malformed("authentication request"))
}

fn mechanisms(body: &mut Body<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    loop {
        match body.text()? {
            end if end.is_empty() => return Some(names),
            name => names.push(name),
        }
    }
}

/// What a request to cancel must show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackendKey {
    pub process: i32,
    pub secret: i32,
}

/// Reads BackendKeyData.
pub(crate) fn backend_key(body: &[u8]) -> io::Result<BackendKey> {
    let mut body = Body(body);
    body.i32()
        .zip(body.i32())
        .map(|(process, secret)| BackendKey { process, secret })
        .ok_or_else(|| malformed("cancellation key"))
}

/// Reads ParameterStatus: a name and a value.
pub(crate) fn parameter_status(body: &[u8]) -> io::Result<(String, String)> {
    let mut body = Body(body);
    body.text().zip(body.text()).ok_or_else(|| malformed("parameter status"))
}

/// A column as RowDescription tells it.
#[derive(Clone, Debug)]
pub(crate) struct RemoteColumn {
    pub name: String,
    pub type_oid: u32,
    pub typmod: i32,
}

/// Reads RowDescription.
pub(crate) fn columns(body: &[u8]) -> io::Result<Vec<RemoteColumn>> {
    counted(body, |body| {
        let name = body.text()?;
        // The table's oid and the column's number.
        body.bytes(6)?;
        let type_oid = body.u32()?;
        // The type's length.
        body.bytes(2)?;
        let typmod = body.i32()?;
        // The format.
        body.bytes(2)?;
        Some(RemoteColumn { name, type_oid, typmod })
    })
    .ok_or_else(|| malformed("row description"))
}

/// Reads ParameterDescription: the types' oids.
pub(crate) fn parameter_types(body: &[u8]) -> io::Result<Vec<u32>> {
    counted(body, Body::u32).ok_or_else(|| malformed("parameter description"))
}

/// Reads a count and so many items.
pub(crate) fn counted<'a, T>(
    body: &'a [u8],
    mut item: impl FnMut(&mut Body<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut body = Body(body);
    let count = usize::try_from(body.i16()?).ok()?;
    (0..count).map(|_| item(&mut body)).collect()
}

/// Reads ErrorResponse and NoticeResponse. The position is one in the statement that was sent,
/// which the person has not written.
pub(crate) fn report(body: &[u8]) -> Report {
    let mut body = Body(body);
    let mut report = Report::error(SqlState::INTERNAL_ERROR, "");
    while let Some((field, value)) = body.u8().filter(|&f| f != 0).zip(body.text()) {
        match field {
            b'S' if report.severity == Severity::Error => report.severity = severity(&value),
            b'V' => report.severity = severity(&value),
            b'C' => report.sqlstate = SqlState::from_remote(&value),
            b'M' => report.message = value,
            b'D' => report.detail = Some(value),
            b'H' => report.hint = Some(value),
            b'W' => report.context = Some(value),
            b'P' => report.position = value.parse().ok(),
            _ => {}
        }
    }
    report
}

fn severity(word: &str) -> Severity {
    use Severity::{Debug, Error, Fatal, Info, Log, Notice, Panic, Warning};
    [Debug, Log, Info, Notice, Warning, Error, Fatal, Panic]
        .into_iter()
        .find(|severity| severity.as_str() == word)
        .unwrap_or(Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_response_is_read_whole() {
        let body = b"SFEHLER\0VFATAL\0C57P01\0Mbye\0Dwhy\0Hdo\0Wwhere\0P7\0Ffile.c\0\0";
        let report = report(body);
        assert_eq!(report.severity, Severity::Fatal);
        assert_eq!(report.sqlstate, SqlState::ADMIN_SHUTDOWN);
        assert_eq!(report.message, "bye");
        assert_eq!(report.detail.as_deref(), Some("why"));
        assert_eq!(report.hint.as_deref(), Some("do"));
        assert_eq!(report.context.as_deref(), Some("where"));
        assert_eq!(report.position, Some(7));
    }

    #[test]
    fn what_is_cut_short_is_an_error_and_no_panic() {
        let row = b"\0\x01a\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0";
        assert_eq!(columns(row).expect("whole")[0].type_oid, 23);
        for end in 0..row.len() {
            assert!(columns(&row[..end]).is_err(), "{end}");
        }
        let sasl = b"\0\0\0\x0aSCRAM-SHA-256\0\0";
        let names = Authentication::Sasl(vec!["SCRAM-SHA-256".to_owned()]);
        assert_eq!(authentication(sasl).expect("whole"), names);
        for end in 0..sasl.len() {
            assert!(authentication(&sasl[..end]).is_err(), "{end}");
        }
        assert_eq!(Body(b"\0\0\0\x09ab").value(), None);
        assert_eq!(Body(b"\xff\xff\xff\xff").value(), Some(None));
        assert_eq!(Body(b"\xff\xff\xff\xfe").value(), None);
    }
}
