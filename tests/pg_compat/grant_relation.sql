-- 4.4, 6.5: GRANT and REVOKE on foreign tables, columns and schemas
create role alice;
create role bob;
create role carol;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw;
create schema n;
create foreign table t (a int, b int, c text) server s;
create foreign table n.u (a int) server s;
create view v as select a, b from t;

grant select on t to alice;
grant select on table t to alice;
grant select on foreign table t to alice;
grant usage on t to alice;
grant execute on t to alice;
grant nosuch on t to alice;
grant connect on t to alice;
grant create on table t to alice;
grant select on nosuch to alice;
grant select on nosuch to nosuch;
grant select on t to nosuch;
grant select on n.nosuch to alice;
grant select on nosuch.t to alice;
grant select on t, n.u, v to alice;
grant select on medley.public.t to alice;
grant select on other.public.t to alice;
grant all on t to alice;
grant all privileges on table t to alice with grant option;
grant insert, update, delete, truncate, references, trigger, maintain on t to bob;
select relacl from pg_class where oid = 't'::regclass;
revoke insert, update on t from bob;
revoke all on t from alice, bob cascade;
select relacl from pg_class where oid = 't'::regclass;
revoke all on t from public;
grant select on t to public;
grant select on t to public with grant option;
select relacl from pg_class where oid = 't'::regclass;
revoke select on t from public;

-- Columns.
grant select (a) on t to alice;
grant select (a, b), update (c) on t to alice;
grant select (a), insert on t to bob;
grant all (a) on t to bob;
grant delete (a) on t to alice;
grant truncate (a) on t to alice;
grant references (a) on t to alice;
grant select (nosuch) on t to alice;
grant select (a, a) on t to alice;
grant select (ctid) on t to alice;
grant select (a) on n.u, t to alice;
grant select (a) on v to alice with grant option;
select attname, attacl from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum;
revoke select (a) on t from alice;
revoke select on t from alice;
revoke all on t from bob;
select attname, attacl from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum;
set role alice;
grant select (a) on v to bob;
grant select (b) on v to bob;
grant select on v to bob;
grant all on v to bob;
revoke select (a) on v from bob;
grant select (a) on t to bob;
revoke all on t from bob;
reset role;
revoke select (a) on v from alice;
revoke select (a) on v from alice cascade;

-- Warnings, when part of it can be granted.
grant select, insert on t to alice with grant option;
grant update on t to alice;
set role alice;
grant select, update on t to bob;
grant update on t to bob;
grant all on t to carol;
revoke update on t from bob;
revoke all on t from bob;
grant delete on t to bob;
reset role;
select relacl from pg_class where oid = 't'::regclass;
revoke select on t from alice;
revoke grant option for select on t from alice;
revoke grant option for select on t from alice cascade;
revoke all on t from alice cascade;
select relacl from pg_class where oid = 't'::regclass;

-- Without any right.
set role bob;
grant select on t to carol;
grant select (a) on t to carol;
revoke select on t from carol;
grant select on v to carol;
grant select on n.u to carol;
reset role;

-- All of a schema.
grant select on all tables in schema public to alice;
grant select on all tables in schema public, n to alice;
grant select on all tables in schema nosuch to alice;
grant usage on all tables in schema n to alice;
grant select on all sequences in schema n to alice;
grant execute on all functions in schema n to alice;
revoke select on all tables in schema public, n from alice;
select relname, relacl from pg_class where relname in ('t', 'u', 'v') order by 1;

-- Schemas.
grant usage on schema n to alice;
grant create on schema n to alice with grant option;
grant all on schema n to bob;
grant select on schema n to bob;
grant usage on schema nosuch to alice;
grant usage on schema n to nosuch;
grant usage, create on schema n, public to carol;
select nspname, nspacl from pg_namespace where nspname in ('n', 'public') order by 1;
set role alice;
grant create on schema n to carol;
grant usage on schema n to carol;
grant all on schema n to carol;
revoke all on schema public from carol;
grant usage on schema public to bob;
reset role;
revoke create on schema n from alice;
revoke create on schema n from alice cascade;
select nspname, nspacl from pg_namespace where nspname in ('n', 'public') order by 1;

-- The database.
grant connect on database medley to alice;
grant create, temporary on database medley to bob;
grant temp on database medley to bob;
grant usage on database medley to bob;
grant connect on database nosuch to bob;
revoke connect on database medley from alice;
revoke all on database medley from public;

-- The owner's own rights.
alter table t owner to alice;
set role alice;
revoke all on t from alice;
select relacl from pg_class where oid = 't'::regclass;
grant select on t to bob;
alter foreign table t options (table_name 'x');
select relacl from pg_class where oid = 't'::regclass;
reset role;
alter table t owner to bob;
select relacl from pg_class where oid = 't'::regclass;
