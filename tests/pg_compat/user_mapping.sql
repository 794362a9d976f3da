-- 3.1, 3.2, 3.3, 3.4, 3.5: user mappings: grammar, and each check in its order
create role alice;
create role bob;
create foreign data wrapper w;
create server s foreign data wrapper w;
create server t foreign data wrapper w;

-- CREATE
create user mapping for nosuch server nosuch;
create user mapping if not exists for nosuch server nosuch;
create user mapping for nosuch server s;
create user mapping if not exists for nosuch server s;
create user mapping for alice server nosuch;
create user mapping if not exists for alice server nosuch;
create user mapping for alice server s options (a '1', a '2');
create user mapping for alice server s options (a '1');
create user mapping for alice server s;
create user mapping for alice server s options (a '1', a '2');
create user mapping if not exists for alice server s;
create user mapping if not exists for alice server s options (a '1', a '2');
create user mapping if not exists for public server s options (user 'x');
create user mapping for public server s;
create user mapping if not exists for public server s;
create user mapping for pg_monitor server s;
create user mapping for postgres server s options (password '');
create user mapping for alice server s, t;
create user mapping for alice, bob server t;
create user mapping for alice server t options ();
create user mapping alice server t;
create user mapping for alice on server t;
create user mapping for alice foreign server t;
create user mapping for alice;
create mapping for alice server t;
create user mapping not exists for alice server t;
create user mapping if exists for alice server t;
create user for alice server t;

-- ALTER
alter user mapping for nosuch server nosuch options (a '1');
alter user mapping for alice server nosuch options (a '1');
alter user mapping for alice server t options (a '1');
alter user mapping for public server t options (a '1');
alter user mapping for alice server s options (a '1');
alter user mapping for alice server s options (set a '2', add b '3');
alter user mapping for alice server s;
alter user mapping for alice server s options ();
alter user mapping if exists for alice server s options (a '1');
alter user mapping for alice server s owner to bob;
alter user mapping for alice server s rename to bob;
alter user mapping for alice server s set schema x;
alter mapping for alice server s options (a '1');
set role bob;
alter user mapping for bob server s options (a '1');
alter user mapping for alice server s options (a '1');
alter user mapping for bob server nosuch options (a '1');
alter user mapping for nosuch server s options (a '1');
alter user mapping for alice server t options (a '1');
create user mapping for nosuch server s;
create user mapping for bob server nosuch;
create user mapping for alice server s;
create user mapping if not exists for alice server s;
create user mapping for bob server s;
create user mapping for bob server s options (a '1', a '2');
drop user mapping for alice server s;
drop user mapping if exists for alice server s;
drop user mapping for alice server t;
drop user mapping if exists for alice server t;
drop user mapping for nosuch server nosuch;
drop user mapping if exists for nosuch server nosuch;
drop user mapping for bob server nosuch;
drop user mapping if exists for bob server nosuch;
reset role;

-- DROP
drop user mapping for nosuch server s;
drop user mapping for alice server nosuch;
drop user mapping for alice server t;
drop user mapping for public server t;
drop user mapping if exists for nosuch server s;
drop user mapping if exists for alice server nosuch;
drop user mapping if exists for alice server t;
drop user mapping if exists for public server t;
drop user mapping for alice server s cascade;
drop user mapping for alice server s restrict;
drop user mapping for alice server s, t;
drop user mapping for alice, bob server s;
drop user mapping for alice;
drop user mapping alice server s;
drop mapping for alice server s;
drop user mapping for alice server s;
drop user mapping for alice server s;
drop user mapping for pg_monitor server s;

-- There is nothing else one can do with a mapping.
comment on user mapping for alice server s is 'x';
grant usage on user mapping for alice server s to bob;
security label on user mapping for alice server s is 'x';

-- Names may change.
create user mapping for alice server s options (a '1');
alter role alice rename to carol;
alter server s rename to r;
drop user mapping for alice server r;
drop user mapping for carol server s;
alter user mapping for carol server r options (drop a);
select srvname, usename, umoptions from pg_user_mappings order by 1, 2;
drop user mapping for carol server r;
drop role carol;
