//! Values through builders and writers: round trips, other Arrow types, refusals.
use std::sync::Arc;

use arrow_array::types::{Int32Type, IntervalDayTimeType};
use arrow_array::{
    ArrayRef, BinaryViewArray, Date64Array, Decimal128Array, Decimal256Array, DictionaryArray,
    DurationSecondArray, FixedSizeListArray, Float64Array, Int8Array, Int64Array,
    IntervalDayTimeArray, IntervalYearMonthArray, LargeListArray, LargeStringArray, NullArray,
    StringViewArray, Time32SecondArray, Time64NanosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_buffer::i256;
use bytes::BytesMut;
use medley_diagnostic::Diagnostic;
use medley_types::{ColumnBuilder, ColumnWriter, Error, PgType, Result, Style, arrow_type};
use proptest::prelude::*;

fn text_of(t: PgType, array: &ArrayRef, row: usize) -> Result<String> {
    let writer = ColumnWriter::text(t, array, &Style::default())?;
    if writer.is_null(row) {
        return Ok("null".to_owned());
    }
    let mut out = BytesMut::new();
    writer.write(row, &mut out)?;
    Ok(String::from_utf8(out.to_vec()).expect("text is UTF-8"))
}

fn binary_of(t: PgType, array: &ArrayRef) -> Result<Vec<u8>> {
    let mut out = BytesMut::new();
    ColumnWriter::binary(t, array)?.write(0, &mut out)?;
    Ok(out.to_vec())
}

fn built(t: PgType, append: impl FnOnce(&mut ColumnBuilder) -> Result<()>) -> Result<ArrayRef> {
    let mut builder = ColumnBuilder::new(t, 1);
    append(&mut builder)?;
    Ok(builder.finish())
}

/// Text in, text out; and the same through the binary form.
fn check_round_trip(t: PgType, text: &str) {
    let array = built(t, |b| b.append_text(text, &Style::default())).expect(text);
    assert_eq!(array.data_type(), &arrow_type(t));
    assert_eq!(text_of(t, &array, 0).as_deref(), Ok(text));
    let binary = binary_of(t, &array).expect(text);
    let again = built(t, |b| b.append_binary(&binary)).expect(text);
    assert_eq!(&again, &array, "{text}");
    assert_eq!(binary_of(t, &again), Ok(binary));
}

/// Several values at once are what they are one by one; an error is that of one of them.
fn check_together(t: PgType, values: &[Option<Vec<u8>>]) {
    let one_by_one = built(t, |builder| {
        values.iter().try_for_each(|value| match value {
            Some(bytes) => builder.append_binary(bytes),
            None => {
                builder.append_null();
                Ok(())
            }
        })
    });
    let mut builder = ColumnBuilder::new(t, 1);
    let together = builder.append_binaries(values.iter().map(Option::as_deref));
    let counted = (builder.len(), builder.byte_size());
    match one_by_one {
        Ok(array) => {
            together.expect("each of them is a value");
            assert_eq!(counted.0, values.len());
            assert!(counted.1 >= array.len() * usize::from(array.data_type().is_primitive()));
            assert_eq!(&builder.finish(), &array);
        }
        Err(error) => assert_eq!(together, Err(error), "{values:?}"),
    }
}

/// What the sender of a type makes of a text.
fn sent(t: PgType, text: &str) -> Vec<u8> {
    let array = built(t, |b| b.append_text(text, &Style::default())).expect(text);
    binary_of(t, &array).expect(text)
}

fn check_error(outcome: Result<ArrayRef>, code: &str, message: &str) {
    let error = outcome.expect_err(message);
    assert_eq!((error.sqlstate().code(), error.to_string().as_str()), (code, message));
}

proptest! {
    #[test]
    fn integers_round_trip(a: i16, b: i32, c: i64, d: u32) {
        check_round_trip(PgType::INT2, &a.to_string());
        check_round_trip(PgType::INT4, &b.to_string());
        check_round_trip(PgType::INT8, &c.to_string());
        check_round_trip(PgType::OID, &d.to_string());
    }

    #[test]
    fn floats_round_trip(bits: u64, narrow_bits: u32) {
        let value = f64::from_bits(bits);
        let array: ArrayRef = Arc::new(Float64Array::from(vec![value]));
        let text = text_of(PgType::FLOAT8, &array, 0).unwrap();
        check_round_trip(PgType::FLOAT8, &text);
        let read: f64 = text.parse().unwrap();
        prop_assert!(read == value || (read.is_nan() && value.is_nan()));
        let narrow = f32::from_bits(narrow_bits);
        let array: ArrayRef = Arc::new(arrow_array::Float32Array::from(vec![narrow]));
        let text = text_of(PgType::FLOAT4, &array, 0).unwrap();
        let read: f32 = text.parse().unwrap();
        prop_assert!(read == narrow || (read.is_nan() && narrow.is_nan()));
    }

    #[test]
    fn numerics_round_trip(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?") {
        let text = if text.trim_start_matches('-').bytes().all(|b| matches!(b, b'0' | b'.')) {
            text.trim_start_matches('-').to_owned()
        } else {
            text
        };
        check_round_trip(PgType::NUMERIC, &text);
    }

    #[test]
    fn decimals_round_trip(value in -99_999_999_999_999_999_999i128..=99_999_999_999_999_999_999) {
        let array = Decimal128Array::from(vec![value]).with_precision_and_scale(20, 7).unwrap();
        let array: ArrayRef = Arc::new(array);
        let t = PgType::numeric(20, 7);
        check_round_trip(t, &text_of(t, &array, 0).unwrap());
        // Bare numeric reads and writes the same digits.
        check_round_trip(PgType::NUMERIC, &text_of(t, &array, 0).unwrap());
        prop_assert_eq!(
            binary_of(t, &array),
            binary_of(PgType::NUMERIC, &array)
        );
    }

    #[test]
    fn timestamps_round_trip(us in -210_866_803_200_000_000i64..=i64::MAX) {
        let array: ArrayRef = Arc::new(arrow_array::TimestampMicrosecondArray::from(vec![us]));
        for t in [PgType::TIMESTAMP, PgType::TIMESTAMPTZ] {
            check_round_trip(t, &text_of(t, &array, 0).unwrap());
        }
    }

    #[test]
    fn dates_and_times_round_trip(days in -2_440_588i32..=2_145_031_948, us in 0i64..=86_400_000_000) {
        let array: ArrayRef = Arc::new(arrow_array::Date32Array::from(vec![days]));
        check_round_trip(PgType::DATE, &text_of(PgType::DATE, &array, 0).unwrap());
        let array: ArrayRef = Arc::new(arrow_array::Time64MicrosecondArray::from(vec![us]));
        check_round_trip(PgType::TIME, &text_of(PgType::TIME, &array, 0).unwrap());
    }

    #[test]
    fn intervals_round_trip_under_each_style(
        months in -100_000i32..100_000, days: i16, us in -9_000_000_000_000_000i64..9_000_000_000_000_000,
    ) {
        let value = arrow_buffer::IntervalMonthDayNano::new(months, days.into(), us * 1000);
        let array: ArrayRef = Arc::new(arrow_array::IntervalMonthDayNanoArray::from(vec![value]));
        for name in ["postgres", "postgres_verbose", "sql_standard", "iso_8601"] {
            let interval_style = medley_types::IntervalStyle::parse(name).unwrap();
            let style = Style { interval_style, ..Style::default() };
            let mut out = BytesMut::new();
            ColumnWriter::text(PgType::INTERVAL, &array, &style).unwrap().write(0, &mut out).unwrap();
            let text = std::str::from_utf8(&out).unwrap();
            let again = built(PgType::INTERVAL, |b| b.append_text(text, &style)).unwrap();
            prop_assert_eq!(&again, &array, "{} {}", name, text);
        }
    }

    #[test]
    fn texts_and_arrays_round_trip(elements in prop::collection::vec(prop::option::of("[^\\x00]{0,8}"), 0..5)) {
        let mut bytes = Vec::new();
        for part in [i32::from(!elements.is_empty()), elements.iter().any(Option::is_none) as i32, 25] {
            bytes.extend(part.to_be_bytes());
        }
        if !elements.is_empty() {
            bytes.extend((elements.len() as i32).to_be_bytes());
            bytes.extend(1i32.to_be_bytes());
        }
        for element in &elements {
            match element {
                None => bytes.extend((-1i32).to_be_bytes()),
                Some(text) => {
                    check_round_trip(PgType::TEXT, text);
                    bytes.extend((text.len() as i32).to_be_bytes());
                    bytes.extend(text.bytes());
                }
            }
        }
        let array = built(PgType::TEXT_ARRAY, |b| b.append_binary(&bytes)).unwrap();
        prop_assert_eq!(binary_of(PgType::TEXT_ARRAY, &array), Ok(bytes));
        check_round_trip(PgType::TEXT_ARRAY, &text_of(PgType::TEXT_ARRAY, &array, 0).unwrap());
    }

    #[test]
    fn several_values_at_once_are_what_each_is(
        texts in prop::collection::vec(prop::option::of("[a-z ]{0,6}|\\PC{0,4}|a\0"), 0..20),
        plain in prop::collection::vec(prop::option::of("[a-z]{3}"), 0..20),
        numbers in prop::collection::vec(prop::option::of("-?[0-9]{0,9}[1-9](\\.[0-9]{1,4})?"), 0..20),
        broken in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..12)), 0..3),
        longs in prop::collection::vec(prop::option::of(any::<i64>()), 0..20),
    ) {
        let bytes = |texts: &[Option<String>]| -> Vec<_> {
            texts.iter().map(|text| text.clone().map(String::into_bytes)).collect()
        };
        for t in [PgType::TEXT, PgType::varchar(3), PgType::bpchar(3), PgType::BYTEA] {
            check_together(t, &bytes(&texts));
            check_together(t, &bytes(&plain));
        }
        for t in [PgType::NUMERIC, PgType::numeric(15, 2), PgType::numeric(38, 10), PgType::numeric(4, 0)] {
            let of = |text: &Option<String>| text.as_ref().map(|text| sent(PgType::NUMERIC, text));
            check_together(t, &numbers.iter().map(of).collect::<Vec<_>>());
        }
        for t in [PgType::INT8, PgType::FLOAT8, PgType::TIMESTAMP, PgType::TIMESTAMPTZ] {
            let of = |long: &Option<i64>| long.map(|long| long.to_be_bytes().to_vec());
            check_together(t, &longs.iter().map(of).collect::<Vec<_>>());
        }
        for t in [PgType::INT2, PgType::INT4, PgType::FLOAT4, PgType::DATE] {
            let width = if t == PgType::INT2 { 2 } else { 4 };
            let of = |long: &Option<i64>| long.map(|long| long.to_be_bytes()[..width].to_vec());
            check_together(t, &longs.iter().map(of).collect::<Vec<_>>());
        }
        for info in medley_types::types() {
            check_together(PgType::plain(info.oid.0), &broken);
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,24}", near in "[-+0-9:.TZPYMDeE/ {},\"a\\\\]{0,24}", bytes: Vec<u8>) {
        let styles = ["ISO, MDY", "German", "Postgres, YMD"].map(|value| Style {
            date_style: medley_types::DateStyle::parse(value, Default::default()).unwrap(),
            ..Style::default()
        });
        for info in medley_types::types() {
            let t = PgType::plain(info.oid.0);
            for style in &styles {
                let _ = built(t, |b| b.append_text(&text, style));
                let _ = built(t, |b| b.append_text(&near, style));
            }
            if let Ok(array) = built(t, |b| b.append_binary(&bytes)) {
                text_of(t, &array, 0).unwrap();
            }
        }
        let _ = PgType::parse(&text);
        let _ = medley_types::TimeZone::parse(&text);
        let _ = medley_types::TimeZone::parse(&near);
    }
}

