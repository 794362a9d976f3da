-- 4.1, 4.3: foreign tables: CREATE and DROP
create role alice;
create role bob;
create extension postgres_fdw;
create foreign data wrapper w;
create server s foreign data wrapper w;
create server p foreign data wrapper postgres_fdw;
create schema n;
grant usage on foreign server s to bob;

-- Checks, in their order.
create foreign table t (a int) server s;
create foreign table t (a int) server s;
create foreign table t (a nosuch) server nosuch;
create foreign table if not exists t (a nosuch, a int) server nosuch;
create foreign table if not exists nosuch.t (a int) server s;
create foreign table nosuch.t (a int) server nosuch;
create foreign table u (a int) server nosuch;
create foreign table u (a nosuch) server s;
create foreign table u (a nosuch.t) server s;
create foreign table u (a int, a text) server s;
create foreign table u (a int, b int, "A" int, B int) server s;
create foreign table u (ctid int) server s;
create foreign table u (a int, xmin int, oid int) server s;
create foreign table u (oid int) server s;
create foreign table u2 (a int, a int) server nosuch;
create foreign table u2 (a int) server s options (x '1', x '2');
create foreign table u2 (a int options (x '1', x '2')) server s options (y '1', y '2');
create foreign table medley.n.u3 (a int) server s;
create foreign table nosuch.n.u4 (a int) server s;
create foreign table a.b.c.d (a int) server s;
create foreign table n.t (a int) server s;
create foreign table n.t (a int) server s;
create foreign table pg_temp.tt (a int) server s;
drop foreign table tt;
create foreign table pg_catalog.tt (a int) server s;
set role alice;
create foreign table t3 (a int) server s;
create foreign table n.t3 (a int) server s;
create foreign table if not exists t (a int) server s;
create foreign table n.t (a nosuch) server nosuch;
reset role;
grant usage, create on schema n to alice, bob;
set role alice;
create foreign table n.t3 (a int) server s;
create foreign table n.t3 (a int) server nosuch;
create foreign table n.t (a int) server s;
create foreign table if not exists n.t (a int) server s;
set role bob;
create foreign table n.t3 (a int) server s;
create foreign table n.t4 (a int) server s options (a '1', a '2');
reset role;
revoke usage on foreign server s from bob;
set role bob;
create foreign table n.t5 (a int) server s;
drop foreign table n.t3;
reset role;

-- Forms.
create foreign table e () server s;
create foreign table c1 (a int,) server s;
create foreign table c1 (a int);
create foreign table c1 server s;
create foreign table c1 (a) server s;
create foreign table c1 (a int options (x '1') not null, b text options (y '2') collate "C" default 'q') server s;
create foreign table c2 (a int not null options (x '1')) server s;
create foreign table c2 (a text collate "C" options (x '1')) server s;
create foreign table c2 (a int options ()) server s;
create foreign table c2 (a int) options (x '1') server s;
create foreign table c2 (a int) server s options (x '1') options (y '1');
create temp foreign table c2 (a int) server s;
create temporary foreign table c2 (a int) server s;
create unlogged foreign table c2 (a int) server s;
create foreign table c2 (a int) server s with (fillfactor = 10);
create foreign table c2 (a int) server s tablespace x;
create foreign table c2 of t server s;
create foreign table c2 as select 1;
create foreign table c2 (a int) server 's';
create foreign table c2 (a int) server s.t;
create foreign table (a int) server s;
create foreign table c2 (a int options (x 1)) server s;

