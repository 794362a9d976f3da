-- 4.1, 8.8: generated columns of a remote's tables: virtual ones are computed here, stored ones are read
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create table t (a int, c int, s text);
insert into t values (1, 10, 'x'), (2, 20, 'yy'), (3, null, null), (null, 40, 'w');
create table g (a int, b int generated always as (a * 2) stored, v int);
insert into g (a, v) values (1, 3), (2, 6);
grant select on t, g to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for public server s options (user 'one', password 'one');
-- The remote has no columns b, k, n and u.
create foreign table t (a int, b int generated always as (a * 2) virtual, c int generated always as (a * 3) stored, s text, u text generated always as (upper(s) || '!'), k int generated always as (7) virtual, n numeric(6,2) generated always as (a) virtual, o oid generated always as (tableoid)) server s;
select a, b, c, s, u, k, n from t order by a nulls first;
select b, u from t where b > 2 order by 1;
select a from t where b is null;
select a, u from t where u = 'YY!';
select count(*), count(b), sum(b), max(u), min(k) from t;
select k from t;
select o = 't'::regclass from t;
select x.a, y.b, y.k from t x left join t y on x.a = y.b order by 1, 2;
select x.a, y.k from t x left join (select * from t where a = 2) y on x.a = y.a order by 1;
select b, count(*) from t group by b order by b nulls last;
select b from t union select a from t order by 1;
select (select max(b) from t where t.a < y.a) from t y order by y.a;
select * from t where a = 1 and b = 2 and c = 10;
-- A view over it, renames, and another expression.
create view v as select a, b, u from t where k = 7;
select * from v order by a;
alter foreign table t rename column s to s2;
alter foreign table t alter s2 options (add column_name 's');
alter foreign table t rename column b to bb;
select * from v order by a;
alter foreign table t alter bb set expression as (a * 20);
select * from v order by a;
alter foreign table t alter u set expression as (s2 || '?');
select * from v order by a;
alter foreign table t alter c drop expression;
select c from t order by c;
-- Privileges are those of the columns that are named.
grant select (bb, u) on t to alice;
set role alice;
select bb, u from t order by 1;
select a from t;
select bb from t where a = 1;
select bb from t where u = 'yy?';
reset role;
-- Values that the expression cannot have.
create foreign table z (a int, d int generated always as (1 / (a - 2)) virtual) server s options (table_name 't');
select a from z order by a;
select d from z where a = 1;
select a, d from z order by a;
create foreign table nn (a int, b int generated always as (a) virtual not null) server s options (table_name 't');
select a, b from nn order by a;
-- IMPORT brings the stored ones as generated, and the virtual ones as others.
import foreign schema public limit to (g) from server s into public;
\d g
select * from g order by a;
drop foreign table g;
import foreign schema public limit to (g) from server s into public options (import_generated 'false');
\d g
