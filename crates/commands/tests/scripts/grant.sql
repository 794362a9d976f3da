-- GRANT and REVOKE on objects: sqlmed 6.5.
create role cmd_a;
create role cmd_b;
create role cmd_c;
create role cmd_g;
create role cmd_m in role cmd_g;
create foreign data wrapper w;
create server s foreign data wrapper w;
create server s2 foreign data wrapper w;
create foreign table t (a int, b text, c int) server s;
create view v as select a from t;
create schema n;
grant usage on foreign server nosuch to cmd_nosuch;
grant usage on foreign server s to cmd_nosuch;
grant usage on foreign server s, nosuch to cmd_a;
grant select on foreign server s to cmd_a;
grant select on foreign data wrapper w to cmd_a;
grant foo on foreign server s to cmd_a;
grant usage (a) on foreign server s to cmd_a;
grant usage on foreign server s to public with grant option;
grant usage on foreign server s to cmd_a granted by cmd_b;
grant usage on server s to cmd_a;
set role cmd_a;
grant usage on foreign server s to cmd_b;
revoke usage on foreign server s from cmd_b;
grant select on t to cmd_b;
grant select on v to cmd_b;
grant usage on schema n to cmd_b;
grant usage on foreign data wrapper w to cmd_b;
reset role;
grant usage on foreign server s to cmd_a;
-- show server s
set role cmd_a;
grant usage on foreign server s to cmd_b;
revoke usage on foreign server s from cmd_b;
reset role;
grant usage on foreign server s to cmd_a with grant option;
grant all on foreign server s to public;
-- show server s
set role cmd_a;
grant usage on foreign server s to cmd_b with grant option;
set role cmd_b;
grant usage on foreign server s to cmd_c;
grant usage on foreign server s to cmd_a with grant option;
reset role;
-- show server s
revoke usage on foreign server s from cmd_a;
revoke grant option for usage on foreign server s from cmd_a;
revoke usage on foreign server s from cmd_nosuch;
revoke usage on foreign server s from cmd_m;
revoke grant option for usage on foreign server s from cmd_a cascade;
-- show server s
revoke all on foreign server s from cmd_a, public, postgres cascade;
-- show server s
grant all privileges on foreign server s to postgres;
-- show server s
grant usage on foreign server s2 to cmd_g with grant option;
set role cmd_m;
grant usage on foreign server s2 to cmd_c;
reset role;
-- show server s2
alter server s2 owner to cmd_g;
-- show server s2
set role cmd_m;
grant usage on foreign server s2 to cmd_a;
reset role;
-- show server s2
grant select, insert on t to cmd_a;
grant update (a, b), references (b) on t to cmd_b;
grant all (c) on t to cmd_c;
-- show table t
grant select (nosuch) on t to cmd_b;
grant delete (a) on t to cmd_b;
grant usage on t to cmd_b;
grant select on nosuch to cmd_b;
grant select on sequence t to cmd_b;
revoke update on t from cmd_b;
-- show table t
revoke all on t from cmd_c;
-- show table t
grant select on t to cmd_a with grant option;
set role cmd_a;
grant select, update on t to cmd_b;
grant select (a) on t to cmd_c;
grant update (a) on t to cmd_c;
revoke select, insert on t from cmd_b;
reset role;
-- show table t
grant select on all tables in schema public to cmd_m;
grant select on all tables in schema public, nosuch to cmd_m;
grant select on table t, v to public;
-- show table v
revoke select on all tables in schema public from cmd_m;
grant create, usage on schema n to cmd_a;
grant all on schema n to cmd_b with grant option;
grant select on schema n to cmd_b;
grant usage on schema nosuch to cmd_b;
-- show schema n
alter schema n owner to cmd_c;
-- show schema n
revoke all on schema n from cmd_b, cmd_a;
-- show schema n
grant usage on foreign data wrapper w to cmd_a;
revoke all on foreign data wrapper w from postgres, cmd_a;
-- show fdw w
grant execute on function nosuch() to cmd_a;
