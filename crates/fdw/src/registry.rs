use crate::{Handler, Wrapper};

/// The wrappers of this build, found by the functions that CREATE FOREIGN DATA WRAPPER names.
///
/// A wrapper's name in the catalog is free; what it does is decided by its HANDLER, and who
/// judges its options by its VALIDATOR.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: Vec<Handler>,
}

impl Registry {
    /// Of these wrappers, in the order in which `medley wrapper list` prints them.
    pub fn new(handlers: Vec<Handler>) -> Self {
        Self { handlers }
    }

    /// All wrappers.
    pub fn wrappers(&self) -> impl Iterator<Item = &dyn Wrapper> {
        self.handlers.iter().map(Handler::wrapper)
    }

    /// What this HANDLER function stands for.
    pub fn handler(&self, function: &str) -> Option<&Handler> {
        self.handlers.iter().find(|handler| handler.wrapper().handler() == function)
    }

    /// Whose options this VALIDATOR function judges.
    pub fn validator(&self, function: &str) -> Option<&dyn Wrapper> {
        self.wrappers().find(|wrapper| wrapper.validator() == function)
    }

    /// The wrapper that an extension of this name brings.
    pub fn extension(&self, name: &str) -> Option<&dyn Wrapper> {
        self.wrappers().find(|wrapper| wrapper.name() == name)
    }
}
