//! `hello_fdw`: the smallest wrapper, and the one to copy.
