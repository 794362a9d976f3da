-- 9: file_fdw: options, rights, and reading text and csv
\set QUIET on
\! printf 'a,b\n1,x\n2,"y,z"\n3,\n' > h.csv
\! printf '1\tone\n2\ttwo\\nlines\n\\N\t\\N\n' > t.txt
\! printf '1,2\n3\n' > short.csv
\! printf '1,2\n3,4,5\n' > long.csv
\! printf '1,2\nx,4\n5,y\n7,8\n' > bad.csv
\! printf '1,"2\n3,4\n' > open.csv
\! printf '1,2\r\n3,4\n' > mixed.csv
\! printf '1,2\n3,4\r\n' > mixed2.csv
\! printf '1\t2\n3\t4\n\\.\n5\t6\n' > end.txt
\! printf '1\t2\n3\t4\\.\n' > end2.txt
\! printf '1,2\n\\.\n' > end.csv
\! printf '1,caf\351\n' > latin1.csv
\! printf '1,a\n2,caf\351\n' > latin2.csv
\! printf '' > empty.csv
\! printf '1,"a\nb"\n2,"c""d"\nx,y\n' > lines.csv
\! printf "1,'a|'b'\n2,NULL\n3,'NULL'\n4,\n" > quote.csv
\! printf 'a,c\n1,2\n' > names.csv
\! printf 'a,\n1,2\n' > nonames.csv
\! printf 'a\n1\n' > fewnames.csv
\! printf '1,2' > noend.csv
\! printf '1\n\n2\n' > blank.txt
\! printf '%0150d\n' 7 > wide.txt
\set h :files '/h.csv'
\set t :files '/t.txt'
\set short :files '/short.csv'
\set long :files '/long.csv'
\set bad :files '/bad.csv'
\set open :files '/open.csv'
\set mixed :files '/mixed.csv'
\set mixed2 :files '/mixed2.csv'
\set end :files '/end.txt'
\set end2 :files '/end2.txt'
\set endcsv :files '/end.csv'
\set latin1 :files '/latin1.csv'
\set latin2 :files '/latin2.csv'
\set empty :files '/empty.csv'
\set lines :files '/lines.csv'
\set quote :files '/quote.csv'
\set names :files '/names.csv'
\set nonames :files '/nonames.csv'
\set fewnames :files '/fewnames.csv'
\set noend :files '/noend.csv'
\set blank :files '/blank.txt'
\set wide :files '/wide.txt'
\set none :files '/none.csv'
\set QUIET off
create extension file_fdw;
create server f foreign data wrapper file_fdw;
create server g foreign data wrapper file_fdw options (filename 'x');
create foreign data wrapper w validator file_fdw_validator options (a 'b');
create user mapping for public server f options (user 'x');
create user mapping for public server f;
create foreign table e (a int) server f;
create foreign table e (a int) server f options (format 'csv');
create foreign table e (a int) server f options (filename 'x', program 'y');
create foreign table e (a int) server f options (program 'x', filename 'y');
create foreign table e (a int) server f options (filename 'x', filename 'y');
create foreign table e (a int) server f options (filname 'x');
create foreign table e (a int) server f options (foo 'x');
create foreign table e (a int) server f options (filename 'x', format 'xml');
create foreign table e (a int) server f options (filename 'x', format 'CSV');
create foreign table e (a int) server f options (filename 'x', header 'maybe');
create foreign table e (a int) server f options (filename 'x', header '1');
create foreign table e (a int) server f options (filename 'x', delimiter ',,');
create foreign table e (a int) server f options (filename 'x', delimiter 'a');
create foreign table e (a int) server f options (filename 'x', delimiter E'\n');
create foreign table e (a int) server f options (filename 'x', quote '"');
create foreign table e (a int) server f options (filename 'x', escape '"');
create foreign table e (a int) server f options (filename 'x', format 'csv', quote '""');
create foreign table e (a int) server f options (filename 'x', format 'csv', quote ',');
create foreign table e (a int) server f options (filename 'x', format 'csv', escape 'ab');
create foreign table e (a int) server f options (filename 'x', format 'binary', delimiter ',');
create foreign table e (a int) server f options (filename 'x', format 'binary', null ',');
create foreign table e (a int) server f options (filename 'x', format 'binary', default ',');
create foreign table e (a int) server f options (filename 'x', format 'binary', header 'true');
create foreign table e (a int) server f options (filename 'x', format 'binary', on_error 'ignore');
create foreign table e (a int) server f options (filename 'x', null E'a\nb');
create foreign table e (a int) server f options (filename 'x', null E'a\tb');
create foreign table e (a int) server f options (filename 'x', default E'a\nb');
create foreign table e (a int) server f options (filename 'x', default E'a\tb');
create foreign table e (a int) server f options (filename 'x', default '\N');
create foreign table e (a int) server f options (filename 'x', format 'csv', null '"');
create foreign table e (a int) server f options (filename 'x', format 'csv', default '"');
create foreign table e (a int) server f options (filename 'x', encoding 'klingon');
create foreign table e (a int) server f options (filename 'x', on_error 'zz');
create foreign table e (a int) server f options (filename 'x', log_verbosity 'zz');
create foreign table e (a int) server f options (filename 'x', reject_limit '1');
create foreign table e (a int) server f options (filename 'x', on_error 'ignore', reject_limit '0');
create foreign table e (a int) server f options (filename 'x', on_error 'ignore', reject_limit 'x');
create foreign table e (a int) server f options (filename 'x', force_null 'true');
create foreign table e (a int) server f options (filename 'x', force_quote 'a');
create foreign table e (a int) server f options (filename 'x', freeze 'true');
create foreign table e (a int options (force_null 'maybe')) server f options (filename 'x');
create foreign table e (a int options (force_nul 'true')) server f options (filename 'x');
create foreign table e (a int options (filename 'x')) server f options (filename 'x');
create foreign table h (a int, b text) server f options (filename :'h', format 'csv', header 'true');
select * from h;
select b from h where a = 2;
select count(*) from h;
select a, b is null from h order by a desc;
alter foreign table h options (set header 'match');
select * from h;
alter foreign table h options (drop filename);
alter foreign table h options (add program 'x');
alter foreign table h options (set format 'text');
select * from h;
alter foreign table h options (set header 'false', add delimiter ',');
select b from h;
select a from h;
create foreign table t (a int, b text) server f options (filename :'t');
select * from t;
alter foreign table t options (add null 'two');
select b from t where b is null;
create foreign table c (a int, b int) server f options (filename :'short', format 'csv');
select * from c;
select a from c;
select count(*) from c;
alter foreign table c options (set filename :'long');
select * from c;
alter foreign table c options (set filename :'bad');
select * from c;
select a from c;
select b from c;
select count(*) from c;
alter foreign table c options (add on_error 'ignore');
select * from c;
select a from c;
alter foreign table c options (add reject_limit '2');
select * from c;
alter foreign table c options (set reject_limit '1');
select * from c;
alter foreign table c options (drop reject_limit, add log_verbosity 'silent');
select * from c;
alter foreign table c options (set log_verbosity 'verbose');
select * from c;
alter foreign table c options (drop log_verbosity, set filename :'short');
select * from c;
alter foreign table c options (drop on_error, set filename :'open');
select * from c;
alter foreign table c options (set filename :'mixed');
select * from c;
alter foreign table c options (set filename :'mixed2');
select * from c;
alter foreign table c options (set filename :'endcsv');
select * from c;
alter foreign table c options (set filename :'empty');
select * from c;
alter foreign table c options (set filename :'noend');
select * from c;
alter foreign table c options (set filename :'none');
select * from c;
alter foreign table c options (set filename '/tmp');
select * from c;
create foreign table e (a int, b int) server f options (filename :'end');
select * from e;
alter foreign table e options (set filename :'end2');
select * from e;
alter foreign table e options (set filename :'mixed2', add delimiter ',');
select * from e;
alter foreign table e options (set filename :'mixed');
select * from e;
alter foreign table e options (add header 'true', set filename :'empty');
select * from e;
create foreign table l (a int, b text) server f options (filename :'latin1', format 'csv');
select * from l;
alter foreign table l options (add encoding 'latin1');
select * from l;
alter foreign table l options (set filename :'latin2', set encoding 'utf8');
select * from l;
alter foreign table l options (set filename :'lines');
select * from l;
alter foreign table l options (set filename :'quote', add quote '''', add escape '|', add null 'NULL');
select *, b is null from l;
alter foreign table l alter column b options (add force_null 'true');
select *, b is null from l;
alter foreign table l alter column b options (drop force_null, add force_not_null 'true');
select *, b is null from l;
alter foreign table l alter column b options (add force_null 'true');
select *, b is null from l;
create foreign table m (a int, b text) server f options (filename :'names', format 'csv', header 'match');
select * from m;
alter foreign table m options (set filename :'nonames');
select * from m;
alter foreign table m options (set filename :'fewnames');
select * from m;
create foreign table one (a text) server f options (filename :'blank');
select * from one;
alter foreign table one options (set filename :'wide');
alter foreign table one alter column a type int;
select * from one;
create foreign table typed (a date, b numeric(3,1)) server f options (filename :'bad', format 'csv');
select a from typed;
select b from typed;
create foreign table nothing () server f options (filename :'blank');
select count(*) from nothing;
truncate h;
import foreign schema x from server f into public;
create role files_ordinary;
create role files_reader in role pg_read_server_files;
grant usage on foreign server f to files_ordinary, files_reader;
grant create on schema public to files_ordinary, files_reader;
grant select on h to files_ordinary;
set role files_ordinary;
create foreign table mine (a int) server f options (filename 'x');
create foreign table mine (a int) server f options (program 'x');
create foreign table mine (a int) server f;
select count(*) from h;
reset role;
set role files_reader;
create foreign table mine (a int, b text) server f options (filename :'h', format 'csv', header 'true');
create foreign table mine2 (a int) server f options (program 'x');
select * from mine;
reset role;
alter foreign table mine owner to files_ordinary;
set role files_ordinary;
alter foreign table mine options (set header 'false');
alter foreign table mine alter column b options (add force_null 'true');
select count(*) from mine;
reset role;
\d mine
select ftoptions from pg_foreign_table where ftrelid = 'mine'::regclass;
explain (costs off) select * from h;
explain (costs off) select a from h where a > 1;
