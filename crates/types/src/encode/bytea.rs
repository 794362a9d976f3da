//! The text of bytes.
use bytes::{BufMut, BytesMut};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `\x0aff`.
pub(super) fn hex(bytes: &[u8], out: &mut BytesMut) {
    out.reserve(2 + bytes.len() * 2);
    out.extend_from_slice(b"\\x");
    digits(bytes, out);
}

fn digits(bytes: &[u8], out: &mut BytesMut) {
    for byte in bytes {
        out.put_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// Printable ASCII as it is, the rest as three octal digits.
pub(super) fn escape(bytes: &[u8], out: &mut BytesMut) {
    for &byte in bytes {
        match byte {
            b'\\' => out.put_slice(b"\\\\"),
            b' '..=b'~' => out.put_u8(byte),
            _ => {
                let octal = |shift: u8| b'0' + (byte >> shift & 7);
                out.put_slice(&[b'\\', octal(6), octal(3), octal(0)]);
            }
        }
    }
}

/// `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`.
pub(super) fn uuid(bytes: &[u8], out: &mut BytesMut) {
    let mut rest = bytes;
    for (index, length) in [4, 2, 2, 2, 6].into_iter().enumerate() {
        let (group, tail) = rest.split_at(length);
        if index > 0 {
            out.put_u8(b'-');
        }
        digits(group, out);
        rest = tail;
    }
}
