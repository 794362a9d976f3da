use sqlparser::ast;

use super::{
    CloseCursor, CopyDirection, Discard, FetchCursor, GrantRole, LockMode, ObjectKind,
    QueryStatement, Set, Statement, Transaction,
};

pub(super) fn of(statement: &Statement) -> &'static str {
    use Statement as S;
    match statement {
        S::Query(query) => query.tag(),
        S::CreateForeignDataWrapper(_) => "CREATE FOREIGN DATA WRAPPER",
        S::AlterForeignDataWrapper(_) => "ALTER FOREIGN DATA WRAPPER",
        S::CreateServer(_) => "CREATE SERVER",
        S::AlterServer(_) => "ALTER SERVER",
        S::CreateUserMapping(_) => "CREATE USER MAPPING",
        S::AlterUserMapping(_) => "ALTER USER MAPPING",
        S::DropUserMapping(_) => "DROP USER MAPPING",
        S::CreateForeignTable(_) => "CREATE FOREIGN TABLE",
        S::ImportForeignSchema(_) => "IMPORT FOREIGN SCHEMA",
        S::RefreshForeignTable(_) => "ALTER FOREIGN TABLE",
        S::AlterTable(alter) => altering(alter.kind),
        S::CreateView(_) => "CREATE VIEW",
        S::CreateSchema(_) => "CREATE SCHEMA",
        S::CreateExtension(_) => "CREATE EXTENSION",
        S::AlterExtension(_) => "ALTER EXTENSION",
        S::Drop(drop) => dropping(drop.kind),
        S::Rename(rename) => altering(rename.kind),
        S::AlterOwner(alter) => altering(alter.kind),
        S::SetObjectSchema(alter) => altering(alter.kind),
        S::Comment(_) => "COMMENT",
        S::SecurityLabel(_) => "SECURITY LABEL",
        S::CreateDatabase(_) => "CREATE DATABASE",
        S::AlterDatabase(_) | S::AlterDatabaseSettings(_) => "ALTER DATABASE",
        S::DropDatabase(_) => "DROP DATABASE",
        S::CreateRole(_) => "CREATE ROLE",
        S::AlterRole(_) | S::AlterRoleSettings(_) | S::GroupMembership(_) => "ALTER ROLE",
        S::DropRole(_) => "DROP ROLE",
        S::ReassignOwned(_) => "REASSIGN OWNED",
        S::DropOwned(_) => "DROP OWNED",
        S::Grant(grant) if grant.revoke => "REVOKE",
        S::Grant(_) => "GRANT",
        S::GrantRole(GrantRole { revoke: true, .. }) => "REVOKE ROLE",
        S::GrantRole(_) => "GRANT ROLE",
        S::AlterDefaultPrivileges(_) => "ALTER DEFAULT PRIVILEGES",
        S::Set(set) => setting(set),
        S::Show(_) => "SHOW",
        S::Discard(discard) => discarding(*discard),
        S::Transaction(transaction) => steering(transaction),
        S::SetConstraints { .. } => "SET CONSTRAINTS",
        S::Lock(_) => "LOCK TABLE",
        S::Explain(_) => "EXPLAIN",
        S::Prepare(_) => "PREPARE",
        S::Execute(_) => "EXECUTE",
        S::Deallocate(Some(_)) => "DEALLOCATE",
        S::Deallocate(None) => "DEALLOCATE ALL",
        S::DeclareCursor(_) => "DECLARE CURSOR",
        S::Fetch(FetchCursor { move_only: true, .. }) => "MOVE",
        S::Fetch(_) => "FETCH",
        S::Close(CloseCursor { cursor: Some(_) }) => "CLOSE CURSOR",
        S::Close(_) => "CLOSE CURSOR ALL",
        S::Copy(_) => "COPY",
        S::Analyze(_) => "ANALYZE",
        S::Vacuum(_) => "VACUUM",
        S::Truncate(_) => "TRUNCATE TABLE",
        S::Listen(_) => "LISTEN",
        S::Notify { .. } => "NOTIFY",
        S::Unlisten(_) => "UNLISTEN",
        S::Checkpoint => "CHECKPOINT",
        S::Unsupported(name) | S::UnsupportedOn { what: name, .. } => name,
    }
}

pub(super) fn refused_read_only(statement: &Statement) -> Option<&'static str> {
    use Statement as S;
    match statement {
        S::Query(query) => writing(query),
        S::Copy(copy) => match copy.direction {
            CopyDirection::From => Some("COPY FROM"),
            CopyDirection::To => None,
        },
        S::Lock(lock) => (lock.mode > LockMode::RowExclusive).then_some("LOCK TABLE"),
        S::Set(_)
        | S::Show(_)
        | S::Discard(_)
        | S::Transaction(_)
        | S::SetConstraints { .. }
        | S::Explain(_)
        | S::Prepare(_)
        | S::Execute(_)
        | S::Deallocate(_)
        | S::DeclareCursor(_)
        | S::Fetch(_)
        | S::Close(_)
        | S::Analyze(_)
        | S::Vacuum(_)
        | S::Listen(_)
        | S::Notify { .. }
        | S::Unlisten(_)
        | S::Checkpoint => None,
        S::Unsupported(name) | S::UnsupportedOn { what: name, .. } => {
            (!READ_ONLY_UNSUPPORTED.contains(name)).then_some(name)
        }
        _ => Some(of(statement)),
    }
}

