-- FOREIGN DATA WRAPPER: sqlmed 1.
create role cmd_alice;
create role cmd_su superuser;
create role cmd_su2 superuser;
create extension postgres_fdw;
-- show extension postgres_fdw
create extension postgres_fdw;
create extension if not exists postgres_fdw;
create extension nosuch;
create extension if not exists nosuch;
set role cmd_alice;
create foreign data wrapper w;
create foreign data wrapper postgres_fdw;
alter foreign data wrapper nosuch options (a '1');
create extension cmd_nosuch;
reset role;
create foreign data wrapper w;
-- show fdw w
create foreign data wrapper w;
create foreign data wrapper w2 no handler handler postgres_fdw_handler;
create foreign data wrapper w2 validator postgresql_fdw_validator no validator;
create foreign data wrapper w2 handler nosuch;
create foreign data wrapper w2 handler nosuch.postgres_fdw_handler;
create foreign data wrapper w2 validator nosuch;
create foreign data wrapper w2 validator public.nosuch;
create foreign data wrapper w2 handler public.postgres_fdw_handler validator pg_catalog.postgresql_fdw_validator;
-- show fdw w2
create foreign data wrapper w3 validator postgresql_fdw_validator options (host 'h');
create foreign data wrapper w3 handler postgres_fdw_handler validator postgres_fdw_validator options (host 'h');
create foreign data wrapper w3 handler postgres_fdw_handler validator postgres_fdw_validator;
alter foreign data wrapper nosuch no handler;
alter foreign data wrapper w2 no handler;
alter foreign data wrapper w2 no validator;
alter foreign data wrapper w2 validator postgres_fdw_validator;
-- show fdw w2
alter foreign data wrapper w2 validator postgres_fdw_validator options (host 'h');
alter foreign data wrapper w2 no validator options (host 'h');
-- show fdw w2
alter foreign data wrapper w2 handler postgres_fdw_handler handler postgres_fdw_handler;
alter foreign data wrapper w2 owner to cmd_nosuch;
alter foreign data wrapper nosuch owner to cmd_nosuch;
alter foreign data wrapper nosuch owner to cmd_su;
alter foreign data wrapper w2 owner to cmd_alice;
alter foreign data wrapper w2 owner to cmd_su;
-- show fdw w2
grant usage on foreign data wrapper w2 to cmd_alice;
grant usage on foreign data wrapper w2 to cmd_su2 with grant option;
-- show fdw w2
alter foreign data wrapper w2 owner to cmd_su2;
-- show fdw w2
set role cmd_alice;
alter foreign data wrapper w2 owner to cmd_su;
alter foreign data wrapper w2 rename to w9;
comment on foreign data wrapper w2 is 'mine';
drop foreign data wrapper w2;
reset role;
alter role cmd_su2 nosuperuser;
set role cmd_su2;
alter foreign data wrapper w2 options (a '1');
alter foreign data wrapper w2 no handler;
comment on foreign data wrapper w2 is 'mine';
alter foreign data wrapper w2 rename to w9;
create server s_of_owner foreign data wrapper w9;
grant usage on foreign data wrapper w9 to public;
reset role;
-- show fdw w9
alter foreign data wrapper w9 rename to w9;
alter foreign data wrapper w9 rename to w;
alter foreign data wrapper nosuch rename to w;
comment on foreign data wrapper w9 is '';
-- show fdw w9
comment on foreign data wrapper nosuch is 'x';
drop foreign data wrapper nosuch;
drop foreign data wrapper if exists nosuch;
drop foreign data wrapper w9;
drop foreign data wrapper w9 restrict;
drop foreign data wrapper w, nosuch;
drop foreign data wrapper w, w;
drop foreign data wrapper if exists w, w3;
create user mapping for public server s_of_owner;
drop foreign data wrapper w9 cascade;
drop foreign data wrapper postgres_fdw;
drop foreign data wrapper postgres_fdw cascade;
create server pg foreign data wrapper postgres_fdw;
drop extension postgres_fdw;
drop extension nosuch;
drop extension if exists nosuch;
drop extension postgres_fdw cascade;
-- show fdw postgres_fdw
