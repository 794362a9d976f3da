//! What packets hold.
use std::io;

use bytes::{BufMut, BytesMut};

pub(crate) mod capability {
    //! What client and server tell each other that they can.
    pub const LONG_PASSWORD: u32 = 1;
    pub const FOUND_ROWS: u32 = 1 << 1;
    pub const LONG_FLAG: u32 = 1 << 2;
    pub const PROTOCOL_41: u32 = 1 << 9;
    pub const SSL: u32 = 1 << 11;
    pub const TRANSACTIONS: u32 = 1 << 13;
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    pub const PLUGIN_AUTH: u32 = 1 << 19;
    pub const CONNECT_ATTRS: u32 = 1 << 20;
}

pub(crate) mod command {
    //! The first byte of a command.
    pub const QUIT: u8 = 0x01;
    pub const QUERY: u8 = 0x03;
    pub const STMT_PREPARE: u8 = 0x16;
    pub const STMT_EXECUTE: u8 = 0x17;
    pub const STMT_CLOSE: u8 = 0x19;
    pub const STMT_FETCH: u8 = 0x1c;
    pub const RESET_CONNECTION: u8 = 0x1f;
}

pub(crate) mod status {
    //! What a server says of its state.
    pub const IN_TRANSACTION: u16 = 1;
    pub const CURSOR_EXISTS: u16 = 0x40;
    pub const LAST_ROW_SENT: u16 = 0x80;
}

pub(crate) const OK: u8 = 0x00;
pub(crate) const MORE_DATA: u8 = 0x01;
pub(crate) const LOCAL_FILE: u8 = 0xfb;
/// The end of a list, and the wish for another way of logging in.
pub(crate) const END: u8 = 0xfe;
pub(crate) const ERROR: u8 = 0xff;

/// utf8mb4_general_ci, whose number every version knows.
const UTF8MB4: u8 = 45;
/// The "character set" of bytes.
pub(crate) const BINARY: u16 = 63;

/// Something that the protocol does not have.
pub(crate) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what} from server"))
}

/// Reads a packet from its front; `None` where it is too short.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    #[inline]
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    #[inline]
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    #[inline]
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number in as many bytes as it takes.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        match self.u8()? {
            small @ ..=0xfa => Some(small.into()),
            0xfc => self.u16().map(u64::from),
            0xfd => self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]).into()),
            0xfe => self.array().map(u64::from_le_bytes),
            _ => None,
        }
    }

    /// Bytes behind their number.
    #[inline]
    pub fn counted(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.bytes(count)
    }

    /// A value of a row of text: `Some(None)` for NULL.
    pub fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match self.0.first()? {
            0xfb => {
                self.0 = &self.0[1..];
                Some(None)
            }
            _ => self.counted().map(Some),
        }
    }

    /// Bytes up to a zero, or to the end.
    pub fn terminated(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = &self.0[end.map_or(self.0.len(), |end| end + 1)..];
        text
    }
}

/// The first packet: who the server is, and what it wants to have scrambled.
#[derive(Clone, Debug)]
pub(crate) struct Greeting {
    pub version: String,
    pub connection: u32,
    pub capabilities: u32,
    pub plugin: String,
    pub nonce: Vec<u8>,
}

impl Greeting {
    pub fn parse(packet: &[u8]) -> io::Result<Self> {
        Self::read(Body(packet)).ok_or_else(|| malformed("greeting"))
    }

    fn read(mut body: Body<'_>) -> Option<Self> {
        if body.u8()? != 10 {
            return None;
        }
        let version = String::from_utf8_lossy(body.terminated()).into_owned();
        let connection = body.u32()?;
        let mut nonce = body.bytes(8)?.to_vec();
        body.u8()?;
        let low = body.u16()?;
        // Character set and status.
        body.bytes(3)?;
        let high = body.u16()?;
        let length = usize::from(body.u8()?);
        body.bytes(10)?;
        nonce.extend_from_slice(body.bytes(length.saturating_sub(8).max(13).min(body.0.len()))?);
        let plugin = String::from_utf8_lossy(body.terminated()).into_owned();
        let capabilities = u32::from(high) << 16 | u32::from(low);
        Some(Self { version, connection, capabilities, plugin, nonce: without_zero(nonce) })
    }
}

