//! `file_fdw` and `parquet_s3_fdw`: files and object stores.
