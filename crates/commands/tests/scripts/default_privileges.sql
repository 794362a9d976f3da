-- ALTER DEFAULT PRIVILEGES: sqlmed 6.6.
create role cmd_a;
create role cmd_b;
create foreign data wrapper w;
create server s foreign data wrapper w;
grant usage on foreign server s to cmd_a;
grant create on schema public to cmd_a;
create schema n;
alter default privileges grant select on tables to cmd_b;
-- show default acl
alter default privileges in schema n grant insert on tables to public;
alter default privileges in schema nosuch grant insert on tables to public;
alter default privileges for role cmd_nosuch grant insert on tables to public;
alter default privileges for role cmd_a grant update on tables to cmd_b with grant option;
alter default privileges for role cmd_a revoke all on tables from cmd_a;
-- show default acl
create foreign table t (a int) server s;
create foreign table n.t2 (a int) server s;
-- show table t
-- show table t2
set role cmd_a;
alter default privileges for role cmd_b grant insert on tables to public;
create foreign table t3 (a int) server s;
reset role;
-- show table t3
alter default privileges grant usage on tables to cmd_b;
alter default privileges grant usage on schemas to cmd_b;
alter default privileges in schema n grant usage on schemas to cmd_b;
create schema m;
-- show schema m
alter default privileges revoke usage on schemas from cmd_b;
alter default privileges revoke select on tables from cmd_b;
alter default privileges in schema n revoke insert on tables from public;
-- show default acl
drop role cmd_b;
drop owned by cmd_b;
-- show default acl
drop role cmd_b;
drop role cmd_a;
