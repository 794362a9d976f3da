-- REASSIGN OWNED, DROP OWNED and what keeps a role: sqlmed 3.7, 6.7.
create role cmd_a;
create role cmd_b;
create role cmd_c;
create foreign data wrapper w;
grant usage on foreign data wrapper w to cmd_a, cmd_b;
grant usage on foreign data wrapper w to cmd_c with grant option;
grant create on schema public to cmd_a, cmd_b;
set role cmd_a;
create server sa foreign data wrapper w;
create foreign table ta (a int) server sa;
create user mapping for cmd_a server sa;
create user mapping for public server sa;
create view va as select a from ta;
grant select on ta to cmd_b;
reset role;
set role cmd_c;
grant usage on foreign data wrapper w to cmd_a;
reset role;
drop role cmd_a;
set role cmd_b;
reassign owned by cmd_a to cmd_b;
drop owned by cmd_a;
drop foreign table ta;
reset role;
grant cmd_a to cmd_b;
set role cmd_b;
reassign owned by cmd_a to cmd_c;
reset role;
reassign owned by cmd_nosuch to cmd_b;
reassign owned by cmd_a to cmd_nosuch;
reassign owned by postgres to cmd_b;
drop owned by postgres;
drop owned by cmd_nosuch;
set role cmd_b;
reassign owned by cmd_a to cmd_b;
reset role;
-- show server sa
-- show table ta
-- show table va
-- show mapping cmd_a sa
drop role cmd_a;
drop owned by cmd_a;
-- show fdw w
-- show mapping cmd_a sa
drop role cmd_a;
create user mapping for cmd_b server sa;
drop owned by cmd_b;
drop view va;
drop foreign table ta;
drop user mapping for public server sa;
drop owned by cmd_b;
-- show server sa
drop role cmd_b;
create role cmd_d;
create server sd foreign data wrapper w;
create foreign table td (a int) server sd;
grant select (a) on td to cmd_d;
grant usage on foreign server sd to cmd_d with grant option;
set role cmd_d;
grant usage on foreign server sd to cmd_c;
reset role;
drop role cmd_d;
drop owned by cmd_d cascade;
-- show table td
-- show server sd
drop role cmd_d;
