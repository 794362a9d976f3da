//! The objects, a file each, as they stand in snapshots and in the store.
mod columns;
mod default_acl;
mod extension;
mod membership;
mod options;
mod relation;
mod role;
mod row;
mod schema;
mod server;
mod setting;
mod user_mapping;
mod wrapper;

pub use columns::{Check, Column, ColumnDefault, NotNull};
pub use default_acl::{DefaultAcl, DefaultAclKind};
pub use extension::Extension;
pub use membership::Membership;
pub use options::{OptionValue, Options};
pub use relation::{CheckOption, ForeignTable, Relation, RelationKind, View};
pub use role::Role;
pub use row::{Comment, Object, Reference, ReferenceKind, Row, RowKey};
pub use schema::Schema;
pub use server::Server;
pub use setting::{Setting, SettingScope};
pub use user_mapping::UserMapping;
pub use wrapper::Wrapper;
