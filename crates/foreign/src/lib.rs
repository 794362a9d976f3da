//! From a name to a live remote session: registry, resolve, pool, lease, remote transactions.
