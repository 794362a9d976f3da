-- Roles: sqlmed 6.1, 6.2.
create role cmd_plain;
-- show role cmd_plain
create user cmd_user password 'x' valid until '2030-01-02 03:04:05+00' connection limit 5;
-- show role cmd_user
create group cmd_group noinherit;
-- show role cmd_group
create role cmd_plain;
create role pg_cmd;
create role public;
create role "none";
create role current_user;
create role cmd_x superuser nosuperuser;
create role cmd_x login login;
create role cmd_x foo;
create role cmd_x unencrypted password 'x';
create role cmd_x password '';
-- show role cmd_x
drop role cmd_x;
create role cmd_x sysid 5 password null;
create role cmd_y connection limit -2;
create role cmd_y valid until 'nosuch';
create role cmd_y valid until 'infinity' in role cmd_group, cmd_plain role cmd_x admin cmd_user;
-- show role cmd_y
create role cmd_z in role cmd_z;
create role cmd_z in role cmd_nosuch;
create role cmd_creator createrole;
alter role cmd_y connection limit 3 createdb nologin;
-- show role cmd_y
alter role cmd_y connection limit -5;
alter role cmd_nosuch login;
alter role pg_monitor login;
alter role public login;
alter role current_user createdb;
alter user cmd_y password null valid until '-infinity';
-- show role cmd_y
set role cmd_plain;
create role cmd_no;
alter role cmd_plain password 'mine';
drop role cmd_nosuch;
drop role cmd_x;
comment on role cmd_x is 'x';
alter role cmd_x rename to cmd_xx;
reset role;
alter role cmd_nosuch rename to cmd_q;
alter role cmd_x rename to cmd_plain;
alter role cmd_x rename to pg_x;
alter role pg_monitor rename to cmd_q;
alter role postgres rename to cmd_q;
alter role cmd_x rename to cmd_xx;
comment on role cmd_xx is 'a role';
-- show role cmd_xx
comment on role cmd_xx is null;
-- show role cmd_xx
drop role cmd_nosuch;
drop role if exists cmd_nosuch, cmd_xx;
drop role current_user;
drop role public;
drop role postgres;
drop role pg_monitor;
drop role cmd_y, cmd_nosuch;
drop role cmd_y, cmd_y;
-- show role cmd_y
create foreign data wrapper w;
create server s foreign data wrapper w;
create user mapping for cmd_user server s;
grant usage on foreign server s to cmd_user;
grant usage on foreign data wrapper w to cmd_user with grant option;
alter server s owner to cmd_user;
drop role cmd_user;
drop owned by cmd_user;
drop role cmd_user;
-- show server s
alter group cmd_group add user cmd_plain, cmd_creator;
alter group cmd_group add user cmd_nosuch;
alter group cmd_group drop user cmd_creator;
-- show role cmd_group
create role cmd_md5 password 'md5827ccb0eea8a706c4c34a16891f84e7b';
-- show role cmd_md5
alter role cmd_md5 password 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$aW4vDbDRlj2eHFEmbPjMAJlOhQJmPTrWYq1OTlBeEtY=:Ry2I2JzzZjTzYFzfDSZMHTvvHQgOLPWC5Sz2zUqZpe0=';
-- show role cmd_md5
