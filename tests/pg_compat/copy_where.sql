-- 5: WHERE of COPY from the client into a foreign table
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create table t (a int, b text default 'there', c numeric, g int generated always as (a * 2) stored);
grant select, insert, delete, truncate on t to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for public server s options (user 'one', password 'one');
create foreign table t (a int, b text default 'here', c numeric, g int generated always as (a * 2) stored) server s;
\copy t from program 'printf "1\tone\t1.5\n2\t\\\\N\t\\\\N\n3\tthree\t-1\n"' where a > 1
select * from t order by a;
\copy t from program 'printf "4\tone\t1.5\n5\t\\\\N\t\\\\N\n"' where b = 'one' and c > 1
\copy t (a) from program 'printf "6\n7\n"' where b = 'here' and c is null and a <> 7
\copy t from program 'printf "8\tx\t1\n"' where null
\copy t from program 'printf "9\tx\t1\n"' where false
\copy t from program 'printf "10,x,1\n11,y,2\n"' (format csv) where (a, b) in ((10, 'x'), (11, 'x'))
\copy t (b, a) from program 'printf "x\t12\ny\t13\n"' where t.a = 13 or public.t.b like '%z%'
\copy t from program 'printf "14\tx\t1\n"' where tableoid = 't'::regclass and random() < 2
\copy t from program 'printf "15\tx\t1\n"' where 't'
\copy t from program 'printf "16\tx\t1\nx\tx\t1\n18\tx\t1\n"' (on_error ignore) where a > 16
select * from t order by a;
-- many rows go in bulk
\copy t (a) from program 'seq 1000 2999' where a % 2 = 0
select count(*), sum(a) from t where a >= 1000;
-- what a condition may not be
\copy t from program 'true' where a;
\copy t from program 'true' where g > 1;
\copy t from program 'true' where a in (select 1);
\copy t from program 'true' where sum(a) > 1;
\copy t from program 'true' where row_number() over () > 1;
\copy t from program 'true' where generate_series(1, a) > 1;
\copy t from program 'true' where grouping(a) = 1;
\copy t from program 'true' where nosuch > 1;
\copy t from program 'true' where t.nosuch > 1;
\copy t from program 'true' where u.a > 1;
\copy t from program 'true' where $1 > 1;
\copy t from program 'true' where a > 'x';
copy t to stdout where a > 1;
copy (select 1) to stdout where a > 1;
-- it reads
grant insert on t to alice;
set role alice;
\copy t from program 'printf "20\tx\t1\n"' where true
\copy t from program 'true' where a > 1;
reset role;
grant select (a) on t to alice;
set role alice;
\copy t from program 'printf "21\tx\t1\n"' where a > 1
\copy t from program 'true' where b is null;
reset role;
revoke execute on function abs(int) from public;
set role alice;
\copy t from program 'true' where abs(a) > 1;
reset role;
grant execute on function abs(int) to public;
select a from t where a < 1000 and a >= 20 order by a;
