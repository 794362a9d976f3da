use std::ops::Range;

use medley_diagnostic::Report;

use super::*;

/// A whole text.
#[derive(Debug, Default)]
pub struct Script {
    /// In their order; empty ones have vanished.
    pub statements: Vec<Parsed>,
    /// Raised while scanning, before anything runs: identifiers that were cut (42622).
    pub notices: Vec<Report>,
}

/// A statement and where it stands.
#[derive(Debug)]
pub struct Parsed {
    /// The statement.
    pub statement: Statement,
    /// Its bytes in the text, from its first token to its last.
    pub span: Range<usize>,
    /// The highest `$n` in it, 0 if there is none.
    pub parameters: u16,
    /// The first `$n` in it.
    pub first_parameter: Option<FirstParameter>,
}

/// A `$n` of a statement.
#[derive(Clone, Debug)]
pub struct FirstParameter {
    /// As it is written, with the sign.
    pub written: String,
    /// Where it stands: characters from 1.
    pub position: usize,
}

/// A statement.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is the statement of its name")]
pub enum Statement {
    /// SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE.
    Query(QueryStatement),

    CreateForeignDataWrapper(CreateForeignDataWrapper),
    AlterForeignDataWrapper(AlterForeignDataWrapper),
    CreateServer(CreateServer),
    AlterServer(AlterServer),
    CreateUserMapping(CreateUserMapping),
    AlterUserMapping(AlterUserMapping),
    DropUserMapping(DropUserMapping),
    CreateForeignTable(CreateForeignTable),
    ImportForeignSchema(ImportForeignSchema),
    RefreshForeignTable(RefreshForeignTable),

    AlterTable(AlterTable),
    CreateView(Box<CreateView>),
    CreateSchema(CreateSchema),
    CreateExtension(CreateExtension),
    AlterExtension(AlterExtension),
    Drop(Drop),
    Rename(Rename),
    AlterOwner(AlterOwner),
    SetObjectSchema(SetObjectSchema),
    Comment(Comment),
    SecurityLabel(SecurityLabel),

    CreateDatabase(CreateDatabase),
    AlterDatabase(AlterDatabase),
    AlterDatabaseSettings(AlterDatabaseSettings),
    DropDatabase(DropDatabase),

    CreateRole(Box<CreateRole>),
    AlterRole(Box<AlterRole>),
    AlterRoleSettings(AlterRoleSettings),
    GroupMembership(GroupMembership),
    DropRole(DropRole),
    ReassignOwned(ReassignOwned),
    DropOwned(DropOwned),
    Grant(Grant),
    GrantRole(GrantRole),
    AlterDefaultPrivileges(AlterDefaultPrivileges),

    Set(Set),
    /// `SHOW name`; ALL is the name `all`.
    Show(Name),
    Discard(Discard),
    Transaction(Transaction),
    /// `SET CONSTRAINTS { ALL | names } { DEFERRED | IMMEDIATE }`: whether deferred.
    SetConstraints {
        /// Empty for ALL.
        names: Vec<QualifiedName>,
        /// DEFERRED.
        deferred: bool,
    },
    Lock(Lock),

    Explain(Explain),
    Prepare(Prepare),
    Execute(Execute),
    /// `None` for ALL.
    Deallocate(Option<Name>),
    DeclareCursor(DeclareCursor),
    Fetch(FetchCursor),
    Close(CloseCursor),
    Copy(Copy),
    Analyze(Analyze),
    Vacuum(Vacuum),
    Truncate(Truncate),
    /// `LISTEN channel`.
    Listen(Name),
    /// `NOTIFY channel [, 'payload']`.
    Notify {
        /// The channel.
        channel: Name,
        /// What is said.
        payload: Option<String>,
    },
    /// `UNLISTEN channel`; `None` for all.
    Unlisten(Option<Name>),
    Checkpoint,

    /// PostgreSQL has it, Medley does not: its name, `CREATE TABLE` say.
    Unsupported(&'static str),
    /// The same of something that PostgreSQL refuses for some kinds of relation.
    UnsupportedOn {
        /// As in `Unsupported`.
        what: &'static str,
        /// What it would be on.
        relation: QualifiedName,
    },
}

impl Statement {
    /// What the client is told at its end; a count of rows, where there is one, is for the
    /// session to add. Also the name by which errors call it (25006, 0A000).
    pub fn tag(&self) -> &'static str {
        tag::of(self)
    }

    /// What cannot run inside a transaction block (25001), by its name, if it cannot.
    pub fn refused_in_block(&self) -> Option<&'static str> {
        tag::refused_in_block(self)
    }

    /// What a read-only transaction refuses (25006), by its name, if it does.
    pub fn refused_read_only(&self) -> Option<&'static str> {
        tag::refused_read_only(self)
    }
}
