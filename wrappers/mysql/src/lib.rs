//! `mysql_fdw`: MariaDB and MySQL.
