//! The statements, in their own terms: a module for each family, as the parser's.
mod comment;
mod copy;
mod cursor;
mod database;
mod extension;
mod foreign_table;
mod grant;
mod maintenance;
mod name;
mod object;
mod prepare;
mod query;
mod role;
mod schema;
mod server;
mod settings;
mod statement;
mod tag;
mod transaction;
mod type_name;
mod user_mapping;
mod view;
mod wrapper;

pub use comment::{Comment, CommentObject, SecurityLabel};
pub use copy::{Copy, CopyDirection, CopyEnd, CopyOption, CopySource};
pub use cursor::{CloseCursor, DeclareCursor, FetchCursor, FetchDirection};
pub use database::{
    AlterDatabase, AlterDatabaseAction, AlterDatabaseSettings, CreateDatabase, DatabaseOption,
    DatabaseOptionValue, DropDatabase,
};
pub use extension::{AlterExtension, AlterExtensionAction, CreateExtension};
pub use foreign_table::{
    AlterTable, AlterTableAction, ColumnDefinition, Constraint, ConstraintKind, CreateForeignTable,
    ForeignSchemaTables, IdentityChange, ImportForeignSchema, LikeClause, RefreshForeignTable,
    TableBody, TableElement,
};
pub use grant::{
    AlterDefaultPrivileges, FunctionName, Grant, GrantObjects, GrantRole, MemberOption, Privilege,
    Privileges, RoutineKind,
};
pub use maintenance::{Analyze, Lock, LockMode, Truncate, Vacuum};
pub use name::{Name, OptionItem, QualifiedName, RoleSpec};
pub use object::{
    AlterOwner, Drop, DropBehavior, ObjectKind, Rename, RenameTarget, SetObjectSchema,
};
pub use prepare::{Execute, Explain, ExplainOption, Prepare};
pub use query::{Expression, Query, QueryStatement};
pub use role::{
    AlterRole, AlterRoleSettings, CreateRole, DropOwned, DropRole, GroupMembership, PasswordChange,
    ReassignOwned, RoleKind, RoleOptions,
};
pub use schema::CreateSchema;
pub use server::{AlterServer, CreateServer};
pub use settings::{
    Discard, Set, SetScope, SetValue, SettingArgument, SettingChange, TransactionScope,
};
pub use statement::{FirstParameter, Parsed, Script, Statement};
pub use transaction::{Isolation, Transaction, TransactionMode};
pub use type_name::TypeName;
pub use user_mapping::{AlterUserMapping, CreateUserMapping, DropUserMapping};
pub use view::{CheckOption, CreateView, RelationOption};
pub use wrapper::{
    AlterForeignDataWrapper, CreateForeignDataWrapper, WrapperClause, WrapperFunction,
};
