-- Views over foreign tables, as far as they are catalog.
create role cmd_a;
create role cmd_b;
create foreign data wrapper w;
create server s foreign data wrapper w;
create foreign table t (a int, b text, c int) server s;
create view v as select a, b from t;
-- show table v
create view v as select a from t;
create view t as select a from t;
create or replace view t as select a from t;
create view v2 (x) as select a, b from t;
-- show table v2
create view v3 (x, y, z) as select a, b from t;
create view v3 (x, x) as select a, b from t;
create or replace view v as select a from t;
create or replace view v as select a, c from t;
create or replace view v2 (y) as select a, b from t;
create or replace view v as select a, b, c from t;
-- show table v
create view v4 with (security_invoker = true, security_barrier) as select a from t;
create view v5 with (nosuch = true) as select a from t;
create view v5 with (security_invoker = nosuch) as select a from t;
create view v5 with (check_option = nosuch) as select a from t;
create view v5 as select a from t with cascaded check option;
grant select on v to cmd_a;
alter view v owner to cmd_b;
-- show table v
set role cmd_a;
create view vv as select a from v;
create or replace view v as select a, b, c from t;
drop view v;
alter view v rename to vx;
alter view v set (security_invoker = true);
reset role;
alter view v4 rename to v6;
alter view v4 rename to v6;
alter view if exists v4 rename to v6;
alter view v6 set (security_invoker = false);
alter view v6 set (nosuch = false);
alter view v6 reset (security_barrier);
alter view v6 set schema nosuch;
alter foreign table v6 owner to cmd_b;
alter view t owner to cmd_b;
alter table v6 add column x int;
alter view v6 alter column a set default 3;
alter view v6 rename column a to aa;
-- show table v6
comment on view v6 is 'six';
comment on column v6.aa is 'aa';
-- show table v6
comment on foreign table v6 is 'six';
create foreign table u (a int) server s;
create view uv as select a from u;
alter foreign table u alter column a type bigint;
alter foreign table t drop column c;
drop foreign table t;
drop view v, v2;
drop server s cascade;
