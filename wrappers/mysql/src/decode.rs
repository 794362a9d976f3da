//! Values of the binary protocol, as values of the declared types.
//!
//! Where the remote's type has the declared type's values they are handed over as they are; else
//! it is by the text that the server would print, read as the type's input function reads it.
use medley_fdw::{Error, Report, SqlState};
use medley_types::{ColumnBuilder, Form, PgType, Style, TimeZone};

use crate::geometry;
use crate::protocol::{BINARY, Body, ColumnInfo};
use crate::temporal::{Moment, Span};

const UNSIGNED: u16 = 1 << 5;

/// The numbers of types in the protocol.
pub(crate) mod kind {
    pub const TINY: u8 = 1;
    pub const SHORT: u8 = 2;
    pub const LONG: u8 = 3;
    pub const FLOAT: u8 = 4;
    pub const DOUBLE: u8 = 5;
    pub const NULL: u8 = 6;
    pub const TIMESTAMP: u8 = 7;
    pub const LONGLONG: u8 = 8;
    pub const INT24: u8 = 9;
    pub const DATE: u8 = 10;
    pub const TIME: u8 = 11;
    pub const DATETIME: u8 = 12;
    pub const YEAR: u8 = 13;
    pub const BIT: u8 = 16;
    pub const NEWDECIMAL: u8 = 246;
    pub const BLOB: u8 = 252;
    pub const STRING: u8 = 254;
    pub const GEOMETRY: u8 = 255;
}

/// How a column's values come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Integer {
        bytes: u8,
        unsigned: bool,
    },
    Float,
    Double,
    Date,
    Moment {
        digits: u8,
    },
    Span {
        digits: u8,
    },
    Bits {
        count: u32,
    },
    Geometry,
    /// Text, or what the server prints.
    Text,
    Bytes,
    Null,
}

impl Wire {
    fn of(info: &ColumnInfo) -> Self {
        let integer = |bytes| Self::Integer { bytes, unsigned: info.flags & UNSIGNED != 0 };
        let digits = if info.decimals > 6 { 6 } else { info.decimals };
        match info.kind {
            kind::TINY => integer(1),
            kind::SHORT => integer(2),
            kind::YEAR => Self::Integer { bytes: 2, unsigned: true },
            kind::LONG | kind::INT24 => integer(4),
            kind::LONGLONG => integer(8),
            kind::FLOAT => Self::Float,
            kind::DOUBLE => Self::Double,
            kind::DATE => Self::Date,
            kind::TIMESTAMP | kind::DATETIME => Self::Moment { digits },
            kind::TIME => Self::Span { digits },
            kind::BIT => Self::Bits { count: info.length },
            kind::GEOMETRY => Self::Geometry,
            kind::NULL => Self::Null,
            kind::NEWDECIMAL => Self::Text,
            _ if info.charset == BINARY => Self::Bytes,
            _ => Self::Text,
        }
    }
}

/// Why a value is not one of the column's.
#[derive(Debug)]
pub(crate) enum Misfit {
    /// The packet ends before it.
    CutShort,
    /// The type does not have it.
    Value(medley_types::Error),
    /// A date with a part that is zero.
    ZeroDate(String),
}

impl From<medley_types::Error> for Misfit {
    fn from(error: medley_types::Error) -> Self {
        Self::Value(error)
    }
}

impl Misfit {
    /// The error of a value in this column.
    #[cold]
    pub fn in_column(self, column: &str) -> Error {
        let context = format!("column \"{column}\"");
        match self {
            Self::Value(source) => Error::Value { source, context: Some(context) },
            Self::CutShort => Error::remote(Report::error(
                SqlState::PROTOCOL_VIOLATION,
                "invalid row from server",
            )),
            Self::ZeroDate(text) => {
                let message = format!("date/time field value out of range: \"{text}\"");
                let report = Report::error(SqlState::DATETIME_FIELD_OVERFLOW, message);
                let hint = "Set the server's option zero_dates to 'null' to read such dates as \
                            NULL.";
                Error::remote(report.with_hint(hint).with_context(context))
            }
        }
    }
}

