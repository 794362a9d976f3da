-- Roles by the rules of PostgreSQL 16 and later: CREATEROLE needs ADMIN OPTION.
create role cmd_creator createrole;
create role cmd_super superuser;
create role cmd_other;
create role cmd_nobody;
create role cmd_half noinherit createrole;
set role cmd_nobody;
create role cmd_no;
reset role;
set role cmd_creator;
create role cmd_made superuser;
create role cmd_made createdb;
create role cmd_made replication;
create role cmd_made bypassrls;
create role cmd_made login password 'x';
alter role cmd_made nologin connection limit 4;
alter role cmd_made createdb;
alter role cmd_made superuser;
alter role cmd_made password 'y';
alter role cmd_other login;
alter role cmd_other password 'y';
alter role cmd_super login;
alter role cmd_other rename to cmd_another;
alter role cmd_super rename to cmd_another;
alter role cmd_made rename to cmd_made2;
comment on role cmd_made2 is 'mine';
comment on role cmd_other is 'not mine';
comment on role cmd_super is 'not mine';
grant cmd_other to cmd_made2;
grant cmd_super to cmd_made2;
grant cmd_made2 to cmd_other;
revoke cmd_super from cmd_other;
drop role cmd_other;
drop role cmd_super;
set role cmd_made2;
reset role;
-- show members of cmd_made2
set role cmd_nobody;
drop role cmd_other;
alter role cmd_nobody login;
alter role cmd_nobody password 'mine';
alter role cmd_other password 'theirs';
reset role;
alter role postgres nosuperuser;
-- Membership: options, repeated grants, grantors, circles.
create role cmd_r1;
create role cmd_r2 noinherit;
create role cmd_r3;
grant cmd_r1 to cmd_r2;
grant cmd_r1 to cmd_r2;
-- show members of cmd_r1
grant cmd_r1 to cmd_r2 with admin option;
grant cmd_r1 to cmd_r2 with inherit true, set false;
-- show members of cmd_r1
grant cmd_r1 to cmd_r2 with foo true;
grant cmd_r2 to cmd_r1;
grant cmd_r1 to cmd_r1;
grant cmd_r1 to public;
grant public to cmd_r1;
grant cmd_r1 (a) to cmd_r2;
grant pg_database_owner to cmd_r1;
grant cmd_r1 to pg_database_owner;
grant cmd_r1 to cmd_r3 granted by cmd_r3;
set role cmd_r2;
grant cmd_r1 to cmd_r3 granted by postgres;
grant cmd_r1 to cmd_r3 with admin option;
reset role;
-- show members of cmd_r1
set role cmd_r3;
grant cmd_r1 to cmd_r2 with admin option;
grant cmd_r1 to cmd_nobody;
reset role;
-- show members of cmd_r1
revoke admin option for cmd_r1 from cmd_r2;
revoke cmd_r1 from cmd_r2;
revoke cmd_r1 from cmd_other;
drop role cmd_r3;
revoke admin option for cmd_r1 from cmd_r2 cascade;
-- show members of cmd_r1
revoke inherit option for cmd_r1 from cmd_r2;
revoke set option for cmd_r1 from cmd_r2;
-- show members of cmd_r1
revoke cmd_r1 from cmd_r2;
-- show members of cmd_r1
alter group cmd_r1 add user cmd_r3;
alter group cmd_r1 add user cmd_r3;
alter group cmd_r1 drop user cmd_r2;
-- show members of cmd_r1
-- SET ROLE and SET SESSION AUTHORIZATION.
set role cmd_nosuch;
set session authorization cmd_r3;
set role cmd_r1;
set role cmd_r3;
set role cmd_r2;
set session authorization cmd_nosuch;
reset session authorization;
grant cmd_r1 to cmd_r3 with set false;
set session authorization cmd_r3;
set role cmd_r1;
reset session authorization;
-- To be a member without inheriting is not to grant on what the role may grant on.
create role cmd_target;
create role cmd_admins;
create role cmd_nominal;
grant cmd_target to cmd_admins with admin option;
grant cmd_admins to cmd_nominal with inherit false, set false;
set role cmd_nominal;
grant cmd_target to cmd_nominal;
grant cmd_target to cmd_nominal with admin option;
grant cmd_target to cmd_nominal granted by cmd_admins;
revoke cmd_target from cmd_admins;
alter group cmd_target add user cmd_nominal;
reset role;
-- show members of cmd_target
