-- 7.4: what psql shows
create role alice createdb;
create role bob login;
create role group_;
grant group_ to alice, bob with admin option;
comment on role alice is 'somebody';
create extension postgres_fdw;
create schema n authorization alice;
comment on schema n is 'a schema';
create server s type 't' version 'v' foreign data wrapper postgres_fdw options (host 'h', "dbname" 'd''s');
comment on server s is 'a server';
create server s2 foreign data wrapper postgres_fdw;
grant usage on foreign server s to alice with grant option;
create user mapping for alice server s options (user 'u');
create user mapping for public server s2;
create foreign table t (a int options (column_name 'A') not null, b varchar(10) default 'x', c numeric(10,2), d timestamptz) server s options (schema_name 'r', table_name 'q');
create foreign table n.u (a int, check (a > 0)) server s2;
comment on foreign table t is 'a table';
comment on column t.b is 'a column';
grant select on t to alice;
grant select (a), update (b) on t to bob;
create view v as select a, b from t;
alter default privileges in schema n grant select on tables to bob;
\des
\des+
\des s
\des+ s*
\des nosuch
\deu
\deu+
\deu s2
\det
\det+
\det t
\det n.*
\det+ n.*
\det nosuch
\d
\d+
\d t
\d+ t
\d n.u
\d v
\d+ v
\d nosuch
\dE
\dE+
\dv
\dt
\dn
\dn+
\dn n
\du alice
\du+ alice
\du bob
\dp
\dp t
\z n.*
\ddp
\drds
\dew postgres*
\x
\des+ s
\d t
