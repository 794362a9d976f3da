-- SERVER: sqlmed 2.
create role cmd_alice;
create role cmd_bob;
create role cmd_group;
create role cmd_heir in role cmd_group;
create foreign data wrapper w;
create extension postgres_fdw;
create server s foreign data wrapper nosuch;
create server s type 't' version 'v' foreign data wrapper w options (a '1');
-- show server s
create server s foreign data wrapper nosuch options (x '1', x '2');
create server if not exists s foreign data wrapper nosuch options (x '1', x '2');
create server s2 type '' version null foreign data wrapper w;
-- show server s2
create server s3 version 'v' type 't' foreign data wrapper w;
create server s3 type null foreign data wrapper w;
set role cmd_alice;
create server a foreign data wrapper w;
create server if not exists s foreign data wrapper nosuch;
alter server s version 'x';
alter server nosuch version 'x';
alter server s owner to cmd_alice;
alter server s owner to postgres;
alter server s rename to t;
drop server s;
drop server if exists s;
comment on server s is 'x';
reset role;
grant usage on foreign data wrapper w to cmd_alice;
grant usage on foreign data wrapper w to cmd_group;
set role cmd_alice;
create server a foreign data wrapper w options (host 'h');
alter server a owner to cmd_bob;
alter server a owner to cmd_nosuch;
alter server nosuch owner to cmd_nosuch;
reset role;
grant cmd_bob to cmd_alice;
set role cmd_alice;
alter server a owner to cmd_bob;
reset role;
revoke usage on foreign data wrapper w from cmd_group;
grant cmd_group to cmd_alice;
grant usage on foreign server a to cmd_heir;
set role cmd_alice;
alter server a owner to cmd_group;
reset role;
grant usage on foreign data wrapper w to cmd_group;
set role cmd_alice;
alter server a owner to cmd_group;
reset role;
-- show server a
set role cmd_heir;
alter server a version '2' options (add port '1', set host 'i');
comment on server a is 'theirs';
reset role;
-- show server a
alter server a version null;
alter server a options (drop nosuch);
alter server a options (drop host, drop port);
-- show server a
alter server a rename to a;
alter server a rename to s;
alter server a rename to b;
alter server nosuch rename to b;
-- show server b
create server p foreign data wrapper postgres_fdw options (nosuch '1');
create server p foreign data wrapper postgres_fdw options (user 'u');
create server p foreign data wrapper postgres_fdw options (use_remote_estimate 'yes');
create server p foreign data wrapper postgres_fdw options (fetch_size 'abc');
create server p foreign data wrapper postgres_fdw options (fetch_size '0');
create server p foreign data wrapper postgres_fdw options (fdw_startup_cost '-1');
create server p foreign data wrapper postgres_fdw options (host 'h', fetch_size ' 10 ');
-- show server p
alter server p options (set host 'i', add use_remote_estimate 'ON');
-- show server p
alter server p options (add fetch_size '5');
create user mapping for public server p;
create user mapping for cmd_bob server p;
create foreign table ft (a int) server p;
create view v as select * from ft;
drop server p;
drop server p, s;
drop server nosuch;
drop server if exists nosuch, s2;
drop server p cascade;
drop server s, b;