type Fits = Result<(), Misfit>;

/// Reads one column's values.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    wire: Wire,
    form: Form,
    /// Nothing is rounded: a time's form in binary is not, an input function's result is.
    keeps_micros: bool,
    zero_dates_are_null: bool,
    style: Style,
}

impl Decoder {
    /// For a column of the remote's, declared as this type.
    pub fn new(info: &ColumnInfo, declared: PgType, zero_dates_are_null: bool) -> Self {
        let style = Style { time_zone: TimeZone::default(), ..Style::default() };
        let keeps_micros = declared.typmod == -1;
        let (wire, form) = (Wire::of(info), Form::of(declared));
        Self { wire, form, keeps_micros, zero_dates_are_null, style }
    }

    /// Appends the next value, which is not NULL.
    #[inline]
    pub fn append(&self, body: &mut Body<'_>, out: &mut ColumnBuilder) -> Fits {
        match self.wire {
            Wire::Integer { bytes, unsigned } => self.integer(integer(body, bytes, unsigned)?, out),
            Wire::Float => self.float(whole(body.array().map(f32::from_le_bytes))?, out),
            Wire::Double => self.double(whole(body.array().map(f64::from_le_bytes))?, out),
            Wire::Date => self.date(whole(Moment::read(body))?, out),
            Wire::Moment { digits } => self.moment(whole(Moment::read(body))?, digits, out),
            Wire::Span { digits } => self.span(whole(Span::read(body))?, digits, out),
            Wire::Bits { count } => self.bits(whole(body.counted())?, count, out),
            Wire::Geometry => self.geometry(whole(body.counted())?, out),
            Wire::Text => self.text(whole(body.counted())?, out),
            Wire::Bytes => self.bytes(whole(body.counted())?, out),
            Wire::Null => Err(Misfit::CutShort),
        }
    }

    #[inline]
    fn integer(&self, value: i128, out: &mut ColumnBuilder) -> Fits {
        match (i64::try_from(value), self.form) {
            (Ok(value @ (0 | 1)), Form::Bool) => out.append_bool(value == 1)?,
            (Ok(value), form) if form != Form::Bool => out.append_i64(value)?,
            _ => out.append_str(&value.to_string())?,
        }
        Ok(())
    }

    fn float(&self, value: f32, out: &mut ColumnBuilder) -> Fits {
        match self.form {
            Form::Float4 => out.append_binary(&value.to_be_bytes())?,
            // By the text: 1.1 is not what is nearest to it among numbers of half the size.
            _ => out.append_str(&value.to_string())?,
        }
        Ok(())
    }

    fn double(&self, value: f64, out: &mut ColumnBuilder) -> Fits {
        Ok(out.append_f64(value)?)
    }

    fn date(&self, value: Moment, out: &mut ColumnBuilder) -> Fits {
        if let Some(days) = value.days() {
            match self.form {
                Form::Date => return Ok(out.append_binary(&(days as i32).to_be_bytes())?),
                Form::Timestamp | Form::Timestamptz => return self.micros(value, out),
                _ => {}
            }
        }
        self.dated(&value, value.date_text(), out)
    }

    fn moment(&self, value: Moment, digits: u8, out: &mut ColumnBuilder) -> Fits {
        match self.form {
            Form::Timestamp | Form::Timestamptz if self.keeps_micros && value.days().is_some() => {
                self.micros(value, out)
            }
            _ => self.dated(&value, value.text(digits), out),
        }
    }

    fn micros(&self, value: Moment, out: &mut ColumnBuilder) -> Fits {
        let micros = whole(value.micros_since_epoch())?;
        Ok(out.append_binary(&micros.to_be_bytes())?)
    }

