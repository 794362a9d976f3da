-- 5: COPY from the client into a foreign table
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create table t (a int, b text, c numeric);
create table strict (a int not null check (a > 0), b varchar(3));
grant select, insert, delete, truncate on t, strict to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for public server s options (user 'one', password 'one');
create foreign table t (a int, b text, c numeric) server s;
create foreign table strict (a int not null, b varchar(3)) server s;
create foreign table readonly (a int) server s options (table_name 't', updatable 'false');
create view v as select a from t;
\copy t from program 'printf "1\tone\t1.5\n2\t\\\\N\t\\\\N\n3\ttab\\\\there\t-1\n"'
select * from t order by a;
delete from t;
\copy t (b, a) from program 'printf "x\t10\n\\\\N\t11\n"'
\copy t (a) from program 'printf "a\n20\n21\n"' with (format csv, header)
\copy t from program 'printf "a,b,c\n30,\"quoted, \"\"yes\"\"\",3.5\n31,,\n"' (format csv, header match)
\copy t from program 'printf "40;''it''''s'';NIL\n41;NIL;1\n"' (format csv, delimiter ';', quote '''', null 'NIL')
\copy t from program 'printf "50,\"\",1\n"' (format csv, force_null (b), force_not_null (a))
\copy t from program 'printf "60|b|\n"' with delimiter '|' null as ''
select * from t order by a;
delete from t;
\copy t from program 'printf "1\ta\t1\nx\tb\t2\n3\tc\tzzz\n4\td\t4\n"' (on_error ignore)
\copy t from program 'printf "x\tb\t2\n"' (on_error ignore, log_verbosity verbose)
\copy t from program 'printf "x\tb\t2\n"' (on_error ignore, log_verbosity silent)
\copy t from program 'printf "x\tb\t2\ny\tb\t2\n5\tb\t2\n"' (on_error ignore, reject_limit 1)
select * from t order by a;
delete from t;
-- mistakes in the data
\copy t from program 'printf "1\ta\t1\nx\tb\t2\n"'
\copy t from program 'printf "1\ta\n"'
\copy t from program 'printf "1\ta\t1\tmore\n"'
\copy t from program 'printf "1,\"open,1\n"' (format csv)
\copy t from program 'printf "a,x,c\n1,b,2\n"' (format csv, header match)
\copy t from program 'printf "a,b\n1,b\n"' (format csv, header match)
\copy t from program 'printf "1\ta\t1e\n"'
select * from t order by a;
-- what the table refuses
copy nosuch from stdin;
copy t (nosuch) from stdin;
copy t from stdin (nosuch);
copy t from stdin (format csv, force_quote *);
-- transactions
begin;
\copy t from program 'printf "1\ta\t1\n"'
select count(*) from t;
rollback;
select count(*) from t;
begin;
\copy t from program 'printf "1\ta\t1\n"'
savepoint s;
\copy t from program 'printf "2\tb\t2\n"'
rollback to s;
commit;
select * from t;
begin read only;
copy t from stdin;
rollback;
set role alice;
copy t from stdin;
reset role;
-- there and back
delete from t;
\copy t from program 'printf "1\ta\\\\\\\\b\t1.50\n2\t\\\\N\tNaN\n"'
\copy t to '/dev/null'
delete from t;
\copy t from program 'printf "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\003\000\000\000\004\000\000\000\010\000\000\000\001x\377\377\377\377\377\377"' (format binary)
select * from t order by a;
\copy t from program 'printf "7\tseven\t7\n"'
select * from t order by a;
\copy t from program 'printf ""' (format binary)
