use std::fmt::Write;
use std::path::PathBuf;

/// A reference as it is for one person: what is fetched at once, fields of it being told apart
/// only afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A variable of the environment.
    Variable(String),
    /// A file.
    File(PathBuf),
    /// A command that the configuration names.
    Command(String),
    /// A path in Vault, in Vault's own words: it is still to be escaped for a URL.
    Vault(String),
}

/// A role's name as one part of a Vault path. Vault decodes a URL before it looks at the path, so
/// that escaping in the URL alone would not keep a slash within the part: what means something in
/// a path is spelt out as `%2F` in Vault's own path too. No two names are written the same.
pub(super) fn escaped(name: &str) -> String {
    let dots = name.chars().all(|c| c == '.');
    let mut part = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '/' | '%' | '\\' | '?' | '#') || c.is_control() || (dots && c == '.') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(part, "%{byte:02X}");
            }
        } else {
            part.push(c);
        }
    }
    part
}
