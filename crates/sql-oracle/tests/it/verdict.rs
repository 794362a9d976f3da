//! What two parsers say of one text, and whether that is the same.
use medley_diagnostic::{Diagnostic, SqlState};
use medley_sql_oracle::Refusal;

/// What Medley says.
pub type Ours = Result<(), (SqlState, Refusal)>;

/// How it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Accepted by both, or refused with the same words at the same place.
    Same,
    /// SQL to both, and Medley says that it does not support it.
    NotSupported,
    /// Not the same, for this reason, which is known.
    Known(&'static str),
    /// Refused by both, with other words or elsewhere.
    Elsewhere,
    /// Refused by PostgreSQL alone.
    Accepted,
    /// Refused by Medley alone.
    Refused,
}

type Applies = fn(&str, &Result<usize, Refusal>, &Ours) -> bool;

/// Why the two may differ.
const REASONS: &[(&str, Applies)] = &[
    ("literals of statements that take secrets are not shown", masked),
    ("PostgreSQL refuses it when it executes, Medley when it parses", refused_later),
    ("PostgreSQL refuses it when it parses, Medley when it executes", refused_sooner),
    ("libpg_query takes parameters where PostgreSQL does not", parameter),
    ("Medley refuses what nests deeper than its stack allows", too_deep),
];

pub fn of(text: &str) -> (Verdict, Result<usize, Refusal>, Ours) {
    let theirs = medley_sql_oracle::parse(text);
    let ours = ours(text);
    (compare(text, &theirs, &ours), theirs, ours)
}

fn ours(text: &str) -> Ours {
    match medley_sql::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let refusal =
                Refusal { message: error.to_string(), position: error.position().unwrap_or(0) };
            Err((error.sqlstate(), refusal))
        }
    }
}

fn compare(text: &str, theirs: &Result<usize, Refusal>, ours: &Ours) -> Verdict {
    let verdict = match (theirs, ours) {
        (Ok(_), Ok(())) => return Verdict::Same,
        (Err(theirs), Err((_, ours))) if theirs == ours => return Verdict::Same,
        (Ok(_), Err((SqlState::FEATURE_NOT_SUPPORTED, _))) => return Verdict::NotSupported,
        (Ok(_), Err(_)) => Verdict::Refused,
        (Err(_), Ok(())) => Verdict::Accepted,
        (Err(_), Err(_)) => Verdict::Elsewhere,
    };
    let known = REASONS.iter().find(|(_, applies)| applies(text, theirs, ours));
    known.map_or(verdict, |(reason, _)| Verdict::Known(reason))
}

fn masked(_: &str, theirs: &Result<usize, Refusal>, ours: &Ours) -> bool {
    const MASKED: &str = "at or near \"'***'\"";
    let (Err(theirs), Err((_, ours))) = (theirs, ours) else { return false };
    let kind = |message: &str| message.split(" at or near ").next().map(str::to_owned);
    ours.message.ends_with(MASKED)
        && ours.position == theirs.position
        && (kind(&ours.message) == kind(&theirs.message)
            || ours.message == format!("syntax error {MASKED}"))
}

fn refused_later(_: &str, theirs: &Result<usize, Refusal>, ours: &Ours) -> bool {
    const LATER: &[&str] = &[
        "conflicting or redundant options",
        "column name must be qualified",
        "there is no parameter",
        "type modifiers must be simple constants or identifiers",
    ];
    let Err((_, ours)) = ours else { return false };
    let later = LATER.iter().any(|message| ours.message.starts_with(message));
    // What PostgreSQL's grammar refuses comes first there, if it is behind.
    later && theirs.as_ref().err().is_none_or(|theirs| theirs.position >= ours.position)
}

fn refused_sooner(_: &str, theirs: &Result<usize, Refusal>, ours: &Ours) -> bool {
    let Err(theirs) = theirs else { return false };
    // What else is wrong with it may be found before it executes.
    let comes_later = ours.as_ref().err().is_none_or(|(_, ours)| ours.position > theirs.position);
    comes_later && theirs.message.contains(" constraints cannot be marked ")
}

fn parameter(text: &str, _: &Result<usize, Refusal>, ours: &Ours) -> bool {
    let Err((_, ours)) = ours else { return false };
    let numbered = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let near = ours.message.rsplit_once("at or near \"$").is_some_and(|(_, rest)| numbered(rest));
    near || (ours.message.contains("trailing junk after parameter") && text.contains('$'))
}

fn too_deep(_: &str, _: &Result<usize, Refusal>, ours: &Ours) -> bool {
    matches!(ours, Err((SqlState::STATEMENT_TOO_COMPLEX, _)))
}
