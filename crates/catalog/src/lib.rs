//! What exists, who owns it, who may use it.
