//! Utility statements: resolve, authorize, check, apply.
