-- 0.1: names: folding, quoting, keywords, sixty-three bytes
create foreign data wrapper Wrapper;
create foreign data wrapper wrapper;
create foreign data wrapper "Wrapper";
create foreign data wrapper "";
create foreign data wrapper "with space";
create foreign data wrapper "with ""quote""";
create foreign data wrapper "ümlaut";
create foreign data wrapper Ümlaut;
create foreign data wrapper a1_$;
create foreign data wrapper 1a;
create foreign data wrapper _a;
create foreign data wrapper 'a';
create foreign data wrapper s.w;
create foreign data wrapper w.x.y;

-- Keywords: unreserved ones and those of column names need no quotes.
create server server foreign data wrapper wrapper;
create server values foreign data wrapper wrapper;
create server public foreign data wrapper wrapper;
create server none foreign data wrapper wrapper;
create server if foreign data wrapper wrapper;
create server type foreign data wrapper wrapper;
create server version foreign data wrapper wrapper;
create server options foreign data wrapper wrapper;
create server wrapper foreign data wrapper wrapper;
create server int foreign data wrapper wrapper;
create server coalesce foreign data wrapper wrapper;
create server user foreign data wrapper wrapper;
create server select foreign data wrapper wrapper;
create server current_user foreign data wrapper wrapper;
create server left foreign data wrapper wrapper;
create server table foreign data wrapper wrapper;
create server null foreign data wrapper wrapper;
create server "user" foreign data wrapper wrapper;
create server "select" foreign data wrapper wrapper;
create server "left" foreign data wrapper wrapper;
drop server server, values, public, none, if, type, version, options, wrapper, int, coalesce;
drop server "user", "select", "left";
drop server user;

-- Sixty-three bytes.
create server a23456789012345678901234567890123456789012345678901234567890123 foreign data wrapper wrapper;
create server a234567890123456789012345678901234567890123456789012345678901234 foreign data wrapper wrapper;
create server a2345678901234567890123456789012345678901234567890123456789012345678 foreign data wrapper wrapper;
create server "a234567890123456789012345678901234567890123456789012345678901é" foreign data wrapper wrapper;
create server "a23456789012345678901234567890123456789012345678901234567890éé" foreign data wrapper wrapper;
create server "A234567890123456789012345678901234567890123456789012345678901234" foreign data wrapper wrapper;
create server s foreign data wrapper a234567890123456789012345678901234567890123456789012345678901234;
drop server a23456789012345678901234567890123456789012345678901234567890123X;
create role b234567890123456789012345678901234567890123456789012345678901234;
create user mapping for b23456789012345678901234567890123456789012345678901234567890123XX server "A234567890123456789012345678901234567890123456789012345678901234";
create schema c234567890123456789012345678901234567890123456789012345678901234;
create foreign table c234567890123456789012345678901234567890123456789012345678901234.d234567890123456789012345678901234567890123456789012345678901234 (e234567890123456789012345678901234567890123456789012345678901234 int) server "A23456789012345678901234567890123456789012345678901234567890123";
select srvname from pg_foreign_server order by srvname;
create server s foreign data wrapper wrapper options (f234567890123456789012345678901234567890123456789012345678901234 'x');
select srvoptions from pg_foreign_server where srvname = 's';

-- Unicode escapes.
create server U&"\0061\+000062" foreign data wrapper wrapper;
create server U&"d!0061t!+000061" uescape '!' foreign data wrapper wrapper;
create server U&"\00" foreign data wrapper wrapper;
create server U&"\0000" foreign data wrapper wrapper;
drop server ab, data;

-- The two name spaces have nothing to do with each other.
create server "Wrapper" foreign data wrapper "Wrapper";
drop foreign data wrapper "Wrapper" cascade;
drop foreign data wrapper wrapper cascade;

-- Comments and white space.
create /* a /* nested */ comment */ foreign -- to the end
  data wrapper w;
drop foreign data wrapper
  w   ;
