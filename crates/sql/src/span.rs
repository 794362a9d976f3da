//! Where the parts of a query's AST stand in the text.
//!
//! The AST's spans are sqlparser's type in our own coinage, so that both uses are at hand: a
//! location's `line` is the byte offset plus one, its `column` the character's number from 1.
use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// The bytes of the text that was parsed, if the AST knows them.
pub fn bytes(span: Span) -> Option<Range<usize>> {
    let offset = |location: Location| usize::try_from(location.line.checked_sub(1)?).ok();
    Some(offset(span.start)?..offset(span.end)?)
}

/// The position that an error about this part has: characters from 1.
pub fn position(span: Span) -> Option<usize> {
    usize::try_from(span.start.column).ok().filter(|column| *column > 0)
}

/// The coin: of a byte offset and a character position.
#[allow(dead_code)]
pub(crate) fn location(byte: usize, position: usize) -> Location {
    Location::new(byte as u64 + 1, position as u64)
}
