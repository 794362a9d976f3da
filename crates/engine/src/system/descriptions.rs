//! The comments on PostgreSQL's own functions, types and operators.
use std::collections::HashMap;
use std::sync::LazyLock;

/// One comment.
pub struct Description {
    /// On what.
    pub object: u32,
    /// Of which catalog.
    pub class: u32,
    /// What it says.
    pub text: &'static str,
}

static ALL: LazyLock<Vec<Description>> =
    LazyLock::new(|| include_str!("data/descriptions.tsv").lines().filter_map(read).collect());

static BY_OBJECT: LazyLock<HashMap<(u32, u32), &'static str>> =
    LazyLock::new(|| ALL.iter().map(|it| ((it.class, it.object), it.text)).collect());

fn read(line: &'static str) -> Option<Description> {
    let mut fields = line.splitn(3, '\t');
    let object = fields.next()?.parse().ok()?;
    let class = fields.next()?.parse().ok()?;
    Some(Description { object, class, text: fields.next()? })
}

/// All of them, by object.
pub fn all() -> &'static [Description] {
    &ALL
}

/// Those on the objects of this oid.
pub fn on(object: u32) -> &'static [Description] {
    let first = ALL.partition_point(|it| it.object < object);
    let count = ALL[first..].iter().take_while(|it| it.object == object).count();
    &ALL[first..first + count]
}

/// The comment on this object of this catalog.
pub fn of(class: u32, object: u32) -> Option<&'static str> {
    BY_OBJECT.get(&(class, object)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_types_are_described() {
        assert_eq!(of(1247, 25), Some("variable-length string, no limit specified"));
        assert_eq!(on(3115).len(), 1);
        assert!(on(1).is_empty());
        assert!(all().is_sorted_by_key(|it| it.object));
    }
}
