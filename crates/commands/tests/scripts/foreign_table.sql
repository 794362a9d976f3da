-- CREATE and DROP FOREIGN TABLE: sqlmed 4.1, 4.3, 4.4.
create role cmd_alice;
create foreign data wrapper w;
create extension postgres_fdw;
create server s foreign data wrapper w;
create server p foreign data wrapper postgres_fdw;
create schema n;
create foreign table nosuch.t (a nosuch) server nosuch;
create foreign table t0 () server s;
-- show table t0
create foreign table t0 (a nosuch) server nosuch;
create foreign table if not exists t0 (a nosuch) server nosuch;
create foreign table t1 (a nosuch) server nosuch;
create foreign table t1 (a nosuch.x) server nosuch;
create foreign table t1 (a int primary key) server nosuch;
create foreign table t1 (a int unique) server nosuch;
create foreign table t1 (a int references t0) server nosuch;
create foreign table t1 (a int, primary key (a)) server nosuch;
create foreign table t1 (a int, foreign key (a) references t0 (a)) server nosuch;
create foreign table t1 (a int, unique (a)) server nosuch;
create foreign table t1 (a int, exclude using gist (a with =)) server nosuch;
create foreign table t1 (a int, a int) server nosuch;
create foreign table t1 (a int, ctid int) server nosuch;
create foreign table t1 (a int) server nosuch;
create foreign table t1 (a int);
create foreign table t1 (a setof int) server s;
create foreign table t1 (a anyelement) server s;
create foreign table t1 (a int collate "C") server s;
create foreign table t1 (a text collate nosuch) server s;
create foreign table t1 (a int not null null) server s;
create foreign table t1 (a int default 1 default 2) server s;
create foreign table t1 (a int default a) server s;
create foreign table t1 (a int, check (b > 0)) server s;
create foreign table t1 (a int, constraint k check (a > 0), constraint k check (a > 1)) server s;
create foreign table t1 (a varchar(0)) server s;
create foreign table t1 (a numeric(2000)) server s;
create foreign table t1 (a int, b int generated always as (a + 1) stored default 3) server s;
create foreign table t1 (a int, b int generated always as (a + 1) stored, c int generated always as (b + 1) stored) server s;
create foreign table t1 (a int) server s options (x '1', x '2');
create foreign table t1 (a int options (x '1', x '2')) server s;
create foreign table t1 (a int) server p options (tablename 'x');
create foreign table t1 (a int options (columnname 'x')) server p;
create foreign table t1 (a int options (x 'x')) server p options (tablename 'x');
create foreign table n.t1 (a integer options (column_name 'A') not null, b varchar(10) default 'x'::text collate pg_catalog."C", c numeric(10,2)[], d timestamp(3) with time zone, g integer generated always as (a + 1) stored, constraint cc check (a > 0), check (a < 10), check (a > 0 and d is not null), check (1 > 0)) server p options (schema_name 'r', table_name 'T 1');
-- show table t1
create foreign table t2 (a int constraint pos check (a > 0) check (a < 9) no inherit, b interval day to second(3), c char, d bit varying(3), e "char", f float(3), h text[][], i json) server s;
-- show table t2
set role cmd_alice;
create foreign table t3 (a nosuch) server nosuch;
create foreign table n.t3 (a nosuch) server nosuch;
reset role;
grant create on schema public to cmd_alice;
set role cmd_alice;
create foreign table t3 (a int) server s;
create foreign table n.t3 (a int) server s;
drop foreign table t2;
drop foreign table n.t1;
comment on foreign table t2 is 'x';
comment on column t2.a is 'x';
begin;
lock table t2;
rollback;
reset role;
grant usage on foreign server s to cmd_alice;
set role cmd_alice;
create foreign table t3 (a int) server s;
comment on foreign table t3 is 'mine';
comment on column t3.a is 'mine too';
comment on column t3.b is 'mine too';
comment on table t3 is 'mine';
comment on view t3 is 'mine';
comment on foreign table nosuch is 'mine';
comment on column nosuch.a is 'mine';
reset role;
-- show table t3
create view v as select a from t3;
drop foreign table v;
drop view t3;
drop table t3;
drop index t3;
drop sequence t3;
drop materialized view t3;
drop table nosuch;
drop view nosuch;
drop foreign table nosuch;
drop foreign table nosuch.t3;
drop foreign table if exists nosuch, nosuch.t3;
drop foreign table t3;
drop foreign table t3, t2;
drop foreign table t3, v;
drop foreign table t3, t3 cascade;
begin;
lock table t2;
rollback;
vacuum t2;
drop schema n;
drop schema n cascade;
drop schema nosuch;
drop schema if exists nosuch;
-- What PostgreSQL 18 added: named NOT NULL, LIKE, NOT ENFORCED.
create foreign table l0 (a int constraint nn not null, b text default 'x', c int generated always as (a * 2) stored, check (a > 0), constraint big check (a > 5 and b <> '')) server s options (x '1');
-- show table l0
comment on column l0.b is 'bee';
create foreign table l1 (like l0) server s;
-- show table l1
create foreign table l2 (like l0 including all, d int) server s;
-- show table l2
create foreign table l3 (like l0 including all excluding comments excluding defaults) server s;
-- show table l3
create foreign table l4 (like nosuch) server s;
create foreign table l4 (like l0, a int) server s;
create foreign table l4 (a int constraint x not null constraint y not null) server s;
create foreign table l4 (a int not null, constraint x not null a) server s;
create foreign table l4 (constraint x not null a, a int) server s;
-- show table l4
create foreign table l5 (a int, constraint x not null b) server s;
create foreign table l5 (a int check (a > 0) not enforced, b int check (b > 0) enforced) server s;
-- show table l5
create foreign table l6 (a int storage main) server s;
create foreign table l6 (a text storage nosuch) server s;
create foreign table l6 (a text storage external) server s;
alter foreign table l5 rename constraint l5_a_check to k;
alter table l5 rename constraint nosuch to k;
alter table l5 rename constraint l5_a_check to l5_b_check;
alter table l5 rename constraint l5_a_check to k;
alter table l5 validate constraint k;
alter table l4 add constraint z not null a;
alter table l4 add constraint x not null a;
alter table l4 drop constraint x;
alter table l4 add constraint z not null a;
-- show table l4
alter table l0 drop column a;
alter table l0 alter column a type bigint;
alter table l0 rename column a to aa;
alter table l0 rename column b to "B b";
alter table l0 alter column c set default 4;
alter table l0 drop column c, drop column aa;
-- show table l0
create foreign table l7 (a int check (nosuch.a > 0)) server s;
create foreign table l7 (a int check (l7.a > 0), b int default (select 1)) server s;
create foreign table l7 (a int check ((select 1) > 0)) server s;
create foreign table l7 (a int check (l7.a > 0), b int default 1 + 2) server s;
-- show table l7
create foreign table abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz (abcdefghijklmnopqrstuvwxyz int check (abcdefghijklmnopqrstuvwxyz > 0) not null) server s;
alter foreign table abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz drop constraint nosuch;
-- show table abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz
create foreign table pg_temp.x (a int) server s;
create foreign table a.b.c.d (a int) server s;
create foreign table nosuch.public.x (a int) server s;
create temp table x (a int);
