//! For tests only: a Medley on a free port, real remotes, the script runner, canary, conformance.