    /// By its text. A zero date is a text like any other, but no date.
    fn dated(&self, value: &Moment, text: String, out: &mut ColumnBuilder) -> Fits {
        let is_text = matches!(self.form, Form::Text | Form::Bpchar);
        match value.is_zero() && !is_text {
            true if self.zero_dates_are_null => out.append_null(),
            true => return Err(Misfit::ZeroDate(text)),
            false => out.append_text(&text, &self.style)?,
        }
        Ok(())
    }

    fn span(&self, value: Span, digits: u8, out: &mut ColumnBuilder) -> Fits {
        match self.form {
            Form::Time => match value.micros_of_day() {
                Some(micros) if self.keeps_micros => out.append_binary(&micros.to_be_bytes())?,
                Some(_) => out.append_text(&value.text(digits), &self.style)?,
                None => return Err(medley_types::Error::DatetimeField(value.text(digits)).into()),
            },
            _ => out.append_text(&value.text(digits), &self.style)?,
        }
        Ok(())
    }

    fn bits(&self, bytes: &[u8], count: u32, out: &mut ColumnBuilder) -> Fits {
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        match self.form {
            Form::Bytea => Ok(out.append_bytes(bytes)?),
            Form::Bool
            | Form::Int2
            | Form::Int4
            | Form::Int8
            | Form::Decimal128 { .. }
            | Form::NumericText => self.integer(value.into(), out),
            _ => {
                let width = count.clamp(1, 64) as usize;
                Ok(out.append_str(&format!("{value:0width$b}"))?)
            }
        }
    }

    fn geometry(&self, bytes: &[u8], out: &mut ColumnBuilder) -> Fits {
        if self.form == Form::Bytea {
            return Ok(out.append_bytes(bytes)?);
        }
        let text = geometry::text(bytes).ok_or_else(|| {
            medley_types::Error::InvalidBinary(out.pg_type().with_typmod(-1).to_string())
        })?;
        Ok(out.append_text(&text, &self.style)?)
    }

    fn bytes(&self, bytes: &[u8], out: &mut ColumnBuilder) -> Fits {
        match self.form {
            Form::Bytea => Ok(out.append_bytes(bytes)?),
            Form::Uuid if bytes.len() == 16 => Ok(out.append_bytes(bytes)?),
            _ => self.text(bytes, out),
        }
    }

    #[inline]
    fn text(&self, bytes: &[u8], out: &mut ColumnBuilder) -> Fits {
        Ok(out.append_text(utf8(bytes)?, &self.style)?)
    }
}

fn whole<T>(read: Option<T>) -> Result<T, Misfit> {
    read.ok_or(Misfit::CutShort)
}

#[inline]
fn integer(body: &mut Body<'_>, bytes: u8, unsigned: bool) -> Result<i128, Misfit> {
    let read = match (bytes, unsigned) {
        (1, false) => body.u8().map(|byte| i128::from(byte as i8)),
        (1, true) => body.u8().map(i128::from),
        (2, false) => body.u16().map(|value| i128::from(value as i16)),
        (2, true) => body.u16().map(i128::from),
        (4, false) => body.u32().map(|value| i128::from(value as i32)),
        (4, true) => body.u32().map(i128::from),
        (_, false) => body.array().map(|bytes| i128::from(i64::from_le_bytes(bytes))),
        (_, true) => body.array().map(|bytes| i128::from(u64::from_le_bytes(bytes))),
    };
    whole(read)
}

/// Text as PostgreSQL has it: UTF-8 without a zero.
#[inline]
fn utf8(bytes: &[u8]) -> medley_types::Result<&str> {
    let broken = |at: usize| {
        let byte = bytes.get(at).copied().unwrap_or_default();
        medley_types::Error::InvalidUtf8(format!("0x{byte:02x}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| broken(error.valid_up_to()))?;
    match text.as_bytes().contains(&0) {
        true => Err(broken(text.find('\0').unwrap_or_default())),
        false => Ok(text),
    }
}