/// A nonce ends with a zero that is not part of it.
pub(crate) fn without_zero(mut nonce: Vec<u8>) -> Vec<u8> {
    nonce.truncate(20);
    nonce
}

/// What the client says of itself, with TLS still to come: then nothing follows it.
pub(crate) fn write_capabilities(capabilities: u32, out: &mut BytesMut) {
    out.put_u32_le(capabilities);
    out.put_u32_le(1 << 30);
    out.put_u8(UTF8MB4);
    out.put_bytes(0, 23);
}

/// A text behind its length, which is below 251 or takes more bytes.
pub(crate) fn put_counted(bytes: &[u8], out: &mut BytesMut) {
    match bytes.len() {
        small @ ..251 => out.put_u8(small as u8),
        medium @ ..0x1_0000 => {
            out.put_u8(0xfc);
            out.put_u16_le(medium as u16);
        }
        large @ ..0x100_0000 => {
            out.put_u8(0xfd);
            out.put_uint_le(large as u64, 3);
        }
        huge => {
            out.put_u8(0xfe);
            out.put_u64_le(huge as u64);
        }
    }
    out.put_slice(bytes);
}

/// What a server says when a command has done what it should.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub rows: u64,
    pub status: u16,
    pub warnings: u16,
}

impl Done {
    pub fn parse(packet: &[u8]) -> io::Result<Self> {
        let mut body = Body(packet);
        let mut read = || {
            body.u8()?;
            let rows = body.number()?;
            body.number()?;
            Some(Self { rows, status: body.u16()?, warnings: body.u16().unwrap_or_default() })
        };
        read().ok_or_else(|| malformed("answer"))
    }
}

/// The status in the packet that ends a list; `None` if this is no such packet.
#[inline]
pub(crate) fn end_of_list(packet: &[u8]) -> Option<u16> {
    match packet {
        [END, _, _, low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

/// What a server said when it refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub code: u16,
    pub state: String,
    pub message: String,
}

impl Refused {
    pub fn parse(packet: &[u8]) -> Self {
        let mut body = Body(packet);
        body.u8();
        let code = body.u16().unwrap_or_default();
        let state = match body.0 {
            [b'#', rest @ ..] if rest.len() >= 5 => {
                body.0 = &rest[5..];
                String::from_utf8_lossy(&rest[..5]).into_owned()
            }
            _ => "HY000".to_owned(),
        };
        Self { code, state, message: String::from_utf8_lossy(body.0).into_owned() }
    }
}

/// A statement that was prepared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    pub id: u32,
    pub columns: u16,
    pub parameters: u16,
}

impl Prepared {
    pub fn parse(packet: &[u8]) -> io::Result<Self> {
        let mut body = Body(packet);
        let mut read = || {
            body.u8()?;
            Some(Self { id: body.u32()?, columns: body.u16()?, parameters: body.u16()? })
        };
        read().ok_or_else(|| malformed("prepared statement"))
    }
}

/// A column of a result, as the server describes it.
#[derive(Clone, Debug)]
pub(crate) struct ColumnInfo {
    pub charset: u16,
    pub length: u32,
    pub kind: u8,
    pub flags: u16,
    pub decimals: u8,
}

impl ColumnInfo {
    pub fn parse(packet: &[u8]) -> io::Result<Self> {
        Self::read(Body(packet)).ok_or_else(|| malformed("column"))
    }

    fn read(mut body: Body<'_>) -> Option<Self> {
        // Catalog, schema, table, its own name, name, own name.
        for _ in 0..6 {
            body.counted()?;
        }
        body.number()?;
        Some(Self {
            charset: body.u16()?,
            length: body.u32()?,
            kind: body.u8()?,
            flags: body.u16()?,
            decimals: body.u8()?,
        })
    }
}
