-- SCHEMA, and COMMENT ON what is left.
create role cmd_a;
create role cmd_b;
create schema n;
create schema n;
create schema if not exists n;
create schema pg_n;
create schema authorization cmd_nosuch;
create schema authorization cmd_a;
-- show schema cmd_a
create schema m authorization cmd_a;
-- show schema m
set role cmd_b;
create schema x;
alter schema n rename to x;
alter schema n rename to m;
alter schema n owner to cmd_b;
comment on schema n is 'x';
drop schema n;
reset role;
alter schema n rename to m;
alter schema n rename to pg_m;
alter schema nosuch rename to x;
alter schema n rename to n2;
alter schema n2 owner to cmd_nosuch;
alter schema n2 owner to cmd_b;
-- show schema n2
comment on schema n2 is 'two';
-- show schema n2
comment on schema nosuch is 'two';
set role cmd_b;
alter schema n2 owner to cmd_b;
alter schema n2 owner to cmd_a;
comment on schema n2 is null;
drop schema n2;
reset role;
-- show schema n2
drop schema pg_catalog;
