//! The contract with a wrapper.
