use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_catalog::{SearchPath, Snapshot};
use medley_types::Style;

use crate::context::{Facts, QueryContext};

/// What system relations and session functions see.
#[derive(Clone)]
pub struct Session {
    /// The catalog as the statement sees it.
    pub snapshot: Arc<Snapshot>,
    /// The effective role; inside a view still the session's, as `current_user` is.
    pub role: RoleOid,
    /// Who logged in.
    pub session_user: RoleOid,
    /// What names without a schema mean.
    pub path: SearchPath,
    /// How values look.
    pub style: Arc<Style>,
    /// Settings, backends and so on.
    pub facts: Arc<dyn Facts>,
}

impl Session {
    /// The session of this statement.
    pub fn of(context: &QueryContext) -> Self {
        Self {
            snapshot: context.snapshot.clone(),
            role: context.role,
            session_user: context.session_user,
            path: context.snapshot.search_path(&context.search_path, context.role),
            style: context.style.clone(),
            facts: Arc::clone(&context.facts),
        }
    }

    /// The same, as the system's relations list the catalog.
    pub fn listing(context: &QueryContext) -> Self {
        let session = Self::of(context);
        let snapshot = context.listed.clone();
        Self { snapshot: snapshot.unwrap_or_else(|| session.snapshot.clone()), ..session }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("role", &self.role).finish_non_exhaustive()
    }
}
