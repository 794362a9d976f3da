-- 6.5: GRANT and REVOKE on wrappers and servers: words, order, warnings, chains
create role alice;
create role bob;
create role carol;
create role dave;
create foreign data wrapper w;
create server s foreign data wrapper w;
create server t foreign data wrapper w;

-- Objects come before grantees, and both before the right.
grant usage on foreign server nosuch to nosuch;
grant usage on foreign server s to nosuch;
grant usage on foreign data wrapper nosuch to nosuch;
grant usage on foreign data wrapper w to nosuch;
grant usage on foreign server s, nosuch to alice;
grant usage on foreign server s to alice, nosuch;
revoke usage on foreign server nosuch from nosuch;
revoke usage on foreign server s from nosuch;
revoke usage on foreign data wrapper nosuch from alice;
set role bob;
grant usage on foreign server nosuch to nosuch;
grant usage on foreign server s to nosuch;
grant usage on foreign server s to alice;
grant all on foreign server s to alice;
revoke usage on foreign server s from alice;
grant usage on foreign data wrapper w to alice;
revoke all on foreign data wrapper w from alice;
reset role;

-- Words.
grant select on foreign server s to alice;
grant select, usage on foreign server s to alice;
grant create on foreign data wrapper w to alice;
grant insert, update, delete on foreign data wrapper w to alice;
grant nosuch on foreign server s to alice;
grant "usage" on foreign server s to alice;
grant "Usage" on foreign server s to alice;
grant usage (a) on foreign server s to alice;
grant all privileges on foreign server s to alice;
grant all on foreign server s, t to alice, bob;
grant usage on server s to alice;
grant usage on foreign wrapper w to alice;
grant usage on foreign s to alice;
grant usage on foreign server s;
grant on foreign server s to alice;
grant usage foreign server s to alice;
grant usage on foreign server s to alice with admin option;
grant usage on foreign server s to alice with grant option with grant option;
grant usage on foreign server s from alice;
revoke usage on foreign server s to alice;
revoke all privileges on foreign server s, t from alice, bob;
revoke select on foreign server s from alice;
revoke nosuch on foreign server s from alice;
revoke usage on foreign server s from alice with grant option;
grant option for usage on foreign server s to alice;
revoke grant option for usage on foreign server s from alice;
revoke usage on foreign server s from alice cascade restrict;
grant usage on foreign server s to public with grant option;
grant usage on foreign server s to alice, public with grant option;
revoke grant option for usage on foreign server s from public;
grant usage on foreign server s to alice granted by postgres;
grant usage on foreign server s to alice granted by current_user;
grant usage on foreign server s to alice granted by bob;
grant usage on foreign server s to alice granted by nosuch;
grant usage on foreign server s to alice granted by public;
revoke usage on foreign server s from alice granted by bob;
revoke usage on foreign server s from alice granted by postgres;
grant usage on all foreign servers in schema public to alice;

-- The text of the privileges.
select srvname, srvacl from pg_foreign_server order by 1;
grant usage on foreign server s to alice;
select srvacl from pg_foreign_server where srvname = 's';
grant usage on foreign server s to alice with grant option;
grant usage on foreign server s to public;
select srvacl from pg_foreign_server where srvname = 's';
revoke grant option for usage on foreign server s from alice;
select srvacl from pg_foreign_server where srvname = 's';
revoke usage on foreign server s from alice, public;
select srvacl from pg_foreign_server where srvname = 's';
revoke usage on foreign server s from postgres;
select srvacl from pg_foreign_server where srvname = 's';
grant usage on foreign server s to alice;
select srvacl from pg_foreign_server where srvname = 's';
revoke usage on foreign server s from alice;
grant usage on foreign data wrapper w to "alice", carol with grant option;
select fdwacl from pg_foreign_data_wrapper where fdwname = 'w';
create role "Quoted Name";
grant usage on foreign server s to "Quoted Name";
select srvacl from pg_foreign_server where srvname = 's';

-- With a grant option, with the privilege, with nothing.
grant usage on foreign server t to bob with grant option;
grant usage on foreign server t to carol;
set role bob;
grant usage on foreign server t to dave;
grant usage on foreign server t to alice with grant option;
revoke usage on foreign server t from carol;
set role carol;
grant usage on foreign server t to alice;
grant all on foreign server t to alice;
revoke usage on foreign server t from bob;
revoke all on foreign server t from bob;
set role alice;
grant usage on foreign server t to carol with grant option;
grant usage on foreign server t, s to dave;
reset role;
select srvacl from pg_foreign_server where srvname = 't';
revoke usage on foreign server t from bob;
revoke grant option for usage on foreign server t from bob;
revoke grant option for usage on foreign server t from bob restrict;
set role bob;
revoke usage on foreign server t from alice;
revoke grant option for usage on foreign server t from alice cascade;
reset role;
select srvacl from pg_foreign_server where srvname = 't';
revoke usage on foreign server t from bob cascade;
select srvacl from pg_foreign_server where srvname = 't';
revoke usage on foreign server t from bob;

-- Circles of grant options.
grant usage on foreign server t to alice with grant option;
set role alice;
grant usage on foreign server t to bob with grant option;
set role bob;
grant usage on foreign server t to alice with grant option;
reset role;
select srvacl from pg_foreign_server where srvname = 't';
grant usage on foreign server t to postgres with grant option;
set role bob;
grant usage on foreign server t to postgres with grant option;
reset role;

-- Members of the owner, and superusers, grant as the owner.
alter server t owner to dave;
select srvacl from pg_foreign_server where srvname = 't';
grant usage on foreign server t to carol;
create role member;
grant dave to member;
set role member;
grant usage on foreign server t to "Quoted Name";
revoke usage on foreign server t from carol;
reset role;
select srvacl from pg_foreign_server where srvname = 't';

-- A new owner takes the old one's place in the entries.
grant usage on foreign server t to member;
alter server t owner to member;
select srvacl from pg_foreign_server where srvname = 't';
alter server t owner to postgres;
select srvacl from pg_foreign_server where srvname = 't';
