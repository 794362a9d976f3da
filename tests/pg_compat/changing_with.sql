-- 4.4: INSERT, UPDATE and DELETE in WITH
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create table t (a int primary key, b text);
insert into t values (1, 'a'), (2, 'b'), (3, 'c');
create table log (a int, b text, what text default 'moved');
create table untouched (a int);
grant all on t, log, untouched to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create server other foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for public server s options (user 'one', password 'one');
create user mapping for public server other options (user 'one', password 'one');
create foreign table t (a int, b text) server s;
create foreign table log (a int, b text, what text default 'moved') server s;
create foreign table untouched (a int) server other;
create view v as select a, b from t where a > 1 with check option;
-- what is returned is read
with x as (insert into t values (4, 'd'), (5, 'e') returning a, b) select * from x order by a;
with x as (update t set b = b || '!' where a > 3 returning *) select count(*), max(b) from x;
with moved as (delete from t where a > 3 returning *) insert into log (a, b) select a, b from moved;
select * from log order by a;
with d as (delete from log returning a, b) insert into t select a + 10, b from d returning a, b;
with x (one, two) as (update t set b = 'z' where a = 1 returning a, old.b) select two, one from x;
with x as (delete from t where a = 14 returning t.*), y as (insert into log select a, b, 'x' from x returning a) select x.a, y.a from x full join y on x.a = y.a;
with x as (insert into t values (20, 'w') returning a) select x1.a + x2.a as sum from x x1, x x2;
with x as (insert into v values (21, 'v') returning a) select * from x;
with x as (insert into v values (0, 'v') returning a) select * from x;
with d as (delete from t where a = 1000 returning *) select count(*) from d;
-- without RETURNING it is done too
with x as (delete from t where a >= 15) select 'done' as what;
with x as (insert into log values (1, 'b')), y as (insert into log values (2, 'c')) insert into log values (3, 'd') returning a;
with x as (delete from log) values (1), (2);
select count(*) from log;
select * from t order by a;
-- beside queries
with n as (select 7 as a), x as (insert into t select a, 'seven' from n returning a) select n.a, x.a from n, x;
with x as (delete from t where a = 7 returning a), u as (select count(*) as n from untouched) select x.a, u.n from x, u;
with x as (insert into t values (8, 'h') returning a) select a from x where exists (select 1 from x y where y.a = x.a) union all select -a from x order by 1;
with x as (with n as (select 8 as a) delete from t using n where t.a = n.a returning t.a) select * from x;
-- all or nothing
with x as (insert into log values (9, 'nine') returning a) insert into t values (1, 'twice');
select count(*) from log;
begin;
with x as (insert into log values (9, 'nine') returning a) select * from x;
rollback;
select count(*) from log;
-- parameters
prepare p (int, text) as with x as (insert into log values ($1, $2) returning a, b) select a, b from x;
execute p (31, 'p');
deallocate p;
delete from log;
-- COPY
copy (with x as (insert into log values (5, 'e') returning a, b) select * from x) to stdout;
copy (insert into log values (6, 'f'), (7, 'g') returning a, b) to stdout (format csv);
copy (update log set b = 'x' where a = 6 returning *) to stdout;
copy (delete from log returning a) to stdout;
copy (delete from log) to stdout;
copy (insert into log values (6, 'f')) to stdout;
copy (with x as (insert into log values (8, 'h')) select 'nothing') to stdout;
delete from log;
-- reading where a part before has changed rows
begin;
with x as (delete from t where a = 3 returning a) select x.a, t.a from t, x where t.a = 1;
rollback;
begin;
with x as (delete from t where a = 3 returning a) update t set b = 'y' where a in (select a from x);
rollback;
-- what it may not be
select * from (with x as (insert into t values (4, 'd') returning a) select * from x) s;
with y as (with x as (insert into t values (4, 'd') returning a) select * from x) select * from y;
with y as (with x as (insert into t values (4, 'd') returning a) delete from t using x returning 1) select * from y;
insert into t with x as (delete from t returning *) select * from x;
select (with x as (delete from t returning *) select count(*) from x);
with x as (insert into t values (4, 'd')) select * from x;
with recursive x as (insert into t select 1, b from x returning a, b) select 1;
with x as (delete from t returning nosuch) select 1;
with x (p, q, r) as (delete from t returning a, b) select 1;
with x as (delete from nosuch returning a) select 1;
with x as (insert into t values (1)), x as (select 1) select 1;
create view w as with x as (insert into t values (4, 'd') returning a) select * from x;
declare c cursor for with x as (insert into t values (4, 'd') returning a) select * from x;
begin read only;
with x as (delete from t returning *) select 1;
rollback;
set role alice;
with x as (delete from t returning *) select 1;
reset role;
grant delete on t to alice;
set role alice;
with x as (delete from t where false) select 1;
with x as (delete from t returning *) select 1;
with x as (delete from t) select * from log;
reset role;
select * from t order by a;