pub(super) fn refused_in_block(statement: &Statement) -> Option<&'static str> {
    use Statement as S;
    match statement {
        S::AlterDatabase(alter) => alter.action.moves().then_some("ALTER DATABASE SET TABLESPACE"),
        S::CreateDatabase(_) | S::DropDatabase(_) | S::Vacuum(_) => Some(of(statement)),
        S::Discard(Discard::All) => Some(of(statement)),
        _ => None,
    }
}

/// What Medley does not have and PostgreSQL allows in a read-only transaction.
const READ_ONLY_UNSUPPORTED: &[&str] =
    &["ALTER SYSTEM", "CALL", "CLUSTER", "DO", "LOAD", "REINDEX"];

/// A row lock, or a change of rows in WITH, is writing too.
fn writing(query: &QueryStatement) -> Option<&'static str> {
    match query {
        QueryStatement::Select(query) if query.changes_rows() => Some("SELECT"),
        QueryStatement::Select(query) => locking(&query.ast),
        other => Some(other.tag()),
    }
}

fn locking(query: &ast::Query) -> Option<&'static str> {
    let lock = query.locks.first().map(|lock| match lock.lock_type {
        ast::LockType::Share => "SELECT FOR SHARE",
        ast::LockType::Update => "SELECT FOR UPDATE",
    });
    let tables = query.with.iter().flat_map(|with| &with.cte_tables);
    lock.or_else(|| tables.into_iter().find_map(|table| locking(&table.query)))
}

fn altering(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::ForeignDataWrapper => "ALTER FOREIGN DATA WRAPPER",
        ObjectKind::Server => "ALTER SERVER",
        ObjectKind::ForeignTable => "ALTER FOREIGN TABLE",
        ObjectKind::Table => "ALTER TABLE",
        ObjectKind::View => "ALTER VIEW",
        ObjectKind::MaterializedView => "ALTER MATERIALIZED VIEW",
        ObjectKind::Index => "ALTER INDEX",
        ObjectKind::Sequence => "ALTER SEQUENCE",
        ObjectKind::Schema => "ALTER SCHEMA",
        ObjectKind::Extension => "ALTER EXTENSION",
        ObjectKind::Role => "ALTER ROLE",
        ObjectKind::Database => "ALTER DATABASE",
    }
}

fn dropping(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::ForeignDataWrapper => "DROP FOREIGN DATA WRAPPER",
        ObjectKind::Server => "DROP SERVER",
        ObjectKind::ForeignTable => "DROP FOREIGN TABLE",
        ObjectKind::Table => "DROP TABLE",
        ObjectKind::View => "DROP VIEW",
        ObjectKind::MaterializedView => "DROP MATERIALIZED VIEW",
        ObjectKind::Index => "DROP INDEX",
        ObjectKind::Sequence => "DROP SEQUENCE",
        ObjectKind::Schema => "DROP SCHEMA",
        ObjectKind::Extension => "DROP EXTENSION",
        ObjectKind::Role => "DROP ROLE",
        ObjectKind::Database => "DROP DATABASE",
    }
}

fn setting(set: &Set) -> &'static str {
    use super::SettingChange as Change;
    match set {
        Set::Setting { change: Change::Reset(_) | Change::ResetAll, .. } => "RESET",
        Set::Setting { .. } | Set::TransactionModes { .. } | Set::TransactionSnapshot(_) => "SET",
    }
}

fn discarding(discard: Discard) -> &'static str {
    match discard {
        Discard::All => "DISCARD ALL",
        Discard::Plans => "DISCARD PLANS",
        Discard::Sequences => "DISCARD SEQUENCES",
        Discard::Temp => "DISCARD TEMP",
    }
}

fn steering(transaction: &Transaction) -> &'static str {
    match transaction {
        Transaction::Begin { start: true, .. } => "START TRANSACTION",
        Transaction::Begin { .. } => "BEGIN",
        Transaction::Commit { .. } => "COMMIT",
        Transaction::Rollback { .. } | Transaction::RollbackTo(_) => "ROLLBACK",
        Transaction::Savepoint(_) => "SAVEPOINT",
        Transaction::Release(_) => "RELEASE",
        Transaction::Prepare(_) => "PREPARE TRANSACTION",
        Transaction::CommitPrepared(_) => "COMMIT PREPARED",
        Transaction::RollbackPrepared(_) => "ROLLBACK PREPARED",
    }
}
