//! `sqlite_fdw`: a SQLite database file.
