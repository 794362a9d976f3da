use std::sync::Arc;

use crate::{Handler, Wrapper};

/// The wrappers of this build, found by the functions that CREATE FOREIGN DATA WRAPPER names.
///
/// A wrapper's name in the catalog is free; what it does is decided by its HANDLER, and who
/// judges its options by its VALIDATOR.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: Vec<Handler>,
    /// Wrappers that are known, and not in this build.
    absent: Vec<Arc<dyn Wrapper>>,
}

impl Registry {
    /// Of these wrappers, in the order in which `medley wrapper list` prints them.
    pub fn new(handlers: Vec<Handler>) -> Self {
        Self { handlers, absent: Vec::new() }
    }

    /// The same, where what is declared with these is kept, and nothing of it can be read.
    pub fn with_absent(self, absent: Vec<Arc<dyn Wrapper>>) -> Self {
        Self { absent, ..self }
    }

    /// All that can be declared, whether this build has it or not.
    pub fn known(&self) -> impl Iterator<Item = &dyn Wrapper> {
        self.wrappers().chain(self.absent.iter().map(AsRef::as_ref))
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
        self.known().find(|wrapper| wrapper.validator() == function)
    }

    /// Whether CREATE FOREIGN DATA WRAPPER may name this function after HANDLER.
    pub fn knows_handler(&self, function: &str) -> bool {
        self.known().any(|wrapper| wrapper.handler() == function)
    }

    /// The wrapper that an extension of this name brings.
    pub fn extension(&self, name: &str) -> Option<&dyn Wrapper> {
        self.known().find(|wrapper| wrapper.extension() == name)
    }
}
