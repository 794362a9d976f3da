-- USER MAPPING: sqlmed 3, role specifications, the order of checks.
create role cmd_alice;
create role cmd_bob;
create role cmd_nologin nologin;
create role "PUBLIC";
create role "user";
create role "current_user";
create foreign data wrapper w;
create server s foreign data wrapper w;
create user mapping for cmd_nosuch server nosuch;
create user mapping for cmd_alice server nosuch;
create user mapping if not exists for cmd_nosuch server s;
create user mapping if not exists for cmd_alice server nosuch;
create user mapping for cmd_alice server s options (username 'a');
-- show mapping cmd_alice s
create user mapping for cmd_alice server s options (x '1', x '2');
create user mapping if not exists for cmd_alice server s options (x '1', x '2');
create user mapping for "public" server s options (k '1');
create user mapping for public server s;
-- show mapping public s
create user mapping for "PUBLIC" server s;
-- show mapping PUBLIC s
create user mapping for "user" server s options (k 'user');
-- show mapping user s
create user mapping for "current_user" server s;
create user mapping for user server s options (k 'me');
-- show mapping postgres s
create user mapping for current_user server s;
create user mapping for none server s;
create user mapping for "none" server s;
create user mapping for 'cmd_bob' server s;
create user mapping for pg_monitor server s;
grant usage on foreign server s to cmd_bob;
set role cmd_bob;
create user mapping for session_user server s;
create user mapping for current_role server s options (k 'bob');
create user mapping for cmd_nologin server s;
create user mapping if not exists for cmd_alice server s;
alter user mapping for cmd_alice server s options (add z '1');
alter user mapping for cmd_nologin server s options (add z '1');
alter user mapping for user server s options (set k 'bob2', add l '');
drop user mapping for cmd_alice server s;
drop user mapping for cmd_nologin server s;
drop user mapping if exists for cmd_alice server s;
drop user mapping if exists for cmd_nologin server s;
reset role;
-- show mapping cmd_bob s
alter user mapping for cmd_bob server s options (drop k, drop l);
-- show mapping cmd_bob s
alter user mapping for cmd_bob server s options (drop k);
alter user mapping for cmd_nosuch server s options (add z '1');
alter user mapping for cmd_bob server nosuch options (add z '1');
alter user mapping for cmd_bob server s;
alter user mapping if exists for cmd_bob server s options (add z '1');
drop user mapping for cmd_nosuch server nosuch;
drop user mapping if exists for cmd_nosuch server nosuch;
drop user mapping for cmd_bob server nosuch;
drop user mapping if exists for cmd_bob server nosuch;
drop user mapping for cmd_nologin server s;
drop user mapping if exists for cmd_nologin server s;
drop user mapping for cmd_bob server s;
drop user mapping for cmd_bob server s cascade;
revoke usage on foreign server s from cmd_bob;
create user mapping for cmd_bob server s;
set role cmd_bob;
drop user mapping for cmd_bob server s;
drop user mapping for public server s;
reset role;
drop role cmd_alice;
drop role cmd_bob, "user";
begin;
drop user mapping for cmd_bob server s;
create user mapping for cmd_bob server s options (k '1');
savepoint p;
alter user mapping for cmd_bob server s options (set k '2');
-- show mapping cmd_bob s
rollback to savepoint p;
-- show mapping cmd_bob s
rollback;
-- show mapping cmd_bob s
begin;
create server t foreign data wrapper w;
create server t foreign data wrapper w;
create server u foreign data wrapper w;
commit;
-- show server t
drop server s cascade;
