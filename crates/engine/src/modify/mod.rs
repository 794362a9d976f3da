//! Changing rows: INSERT, UPDATE, DELETE, TRUNCATE of foreign tables.
//!
//! Nothing here goes through DataFusion's planning of changes. What a change means is in the
//! analysed tree (`medley_analyze::tree::Change`); what DataFusion plans of it is a query: the new
//! values, and by what each row is found again. The rows are changed by statements in the remote's
//! SQL (`statement`), prepared once and run for each row, in the transaction that
//! `medley_foreign` keeps for the remote; or by one statement, where the remote can decide all of
//! it as we would (`direct`).
//!
//! Invariants:
//! - rights are checked before a mapping is resolved, and the mapping is that of the role whose
//!   rights counted: through a view its owner's;
//! - what was changed before an error is undone with the transaction at the remote;
//! - an UPDATE or DELETE changes a row that its condition holds for once, whatever it is joined
//!   with; what it reads does not see what it changes.
mod change;
mod direct;
mod explain;
mod identity;
mod load;
mod parameters;
mod plan;
mod returning;
mod rights;
pub(crate) mod rows;
mod statement;
mod table;
mod truncate;
mod with;

pub use change::{Changes, PreparedChange};
pub use load::Loaded;
pub use truncate::TruncateOptions;
