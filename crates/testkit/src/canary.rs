use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;

/// A value that stands for a secret, and is found wherever it should not be, in any of its forms.
#[derive(Debug)]
pub struct Canary {
    value: String,
    forms: Forms,
}

/// The ways in which bytes may be written: as they are, in hexadecimal, in base64, as a list of
/// numbers, and as UTF-16. Compressed or encrypted they are not found.
#[derive(Debug)]
pub struct Forms(Vec<Form>);

#[derive(Debug)]
struct Form {
    name: &'static str,
    bytes: Vec<u8>,
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}

impl Canary {
    /// A new value, unlike every other.
    pub fn new() -> Self {
        let value = format!("canary-{:032x}", rand::random::<u128>());
        let forms = Forms::of(value.as_bytes());
        Self { value, forms }
    }

    /// The value to plant.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The form in which the value stands in these bytes, if it does.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        self.forms.found_in(bytes)
    }

    /// Panics when the value stands in `bytes`, saying in `what`; the value itself is not said.
    #[track_caller]
    pub fn assert_absent_in(&self, bytes: impl AsRef<[u8]>, what: &str) {
        if let Some(form) = self.found_in(bytes.as_ref()) {
            panic!("the canary is in {what}, {form}");
        }
    }

    /// The same for every file below a folder, and the files' names. Returns how many files there
    /// were, so that a test can tell that it looked at any.
    #[track_caller]
    pub fn assert_absent_in_dir(&self, folder: impl AsRef<Path>) -> usize {
        let mut open = vec![folder.as_ref().to_owned()];
        let mut files = 0;
        while let Some(path) = open.pop() {
            self.assert_absent_in(path.as_os_str().as_encoded_bytes(), "a file's name");
            let kind =
                fs::symlink_metadata(&path).expect("what is searched can be read").file_type();
            if kind.is_dir() {
                let entries = fs::read_dir(&path).expect("what is searched can be read");
                open.extend(entries.map(|entry| entry.expect("an entry can be read").path()));
            } else if kind.is_file() {
                let bytes = fs::read(&path).expect("what is searched can be read");
                self.assert_absent_in(bytes, &path.display().to_string());
                files += 1;
            }
        }
        files
    }
}

impl Forms {
    /// Of these bytes.
    pub fn of(value: &[u8]) -> Self {
        Self(forms(value))
    }

    /// The form in which the value stands in these bytes, if it does.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let is_there = |form: &&Form| memmem::find(bytes, &form.bytes).is_some();
        self.0.iter().find(is_there).map(|form| form.name)
    }
}

fn forms(value: &[u8]) -> Vec<Form> {
    let numbers = |separator: &str| -> String {
        value.iter().map(u8::to_string).collect::<Vec<_>>().join(separator)
    };
    let hex = |upper: bool| -> String {
        let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        value.iter().map(digits).collect()
    };
    let utf16 = value.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut forms = vec![
        Form { name: "as it is", bytes: value.to_vec() },
        Form { name: "in hexadecimal", bytes: hex(false).into() },
        Form { name: "in hexadecimal", bytes: hex(true).into() },
        Form { name: "as UTF-16", bytes: utf16 },
        Form { name: "as numbers", bytes: numbers(", ").into() },
        Form { name: "as numbers", bytes: numbers(",").into() },
    ];
    for before in 0..3 {
        for engine in [&STANDARD, &URL_SAFE] {
            forms.push(Form { name: "in base64", bytes: base64_within(engine, value, before) });
        }
    }
    forms
}

/// How base64 writes the value when `before` other bytes come first in its group of three: without
/// the characters that depend on what stands before and after.
fn base64_within(engine: &impl Engine, value: &[u8], before: usize) -> Vec<u8> {
    let padded = [&vec![0; before], value].concat();
    let text = engine.encode(&padded).into_bytes();
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    text[first..end].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(text: &[u8]) -> Vec<u8> {
        [b"before ", text, b" after"].concat()
    }

    #[test]
    fn every_form_is_found() {
        let canary = Canary::new();
        let value = canary.value().as_bytes();
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        let utf16: Vec<u8> = canary.value().encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, form) in [
            (value.to_vec(), "as it is"),
            (hex.clone().into(), "in hexadecimal"),
            (hex.to_uppercase().into(), "in hexadecimal"),
            (utf16, "as UTF-16"),
            (format!("{value:?}").into(), "as numbers"),
            (format!("{value:?}").replace(' ', "").into(), "as numbers"),
        ] {
            assert_eq!(canary.found_in(&wrap(&bytes)), Some(form));
        }
    }

    #[test]
    fn base64_is_found_wherever_it_begins_and_whatever_follows() {
        let canary = Canary::new();
        for before in 0..7 {
            for after in 0..4 {
                let text = [&vec![255; before][..], canary.value().as_bytes(), &vec![255; after]];
                for encoded in [STANDARD.encode(text.concat()), URL_SAFE.encode(text.concat())] {
                    assert_eq!(canary.found_in(&wrap(encoded.as_bytes())), Some("in base64"));
                }
            }
        }
    }

    #[test]
    fn another_canary_is_not_found() {
        let other = Canary::new();
        let encoded = STANDARD.encode(other.value());
        Canary::new().assert_absent_in(format!("{} {encoded}", other.value()), "another");
    }

    #[test]
    fn folders_are_searched_to_the_bottom() {
        let canary = Canary::new();
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("clean"), "nothing").unwrap();
        assert_eq!(canary.assert_absent_in_dir(folder.path()), 1);
        fs::write(deep.join("dirty"), wrap(canary.value().as_bytes())).unwrap();
        let search = || canary.assert_absent_in_dir(folder.path());
        let panic = std::panic::catch_unwind(search).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("a/b/dirty") && !message.contains(canary.value()), "{message}");
    }
}
