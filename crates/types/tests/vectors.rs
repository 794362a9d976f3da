//! What a real PostgreSQL reads and prints, value by value: see `fixtures/vectors.sql`.
use bytes::BytesMut;
use medley_diagnostic::Diagnostic;
use medley_types::{
    ByteaOutput, ColumnBuilder, ColumnWriter, DateStyle, IntervalStyle, PgType, Style, TimeZone,
    parse_extra_float_digits,
};

const VECTORS: &str = include_str!("fixtures/vectors.txt");

/// What PostgreSQL did with an input.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Value { text: String, binary: String },
    Error { code: String, message: String },
}

struct Vector {
    style: Style,
    t: PgType,
    input: String,
    expected: Outcome,
}

/// Undoes COPY's escapes.
fn field(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().expect("an escape has a second character") {
                't' => plain.push('\t'),
                'n' => plain.push('\n'),
                'r' => plain.push('\r'),
                other => plain.push(other),
            },
            c => plain.push(c),
        }
    }
    plain
}

fn style(text: &str) -> Style {
    let parts: Vec<&str> = text.split('|').collect();
    Style {
        date_style: DateStyle::parse(parts[0], DateStyle::default()).expect(text),
        interval_style: IntervalStyle::parse(parts[1]).expect(text),
        time_zone: TimeZone::parse(parts[2]).expect(text),
        extra_float_digits: parse_extra_float_digits(parts[3]).expect(text),
        bytea_output: ByteaOutput::parse(parts[4]).expect(text),
    }
}

fn vector(line: &str) -> Vector {
    let fields: Vec<String> = line.split('\t').map(field).collect();
    let [settings, t, input, printed, sent] = fields.as_slice() else { panic!("{line}") };
    let expected = match printed.strip_prefix('!') {
        Some(code) => Outcome::Error { code: code.to_owned(), message: sent.clone() },
        None => Outcome::Value { text: printed.clone(), binary: sent.clone() },
    };
    Vector { style: style(settings), t: PgType::parse(t).expect(t), input: input.clone(), expected }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let digits = |pair| std::str::from_utf8(pair).expect("the fixture is ASCII");
    let byte = |pair| u8::from_str_radix(digits(pair), 16).expect("binary forms are in hex");
    pairs.map(byte).collect()
}

/// Reads by `append`, and writes both forms.
fn outcome(
    vector: &Vector,
    append: impl FnOnce(&mut ColumnBuilder) -> medley_types::Result<()>,
) -> Outcome {
    let written = || {
        let mut builder = ColumnBuilder::new(vector.t, 1);
        append(&mut builder)?;
        let array = builder.finish();
        let (mut text, mut binary) = (BytesMut::new(), BytesMut::new());
        ColumnWriter::text(vector.t, &array, &vector.style)?.write(0, &mut text)?;
        ColumnWriter::binary(vector.t, &array)?.write(0, &mut binary)?;
        let text = String::from_utf8(text.to_vec()).expect("text is UTF-8");
        Ok(Outcome::Value { text, binary: hex(&binary) })
    };
    written().unwrap_or_else(|error: medley_types::Error| Outcome::Error {
        code: error.sqlstate().code().to_owned(),
        message: error.to_string(),
    })
}

/// Values of PostgreSQL that have no Arrow form here: they must be refused as such.
fn is_unrepresentable(vector: &Vector) -> bool {
    let declared = vector.t.oid == PgType::NUMERIC.oid
        && vector.t.precision_and_scale().is_some_and(|(precision, scale)| {
            precision <= 38 && (0..=precision as i16).contains(&scale)
        });
    declared && vector.input.trim().eq_ignore_ascii_case("nan")
}

fn refused(vector: &Vector) -> Outcome {
    let message = format!("value of type {} cannot be represented here: NaN", vector.t);
    Outcome::Error { code: "0A000".to_owned(), message }
}

#[test]
fn values_are_read_and_written_as_postgresql_does() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        count += 1;
        let vector = vector(line);
        let from_text =
            outcome(&vector, |builder| builder.append_text(&vector.input, &vector.style));
        if is_unrepresentable(&vector) {
            assert_eq!(from_text, refused(&vector), "{line}");
            continue;
        }
        if from_text != vector.expected {
            wrong.push(format!("{line}\n    text   -> {from_text:?}"));
        }
        if let Outcome::Value { binary, .. } = &vector.expected {
            let from_binary = outcome(&vector, |builder| builder.append_binary(&unhex(binary)));
            if from_binary != vector.expected {
                wrong.push(format!("{line}\n    binary -> {from_binary:?}"));
            }
        }
    }
    assert!(count > 3000, "only {count} vectors");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
