//! A text with other words in some places, and where each part of it was.
use std::ops::Range;

use super::{NotShipped, Shippable};

/// What stands in place of these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What stands there instead.
    pub said: String,
}

/// A text that was rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub sql: String,
    /// What is as it was written: where it begins in `sql`, where it began, and how long it is;
    /// in characters from 0.
    kept: Vec<(usize, usize, usize)>,
}

impl Rewritten {
    /// Where a character of the rewritten text, counted from 1, was in the original; `None` where
    /// it is not the user's.
    pub fn origin(&self, position: usize) -> Option<usize> {
        let at = position.checked_sub(1)?;
        let kept = self.kept.iter().find(|(new, _, length)| (*new..new + length).contains(&at));
        kept.map(|(new, old, _)| old + (at - new) + 1)
    }
}

/// Does the edits, which must not touch each other.
pub(super) fn rewrite(text: &str, mut edits: Vec<Edit>) -> Shippable<Rewritten> {
    edits.sort_by_key(|edit| edit.span.start);
    let mut builder = Builder { rewritten: Rewritten::default(), new: 0, old: 0 };
    let mut done = 0;
    for edit in &edits {
        let kept = text.get(done..edit.span.start).ok_or_else(misplaced)?;
        let replaced = text.get(edit.span.clone()).ok_or_else(misplaced)?;
        builder.keep(kept);
        builder.replace(replaced, &edit.said);
        done = edit.span.end;
    }
    builder.keep(text.get(done..).ok_or_else(misplaced)?);
    Ok(builder.rewritten)
}

fn misplaced() -> NotShipped {
    NotShipped::because("a name stands in an unknown place")
}

struct Builder {
    rewritten: Rewritten,
    new: usize,
    old: usize,
}

impl Builder {
    fn keep(&mut self, part: &str) {
        let length = part.chars().count();
        self.rewritten.sql.push_str(part);
        self.rewritten.kept.push((self.new, self.old, length));
        self.new += length;
        self.old += length;
    }

    fn replace(&mut self, part: &str, said: &str) {
        self.rewritten.sql.push_str(said);
        self.new += said.chars().count();
        self.old += part.chars().count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(span: Range<usize>, said: &str) -> Edit {
        Edit { span, said: said.to_owned() }
    }

    #[test]
    fn words_are_replaced_and_places_are_kept() {
        let text = "SELECT é FROM t, u";
        let edits = vec![edit(18..19, "(SELECT 2) u"), edit(15..16, "(S) t")];
        let rewritten = rewrite(text, edits).expect("they are apart");
        assert_eq!(rewritten.sql, "SELECT é FROM (S) t, (SELECT 2) u");
        let check = |position, expected| assert_eq!(rewritten.origin(position), expected);
        check(1, Some(1));
        check(8, Some(8));
        check(14, Some(14));
        check(15, None);
        check(20, Some(16));
        check(22, None);
        check(99, None);
        check(0, None);
    }

    #[test]
    fn edits_that_touch_are_refused() {
        assert!(rewrite("abc", vec![edit(0..2, "x"), edit(1..3, "y")]).is_err());
        assert!(rewrite("é", vec![edit(1..2, "x")]).is_err());
        assert!(rewrite("abc", vec![edit(2..9, "x")]).is_err());
    }
}
