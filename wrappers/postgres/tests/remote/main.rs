//! `postgres_fdw` against a real PostgreSQL.
mod certificates;
mod fixture;
mod hosts;
mod import;
mod impostor;
mod login;
mod modify;
mod naming;
mod reset;
mod rows;
mod stream;
mod tls;
mod transactions;
mod types;
