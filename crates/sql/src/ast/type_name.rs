/// A type as it was named: the keywords of SQL are already PostgreSQL's own names
/// (`integer` is `pg_catalog.int4`), as PostgreSQL's grammar has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// Catalog, schema, name: the last one is always there.
    pub parts: Vec<String>,
    /// What stands in parentheses, each as text, as a type's `typmodin` takes them;
    /// for `interval day to second(3)` the mask of fields and the precision.
    pub modifiers: Vec<String>,
    /// A bound (or none) for each dimension of an array.
    pub dimensions: Vec<Option<i32>>,
    /// `SETOF`.
    pub set_of: bool,
    /// `table.column%TYPE`.
    pub percent_type: bool,
    /// Of its first character: characters from 1.
    pub position: usize,
}

impl TypeName {
    /// The last part.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The part before the last.
    pub fn schema(&self) -> Option<&str> {
        self.parts.len().checked_sub(2).map(|at| self.parts[at].as_str())
    }
}
