-- The algebra of OPTIONS lists.
create foreign data wrapper w options (a '1', b '2', c '3');
-- show fdw w
alter foreign data wrapper w options (set a '9', drop b, add b '8');
-- show fdw w
alter foreign data wrapper w options (add d '1', set d '2', drop d, add d '3', e '4');
-- show fdw w
alter foreign data wrapper w options (add a '1');
alter foreign data wrapper w options (a '1');
alter foreign data wrapper w options (set z '1');
alter foreign data wrapper w options (drop z);
alter foreign data wrapper w options (drop a, drop a);
create foreign data wrapper w2 options (a '1', a '2');
create foreign data wrapper w2 options (set 'x', drop 'y', add 'z', "user" 'u', null 'n');
-- show fdw w2
alter foreign data wrapper w2 options (set set 'y');
alter foreign data wrapper w2 options (drop drop, drop set, drop add);
-- show fdw w2
alter foreign data wrapper w2 options (drop "user", drop null);
-- show fdw w2
alter foreign data wrapper w2 options (empty '', "B c" 'x=y', v $$dollar$$, u E'it''s \\ x');
-- show fdw w2
alter foreign data wrapper w2 options ("x=y" 'v');
create foreign data wrapper w3 options ("x=y" 'v');
create foreign data wrapper w3 options ("B" '1', b '2');
-- show fdw w3
create foreign data wrapper w4 options ();
create foreign data wrapper w4 options (a 1);
create foreign data wrapper w4 options (set a 'v');
alter foreign data wrapper w3 options (drop b 'v');
