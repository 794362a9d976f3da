-- 5: IMPORT FOREIGN SCHEMA of a real remote
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create schema r;
create schema empty;
create schema mixed;
create type mixed.mood as enum ('sad', 'glad');
create table r.plain (a int not null, b text, c varchar(10) default 'x', d numeric(10, 2) default 1.5, e timestamp with time zone default now());
create table r."Quoted Name" ("Quoted Column" int, "select" text, "a""b" int);
create table r.generated (a int, g int generated always as (a * 2) stored);
create table r.identity (a int generated always as identity, b serial);
create table r.keyed (a int primary key, b int unique, c int check (c > 0), d int references r.keyed);
create table r.collated (a text collate "C", b text, c text collate "POSIX");
create table r.types (a bool, b bytea, c "char", d name, e bigint, f smallint, g oid, h real, i float8, j char, k char(5), l bit(3), m varbit(4), n date, o time, p timetz, q timestamp(3), r interval, s uuid, t json, u jsonb, v inet, w cidr, x int[], y text[], z numeric);
create table r.empty ();
create table r.parted (a int, b int) partition by list (a);
create table r.part1 partition of r.parted for values in (1);
create table r.dropped (a int, b int, c int);
alter table r.dropped drop column b;
create view r.v as select a, b from r.plain;
create materialized view r.m as select a from r.plain;
create sequence r.seq;
create index on r.plain (a);
create function r.f() returns int language sql as 'select 1';
create table mixed.fine (a int);
create table mixed.moody (a mixed.mood);
create table public.pub (a int);
grant usage on schema r, empty, mixed to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for postgres server s options (user 'one', password 'one');
create schema n;
create schema m;
import foreign schema r from server s into n;
\det n.*
\d n.plain
\d n."Quoted Name"
\d n.generated
\d n.identity
\d n.keyed
\d n.collated
\d n.types
\d n.empty
\d n.parted
\d n.dropped
\d n.v
\d n.m
select relname, relowner::regrole from pg_class where relnamespace = 'n'::regnamespace and relkind = 'f' order by 1;
import foreign schema r from server s into n;
import foreign schema r limit to (plain) from server s into m;
import foreign schema r limit to (plain) from server s into m;
import foreign schema r limit to (nosuch) from server s into m;
import foreign schema r limit to (nosuch.v, only m, v, v) from server s into m;
import foreign schema r limit to ("Quoted Name", Keyed) from server s into m;
import foreign schema r limit to (part1) from server s into m;
import foreign schema r limit to (seq) from server s into m;
\det m.*
drop schema m cascade;
create schema m;
import foreign schema r except (plain, "Quoted Name", generated, identity, keyed, types, empty, v, m, nosuch) from server s into m;
\det m.*
drop foreign table m.collated, m.parted, m.dropped;
import foreign schema r limit to (plain, generated) from server s into m options (import_default 'true', import_not_null 'false', import_generated 'false');
\d m.plain
\d m.generated
drop foreign table m.plain, m.generated;
import foreign schema r limit to (collated, plain) from server s into m options (import_collate 'false', import_default 'off');
\d m.collated
\d m.plain
drop foreign table m.plain, m.collated;
import foreign schema r limit to (identity) from server s into m options (import_default 'on');
import foreign schema r limit to (plain) from server s into m options (import_default 'false', import_default 'true');
\d m.plain
drop foreign table m.plain;
import foreign schema empty from server s into m;
import foreign schema nosuch from server s into m;
import foreign schema nosuch from server s into m options (nosuch 'x');
import foreign schema R from server s into m limit to (x);
import foreign schema "R" from server s into m;
import foreign schema mixed from server s into m;
\det m.*
import foreign schema mixed limit to (fine) from server s into m;
\det m.*
import foreign schema public limit to (pub) from server s into pg_catalog;
import foreign schema public limit to (pub) from server s into information_schema;
drop foreign table if exists information_schema.pub;
begin;
import foreign schema r limit to (plain) from server s into m;
savepoint a;
import foreign schema r limit to (keyed) from server s into m;
rollback to a;
commit;
\det m.*
begin read only;
import foreign schema r from server s into m;
rollback;
select a from n.plain;
grant usage on foreign server s to alice;
set role alice;
import foreign schema r from server s into m;
reset role;
grant create on schema m to alice;
set role alice;
import foreign schema r limit to (keyed) from server s into m;
create user mapping for current_user server s options (user 'one', password 'one');
import foreign schema r limit to (keyed) from server s into m;
reset role;
grant usage on schema m to alice;
set role alice;
import foreign schema r limit to (keyed) from server s into m;
reset role;
\det+ m.*
select relname, relowner::regrole from pg_class where relnamespace = 'm'::regnamespace and relkind = 'f' order by 1;
