//! A short text on the stack, for values that have a greatest length.
use bytes::BytesMut;

/// Longer than any date, time or interval that can be written.
const CAPACITY: usize = 160;

const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

/// ASCII text under construction.
pub(super) struct Line {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    pub(super) fn flush(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.bytes[..self.length]);
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.bytes[self.length] = byte;
        self.length += 1;
        self
    }

    #[inline]
    pub(super) fn str(&mut self, text: &str) -> &mut Self {
        let end = self.length + text.len();
        self.bytes[self.length..end].copy_from_slice(text.as_bytes());
        self.length = end;
        self
    }

    /// Two digits; `value` is below 100.
    #[inline]
    pub(super) fn two(&mut self, value: u32) -> &mut Self {
        let at = value as usize * 2;
        self.byte(PAIRS[at]).byte(PAIRS[at + 1])
    }

    /// At least four digits.
    #[inline]
    pub(super) fn year(&mut self, value: i64) -> &mut Self {
        if (0..10_000).contains(&value) {
            self.two((value / 100) as u32).two((value % 100) as u32)
        } else {
            self.int(value)
        }
    }

    #[inline]
    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        self.str(itoa::Buffer::new().format(value))
    }

    /// At least two digits.
    pub(super) fn hours(&mut self, value: u64) -> &mut Self {
        if value < 100 {
            self.two(value as u32)
        } else {
            self.str(itoa::Buffer::new().format(value))
        }
    }

    /// `.25`: microseconds without trailing zeros, or nothing.
    #[inline]
    pub(super) fn fraction(&mut self, microseconds: u32) -> &mut Self {
        if microseconds == 0 {
            return self;
        }
        self.byte(b'.');
        self.two(microseconds / 10_000).two(microseconds / 100 % 100).two(microseconds % 100);
        while self.bytes[self.length - 1] == b'0' {
            self.length -= 1;
        }
        self
    }
}
