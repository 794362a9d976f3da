//! `hello_fdw`, as the engine uses it.
mod manual;
mod rows;
mod wrapper;
