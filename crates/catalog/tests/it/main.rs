//! The catalog as its users see it.
mod dependencies;
mod fixture;
mod matrices;
mod model;
mod races;
mod store;
mod transactions;
