//! `sqlite_fdw` on files that the tests make.
mod fixture;
mod import;
mod manual;
mod open;
mod options;
mod stream;
mod values;
