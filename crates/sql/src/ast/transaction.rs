use super::Name;

/// What steers transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `BEGIN` and `START TRANSACTION`.
    Begin {
        /// START TRANSACTION was written, which has its own tag.
        start: bool,
        /// In their order.
        modes: Vec<TransactionMode>,
    },
    /// `COMMIT`, `END`.
    Commit {
        /// AND CHAIN.
        chain: bool,
    },
    /// `ROLLBACK`, `ABORT`.
    Rollback {
        /// AND CHAIN.
        chain: bool,
    },
    /// `SAVEPOINT name`.
    Savepoint(Name),
    /// `RELEASE [SAVEPOINT] name`.
    Release(Name),
    /// `ROLLBACK TO [SAVEPOINT] name`.
    RollbackTo(Name),
    /// `PREPARE TRANSACTION 'id'`.
    Prepare(String),
    /// `COMMIT PREPARED 'id'`.
    CommitPrepared(String),
    /// `ROLLBACK PREPARED 'id'`.
    RollbackPrepared(String),
}

/// One mode of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionMode {
    /// ISOLATION LEVEL.
    Isolation(Isolation),
    /// READ ONLY (true), READ WRITE.
    ReadOnly(bool),
    /// DEFERRABLE (true), NOT DEFERRABLE.
    Deferrable(bool),
}

/// How far a transaction is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// READ UNCOMMITTED.
    ReadUncommitted,
    /// READ COMMITTED.
    ReadCommitted,
    /// REPEATABLE READ.
    RepeatableRead,
    /// SERIALIZABLE.
    Serializable,
}

impl Isolation {
    /// As `SHOW transaction_isolation` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "read uncommitted",
            Self::ReadCommitted => "read committed",
            Self::RepeatableRead => "repeatable read",
            Self::Serializable => "serializable",
        }
    }
}
