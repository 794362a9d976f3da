//! `postgres_fdw`: another PostgreSQL server.
