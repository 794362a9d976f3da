//! The client's messages: bodies into what they ask for.
//!
//! Own code rather than pgwire's decoder, which trusts the lengths inside a message (a short body
//! panics), reads on into the next message, and replaces bytes that are not UTF-8.
use bytes::{Buf, Bytes};
use medley_diagnostic::{Report, SqlState};

use crate::inbox::Frame;
use crate::{Bind, Format, Parse};

/// What the client asks for.
pub(crate) enum Request {
    Query(String),
    Parse(Parse),
    Bind(Bind),
    Describe(Target, String),
    Execute {
        portal: String,
        max_rows: Option<usize>,
    },
    Close(Target, String),
    Flush,
    Sync,
    Terminate,
    FunctionCall,
    /// What is left of a COPY that has failed.
    CopyRest,
}

/// What Describe and Close are about.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    Statement,
    Portal,
}

impl Request {
    /// Reads a message; its type is one that the inbox lets in.
    pub(crate) fn decode(frame: Frame) -> Result<Self, Report> {
        let mut body = Body(frame.body);
        let request = match frame.kind {
            b'Q' => Self::Query(body.string()?),
            b'P' => Self::Parse(body.parse()?),
            b'B' => Self::Bind(body.bind()?),
            b'D' => Self::Describe(body.target("DESCRIBE")?, body.string()?),
            b'E' => Self::Execute { portal: body.string()?, max_rows: body.max_rows()? },
            b'C' => Self::Close(body.target("CLOSE")?, body.string()?),
            b'H' => Self::Flush,
            b'S' => Self::Sync,
            b'X' => Self::Terminate,
            b'F' => return Ok(Self::FunctionCall),
            _ => return Ok(Self::CopyRest),
        };
        if body.0.is_empty() { Ok(request) } else { Err(malformed("invalid message format")) }
    }
}

/// What a client's CopyFail comes to.
pub(crate) fn copy_failed(body: Bytes) -> Report {
    match Body(body).string() {
        Ok(why) => {
            Report::error(SqlState::QUERY_CANCELED, format!("COPY from stdin failed: {why}"))
        }
        Err(report) => report,
    }
}

/// What is left of a message's body.
struct Body(Bytes);

impl Body {
    fn parse(&mut self) -> Result<Parse, Report> {
        let (name, sql) = (self.string()?, self.string()?);
        let parameter_types = self.list(|body| Ok(body.integer()? as u32))?;
        Ok(Parse { name, sql, parameter_types })
    }

    fn bind(&mut self) -> Result<Bind, Report> {
        let (portal, statement) = (self.string()?, self.string()?);
        let parameter_formats = self.list(Self::format)?;
        let parameters = self.list(Self::value)?;
        let result_formats = self.list(Self::format)?;
        if parameter_formats.len() > 1 && parameter_formats.len() != parameters.len() {
            let (formats, parameters) = (parameter_formats.len(), parameters.len());
            return Err(malformed(format!(
                "bind message has {formats} parameter formats but {parameters} parameters"
            )));
        }
        Ok(Bind { portal, statement, parameter_formats, parameters, result_formats })
    }

    fn target(&mut self, message: &str) -> Result<Target, Report> {
        match self.take(1)?[0] {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            other => Err(malformed(format!("invalid {message} message subtype {other}"))),
        }
    }

    /// Zero, and PostgreSQL takes a negative number so too, is no limit.
    fn max_rows(&mut self) -> Result<Option<usize>, Report> {
        Ok(usize::try_from(self.integer()?).ok().filter(|rows| *rows > 0))
    }

    fn format(&mut self) -> Result<Format, Report> {
        Format::of_code(self.take(2)?.get_i16())
    }

    fn value(&mut self) -> Result<Option<Bytes>, Report> {
        match self.integer()? {
            -1 => Ok(None),
            length => {
                let length = usize::try_from(length).map_err(|_| insufficient())?;
                self.take(length).map(Some)
            }
        }
    }

