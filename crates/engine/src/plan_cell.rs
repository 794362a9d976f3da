//! What a prepared statement keeps of its last run.
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_types::{PgType, Style};
use parking_lot::Mutex;

use crate::context::QueryContext;
use crate::engine::Parameter;
use crate::ship::whole::{Shippable, Whole};

/// The plan of a prepared statement, without any mapping, for the state in which it was made. To
/// be used only where the transaction has not changed the catalog.
#[derive(Default)]
pub struct PlanCell(Mutex<Option<(State, Kept)>>);

/// A statement that may be shipped as a whole, and may read what it reads; or why it is not.
pub(crate) type Kept = Arc<Shippable<Arc<Whole>>>;

/// What a plan depends on.
#[derive(Clone, PartialEq)]
struct State {
    catalog: u64,
    role: RoleOid,
    search_path: Arc<[String]>,
    style: Arc<Style>,
    parameters: Vec<PgType>,
}

impl State {
    fn is_of(&self, context: &QueryContext, parameters: &[Parameter]) -> bool {
        self.catalog == context.snapshot.version()
            && self.role == context.role
            && self.search_path == context.search_path
            && self.style == context.style
            && self.parameters.iter().eq(parameters.iter().map(|it| &it.pg_type))
    }
}

impl PlanCell {
    pub(crate) fn get(&self, context: &QueryContext, parameters: &[Parameter]) -> Option<Kept> {
        let cell = self.0.lock();
        let (state, kept) = cell.as_ref()?;
        state.is_of(context, parameters).then(|| Arc::clone(kept))
    }

    pub(crate) fn set(&self, context: &QueryContext, parameters: &[Parameter], plan: &Kept) {
        let state = State {
            catalog: context.snapshot.version(),
            role: context.role,
            search_path: Arc::clone(&context.search_path),
            style: Arc::clone(&context.style),
            parameters: parameters.iter().map(|parameter| parameter.pg_type).collect(),
        };
        *self.0.lock() = Some((state, Arc::clone(plan)));
    }
}

impl std::fmt::Debug for PlanCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlanCell").finish_non_exhaustive()
    }
}
