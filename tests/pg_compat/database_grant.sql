-- 6.5: privileges on the database, and what they are asked for
create role alice login;
create role bob login;
create role carol;
create role dora;
create role owner login;
select has_database_privilege('alice', 'medley', 'connect'), has_database_privilege('alice', 'medley', 'temp'), has_database_privilege('alice', 'medley', 'create');
select acldefault('d', 10::oid);

-- Who may make a schema.
set role alice;
create schema n;
create schema if not exists public;
create schema authorization alice;
create schema n authorization bob;
create schema pg_x;
reset role;
grant create on database medley to alice;
select datacl from pg_database where datname = current_database();
set role alice;
create schema n;
create schema n;
create schema if not exists n;
create schema authorization alice;
create schema b authorization bob;
create schema pg_x;
create schema pg_x authorization bob;
alter schema n rename to m;
reset role;
grant bob to alice;
set role alice;
create schema b authorization bob;
select nspname, nspowner::regrole, nspacl from pg_namespace where nspname in ('m', 'alice', 'b') order by 1;
alter schema m owner to bob;
alter schema m owner to carol;
reset role;
revoke create on database medley from alice;
set role alice;
alter schema alice rename to lewis;
alter schema alice owner to bob;
create schema z;
reset role;
grant create on database medley to bob;
set role bob;
alter schema b rename to c;
alter schema c owner to alice;
reset role;
set role alice;
alter schema alice owner to bob;
create schema z;
reset role;
revoke bob from alice;
drop schema b cascade;
drop schema c cascade;
drop schema if exists z, alice, m, n cascade;

-- Words.
grant select on database medley to alice;
grant usage on database medley to alice;
grant execute, connect on database medley to alice;
grant connect (a) on database medley to alice;
grant all (a) on database medley to alice;
grant nosuch on database medley to alice;
grant connect on database nosuch to alice;
grant connect on database medley, nosuch to alice;
grant connect on database medley to nosuch;
grant nosuch on database nosuch to alice;
grant connect on database medley.x to alice;
grant connect on all databases to alice;
grant connect on database medley to public with grant option;
grant connect on database medley to alice granted by bob;
grant connect on database medley to alice granted by current_user;
grant connect on database medley, medley to alice;
select datacl from pg_database where datname = current_database();
revoke all on database medley from alice, bob;
select datacl from pg_database where datname = current_database();

-- Chains.
alter database medley owner to owner;
select datacl from pg_database where datname = current_database();
grant temp, connect on database medley to alice with grant option;
select datacl from pg_database where datname = current_database();
set role alice;
grant temporary on database medley to bob with grant option;
grant connect, create on database medley to bob;
grant create on database medley to bob;
grant all on database medley to carol;
grant all privileges on database medley to carol with grant option;
revoke create on database medley from carol;
revoke connect, create on database medley from carol;
revoke all on database medley from owner;
reset role;
set role bob;
grant temp on database medley to dora;
grant temp on database medley to alice with grant option;
grant connect on database medley to dora;
reset role;
set role dora;
grant temp on database medley to carol;
revoke temp on database medley from bob;
reset role;
select datacl from pg_database where datname = current_database();
select grantor::regrole, grantee::regrole, privilege_type, is_grantable from aclexplode((select datacl from pg_database where datname = current_database())) order by 1, 2, 3;
revoke temp on database medley from alice;
revoke grant option for temp on database medley from alice;
revoke grant option for temp on database medley from alice cascade;
select datacl from pg_database where datname = current_database();
revoke all on database medley from alice cascade;
revoke connect on database medley from public;
select datacl from pg_database where datname = current_database();
revoke all on database medley from owner;
select datacl from pg_database where datname = current_database();
revoke all on database medley from public;
select datacl from pg_database where datname = current_database();
set role owner;
create schema n;
grant all on database medley to owner;
create schema n;
drop schema n;
reset role;
set role bob;
grant connect on database medley to carol;
reset role;
alter database medley owner to postgres;
select datacl from pg_database where datname = current_database();
grant connect on database medley to alice with grant option;
grant create on database medley to alice;
alter database medley owner to alice;
select datacl from pg_database where datname = current_database();
alter database medley owner to postgres;
select datacl from pg_database where datname = current_database();

-- Inquiry.
select has_database_privilege('medley', 'connect'), has_database_privilege((select oid from pg_database where datname = 'medley'), 'create with grant option');
select has_database_privilege('bob', 'medley', 'CONNECT, Temporary'), has_database_privilege('alice', 'medley', 'connect with grant option'), has_database_privilege('public', 'medley', 'temp');
select has_database_privilege('alice'::regrole, 'medley', 'create'), has_database_privilege('alice'::regrole, (select oid from pg_database where datname = 'medley'), 'temp');
select has_database_privilege('nosuch', 'medley', 'connect');
select has_database_privilege('alice', 'nosuch', 'connect');
select has_database_privilege('alice', 'medley', 'usage');
select has_database_privilege('alice', 99::oid, 'connect'), has_database_privilege(1::oid, 'medley', 'connect');

-- Who may connect.
alter database medley owner to owner;
grant connect on database medley to public;
\setenv PGHOST 127.0.0.1
\setenv PGPORT :PORT
\! psql -X -A -U alice medley -c 'select current_user' 2>&1
revoke connect on database medley from public;
revoke connect on database medley from alice cascade;
\! psql -X -A -U alice medley -c 'select current_user' 2>&1
\! psql -X -A -U owner medley -c 'select current_user' 2>&1
\c medley owner
revoke connect on database medley from owner;
\c medley postgres
\! psql -X -A -U owner medley -c 'select current_user' 2>&1
select datacl from pg_database where datname = current_database();
grant carol to bob;
grant connect on database medley to carol;
\! psql -X -A -U bob medley -c 'select current_user' 2>&1
revoke inherit option for carol from bob;
\! psql -X -A -U bob medley -c 'select current_user' 2>&1
grant carol to bob with inherit true;
grant connect on database medley to public;
alter database medley connection limit 0;
\! psql -X -A -U bob medley -c 'select current_user' 2>&1
\! psql -X -A -U postgres medley -c 'select current_user' 2>&1
alter database medley connection limit 2;
\! psql -X -A -U bob medley -c 'select current_user' 2>&1
alter database medley connection limit -1;
alter role alice connection limit 0;
\! psql -X -A -U alice medley -c 'select current_user' 2>&1
alter role alice connection limit -1 nologin;
\! psql -X -A -U alice medley -c 'select current_user' 2>&1
\! psql -X -A -U nosuch medley -c 'select current_user' 2>&1

-- What keeps a role.
grant create on database medley to bob, dora;
drop role alice, bob, carol, dora, owner;
drop role dora;
drop role owner;
select pg_describe_object(classid, objid, objsubid), dbid, deptype, refobjid::regrole::text from pg_shdepend where classid = 'pg_database'::regclass and refobjid >= 16384 order by 4;
set role dora;
drop owned by dora;
reset role;
select datacl from pg_database where datname = current_database();
drop owned by dora;
drop owned by bob, carol;
drop owned by owner;
select datdba::regrole, datacl from pg_database where datname = current_database();
reassign owned by owner to postgres;
drop role alice, bob, carol, dora, owner;
