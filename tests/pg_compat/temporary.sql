-- 4.1, 4.4: temporary views and foreign tables
create role alice login;
create foreign data wrapper w;
create server s foreign data wrapper w;
grant usage on foreign server s to alice;
create schema n;
select pg_my_temp_schema();
select current_schemas(true);
select * from pg_temp.nosuch;
drop view pg_temp.nosuch;

-- What can be temporary, and how it is said.
create temp foreign table ft (a int) server s;
create temporary foreign table ft (a int) server s;
create foreign temp table ft (a int) server s;
create foreign table pg_temp.ft (a int) server s;
create foreign table pg_temp.ft (a int) server s;
create foreign table if not exists pg_temp.ft (a int) server s;
create temp view tv as select 1 as a;
create temporary view tv as select 1 as a;
create or replace temp view tv as select 1 as a, 2 as b;
create local temp view lt as select 1 as a;
create view pg_temp.pt as select 1 as a;
create temp view pg_temp.pt2 as select 1 as a;
create temp view public.x as select 1 as a;
create temp view n.x as select 1 as a;
create temp view nosuch.x as select 1 as a;
create local view x as select 1 as a;
create view lv as select * from ft;
create view n.lv as select * from ft;
create view public.lv as select * from pg_temp.ft;
create view lv2 as select a from tv;
create or replace view lv2 as select a from tv;
create view perm as select 1 as one;
create or replace view perm as select a as one from tv;
select relname, relkind, relpersistence, relnamespace = pg_my_temp_schema() as own, relowner::regrole from pg_class where relname in ('ft', 'tv', 'lt', 'pt', 'pt2', 'lv', 'lv2', 'perm') order by 1, 4;
select nspowner::regrole, nspacl from pg_namespace where oid = pg_my_temp_schema();
select pg_is_other_temp_schema(pg_my_temp_schema()), pg_is_other_temp_schema(2200);
select table_name, table_type from information_schema.tables where table_schema like 'pg\_temp%' order by 1;
\d
\d ft
\d pg_temp.ft
\dv tv
\det
\dn

-- Where names are looked up.
select current_schemas(true), current_schemas(false), current_schema;
create view tv as select 3 as c;
select * from tv;
select * from public.tv;
select * from pg_temp.tv;
set search_path = public;
select * from tv;
select current_schemas(true);
set search_path = public, pg_temp;
select * from tv;
select current_schemas(true), current_schema;
drop view tv;
select * from tv;
set search_path = pg_temp, public;
select current_schemas(true), current_schemas(false), current_schema;
create view inpath as select 1 as a;
create foreign table ftpath (a int) server s;
select relname, relpersistence from pg_class where relname in ('inpath', 'ftpath') order by 1;
set search_path = nosuch, pg_temp;
create view inpath2 as select 1 as a;
select relpersistence from pg_class where relname = 'inpath2';
set search_path = n, pg_temp;
create view inpath3 as select 1 as a;
select relpersistence from pg_class where relname = 'inpath3';
reset search_path;
create temp view pg_class as select 1 as mine;
select * from pg_class;
select count(*) > 1 from pg_catalog.pg_class;
drop view pg_class;
select 'ft'::regclass, 'pg_temp.ft'::regclass, to_regclass('pg_temp.nosuch');
select pg_table_is_visible('pg_temp.ft'::regclass);

-- What else is done with them.
comment on foreign table ft is 'x';
comment on view pg_temp.tv is 'y';
grant select on ft to alice;
alter foreign table ft add column b int;
create foreign table pg_temp.ft1 (a int, b int) server s;
alter foreign table pg_temp.ft1 rename to ft2;
alter foreign table ft2 rename b to c;
alter view lv rename to lv3;
alter foreign table ft2 owner to alice;
alter foreign table ft2 set schema public;
alter foreign table ft2 set schema pg_temp;
alter view perm set schema pg_temp;
alter view n.inpath3 set schema pg_temp;
alter view tv set schema nosuch;
import foreign schema x from server s into pg_temp;
create schema pg_temp;
create schema pg_temp_3;
drop schema pg_temp;
alter schema pg_temp rename to x;
alter schema pg_temp owner to alice;
comment on schema pg_temp is 'x';
grant usage on schema pg_temp to alice;
grant select on all tables in schema pg_temp to alice;
alter default privileges in schema pg_temp grant select on tables to alice;
begin read only;
create temp view ro as select 1 as a;
rollback;

-- Dependents, and what keeps a role.
drop role alice;
drop foreign table ft2;
drop server s;
drop server s cascade;
create server s foreign data wrapper w;
\d

-- Who may.
revoke temporary on database medley from public;
grant usage on foreign server s to alice;
set role alice;
create temp view a as select 1 as a;
create foreign table pg_temp.a (a int) server s;
select * from tv;
select has_schema_privilege(pg_my_temp_schema(), 'usage'), has_schema_privilege(pg_my_temp_schema(), 'create');
reset role;
grant temp on database medley to alice;
set role alice;
create temp view a as select 1 as a;
select has_schema_privilege(pg_my_temp_schema(), 'usage'), has_schema_privilege(pg_my_temp_schema(), 'create');
drop view tv;
reset role;
grant select on tv to alice;
\c medley alice
select pg_my_temp_schema();
\! sleep 1
select count(*) from pg_class where relpersistence = 't';
create temp view a as select 1 as a;
select * from pg_temp.a;
\c medley postgres
revoke temp on database medley from alice;
\c medley alice
create temp view a as select 1 as a;
create foreign table pg_temp.a (a int) server s;
set search_path = pg_temp;
create view a as select 1 as a;
\c medley postgres
select count(*) from pg_namespace where nspname = 'pg_temp';

-- With transactions.
begin;
create temp view a as select 1 as a;
select * from a;
savepoint s;
create temp view b as select 1 as b;
rollback to s;
select * from b;
rollback;
select * from a;
select pg_my_temp_schema();
begin;
create temp view a as select 1 as a;
commit;
select * from a;

-- DISCARD.
create foreign table pg_temp.ft (a int) server s;
create view lv as select * from ft;
discard temp;
select * from a;
\d
create temp view a as select 1 as a;
discard all;
select * from a;
create temp view a as select 1 as a;
begin;
discard temp;
select * from a;
rollback;
select * from a;
drop view a;
drop role alice;
revoke usage on foreign server s from alice;
drop role alice;
