use serde::{Deserialize, Serialize};

use medley_secret::{Binding, MASK, Sealed};

/// An option's value as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptionValue {
    /// Shown to whoever may see the options.
    Plain(String),
    /// Shown to nobody.
    Sealed(Sealed),
    /// Shown like a plain one: it says where a secret is kept.
    Reference(StoredReference),
}

/// Where a secret is kept, and how that came to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReference {
    /// What the statement said.
    pub text: String,
    /// What it was entered for, where its server binds secrets.
    pub binding: Option<Binding>,
    /// It was within the prefixes that the server had then, and counts only while it is. Else it
    /// is a superuser's own word.
    pub by_prefix: bool,
}

impl OptionValue {
    /// What is shown of it: a sealed value is always the mask.
    pub fn shown(&self) -> &str {
        match self {
            Self::Plain(value) => value,
            Self::Sealed(_) => MASK,
            Self::Reference(reference) => &reference.text,
        }
    }

    /// The value, if it is no secret.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Reference(reference) => Some(&reference.text),
            Self::Sealed(_) => None,
        }
    }
}

/// The options of an object, in the order in which they were added. The catalog stores them and
/// does not understand them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options(Vec<(String, OptionValue)>);

impl Options {
    /// Whether there are none, which catalogs show as NULL.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &OptionValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of this option.
    pub fn get(&self, name: &str) -> Option<&OptionValue> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// Sets it: in its place if it is there, else at the end.
    pub fn set(&mut self, name: &str, value: OptionValue) {
        match self.0.iter_mut().find(|(given, _)| given == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Removes it; false if it is not there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(given, _)| given != name);
        self.0.len() < before
    }

    /// As catalogs show them, `name=value` each; sealed values are masked.
    pub fn shown(&self) -> Vec<String> {
        self.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect()
    }
}

impl FromIterator<(String, OptionValue)> for Options {
    fn from_iter<I: IntoIterator<Item = (String, OptionValue)>>(items: I) -> Self {
        let mut options = Self::default();
        items.into_iter().for_each(|(name, value)| options.set(&name, value));
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: &str) -> OptionValue {
        OptionValue::Plain(value.into())
    }

    #[test]
    fn set_keeps_the_place_and_remove_closes_the_gap() {
        let mut options = Options::default();
        ["a", "b", "c"].iter().for_each(|name| options.set(name, plain(name)));
        options.set("a", plain("1"));
        assert!(options.remove("b"));
        assert!(!options.remove("b"));
        options.set("b", plain("2"));
        assert_eq!(options.shown(), ["a=1", "c=c", "b=2"]);
    }
}