-- Constraints.
create foreign table k1 (a int primary key) server s;
create foreign table k1 (a int unique) server s;
create foreign table k1 (a int references t) server s;
create foreign table k1 (a int, primary key (a)) server s;
create foreign table k1 (a int, unique (a)) server s;
create foreign table k1 (a int, foreign key (a) references t (a)) server s;
create foreign table k1 (a int, exclude using gist (a with =)) server s;
create foreign table k1 (a int, constraint k unique (a)) server s;
create foreign table k1 (a int constraint k primary key) server s;
create foreign table k1 (a int primary key, a int) server s;
create foreign table k1 (a int not null null) server s;
create foreign table k1 (a int null not null) server s;
create foreign table k1 (a int not null not null, b int null null) server s;
create foreign table k2 (a int check (a > 0), b int, check (b > a), constraint named check (a <> b)) server s;
create foreign table k3 (a int check (a > 0) no inherit) server s;
create foreign table k4 (a int check (nosuch > 0)) server s;
create foreign table k4 (a int check (a)) server s;
create foreign table k4 (a int default 1 default 2) server s;
create foreign table k4 (a int default b, b int) server s;
create foreign table k4 (a int default 'x') server s;
create foreign table k5 (a int default 7, b text default 'x' || 'y', c date default current_date) server s;
create foreign table k6 (a int, b int generated always as (a * 2) stored) server s;
create foreign table k7 (a int collate "C") server s;
create foreign table k7 (a text collate "nosuch") server s;
create foreign table k7 (a int check (a > 0) deferrable) server s;
create foreign table k7 (a int constraint c check (a > 0), b int constraint c check (b > 0)) server s;

-- Types.
create foreign table y1 (a bool, b boolean, c smallint, d int2, e integer, f int4, g bigint, h int8, i real, j float4, k float, l float(10), m double precision, n float8) server s;
create foreign table y2 (a numeric, b numeric(5), c numeric(5,2), d decimal(10,3), e varchar, f varchar(5), g character varying(7), h char, i char(3), j character(4), k bpchar, l text, m name, n "char") server s;
create foreign table y3 (a date, b time, c time(3), d timetz, e time with time zone, f timestamp, g timestamp(3) without time zone, h timestamptz, i timestamp with time zone, j interval, k bytea, l uuid, m json, n jsonb, o oid) server s;
create foreign table y4 (a int[], b text[][], c int[3], d int array, e varchar(5)[], f _int4) server s;
create foreign table y5 (a bit, b bit(3), c varbit, d bit varying(4), e inet, f cidr, g macaddr, h point, i xml, j money, k tsvector) server s;
create foreign table y6 (a numeric(1001)) server s;
create foreign table y6 (a numeric(5,1001)) server s;
create foreign table y6 (a varchar(0)) server s;
create foreign table y6 (a varchar(10485761)) server s;
create foreign table y6 (a int(3)) server s;
create foreign table y6 (a text(3)) server s;
create foreign table y6 (a float(54)) server s;
create foreign table y6 (a float(0)) server s;
create foreign table y6 (a timestamp(7)) server s;
create foreign table y6 (a pg_catalog.int4, b pg_catalog.varchar(3)) server s;
create foreign table y7 (a setof int) server s;
create foreign table y7 (a anyelement) server s;
create foreign table y7 (a record) server s;
create foreign table y7 (a void) server s;
create foreign table y7 (a unknown) server s;
create foreign table y7 (a interval year to month, b interval second(3)) server s;
\d y1
\d y2
\d y3
\d y4
\d y6
\d c1
\d k2
\d k5
\d k6

-- DROP
drop foreign table nosuch;
drop foreign table if exists nosuch;
drop foreign table nosuch.t;
drop foreign table if exists nosuch.t;
drop foreign table if exists n.nosuch, t, nosuch;
drop foreign table y1, nosuch;
drop foreign table y1, y1, y2;
drop foreign table y3;
create foreign table y3 (a int) server p;
create view v as select a from y3;
create view w as select a from e;
create view w as select a from k1;
create view w as select 1 as one;
drop foreign table v;
drop foreign table if exists v;
drop view y3;
drop table y3;
drop table if exists y3;
drop table nosuch;
drop foreign table y3;
drop foreign table y3, v;
drop foreign table y3 cascade;
drop foreign table pg_class;
set role alice;
drop foreign table e;
drop foreign table if exists e;
drop foreign table nosuch;
drop foreign table n.t;
reset role;
set role bob;
drop foreign table n.t3;
reset role;
drop foreign table e restrict;
drop foreign table;
drop foreign table n.t cascade restrict;