#[test]
fn what_an_engine_hands_out_is_written_as_its_type() {
    let check = |t: PgType, array: ArrayRef, text: &str| {
        assert_eq!(text_of(t, &array, 0).as_deref(), Ok(text), "{t} from {}", array.data_type());
        if text != "null" {
            // Binary out, in, and text again: the value is the same in both forms.
            let binary = binary_of(t, &array).expect(text);
            let again = built(t, |b| b.append_binary(&binary)).expect(text);
            assert_eq!(text_of(t, &again, 0).as_deref(), Ok(text), "{t} in binary");
        }
    };
    check(
        PgType::TEXT,
        Arc::new(StringViewArray::from(vec!["a long text, not inlined"])),
        "a long text, not inlined",
    );
    check(PgType::VARCHAR, Arc::new(LargeStringArray::from(vec!["a"])), "a");
    check(PgType::BYTEA, Arc::new(BinaryViewArray::from(vec![&b"\x01"[..]])), "\\x01");
    check(PgType::INT2, Arc::new(Int8Array::from(vec![-7])), "-7");
    check(PgType::INT8, Arc::new(UInt64Array::from(vec![7])), "7");
    check(PgType::INT4, Arc::new(Int64Array::from(vec![7])), "7");
    check(PgType::NUMERIC, Arc::new(Int64Array::from(vec![7])), "7");
    let decimal = Decimal256Array::from(vec![i256::from_i128(-12345)]);
    let decimal: ArrayRef = Arc::new(decimal.with_precision_and_scale(50, 3).unwrap());
    check(PgType::NUMERIC, decimal.clone(), "-12.345");
    check(PgType::numeric(10, 2), decimal, "-12.35");
    let decimal = Decimal128Array::from(vec![5]).with_precision_and_scale(5, -2).unwrap();
    check(PgType::NUMERIC, Arc::new(decimal), "500");
    check(PgType::DATE, Arc::new(Date64Array::from(vec![86_400_000])), "1970-01-02");
    check(PgType::TIME, Arc::new(Time32SecondArray::from(vec![61])), "00:01:01");
    check(PgType::TIME, Arc::new(Time64NanosecondArray::from(vec![1_000])), "00:00:00.000001");
    check(PgType::TIMESTAMP, Arc::new(TimestampSecondArray::from(vec![1])), "1970-01-01 00:00:01");
    check(
        PgType::TIMESTAMP,
        Arc::new(TimestampMillisecondArray::from(vec![1])),
        "1970-01-01 00:00:00.001",
    );
    let zoned = TimestampNanosecondArray::from(vec![1_000_000_000]).with_timezone("+02:00");
    check(PgType::TIMESTAMPTZ, Arc::new(zoned), "1970-01-01 00:00:01+00");
    check(PgType::INTERVAL, Arc::new(IntervalYearMonthArray::from(vec![14])), "1 year 2 mons");
    let day_time = IntervalDayTimeType::make_value(1, 500);
    check(
        PgType::INTERVAL,
        Arc::new(IntervalDayTimeArray::from(vec![day_time])),
        "1 day 00:00:00.5",
    );
    check(PgType::INTERVAL, Arc::new(DurationSecondArray::from(vec![90_000])), "25:00:00");
    check(PgType::TEXT, Arc::new(NullArray::new(1)), "null");
    let words: DictionaryArray<Int32Type> = vec!["a", "b"].into_iter().collect();
    check(PgType::TEXT, Arc::new(words), "a");
    let lists = vec![Some(vec![Some(1), None, Some(3)])];
    check(
        PgType::INT4_ARRAY,
        Arc::new(LargeListArray::from_iter_primitive::<Int32Type, _, _>(lists.clone())),
        "{1,NULL,3}",
    );
    check(
        PgType::INT8_ARRAY,
        Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(lists, 3)),
        "{1,NULL,3}",
    );
}

