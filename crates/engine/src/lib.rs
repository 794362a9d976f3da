//! Planning and running queries; the only crate that knows DataFusion.
