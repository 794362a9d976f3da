//! The text while it grows: indentation, line breaks, and where lines are broken for length.

/// Indentation of what stands in a query.
pub(super) const STANDARD: i32 = 8;
/// Further indentation of JOIN.
pub(super) const JOIN: i32 = 4;
/// Further indentation of what continues a list.
pub(super) const LIST: i32 = 4;
/// From this depth on indentation grows more slowly.
const LIMIT: i32 = 40;

/// How a text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Without the parentheses that the reader can do without.
    pub pretty: bool,
    /// Lists go on until a line would have more bytes than this; none for ever.
    pub wrap: Option<usize>,
}

impl Layout {
    /// Every parenthesis, and each element of a list on a line of its own.
    pub const PLAIN: Self = Self { pretty: false, wrap: Some(0) };
    /// Few parentheses, and each element of a list on a line of its own.
    pub const PRETTY: Self = Self { pretty: true, wrap: Some(0) };

    /// Few parentheses, and lines of about this length; a negative one does not end them.
    pub fn wrapped(column: i32) -> Self {
        Self { pretty: true, wrap: usize::try_from(column).ok() }
    }

    /// Those of the functions that take a flag.
    pub fn of_flag(pretty: bool) -> Self {
        if pretty { Self::PRETTY } else { Self::PLAIN }
    }
}

/// A text that grows.
#[derive(Debug, Default)]
pub(super) struct Output {
    text: String,
    /// Of the clauses of the query that is printed.
    pub(super) indent: i32,
}

impl Output {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Begins a new line, changes the indentation before and after, and adds `more` in this line.
    pub(super) fn keyword(&mut self, text: &str, before: i32, after: i32, more: i32) {
        self.indent += before;
        self.trim();
        self.text.push('\n');
        let spaces = usize::try_from(self.spaces() + more).unwrap_or(0);
        self.text.extend(std::iter::repeat_n(' ', spaces));
        self.text.push_str(text);
        self.indent = (self.indent + after).max(0);
    }

    /// A clause of a query, on a line of its own.
    pub(super) fn clause(&mut self, text: &str, more: i32) {
        self.keyword(text, -STANDARD, STANDARD, more);
    }

    fn spaces(&self) -> i32 {
        match self.indent {
            indent if indent < LIMIT => indent.max(0),
            indent => (LIMIT + (indent - LIMIT) / (STANDARD / 2)) % LIMIT,
        }
    }

    fn trim(&mut self) {
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
    }

    /// Puts the text aside, so that what comes next can be looked at before it is added.
    pub(super) fn begin_item(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Takes the text back; returns what came since.
    pub(super) fn end_item(&mut self, aside: String) -> String {
        std::mem::replace(&mut self.text, aside)
    }

    /// Adds an element of a list, on a new line if the line is full or `broken` says so.
    pub(super) fn item(&mut self, item: &str, wrap: Option<usize>, first: bool, broken: bool) {
        if let Some(wrap) = wrap {
            let line = self.text.rsplit('\n').next().map_or(0, str::len);
            if item.starts_with('\n') {
                self.trim();
            } else if !first && (line + item.len() > wrap || broken) {
                self.clause("", LIST);
            }
        }
        self.text.push_str(item);
    }
}
