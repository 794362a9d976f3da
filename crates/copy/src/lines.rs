//! Where lines end: the first of the two steps of reading, in order, and cheap.
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr2, memchr3};

use crate::options::Header;
use crate::{Error, Options};

/// Enough for a block: what comes in smaller pieces is collected.
const BLOCK_BYTES: usize = 512 << 10;

/// A line in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its bytes, without its end.
    pub span: Range<usize>,
    /// Its number, from 1; of a line with line ends within quotes the last of its numbers.
    pub number: u64,
}

/// Whole lines.
#[derive(Debug, Default)]
pub struct Block {
    /// Their bytes, not yet known to be text.
    pub bytes: Vec<u8>,
    /// The header, where it is here.
    pub header: Option<Line>,
    /// The rows.
    pub lines: Vec<Line>,
    /// What is wrong after them, and in which line.
    pub error: Option<(Error, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Unknown,
    Feed,
    Return,
    ReturnFeed,
}

/// Finds where lines end, in bytes of an encoding that holds ASCII only as ASCII.
#[derive(Debug)]
pub struct Splitter {
    options: Arc<Options>,
    pending: Vec<u8>,
    /// Where the current line starts, and how far it was looked at.
    start: usize,
    at: usize,
    end: LineEnd,
    in_quote: bool,
    /// A byte here is escaped by the one before it.
    escaped: Option<usize>,
    /// Lines so far.
    number: u64,
    header_is_due: bool,
    is_done: bool,
}

/// What a look at the bytes came to.
enum Found {
    /// A line that ends here, and where the next one starts.
    Line(usize, usize),
    /// `\.`: no more lines.
    Marker,
    /// More bytes are needed.
    Nothing,
}

impl Splitter {
    /// For data of these options.
    pub fn new(options: Arc<Options>) -> Self {
        let header_is_due = options.header != Header::No;
        Self {
            options,
            pending: Vec::new(),
            start: 0,
            at: 0,
            end: LineEnd::Unknown,
            in_quote: false,
            escaped: None,
            number: 0,
            header_is_due,
            is_done: false,
        }
    }

    /// No more lines come: the end was marked, or something was wrong.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Takes bytes, and hands out the lines that are whole when there are enough for a block.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Block> {
        if self.is_done {
            return None;
        }
        self.pending.extend_from_slice(bytes);
        (self.pending.len() >= BLOCK_BYTES).then(|| self.lines(false))
    }

    /// Hands out the lines that are whole, however few.
    pub fn flush(&mut self) -> Block {
        self.lines(false)
    }

    /// There are no more bytes: hands out the rest.
    pub fn finish(&mut self) -> Block {
        let block = self.lines(true);
        self.is_done = true;
        block
    }

    fn lines(&mut self, at_end: bool) -> Block {
        let mut block = Block::default();
        while !self.is_done {
            match self.find(at_end) {
                Ok(Found::Line(end, next)) => self.take(&mut block, end, next),
                Ok(Found::Marker) => self.is_done = true,
                Ok(Found::Nothing) => break,
                Err(error) => {
                    block.error = Some((error, self.number + 1));
                    self.is_done = true;
                }
            }
        }
        let is_last = at_end && !self.is_done && self.start < self.pending.len();
        if is_last {
            let end = self.pending.len();
            self.take(&mut block, end, end);
        }
        self.hand_out(block)
    }

    fn take(&mut self, block: &mut Block, end: usize, next: usize) {
        self.number += 1;
        let line = Line { span: self.start..end, number: self.number };
        match std::mem::take(&mut self.header_is_due) {
            true => block.header = Some(line),
            false => block.lines.push(line),
        }
        (self.start, self.at) = (next, next);
        (self.in_quote, self.escaped) = (false, None);
    }

    /// The bytes go with their lines; what is left of them stays.
    fn hand_out(&mut self, mut block: Block) -> Block {
        // What is wrong may be in bytes that are no text: those are told of first.
        let rest = match block.error.is_some() {
            true => Vec::new(),
            false => self.pending.split_off(self.start),
        };
        block.bytes = std::mem::replace(&mut self.pending, rest);
        self.escaped = self.escaped.map(|at| at.saturating_sub(self.start));
        self.at = self.at.saturating_sub(self.start);
        self.start = 0;
        block
    }

