//! `postgres_fdw` against a real PostgreSQL.
mod fixture;
mod import;
mod login;
mod rows;
mod stream;
mod tls;
mod transactions;
mod types;
