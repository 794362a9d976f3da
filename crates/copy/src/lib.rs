//! COPY's text and csv formats, as PostgreSQL reads and writes them.
//!
//! [`Options`] are judged with PostgreSQL's rules and messages. Reading goes in two steps, so that
//! the second can run in parallel: a [`Splitter`] finds where lines end and hands out [`Block`]s of
//! whole lines, a [`Parser`] turns a block into a batch by the types' input functions. A [`Reader`]
//! is the two in one, for a stream. A [`Writer`] goes the other way, and a [`BinaryReader`] reads the
//! binary format. Every error says where it happened (`COPY t, line 3, column a:
//! "x"`).
//!
//! This crate knows no file, no socket and no table: who calls it brings bytes and columns.
mod binary;
mod encoding;
mod error;
mod fields;
mod lines;
mod options;
mod parser;
mod reader;
mod writer;

pub use binary::BinaryReader;
pub use encoding::Encoding;
pub use error::{Error, Result};
pub use lines::{Block, Line, Splitter};
pub use options::{Columns, Direction, Format, Given, Header, LogVerbosity, OnError, Options};
pub use parser::{Parser, Skipped, Target};
pub use reader::Reader;
pub use writer::{Pieces, Writer};
