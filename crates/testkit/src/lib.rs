//! For tests only: real remotes and Medleys on free ports, SQL scripts, and a canary for secrets.
//!
//! Without features this crate only knows where the real servers' programs are ([`Program`]), and
//! builds in a second. With `servers` (the default) it starts them. What links the engine stands
//! behind `engine`, so that a wrapper's tests never compile DataFusion; what looks into a catalog
//! behind `catalog`.
//!
//! Invariants: a server is never run as root, listens on loopback alone, lives in a temporary
//! folder, and is stopped by its process id, also when the test that started it is killed.
//! A program that is missing is an error with instructions, never a skipped test.
mod programs;

pub use programs::{MissingProgram, Program};
#[cfg(feature = "servers")]
mod canary;
#[cfg(feature = "servers")]
mod certificates;
#[cfg(feature = "servers")]
pub mod compat;
#[cfg(feature = "servers")]
mod guard;
#[cfg(feature = "catalog")]
pub mod invariants;
#[cfg(feature = "servers")]
mod mariadb;
#[cfg(feature = "servers")]
mod medley;
#[cfg(feature = "servers")]
mod openbao;
#[cfg(feature = "servers")]
mod ports;
#[cfg(feature = "servers")]
mod postgres;
#[cfg(feature = "servers")]
pub mod psql;
#[cfg(feature = "servers")]
pub mod race;
#[cfg(feature = "servers")]
mod s3;
#[cfg(feature = "servers")]
pub mod script;
#[cfg(feature = "servers")]
mod service;
#[cfg(feature = "servers")]
mod temp;
#[cfg(feature = "servers")]
mod vault;

#[cfg(feature = "servers")]
pub use {
    canary::{Canary, Forms},
    certificates::{Certificates, ClientCertificate},
    mariadb::MariaDb,
    medley::{Medley, MedleyBuilder},
    openbao::OpenBao,
    ports::free_port,
    postgres::{Postgres, PostgresBuilder, SUPERUSER},
    s3::ObjectStore,
    service::Service,
    temp::TempFolder,
    vault::Vault,
};
