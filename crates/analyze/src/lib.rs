//! Which relations, columns and functions a query names, in PostgreSQL's scoping.
