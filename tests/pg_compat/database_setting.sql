-- 6.2: settings of the database, and of a role in it
create role alice login createrole;
create role bob login;
grant bob to alice with admin option;
create role carol login;
alter database medley set work_mem = '2MB';
alter database medley set work_mem to '3MB';
alter database medley set search_path = a, "B", public;
alter database medley set x.y = 'z';
alter database medley set nosuch = 'z';
alter database medley set work_mem = 'many';
alter database medley set server_version = '3';
alter database medley set datestyle from current;
alter database medley set time zone 'UTC';
alter database medley set role = 'bob';
alter database medley set role = 'nosuch';
alter database nosuch set work_mem = '2MB';
alter database nosuch reset all;
alter database medley set tablespace = 'x';
alter database medley set work_mem;
alter role bob in database medley set work_mem = '4MB';
alter role bob in database nosuch set work_mem = '4MB';
alter role nosuch in database nosuch set work_mem = '4MB';
alter role nosuch in database medley set work_mem = '4MB';
alter role bob set work_mem = '5MB';
alter role all set work_mem = '6MB';
alter role all in database medley set statement_timeout = '7min';
select setdatabase <> 0, setrole::regrole, setconfig from pg_db_role_setting order by 1, 2;
\drds
\drds bob
\drds bob medley
alter database medley reset role;

-- Who may.
set role alice;
alter database medley set work_mem = '8MB';
alter database medley reset all;
alter role all in database medley set work_mem = '8MB';
alter role all set work_mem = '8MB';
alter role bob in database medley set work_mem = '8MB';
alter role alice in database medley set work_mem = '8MB';
alter role carol in database medley set work_mem = '8MB';
alter role carol in database nosuch set work_mem = '8MB';
reset role;
alter database medley owner to carol;
set role carol;
alter database medley set work_mem = '9MB';
alter role all in database medley set lock_timeout = 3;
alter role bob in database medley set work_mem = '8MB';
alter role all set work_mem = '8MB';
reset role;

-- What a session begins with: role in database, role, database, all.
\c medley carol
show work_mem;
show statement_timeout;
show search_path;
\c medley bob
show work_mem;
alter role bob in database medley reset work_mem;
\c medley bob
show work_mem;
\c medley postgres
alter role bob reset all;
alter database medley reset work_mem;
\c medley bob
show work_mem;
\c medley postgres
alter database medley reset nosuch;
alter database medley reset all;
alter role all in database medley reset statement_timeout;
select setdatabase <> 0, setrole::regrole, setconfig from pg_db_role_setting order by 1, 2;

-- They go with the role, and not with DROP OWNED.
alter role alice in database medley set work_mem = '1MB';
alter role carol set work_mem = '1MB';
drop owned by alice;
select setdatabase <> 0, setrole::regrole, setconfig from pg_db_role_setting order by 1, 2;
reassign owned by carol to postgres;
revoke bob from alice;
drop role alice, bob, carol;
select setdatabase <> 0, setrole::regrole, setconfig from pg_db_role_setting order by 1, 2;
alter role all reset all;
