-- 5: COPY to the client
\set QUIET on
\c postgres postgres :remote_socket :remote_port
create role one login password 'one';
create table t (a int, b text, c numeric, d timestamptz, e bool, f bytea, g text[]);
insert into t values (1, 'plain', 1.50, '2024-01-02 03:04:05+00', true, '\x00ff', '{a,"b c"}'), (2, E'tab\there\nline\r\\back', null, null, false, null, null), (3, 'quote "x", comma', -0.001, 'infinity', null, '', '{}'), (4, '', 0, null, null, null, '{NULL}'), (5, null, 'NaN', null, null, null, null), (6, '\.', null, null, null, null, null), (7, '\N', null, null, null, null, null), (8, 'ä€', null, null, null, null, null);
create table big (a int, b text);
insert into big select g, repeat('x', 200) || g from generate_series(1, 20000) g;
grant select on t, big to one;
\c medley postgres 127.0.0.1 :port
\set QUIET off
create role alice;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port :'remote_port', dbname 'postgres');
create user mapping for public server s options (user 'one', password 'one');
create foreign table t (a int, b text, c numeric, d timestamptz, e bool, f bytea, g text[]) server s;
create foreign table big (a int, b text) server s;
create view v as select a, b from t;
copy t to stdout;
copy t (a, b) to stdout;
copy v to stdout;
copy nosuch to stdout;
copy (select nosuch from t) to stdout;
copy (select * from t order by a) to stdout;
copy (select * from t order by a) to stdout with (format text, header);
copy (select * from t order by a) to stdout with (format csv);
copy (select * from t order by a) to stdout (format csv, header);
copy (select * from t order by a) to stdout csv header;
copy (select a, b, e from t order by a) to stdout (delimiter '|', null 'none');
copy (select a, b, e from t order by a) to stdout with delimiter '|' null as 'none';
copy (select a, b, e from t order by a) to stdout using delimiters '|';
copy (select a, b, e from t order by a) to stdout (format csv, delimiter ';', quote '''', escape '\', null 'NIL');
copy (select a, b, e from t order by a) to stdout (format csv, force_quote (b, e));
copy (select a, b, e from t order by a) to stdout (format csv, force_quote *);
copy (select a, b, e from t order by a) to stdout csv force quote b;
copy (select b from t order by a) to stdout (format csv);
copy (select b from t order by a) to stdout;
copy (select b as "a ""quoted"", name" from t where a = 1) to stdout (format csv, header);
copy (select b as "tab	name" from t where a = 1) to stdout (header true);
copy (select a from t where false) to stdout (format csv, header);
copy (select b from t where a = 8) to stdout (encoding 'UTF8');
copy (select b from t where a = 8) to stdout (encoding 'LATIN1');
copy (select b from t where a = 8) to stdout (encoding 'nosuch');
copy (values (1, 'x'), (2, null)) to stdout;
copy (select 1 / 0) to stdout;
copy (select count(*), sum(a) from big) to stdout;
copy (select * from v) to stdout;
copy (with w as (select a from t where a < 3) select * from w order by 1) to stdout;
-- binary, told by its length
\copy (select a, b, c, d, e, f from t order by a) to program 'md5sum | cut -c1-32' (format binary)
\copy (select a, b from big order by a) to program 'md5sum | cut -c1-32' (format binary)
\copy (select a, b from big order by a) to program 'md5sum | cut -c1-32'
\copy (select a, b from big order by a) to program 'md5sum | cut -c1-32' csv header
\copy (select a from t order by a) to stdout
\copy t to stdout
set medley.pushdown = off;
\copy (select a, b, c, d, e, f, g from t order by a) to stdout csv
\copy (select a, b, c, d, e, f, g from t order by a) to stdout
\copy (select a, b, c, d, e, f from t order by a) to program 'md5sum | cut -c1-32' (format binary)
reset medley.pushdown;
-- settings
set timezone to 'Asia/Tokyo';
set datestyle to 'German';
set bytea_output to 'escape';
copy (select d, f from t order by a) to stdout;
reset all;
-- options
copy (select 1) to stdout (nosuch);
copy (select 1) to stdout (format nosuch);
copy (select 1) to stdout (format text, format csv);
copy (select 1) to stdout (format binary, delimiter ',');
copy (select 1) to stdout (format binary, null 'x');
copy (select 1) to stdout (format binary, header);
copy (select 1) to stdout (delimiter 'ab');
copy (select 1) to stdout (delimiter 'a');
copy (select 1) to stdout (delimiter E'\n');
copy (select 1) to stdout (null E'\n');
copy (select 1) to stdout (delimiter ',', null 'a,b');
copy (select 1) to stdout (quote '"');
copy (select 1) to stdout (format csv, quote '""');
copy (select 1) to stdout (format csv, quote ',');
copy (select 1) to stdout (escape '"');
copy (select 1) to stdout (format csv, escape '""');
copy (select 1) to stdout (format csv, null '"');
copy (select 1) to stdout (force_quote *);
copy (select 1) to stdout (format csv, force_quote (nosuch));
copy (select 1 as a) to stdout (format csv, force_quote (a, a));
copy (select 1) to stdout (format csv, force_null *);
copy (select 1) to stdout (format csv, force_not_null *);
copy (select 1) to stdout (freeze);
copy (select 1) to stdout (default 'x');
copy (select 1) to stdout (header match);
copy (select 1) to stdout (header 2);
copy (select 1) to stdout (on_error ignore);
copy (select 1) to stdout (reject_limit 3);
copy (select 1) to stdout (log_verbosity verbose);
copy (select 1) to stdout (log_verbosity nosuch);
copy (select 1) to stdout (freeze off);
copy (select 1) to stdout where true;
-- transactions and rights
begin read only;
copy (select a from t order by a limit 2) to stdout;
commit;
begin;
copy (select a from t order by a limit 1) to stdout;
copy (select 1 / 0) to stdout;
copy (select 1) to stdout;
rollback;
copy (select 1) to stdout \; copy (select 2) to stdout \; select 3;
set role alice;
copy (select a from t) to stdout;
copy (select 1) to '/tmp/nosuch';
copy (select 1) to program 'true';
copy t from '/tmp/nosuch';
copy t from program 'true';
reset role;
-- by the extended protocol
copy (select 1) to stdout \bind \g
copy (select $1) to stdout \bind 1 \g
