-- 0.2, 3.1: whom a statement may name, and how
create foreign data wrapper w;
create server s foreign data wrapper w;
create role alice;
create role "PUBLIC";
create role "user";
create role "current_user";
create role "CURRENT_USER";
create role "None";
create role public;
create role "public";
create role none;
create role "none";
create role current_user;
create role session_user;
create role current_role;
create role user;
create role "session_user";
create role "current_role";
create role PUBLIC;
create role None;

create user mapping for alice server s;
create user mapping for "alice" server s;
create user mapping for 'alice' server s;
create user mapping for ALICE server s;
create user mapping for "ALICE" server s;
create user mapping for user server s;
create user mapping for current_user server s;
create user mapping for current_role server s;
create user mapping for session_user server s;
create user mapping for CURRENT_USER server s;
create user mapping for "user" server s;
create user mapping for "current_user" server s;
create user mapping for "CURRENT_USER" server s;
create user mapping for "session_user" server s;
create user mapping for public server s;
create user mapping for "public" server s;
create user mapping for PUBLIC server s;
create user mapping for "PUBLIC" server s;
create user mapping for none server s;
create user mapping for "none" server s;
create user mapping for None server s;
create user mapping for "None" server s;
create user mapping for alice, public server s;
create user mapping for server s;
create user mapping for role alice server s;
select srvname, usename from pg_user_mappings order by 2;

-- After SET ROLE.
set role alice;
create user mapping for current_user server s;
create user mapping for user server s;
create user mapping for session_user server s;
alter user mapping for session_user server s options (a '1');
drop user mapping for session_user server s;
drop user mapping for current_role server s;
drop user mapping for user server s;
reset role;
drop user mapping for user server s;
drop user mapping for user server s;
drop user mapping for "PUBLIC" server s;
drop user mapping for "public" server s;
drop user mapping for public server s;
drop user mapping if exists for "public" server s;
drop user mapping if exists for none server s;
alter user mapping for none server s options (a '1');

-- Owners.
alter server s owner to public;
alter server s owner to "public";
alter server s owner to none;
alter server s owner to 'alice';
alter server s owner to user;
alter server s owner to "user";
alter server s owner to "PUBLIC";
alter server s owner to current_user;
alter server s owner to current_role;
alter server s owner to session_user;
alter server s owner to nosuch;

-- Grantees.
grant usage on foreign server s to public;
grant usage on foreign server s to "public";
grant usage on foreign server s to "PUBLIC";
grant usage on foreign server s to group alice;
grant usage on foreign server s to group public;
grant usage on foreign server s to current_user, session_user, current_role;
grant usage on foreign server s to user;
grant usage on foreign server s to "user";
grant usage on foreign server s to none;
grant usage on foreign server s to nosuch;
grant usage on foreign server s to 'alice';
grant usage on foreign server s to all;

-- Members.
grant alice to public;
grant alice to "public";
grant alice to none;
grant alice to user;
grant alice to "user";
grant public to alice;
grant none to alice;
grant nosuch to alice;
grant alice to nosuch;
grant current_user to alice;
grant alice to current_user;
revoke alice from public;
revoke alice from current_user;

-- Roles.
alter role public login;
alter role none login;
alter role user login;
alter role "user" login;
alter role current_user connection limit 5;
alter role session_user connection limit -1;
alter role nosuch login;
drop role public;
drop role none;
drop role current_user;
drop role session_user;
drop role user;
drop role if exists public;
drop role if exists none;
drop role if exists current_role;
drop role "PUBLIC", "None";
drop role "user";

-- Owned objects.
drop owned by public;
drop owned by none;
drop owned by user;
drop owned by nosuch;
reassign owned by public to alice;
reassign owned by alice to public;
reassign owned by nosuch to alice;
reassign owned by alice to nosuch;
reassign owned by none to alice;
alter default privileges for role public grant select on tables to alice;
alter default privileges for role nosuch grant select on tables to alice;
alter default privileges grant select on tables to nosuch;
alter default privileges grant select on tables to none;
