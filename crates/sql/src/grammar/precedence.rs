use crate::parser::{Parser, Result};

/// How tightly an operator binds, the loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Or,
    And,
    Not,
    Is,
    Comparison,
    /// LIKE, ILIKE, SIMILAR TO, BETWEEN, IN.
    Like,
    Escape,
    /// Every other operator.
    Other,
    Plus,
    Times,
    Power,
    AtTimeZone,
    Collate,
    /// A sign.
    Unary,
    Cast,
}

impl Level {
    /// Whether `a = b = c` is an error.
    fn chains(self) -> bool {
        !matches!(self, Self::Is | Self::Comparison | Self::Like | Self::Escape)
    }
}

/// An operator that still waits for the end of its right operand.
#[derive(Clone, Copy)]
struct Waiting {
    level: Level,
    /// ESCAPE may follow.
    escapable: bool,
}

/// The operators of one expression that wait for the end of their right operand, each one binding
/// tighter than those before it, but for NOT and signs, which may stand behind anything.
#[derive(Default)]
pub(super) struct Pending(Vec<Waiting>);

impl Pending {
    /// An operator and its right operand begins.
    pub fn push(&mut self, level: Level) {
        self.0.push(Waiting { level, escapable: false });
    }

    /// The same for LIKE and its like.
    pub fn push_like(&mut self) {
        self.0.push(Waiting { level: Level::Like, escapable: true });
    }

    /// Whether what was read is one operand.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that bind tighter than the operator that comes next have their operands.
    pub fn reduce(&mut self, next: Level, parser: &Parser<'_>) -> Result<()> {
        while let Some(waiting) = self.0.last() {
            if waiting.level < next {
                break;
            }
            if waiting.level == next && !next.chains() {
                return parser.unexpected();
            }
            self.0.pop();
        }
        Ok(())
    }

    /// ESCAPE comes next: whether it belongs to a LIKE.
    pub fn escape(&mut self) -> bool {
        let waits = |waiting: &Waiting| waiting.level > Level::Escape;
        let like = self.0.iter().rposition(|waiting| !waits(waiting));
        let Some(like) = like.filter(|at| self.0[*at].escapable) else { return false };
        self.0.truncate(like);
        self.push(Level::Like);
        true
    }
}