    /// A count of two bytes and so many items.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Report>) -> Result<Vec<T>, Report> {
        let count = self.take(2)?.get_u16();
        (0..count).map(|_| item(self)).collect()
    }

    fn integer(&mut self) -> Result<i32, Report> {
        Ok(self.take(4)?.get_i32())
    }

    /// Text up to a zero byte.
    fn string(&mut self) -> Result<String, Report> {
        let length = self
            .0
            .iter()
            .position(|byte| *byte == 0)
            .ok_or_else(|| malformed("invalid string in message"))?;
        let text = self.0.split_to(length);
        self.0.advance(1);
        utf8(text.into())
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Report> {
        if self.0.len() < length { Err(insufficient()) } else { Ok(self.0.split_to(length)) }
    }
}

/// Text from a client, checked.
pub(crate) fn utf8(bytes: Vec<u8>) -> Result<String, Report> {
    String::from_utf8(bytes).map_err(|error| {
        let invalid = &error.as_bytes()[error.utf8_error().valid_up_to()..];
        let shown: Vec<_> = invalid
            .iter()
            .take(sequence_length(invalid[0]))
            .map(|byte| format!("0x{byte:02x}"))
            .collect();
        let shown = shown.join(" ");
        let message = format!("invalid byte sequence for encoding \"UTF8\": {shown}");
        Report::error(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message)
    })
}

/// How long the character is that begins with this byte.
fn sequence_length(first: u8) -> usize {
    match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    }
}

fn insufficient() -> Report {
    malformed("insufficient data left in message")
}

fn malformed(message: impl Into<String>) -> Report {
    Report::error(SqlState::PROTOCOL_VIOLATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: u8, body: &[u8]) -> Result<Request, Report> {
        Request::decode(Frame { kind, body: Bytes::copy_from_slice(body) })
    }

    fn check_error(kind: u8, body: &[u8], expected: &str) {
        let report = decode(kind, body).err().expect("malformed");
        assert_eq!(format!("{} {report}", report.sqlstate), expected);
    }

    #[test]
    fn bind_is_read_whole() {
        let body = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\0";
        let Ok(Request::Bind(bind)) = decode(b'B', body) else { panic!("a Bind") };
        assert_eq!((bind.portal.as_str(), bind.statement.as_str()), ("p", "s"));
        assert_eq!(bind.parameters, [Some(Bytes::from_static(b"ab")), None]);
        assert_eq!(bind.parameter_format(1), Format::Binary);
        assert!(bind.result_formats.is_empty());
    }

    #[test]
    fn every_cut_of_a_message_is_an_error_and_no_panic() {
        let bind: &[u8] = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\0";
        let parse: &[u8] = b"s\0select 1\0\0\x01\0\0\0\x17";
        let execute: &[u8] = b"p\0\0\0\0\x05";
        for (kind, whole) in [(b'B', bind), (b'P', parse), (b'E', execute), (b'D', b"Sx\0")] {
            assert!(decode(kind, whole).is_ok());
            for end in 0..whole.len() {
                assert!(decode(kind, &whole[..end]).is_err(), "{} cut at {end}", kind as char);
            }
            assert!(decode(kind, &[whole, b"\0"].concat()).is_err(), "{} and more", kind as char);
        }
    }

    #[test]
    fn errors_are_postgresqls() {
        check_error(b'Q', b"select 1", "08P01 invalid string in message");
        check_error(b'Q', b"a\0b", "08P01 invalid message format");
        check_error(b'B', b"\0\0\0\x02", "08P01 insufficient data left in message");
        check_error(b'B', b"\0\0\0\x01\0\x02\0\0\0\0", "22023 unsupported format code: 2");
        check_error(
            b'B',
            b"\0\0\0\x02\0\0\0\0\0\x01\xff\xff\xff\xff\0\0",
            "08P01 bind message has 2 parameter formats but 1 parameters",
        );
        check_error(b'D', b"Qx\0", "08P01 invalid DESCRIBE message subtype 81");
        check_error(
            b'Q',
            b"\xe2\x28\xa1\0",
            "22021 invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1",
        );
    }
}
