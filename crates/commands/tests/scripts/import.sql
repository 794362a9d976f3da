-- IMPORT FOREIGN SCHEMA: sqlmed 5, with a remote that always has t1, t2 and odd.
create role cmd_a;
create foreign data wrapper w;
create extension postgres_fdw;
create server s foreign data wrapper w;
create server p foreign data wrapper postgres_fdw;
create schema n;
import foreign schema r from server nosuch into nosuch;
set role cmd_a;
import foreign schema r from server p into nosuch;
reset role;
grant usage on foreign server p to cmd_a;
grant usage on foreign server s to cmd_a;
set role cmd_a;
import foreign schema r from server p into nosuch;
import foreign schema r from server p into n;
reset role;
grant create, usage on schema n to cmd_a;
set role cmd_a;
import foreign schema r from server s into n;
import foreign schema r from server p into n options (nosuch 'x');
import foreign schema r from server p into n options (import_default 'x');
import foreign schema r limit to () from server p into n;
import foreign schema r from server p into n;
import foreign schema r limit to (t1, nosuch.t2, t1, nosuch) from server p into n options (import_default 'true', import_default 'false');
reset role;
-- show table t1
-- show table t2
import foreign schema r except (odd, t1) from server p into n;
import foreign schema r except (odd, t1, t2) from server p into n;
