-- 0.3, 0.4: lists of options: their grammar and their algebra
create foreign data wrapper w;

-- What may be written.
create server s1 foreign data wrapper w options ();
create server s1 foreign data wrapper w options (a);
create server s1 foreign data wrapper w options ('a' 'b');
create server s1 foreign data wrapper w options (a 1);
create server s1 foreign data wrapper w options (a true);
create server s1 foreign data wrapper w options (a null);
create server s1 foreign data wrapper w options (a -1);
create server s1 foreign data wrapper w options (a N'x');
create server s1 foreign data wrapper w options (a B'1');
create server s1 foreign data wrapper w options (a X'1');
create server s1 foreign data wrapper w options (a 'x' 'y');
create server s1 foreign data wrapper w options (a $1);
create server s1 foreign data wrapper w options (a 'x',);
create server s1 foreign data wrapper w options (, a 'x');
create server s1 foreign data wrapper w options (a = 'x');
create server s1 foreign data wrapper w options a 'x';
create server s1 foreign data wrapper w options (set a 'x');
create server s1 foreign data wrapper w options (add a 'x');
create server s1 foreign data wrapper w options (drop a);
create server s1 foreign data wrapper w options (a.b 'x');
create server s1 foreign data wrapper w options (a 'x') options (b 'y');
create server s1 foreign data wrapper w options ("" 'x');
create server s1 foreign data wrapper w options (a '');
create server s2 foreign data wrapper w options (a E'\n', b U&'\0041', c $$x$$, d $t$y$t$, e 'p'
    'q');
create server s3 foreign data wrapper w options (user 'a', select 'b', null 'c', set 'd', drop 'e', add 'f');
create server s4 foreign data wrapper w options ("a b" 'a', "User" 'b', user 'c', USER2 'd');
create server s5 foreign data wrapper w options (table 'a', "current_user" 'b', public 'c', none 'd', options 'e');
select srvname, srvoptions from pg_foreign_server order by 1;

-- Twice.
create server s6 foreign data wrapper w options (a '1', a '2');
create server s6 foreign data wrapper w options (a '1', A '2');
create server s6 foreign data wrapper w options (a '1', "A" '2');

-- Names with an equals sign.
create server s7 foreign data wrapper w options ("a=b" 'x');
create server s7 foreign data wrapper w options ("a=b" 'x', "a=b" 'y');
create server s7 foreign data wrapper w options (a 'x=y');
alter server s7 options (add "b=" 'x');
alter server s7 options (add "b=" 'x', drop "b=");
alter server s7 options (set "b=" 'x');

-- The algebra goes from left to right.
create server t foreign data wrapper w;
alter server t options (add a '1', set a '2', drop a, add a '3', b '4');
select srvoptions from pg_foreign_server where srvname = 't';
alter server t options (drop a, drop b);
select srvoptions is null from pg_foreign_server where srvname = 't';
alter server t options (a '1', b '2', c '3');
alter server t options (set a '9', drop b, add b '8');
select srvoptions from pg_foreign_server where srvname = 't';
alter server t options (a '1');
alter server t options (add a '1');
alter server t options (set nosuch '1');
alter server t options (drop nosuch);
alter server t options (drop a, set a '1');
alter server t options (drop a, drop a);
alter server t options (set a '1', set a '2', set a '3');
alter server t options (drop a '1');
alter server t options (drop a, 'x');
alter server t options (set a);
alter server t options (add a);
alter server t options (set 'x');
alter server t options (drop 'x');
alter server t options (add 'x');
select srvoptions from pg_foreign_server where srvname = 't';
alter server t options (drop drop, set set 'y', drop add);
select srvoptions from pg_foreign_server where srvname = 't';
alter server t options (set set set 'z');
alter server t options (drop set);
alter server t options (add add 'x', set add 'y', drop add);
alter server t options (reset a);
alter server t options (SET A 'upper');
select srvoptions from pg_foreign_server where srvname = 't';
alter server t options ();

-- The same engine for each kind of object.
alter foreign data wrapper w options (a '1', a '2');
alter foreign data wrapper w options (set a '2');
alter foreign data wrapper w options (drop a);
alter foreign data wrapper w options (a '1', b '2');
alter foreign data wrapper w options (drop a, set b '3', c '');
create user mapping for current_user server t options (x '1', x '2');
create user mapping for current_user server t options (x '1');
alter user mapping for current_user server t options (x '1');
alter user mapping for current_user server t options (set y '1');
alter user mapping for current_user server t options (drop y);
alter user mapping for current_user server t options (add y '1', drop x);
alter user mapping for current_user server t options ("=" '1');
create foreign table ft (a int options (x '1', x '2')) server t;
create foreign table ft (a int options (x '1')) server t options (y '1', y '2');
create foreign table ft (a int options ("x=" '1')) server t;
create foreign table ft (a int) server t options ("x=" '1');
create foreign table ft (a int options (x '1')) server t options (y '1');
alter foreign table ft options (y '1');
alter foreign table ft options (set z '1');
alter foreign table ft options (drop z);
alter foreign table ft options (drop y, add z '1');
alter foreign table ft alter a options (x '1');
alter foreign table ft alter a options (set z '1');
alter foreign table ft alter a options (drop z);
alter foreign table ft alter a options (drop x, "p=" 'x');
alter foreign table ft alter a options (drop x, z '1');
select fdwoptions from pg_foreign_data_wrapper where fdwname = 'w';
select umoptions from pg_user_mappings where srvname = 't';
select ftoptions from pg_foreign_table;
select attname, attfdwoptions from pg_attribute where attrelid = 'ft'::regclass and attnum > 0;

-- A validator sees the whole list.
create foreign data wrapper v validator postgresql_fdw_validator;
create foreign data wrapper v2 validator postgresql_fdw_validator options (a '1');
create server sv foreign data wrapper v options (a '1');
create server sv foreign data wrapper v options (user 'x');
create server sv foreign data wrapper v options (hots 'x');
create server sv foreign data wrapper v options (host 'h', port '1', dbname 'd');
create server sv2 foreign data wrapper v options (host 'h', host 'i');
create user mapping for current_user server sv options (host 'x');
create user mapping for current_user server sv options (user 'x', password 'y');
alter user mapping for current_user server sv options (usre 'z');
alter server sv options (set host 'x', add nosuch 'x');
alter server sv options (drop host, drop port, drop dbname);
create foreign table fv (a int) server sv options (x '1');
create foreign table fv (a int options (x '1')) server sv;
alter foreign data wrapper w validator postgresql_fdw_validator;
alter foreign data wrapper w options (drop b);
alter foreign data wrapper w options (drop b, drop c);
alter server t options (set a '1');
alter server t options (drop a, drop c, drop b);