#[test]
fn what_is_not_of_the_type_is_refused() {
    let far: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    check_error(
        text_of(PgType::INT8, &far, 0).map(|_| far.clone()),
        "22003",
        "bigint out of range",
    );
    let error = text_of(PgType::TEXT, &far, 0).unwrap_err();
    assert!(matches!(error, Error::ArrowMismatch { .. }), "{error}");
    let array = built(PgType::plain(600), |b| b.append_text("(1,2)", &Style::default())).unwrap();
    assert_eq!(text_of(PgType::plain(600), &array, 0).as_deref(), Ok("(1,2)"));
    let error = binary_of(PgType::plain(600), &array).unwrap_err();
    assert_eq!(
        (error.sqlstate().code(), error.to_string().as_str()),
        ("42883", "no binary output function available for type point")
    );
}

#[test]
fn legal_values_without_an_arrow_form_are_refused() {
    let check = |t: PgType, text: &str| {
        let error = built(t, |b| b.append_text(text, &Style::default())).expect_err(text);
        assert!(matches!(error, Error::Unrepresentable { .. }), "{text}: {error}");
        assert_eq!(error.sqlstate().code(), "0A000");
    };
    check(PgType::numeric(5, 2), "NaN");
    check(PgType::INTERVAL, "300 years 2562048 hours");
    check(PgType::INT4_ARRAY, "{{1,2},{3,4}}");
    check(PgType::INT4_ARRAY, "[0:1]={1,2}");
    check(PgType::TIMESTAMP, "294276-12-31 23:59:59");
    let check = |t: PgType, bytes: &[u8]| {
        let error = built(t, |b| b.append_binary(bytes)).expect_err("cannot be held");
        assert!(matches!(error, Error::Unrepresentable { .. }), "{error}");
    };
    check(PgType::numeric(5, 2), &[0, 0, 0, 0, 0xC0, 0, 0, 0]);
    check(PgType::TIMESTAMPTZ, &9_223_371_331_199_999_999i64.to_be_bytes());
    check(PgType::INTERVAL, &[0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    check(PgType::INT4_ARRAY, &[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 23]);
}

#[test]
fn values_with_a_type_of_their_own_are_converted() {
    let check = |t: PgType, array: Result<ArrayRef>, text: &str| {
        let array = array.expect(text);
        assert_eq!(text_of(t, &array, 0).as_deref(), Ok(text), "{t}");
    };
    let int = |t, value| built(t, |b| b.append_i64(value));
    check(PgType::BOOL, int(PgType::BOOL, 2), "t");
    check(PgType::INT2, int(PgType::INT2, -5), "-5");
    check(PgType::numeric(5, 2), int(PgType::numeric(5, 2), 12), "12.00");
    check(PgType::TEXT, int(PgType::TEXT, 12), "12");
    check(PgType::FLOAT8, int(PgType::FLOAT8, 12), "12");
    check_error(
        int(PgType::INT2, 40_000),
        "22003",
        "value \"40000\" is out of range for type smallint",
    );
    check_error(
        int(PgType::varchar(2), 123),
        "22001",
        "value too long for type character varying(2)",
    );
    check_error(int(PgType::UUID, 1), "22P02", "invalid input syntax for type uuid: \"1\"");
    let float = |t, value| built(t, |b| b.append_f64(value));
    check(PgType::INT4, float(PgType::INT4, 3.0), "3");
    check(PgType::numeric(5, 1), float(PgType::numeric(5, 1), 0.25), "0.3");
    check(PgType::TEXT, float(PgType::TEXT, 0.1), "0.1");
    check(PgType::FLOAT4, float(PgType::FLOAT4, 0.1), "0.1");
    check_error(
        float(PgType::INT4, 3.5),
        "22P02",
        "invalid input syntax for type integer: \"3.5\"",
    );
    check_error(float(PgType::FLOAT4, 1e300), "22003", "\"1e+300\" is out of range for type real");
    check_error(
        float(PgType::INT8, 1e19),
        "22P02",
        "invalid input syntax for type bigint: \"1e+19\"",
    );
    let bytes = |t, value: &[u8]| built(t, |b| b.append_bytes(value));
    check(PgType::BYTEA, bytes(PgType::BYTEA, b"\xff"), "\\xff");
    check(PgType::TEXT, bytes(PgType::TEXT, b"abc"), "abc");
    check(PgType::UUID, bytes(PgType::UUID, &[17; 16]), "11111111-1111-1111-1111-111111111111");
    check_error(
        bytes(PgType::TEXT, b"\xff"),
        "22021",
        "invalid byte sequence for encoding \"UTF8\": 0xff",
    );
    check_error(
        bytes(PgType::TEXT, b"a\0"),
        "22021",
        "invalid byte sequence for encoding \"UTF8\": 0x00",
    );
    check(PgType::BOOL, built(PgType::BOOL, |b| b.append_bool(true)), "t");
    check(PgType::INT4, built(PgType::INT4, |b| b.append_bool(true)), "1");
    check(PgType::TEXT, built(PgType::TEXT, |b| b.append_bool(false)), "false");
    check(PgType::DATE, built(PgType::DATE, |b| b.append_str("2024-01-31")), "2024-01-31");
}

#[test]
fn a_builder_counts_its_values_and_bytes() {
    let mut builder = ColumnBuilder::new(PgType::TEXT, 4);
    assert!(builder.is_empty());
    builder.append_str("abc").unwrap();
    builder.append_null();
    assert_eq!((builder.len(), builder.byte_size()), (2, 3 + 2 * 4));
    let array = builder.finish();
    assert_eq!(text_of(PgType::TEXT, &array, 1).as_deref(), Ok("null"));
    assert_eq!((builder.len(), builder.byte_size()), (0, 0));
    let mut builder = ColumnBuilder::new(PgType::INT8_ARRAY, 4);
    builder.append_str("{1,2}").unwrap();
    assert_eq!(builder.byte_size(), 4 + 16);
    builder.append_str("{3}").unwrap();
    let array = builder.finish();
    assert_eq!(text_of(PgType::INT8_ARRAY, &array, 1).as_deref(), Ok("{3}"));
}

#[test]
fn spellings_that_need_a_clock_are_refused() {
    for text in ["now", "today", "tomorrow", "yesterday"] {
        check_error(
            built(PgType::TIMESTAMPTZ, |b| b.append_text(text, &Style::default())),
            "0A000",
            &format!("date/time value \"{text}\" is not supported"),
        );
    }
}

#[test]
fn integers_are_read_in_the_spellings_of_postgresql_16() {
    let check = |text: &str, printed: &str| {
        let array = built(PgType::INT4, |b| b.append_text(text, &Style::default())).expect(text);
        assert_eq!(text_of(PgType::INT4, &array, 0).as_deref(), Ok(printed));
    };
    check("0x1F", "31");
    check("-0b101", "-5");
    check("0o17", "15");
    check("1_000_000", "1000000");
    for text in ["1__0", "_1", "1_", "0x", "0x_", "0b2"] {
        assert!(built(PgType::INT4, |b| b.append_text(text, &Style::default())).is_err(), "{text}");
    }
}