    fn find(&mut self, at_end: bool) -> Result<Found, Error> {
        match self.options.is_csv() {
            true => self.find_csv(at_end),
            false => self.find_text(at_end),
        }
    }

    fn find_text(&mut self, at_end: bool) -> Result<Found, Error> {
        while let Some(found) = memchr3(b'\n', b'\r', b'\\', &self.pending[self.at..]) {
            self.at += found;
            if self.pending[self.at] != b'\\' {
                return self.line_end(at_end);
            }
            match self.pending.get(self.at + 1) {
                None => return Ok(Found::Nothing),
                Some(b'.') => return self.marker(at_end),
                Some(_) => self.at += 2,
            }
        }
        self.at = self.pending.len();
        Ok(Found::Nothing)
    }

    fn find_csv(&mut self, at_end: bool) -> Result<Found, Error> {
        let quote = self.options.quote;
        while self.at < self.pending.len() {
            let rest = &self.pending[self.at..];
            let found = match self.in_quote {
                true => self.special_in_quote(rest),
                false => memchr3(b'\n', b'\r', quote, rest),
            };
            let Some(found) = found else {
                self.at = self.pending.len();
                break;
            };
            self.at += found;
            if !self.in_quote && self.pending[self.at] != quote {
                return self.line_end(at_end);
            }
            self.special();
            self.at += 1;
        }
        Ok(Found::Nothing)
    }

    fn special_in_quote(&self, rest: &[u8]) -> Option<usize> {
        let (quote, escape) = (self.options.quote, self.options.escape);
        match escape == quote {
            true => memchr2(quote, self.counted(), rest),
            false => memchr3(quote, escape, self.counted(), rest),
        }
    }

    /// What counts as a line within quotes.
    fn counted(&self) -> u8 {
        if self.end == LineEnd::Feed { b'\n' } else { b'\r' }
    }

    /// A quote, or within quotes an escape or a counted line end. A quote in the middle of a field
    /// counts as much as one at its start.
    fn special(&mut self) {
        let (quote, escape) = (self.options.quote, self.options.escape);
        let byte = self.pending[self.at];
        let is_escaped = self.escaped == Some(self.at);
        if self.in_quote && byte == escape && escape != quote {
            self.escaped = (!is_escaped).then_some(self.at + 1);
        } else if byte == quote && !is_escaped {
            self.in_quote = !self.in_quote;
        }
        if self.in_quote && byte == self.counted() {
            self.number += 1;
        }
    }

    /// At a carriage return or a line feed that ends a line, if lines end so.
    fn line_end(&mut self, at_end: bool) -> Result<Found, Error> {
        let csv = self.options.is_csv();
        let at = self.at;
        if self.pending[at] == b'\n' {
            return match self.end {
                LineEnd::Return | LineEnd::ReturnFeed => Err(Error::Newline { csv }),
                LineEnd::Unknown | LineEnd::Feed => {
                    self.end = LineEnd::Feed;
                    Ok(Found::Line(at, at + 1))
                }
            };
        }
        match (self.end, self.pending.get(at + 1)) {
            (LineEnd::Feed, _) => Err(Error::CarriageReturn { csv }),
            (LineEnd::Return, _) => Ok(Found::Line(at, at + 1)),
            (_, None) if !at_end => Ok(Found::Nothing),
            (_, Some(b'\n')) => {
                self.end = LineEnd::ReturnFeed;
                Ok(Found::Line(at, at + 2))
            }
            (LineEnd::ReturnFeed, _) => Err(Error::CarriageReturn { csv }),
            (LineEnd::Unknown, _) => {
                self.end = LineEnd::Return;
                Ok(Found::Line(at, at + 1))
            }
        }
    }

