//! PostgreSQL's own grammar, which `crates/sql` is measured against.
//!
//! It is PostgreSQL 18's `scan.l` and `gram.y` as libpg_query has cut them out of the server, in
//! C, by way of the crate `pg_query`. Of that crate only the C library is used: its Rust part
//! keeps no error's position.
//!
//! Only tests use this crate, and no crate that ships: C that reads what strangers send is what
//! Medley does without. It is built with gcc alone; `bindgen/` says how.
use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::ops::Range;

// Links libpg_query, whose functions are declared below.
use pg_query as _;

/// Why the grammar does not take a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What PostgreSQL says.
    pub message: String,
    /// Where: characters from 1; 0 where it names no place.
    pub position: usize,
}

/// What the scanner makes of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The bytes.
    pub span: Range<usize>,
    /// PostgreSQL's name for it: `SCONST`, `IDENT`, `SQL_COMMENT`; empty for what is none.
    pub name: String,
}

/// The number of statements in a text, or what is wrong with it.
///
/// # Panics
///
/// Panics at a text with a zero byte, which no client can send.
pub fn parse(text: &str) -> Result<usize, Refusal> {
    let text = zero_terminated(text);
    // SAFETY: the text lives until the call returns; the result is read before it is freed.
    unsafe {
        let result = pg_query_split_with_parser(text.as_ptr());
        let outcome = match refusal(result.error) {
            Some(refusal) => Err(refusal),
            None => Ok(result.count.try_into().unwrap_or_default()),
        };
        pg_query_free_split_result(result);
        outcome
    }
}

/// The tokens and comments of a text, or what is wrong with it.
///
/// # Panics
///
/// As [`parse`].
pub fn scan(text: &str) -> Result<Vec<Token>, Refusal> {
    let text = zero_terminated(text);
    // SAFETY: as above; `tokens` points to `count` tokens where there is no error.
    unsafe {
        let result = pg_query_scan_tokens(text.as_ptr());
        let outcome = match refusal(result.error) {
            Some(refusal) => Err(refusal),
            None => Ok(tokens(&result)),
        };
        pg_query_free_scan_tokens_result(result);
        outcome
    }
}

fn zero_terminated(text: &str) -> CString {
    CString::new(text).expect("no client can send a zero byte")
}

/// # Safety
///
/// Null, or one of libpg_query's errors that is not freed yet.
unsafe fn refusal(error: *const RawError) -> Option<Refusal> {
    // SAFETY: the caller's.
    let error = unsafe { error.as_ref() }?;
    // SAFETY: an error has a message, which ends in zero.
    let message = unsafe { CStr::from_ptr(error.message) };
    Some(Refusal {
        message: message.to_string_lossy().into_owned(),
        position: error.position.try_into().unwrap_or_default(),
    })
}

/// # Safety
///
/// A result without error that is not freed yet.
unsafe fn tokens(result: &ScanResult) -> Vec<Token> {
    let count = usize::try_from(result.count).unwrap_or_default();
    if count == 0 {
        return vec![];
    }
    // SAFETY: the caller's.
    let tokens = unsafe { std::slice::from_raw_parts(result.tokens, count) };
    let offset = |offset: c_int| usize::try_from(offset).unwrap_or_default();
    let token = |token: &RawToken| {
        // SAFETY: it gives a constant, or null for a character that is no token of the grammar.
        let name = unsafe {
            let name = pg_query_token_name(token.kind);
            if name.is_null() { c"" } else { CStr::from_ptr(name) }
        };
        let span = offset(token.start)..offset(token.end);
        Token { span, name: name.to_string_lossy().into_owned() }
    };
    tokens.iter().map(token).collect()
}

/// `PgQueryError`.
#[repr(C)]
struct RawError {
    message: *const c_char,
    function: *const c_char,
    file: *const c_char,
    line: c_int,
    position: c_int,
    context: *const c_char,
}

/// `PgQuerySplitResult`.
#[repr(C)]
struct SplitResult {
    statements: *const *const c_int,
    count: c_int,
    stderr: *const c_char,
    error: *const RawError,
}

/// `PgQueryScanToken`.
#[repr(C)]
struct RawToken {
    start: c_int,
    end: c_int,
    kind: c_uint,
    keyword_kind: c_uint,
}

/// `PgQueryScanTokensResult`.
#[repr(C)]
struct ScanResult {
    tokens: *const RawToken,
    count: c_int,
    error: *const RawError,
}

unsafe extern "C" {
    fn pg_query_split_with_parser(input: *const c_char) -> SplitResult;
    fn pg_query_free_split_result(result: SplitResult);
    fn pg_query_scan_tokens(input: *const c_char) -> ScanResult;
    fn pg_query_free_scan_tokens_result(result: ScanResult);
    fn pg_query_token_name(kind: c_uint) -> *const c_char;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_in_characters() {
        assert_eq!(parse("select 1; select 'ä;' ;"), Ok(2));
        let refusal = parse("select 'ä' frm t x").unwrap_err();
        let expected = Refusal { message: "syntax error at or near \"t\"".into(), position: 16 };
        assert_eq!(refusal, expected);
        assert_eq!(parse("select 'a").unwrap_err().position, 8);
    }

    #[test]
    fn it_scans_what_is_no_token() {
        assert_eq!(scan("{").unwrap()[0].name, "");
    }

    #[test]
    fn it_scans() {
        let tokens = scan("select 'a' -- b").unwrap();
        let names: Vec<_> = tokens.iter().map(|t| (t.name.as_str(), t.span.clone())).collect();
        assert_eq!(names, [("SELECT", 0..6), ("SCONST", 7..10), ("SQL_COMMENT", 11..15)]);
    }
}
