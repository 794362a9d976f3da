use super::ReferenceError;

/// Something about each of the two people behind a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Who<T> {
    /// The role whose privileges count.
    pub role: T,
    /// Who logged in.
    pub session_user: T,
}

/// A text with `{role}` and `{session_user}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Role,
    SessionUser,
}

impl Template {
    /// Anything else in braces, and a brace without its like, is an error.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let invalid = || ReferenceError::Template;
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(invalid)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match name {
                "role" => Part::Role,
                "session_user" => Part::SessionUser,
                _ => return Err(invalid()),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let stray = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        match parts.iter().any(stray) {
            true => Err(invalid()),
            false => Ok(Self(parts)),
        }
    }

    /// Whose names stand in it.
    pub fn uses(&self) -> Who<bool> {
        Who {
            role: self.0.contains(&Part::Role),
            session_user: self.0.contains(&Part::SessionUser),
        }
    }

    /// The text for one person, whose names are written as `write` says.
    pub fn fill<E>(
        &self,
        who: Who<&str>,
        write: impl Fn(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Role => write(who.role),
            Part::SessionUser => write(who.session_user),
        });
        parts.collect()
    }
}

impl Who<bool> {
    /// Of several texts together.
    pub fn or(self, other: Self) -> Self {
        Self {
            role: self.role || other.role,
            session_user: self.session_user || other.session_user,
        }
    }
}
