//! `postgres_fdw` against a real PostgreSQL.
mod all_types;
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
