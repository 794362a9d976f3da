-- 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8: foreign-data wrappers: each check, in its order
create role alice;
create role bob;
create role boss superuser;
create foreign data wrapper w;
create foreign data wrapper w;
create foreign data wrapper if not exists w;

-- The right to create comes before everything else.
set role alice;
create foreign data wrapper w;
create foreign data wrapper w2 options (a '1', a '2');
alter foreign data wrapper w options (a '1');
alter foreign data wrapper nosuch options (a '1');
alter foreign data wrapper w rename to w3;
alter foreign data wrapper nosuch rename to w3;
alter foreign data wrapper w owner to alice;
alter foreign data wrapper w owner to nosuch;
alter foreign data wrapper nosuch owner to alice;
alter foreign data wrapper nosuch owner to nosuch;
drop foreign data wrapper w;
drop foreign data wrapper nosuch;
drop foreign data wrapper if exists nosuch;
drop foreign data wrapper if exists w;
drop foreign data wrapper nosuch, w;
drop foreign data wrapper w, nosuch;
comment on foreign data wrapper w is 'x';
comment on foreign data wrapper nosuch is 'x';
create server s foreign data wrapper w;
create server s foreign data wrapper nosuch;
reset role;

-- Functions.
create foreign data wrapper w2 handler nosuch;
create foreign data wrapper w2 handler s.nosuch;
create foreign data wrapper w2 validator nosuch;
create foreign data wrapper w2 validator pg_catalog.nosuch;
create foreign data wrapper w2 no handler no validator;
create foreign data wrapper w3 no validator no handler;
create foreign data wrapper w4 validator postgresql_fdw_validator;
create foreign data wrapper w5 validator pg_catalog.postgresql_fdw_validator no handler;
create foreign data wrapper w6 handler postgresql_fdw_validator;
create foreign data wrapper w6 handler f handler g;
create foreign data wrapper w6 no handler no handler;
create foreign data wrapper w6 no handler handler f;
create foreign data wrapper w6 validator postgresql_fdw_validator no validator;
create foreign data wrapper w6 no validator no handler no validator;
create foreign data wrapper w6 options (a '1') no handler;
create foreign data wrapper w6 handler;
create foreign data wrapper w6 no;
create foreign data wrapper;

-- ALTER of functions warns.
alter foreign data wrapper w2 no handler;
alter foreign data wrapper w2 no validator;
alter foreign data wrapper w2 validator postgresql_fdw_validator;
alter foreign data wrapper w2 validator nosuch;
alter foreign data wrapper w2 handler nosuch;
alter foreign data wrapper w2 no handler no handler;
alter foreign data wrapper w2 no handler validator postgresql_fdw_validator options (a '1');
alter foreign data wrapper w2 no validator options (a '1');
alter foreign data wrapper w2 no handler options (add a '2');
alter foreign data wrapper w2 options (set a '2', drop nosuch);
alter foreign data wrapper w2;
alter foreign data wrapper nosuch no handler;
alter foreign data wrapper w2 options ();

-- Owners are superusers.
alter foreign data wrapper w owner to alice;
alter foreign data wrapper w owner to nosuch;
alter foreign data wrapper nosuch owner to nosuch;
alter foreign data wrapper nosuch owner to alice;
alter foreign data wrapper w owner to boss;
alter foreign data wrapper w owner to boss;
alter foreign data wrapper w owner to public;
alter foreign data wrapper w owner to current_user;
alter foreign data wrapper w owner to session_user;
alter foreign data wrapper w owner to current_role;
alter foreign data wrapper w owner to user;
alter foreign data wrapper w owner to none;
alter foreign data wrapper w owner to boss;

-- An owner who is no longer a superuser may still do some of it.
alter role boss nosuperuser;
set role boss;
alter foreign data wrapper w options (a '1');
alter foreign data wrapper w no handler;
alter foreign data wrapper w owner to bob;
alter foreign data wrapper w owner to boss;
alter foreign data wrapper w rename to w;
alter foreign data wrapper w rename to w2;
alter foreign data wrapper w rename to mine;
comment on foreign data wrapper mine is 'mine';
comment on foreign data wrapper mine is null;
comment on foreign data wrapper mine is '';
create server s foreign data wrapper mine;
grant usage on foreign data wrapper mine to alice;
drop foreign data wrapper mine;
drop foreign data wrapper mine cascade;
reset role;

-- Members of the owner act as the owner does.
create role member;
create role stranger noinherit;
create foreign data wrapper theirs;
alter role boss superuser;
alter foreign data wrapper theirs owner to boss;
grant boss to member;
grant boss to stranger;
set role stranger;
alter foreign data wrapper theirs rename to his;
comment on foreign data wrapper theirs is 'x';
drop foreign data wrapper theirs;
set role member;
alter foreign data wrapper theirs rename to his;
comment on foreign data wrapper his is 'x';
alter foreign data wrapper his options (a '1');
create server s foreign data wrapper his;
drop server s;
drop foreign data wrapper his;
reset role;

-- Several at once, all or none.
drop foreign data wrapper w2, nosuch;
drop foreign data wrapper if exists w2, nosuch, nosuch2;
drop foreign data wrapper w3, w3, w4;
drop foreign data wrapper w3;
drop foreign data wrapper w5 restrict;
drop foreign data wrapper w5 cascade restrict;
drop foreign data wrapper a.b;