    /// At `\.`, which must be alone on its line, and end as the lines before it do.
    fn marker(&mut self, at_end: bool) -> Result<Found, Error> {
        let mut next = self.at + 2;
        let byte = |at: usize| self.pending.get(at).copied();
        if self.end == LineEnd::ReturnFeed {
            match byte(next) {
                None if !at_end => return Ok(Found::Nothing),
                Some(b'\n') => return Err(Error::MarkerStyle),
                Some(b'\r') => next += 1,
                _ => return Err(Error::MarkerNotAlone),
            }
        }
        match (byte(next), self.end) {
            (None, _) if !at_end => return Ok(Found::Nothing),
            (Some(b'\n'), LineEnd::Return) => return Err(Error::MarkerStyle),
            (Some(b'\r'), LineEnd::Feed | LineEnd::ReturnFeed) => return Err(Error::MarkerStyle),
            (Some(b'\n' | b'\r'), _) => {}
            _ => return Err(Error::MarkerNotAlone),
        }
        match self.at == self.start {
            true => Ok(Found::Marker),
            false => Err(Error::MarkerNotAlone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Format;

    /// Lines and their numbers, and what is wrong, fed in pieces of every length.
    fn check(options: &Options, text: &str, expected: &str) {
        for piece in 1..=text.len().max(1) {
            let mut splitter = Splitter::new(Arc::new(options.clone()));
            let mut told = Vec::new();
            let mut tell = |block: Block| {
                let line = |line: &Line| {
                    format!("{}:{}", line.number, block.bytes[line.span.clone()].escape_ascii())
                };
                told.extend(block.header.iter().map(|it| format!("header {}", line(it))));
                told.extend(block.lines.iter().map(line));
                told.extend(block.error.iter().map(|(error, number)| format!("{number}! {error}")));
            };
            for bytes in text.as_bytes().chunks(piece) {
                splitter.feed(bytes);
                tell(splitter.flush());
            }
            tell(splitter.finish());
            assert_eq!(told.join(" | "), expected, "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn lines_of_text_end_as_the_first_one_does() {
        let text = Options::default();
        check(&text, "a\nb\n", "1:a | 2:b");
        check(&text, "a\nb", "1:a | 2:b");
        check(&text, "a\r\nb\r\n", "1:a | 2:b");
        check(&text, "a\rb\r", "1:a | 2:b");
        check(&text, "\n\n", "1: | 2:");
        check(&text, "a\\\nb\\\\\nc", r"1:a\\\nb\\\\ | 2:c");
        check(&text, "a\nb\rc\n", "1:a | 2! literal carriage return found in data");
        check(&text, "a\r\nb\nc", "1:a | 2! literal newline found in data");
        check(&text, "a\r\nb\rc", "1:a | 2! literal carriage return found in data");
        check(&text, "", "");
    }

    #[test]
    fn the_end_may_be_marked_in_text() {
        let text = Options::default();
        check(&text, "a\n\\.\nb\n", "1:a");
        check(&text, "a\r\n\\.\r\nb", "1:a");
        check(&text, "a\nb\\.\n", "1:a | 2! end-of-copy marker is not alone on its line");
        check(&text, "\\.c\n", "1! end-of-copy marker is not alone on its line");
        check(
            &text,
            "a\r\n\\.\nb",
            "1:a | 2! end-of-copy marker does not match previous newline style",
        );
    }

    #[test]
    fn lines_of_csv_do_not_end_within_quotes() {
        let csv = Options { format: Format::Csv, header: Header::Yes, ..Options::default() };
        check(&csv, "h\n\"a\nb\"\nc\n", "header 1:h | 3:\\\"a\\nb\\\" | 4:c");
        check(&csv, "h\n\\.\nc\n", "header 1:h | 2:\\\\. | 3:c");
        check(&csv, "h\n\"a", "header 1:h | 2:\\\"a");
        let escaped = Options { escape: b'\\', ..csv };
        check(&escaped, "h\n\"a\\\"\n\"\nb\n", "header 1:h | 3:\\\"a\\\\\\\"\\n\\\" | 4:b");
        check(&escaped, "h\n\"a\\\\\"\nb\n", "header 1:h | 2:\\\"a\\\\\\\\\\\" | 3:b");
    }
}
