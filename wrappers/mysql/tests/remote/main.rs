//! `mysql_fdw` against a real MariaDB.
mod fixture;
mod import;
mod impostor;
mod login;
mod manual;
mod modify;
mod rows;
mod stream;
mod tls;
mod transactions;
mod types;
