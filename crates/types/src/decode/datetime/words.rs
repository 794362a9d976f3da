//! The words of dates and times.
use crate::time_zone::TimeZone;

use super::fields::Zone;

/// What a word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Month(u32),
    Weekday,
    Meridian {
        pm: bool,
    },
    Era {
        bc: bool,
    },
    Epoch,
    Infinity {
        negative: bool,
    },
    /// Between date and time, as ISO 8601 has it.
    TimeFollows,
    /// Before a Julian day.
    JulianFollows,
    /// `at`, `on`.
    Filler,
    /// `now`, `today` and so on, which need a clock.
    Clock,
    Zone(Zone),
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 18] = [
    "sun",
    "sunday",
    "mon",
    "monday",
    "tue",
    "tues",
    "tuesday",
    "wed",
    "weds",
    "wednesday",
    "thu",
    "thur",
    "thurs",
    "thursday",
    "fri",
    "friday",
    "sat",
    "saturday",
];

/// Zone abbreviations of PostgreSQL's default set that mean one offset always, in minutes east.
#[rustfmt::skip]
const ABBREVIATIONS: &[(&str, i32)] = &[
    ("acdt", 630), ("acst", 570), ("adt", -180), ("aedt", 660), ("aest", 600), ("akdt", -480),
    ("akst", -540), ("ast", -240), ("awst", 480), ("bst", 60), ("cdt", -300), ("cest", 120),
    ("cet", 60), ("cst", -360), ("eat", 180), ("edt", -240), ("eest", 180), ("eet", 120),
    ("est", -300), ("gmt", 0), ("hkt", 480), ("hst", -600), ("ict", 420), ("idt", 180),
    ("ist", 120), ("jst", 540), ("kst", 540), ("mdt", -360), ("mest", 120), ("mesz", 120),
    ("met", 60), ("mez", 60), ("mst", -420), ("ndt", -150), ("nst", -210), ("nzdt", 780),
    ("nzst", 720), ("pdt", -420), ("pht", 480), ("pkt", 300), ("pst", -480), ("sast", 120),
    ("uct", 0), ("ut", 0), ("utc", 0), ("wat", 60), ("wet", 0), ("z", 0), ("zulu", 0),
];

/// The month of a name, of at least three letters (`sept` too).
fn month(word: &str) -> Option<u32> {
    let named = |name: &&str| {
        **name == *word || name[..3] == *word || (word == "sept" && name.starts_with(word))
    };
    MONTHS.iter().position(named).map(|index| index as u32 + 1)
}

pub(super) fn is_month(word: &str) -> bool {
    month(&word.to_ascii_lowercase()).is_some()
}

/// Whether the word says something else than a zone.
pub(super) fn is_field(word: &str) -> bool {
    look_up(word).is_some_and(|word| !matches!(word, Word::Zone(_)))
}

/// What this word says; `None` if nothing.
pub(super) fn look_up(text: &str) -> Option<Word> {
    let word = text.to_ascii_lowercase();
    if let Some(month) = month(&word) {
        return Some(Word::Month(month));
    }
    if let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(name, _)| *name == word) {
        return Some(Word::Zone(Zone::Fixed(minutes * 60)));
    }
    Some(match word.as_str() {
        _ if WEEKDAYS.contains(&word.as_str()) => Word::Weekday,
        "am" => Word::Meridian { pm: false },
        "pm" => Word::Meridian { pm: true },
        "ad" | "ce" => Word::Era { bc: false },
        "bc" | "bce" => Word::Era { bc: true },
        "epoch" => Word::Epoch,
        "infinity" | "+infinity" => Word::Infinity { negative: false },
        "-infinity" => Word::Infinity { negative: true },
        "t" => Word::TimeFollows,
        "j" | "jd" | "julian" => Word::JulianFollows,
        "at" | "on" => Word::Filler,
        "now" | "today" | "tomorrow" | "yesterday" | "allballs" => Word::Clock,
        _ => {
            let zone = TimeZone::named(text).or_else(|| TimeZone::posix(text))?;
            Word::Zone(Zone::Named(zone))
        }
    })
}
