-- 0.5, 4.4, 6.5: schemas with elements, extensions, labels
create role alice;
create role bob;
create foreign data wrapper w;
create server s foreign data wrapper w;
grant usage on foreign server s to alice, bob;
grant create on database medley to alice;

-- CREATE SCHEMA with elements.
create schema e1 create view v as select 1 as a grant select on v to alice;
create schema e2 grant select on nosuch to alice;
create schema authorization alice create view v as select 1 as a grant select on v to bob;
create schema e3 authorization bob create view v2 as select * from v create view v as select 1 as a;
create schema e4 create view e5.v as select 1 as a;
create schema e5 create view e5.v as select 1 as a create view w as select * from v;
create schema e6 create view v as select nosuch;
create schema if not exists e7 create view v as select 1;
create schema if not exists e7 authorization alice;
create schema if not exists e7;
create schema e11 create foreign table t (a int) server s;
create schema e11 create function f() returns int language sql return 1;
create schema e8 grant usage on schema e8 to alice;
create schema e8 create role x;
create schema e9 grant create on schema e9 to alice grant usage on schema e9 to bob;
create schema;
create schema if not exists authorization bob;
create schema authorization;
create schema authorization public;
create schema authorization nosuch;
create schema authorization current_user;
create schema authorization session_user;
create schema x authorization current_role;
select nspname, nspowner::regrole, nspacl from pg_namespace where oid >= 16384 order by 1;
select relname, relnamespace::regnamespace, relowner::regrole, relacl from pg_class where relnamespace >= 16384 order by 2, 1;

-- ALTER SCHEMA.
alter schema e9 rename to e10;
alter schema e10 rename to e1;
alter schema nosuch rename to e1;
alter schema e10 rename to pg_x;
alter schema e10 rename to e10;
alter schema e10 owner to alice;
alter schema e10 owner to current_user;
alter schema e10 owner to nosuch;
alter schema nosuch owner to nosuch;
alter schema e10 set schema x;
alter schema if exists e10 rename to e11;
alter schema pg_catalog rename to x;
alter schema information_schema owner to alice;
alter schema information_schema owner to postgres;
drop schema e10, e9;
drop schema if exists e9, e10;
drop schema e1, e5;
drop schema e1, e5 cascade;
drop schema pg_catalog;
drop schema public;
create schema public;
comment on schema public is 'again';
select nspowner::regrole, nspacl from pg_namespace where nspname = 'public';

-- SECURITY LABEL.
security label on foreign table nosuch is 'x';
security label on column nosuch.a is 'x';
security label on role alice is 'x';
security label on schema public is null;
security label on view v is 'x';
security label for 'p' on schema public is 'x';
security label for p on function f() is 'x';
security label on foreign data wrapper w is 'x';
security label on server s is 'x';
security label on schema public is 3;

-- Columns of the system.
create foreign table public.t (a int) server s;
comment on column t.ctid is 'x';
comment on column t.tableoid is 'y';
comment on column t.oid is 'z';
select objsubid, description from pg_description where objoid = 't'::regclass order by 1;
comment on column t.ctid is null;
drop foreign table t;
select count(*) from pg_description where objsubid < 0;

-- Prepared transactions.
prepare transaction 'x';
begin;
prepare transaction 'x';
select 1;
rollback;
begin;
prepare transaction '';
rollback;
commit prepared 'x';
rollback prepared 'x';
begin;
commit prepared 'x';
rollback;
begin;
rollback prepared 'x';
rollback;
