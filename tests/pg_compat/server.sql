-- 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7: servers: each check, in its order
create role owner_;
create role user_;
create role other;
create foreign data wrapper w;
grant usage on foreign data wrapper w to owner_;

-- CREATE
create server s foreign data wrapper w;
create server s foreign data wrapper w;
create server s foreign data wrapper nosuch;
create server if not exists s foreign data wrapper nosuch options (a '1', a '2');
create server if not exists s foreign data wrapper w;
create server if not exists t foreign data wrapper nosuch;
create server t foreign data wrapper nosuch options (a '1', a '2');
create server t foreign data wrapper w options (a '1', a '2');
create server t type 'oracle' version '1' foreign data wrapper w options (a '1');
create server u type '' version '' foreign data wrapper w;
create server v version null foreign data wrapper w;
create server x type null foreign data wrapper w;
create server x version '1' type 'a' foreign data wrapper w;
create server x foreign data wrapper w version '1';
create server x options (a '1') foreign data wrapper w;
create server x;
create server x foreign data wrapper;
create server x type oracle foreign data wrapper w;
create server x version 1 foreign data wrapper w;
create server a.x foreign data wrapper w;
set role other;
create server s foreign data wrapper w;
create server if not exists s foreign data wrapper w;
create server if not exists z foreign data wrapper w;
create server z foreign data wrapper w options (a '1', a '2');
create server z foreign data wrapper nosuch;
set role owner_;
create server mine foreign data wrapper w;
create server mine2 foreign data wrapper w;
reset role;

-- ALTER
alter server nosuch version '1';
alter server nosuch options (a '1');
alter server mine version '2' options (a '1');
alter server mine version null;
alter server mine options (set a '2') version '3';
alter server mine type 'x';
alter server mine foreign data wrapper w;
alter server mine;
alter server if exists nosuch version '1';
grant usage on foreign server mine to user_;
set role user_;
alter server mine version '1';
alter server mine options (add a '1', drop nosuch);
alter server nosuch version '1';
alter server mine rename to other;
alter server nosuch rename to other;
alter server mine owner to user_;
alter server mine owner to owner_;
alter server mine owner to nosuch;
alter server nosuch owner to user_;
alter server nosuch owner to nosuch;
drop server mine;
drop server if exists mine;
drop server if exists nosuch;
drop server nosuch;
comment on server mine is 'x';
comment on server nosuch is 'x';
reset role;

-- RENAME
alter server mine rename to mine;
alter server mine rename to s;
alter server mine rename to "Mine";
alter server mine rename to mine;
alter server "Mine" rename to mine;
alter server nosuch rename to mine;

-- OWNER TO, by somebody who is not a superuser
set role owner_;
alter server mine owner to other;
alter server mine owner to owner_;
alter server mine owner to public;
alter server mine owner to nosuch;
reset role;
grant other to owner_;
set role owner_;
alter server mine owner to other;
reset role;
grant usage on foreign data wrapper w to other;
set role owner_;
alter server mine owner to other;
comment on server mine is 'as a member';
set role other;
alter server mine owner to owner_;
comment on server mine is null;
comment on server mine is '';
reset role;
alter server mine owner to owner_;
revoke other from owner_;
grant other to owner_ with set false;
set role owner_;
alter server mine owner to other;
reset role;
alter server mine owner to user_;
alter server mine owner to owner_;

-- The wrapper's owner has no rights on the server.
create role boss superuser;
alter foreign data wrapper w owner to boss;
alter role boss nosuperuser;
set role boss;
alter server mine version '7';
drop server mine;
drop server mine cascade;
alter server mine owner to boss;
reset role;

-- DROP
drop server s, nosuch;
drop server if exists nosuch, s, nosuch2;
drop server t, t;
drop server t;
create user mapping for public server mine;
drop server mine;
drop server mine restrict;
drop server mine cascade;
drop server u, v cascade;
drop server;
drop server mine2 cascade restrict;
set role owner_;
drop server mine2;
