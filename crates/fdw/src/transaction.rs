/// How isolated a remote transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// One snapshot for all statements.
    RepeatableRead,
    /// And no anomalies.
    Serializable,
}

/// How a remote transaction begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// How isolated it is.
    pub isolation: Isolation,
    /// It changes nothing.
    pub read_only: bool,
    /// It sees what the transaction saw that exported this snapshot.
    pub snapshot: Option<&'a str>,
}
