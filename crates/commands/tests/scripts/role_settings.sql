-- ALTER ROLE … SET, and who may.
create role cmd_a;
create role cmd_b createrole;
create role cmd_s superuser;
alter role cmd_a set work_mem to '5MB';
alter role cmd_a set search_path to a, b;
alter role cmd_a in database nosuch set work_mem to '6MB';
alter role cmd_nosuch set work_mem to '6MB';
alter role pg_monitor set work_mem to '6MB';
alter role all set statement_timeout to '7s';
-- show settings of cmd_a
-- show settings of all
set role cmd_a;
alter role cmd_a set work_mem to '8MB';
alter role cmd_b set work_mem to '8MB';
alter role cmd_s set work_mem to '8MB';
alter role all set work_mem to '8MB';
reset role;
set role cmd_b;
alter role cmd_a set work_mem to '9MB';
reset role;
-- show settings of cmd_a
alter role cmd_a reset work_mem;
alter role cmd_a reset nosuch;
-- show settings of cmd_a
alter role cmd_a reset all;
-- show settings of cmd_a
alter role all reset all;
-- show settings of all
alter role cmd_a set work_mem to '5MB';
drop role cmd_a;
