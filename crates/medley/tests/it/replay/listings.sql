-- What psql lists of everything that objects.sql makes.
\pset footer off
\pset pager off
\dew+
\des+
\deu+
\det+ *.*
\dn+
\dp public.*
\dp sc.*
\dp "Odd schema".*
\ddp
\dx
\dv+ public.*
\dv+ sc.*
\dv+ "Odd schema".*
\d+ public.films
\d+ public.nothing
\d+ public.recent
\d+ public.checked
\d+ public.checked_local
\d+ public.no_table
\d+ sc.ft1
\d+ sc.invoked
\d+ sc.barrier
\d+ sc.named
\d+ sc.merged
\d+ "Odd schema"."Odd ""table"""
\d+ "Odd schema"."View 3"
\dd sc.*
\d+ sc.computed
\d+ sc.over_computed
select p.oid::regprocedure, proacl from pg_proc p where proacl::text like '%dmp%' or proname in ('pg_sleep', 'pg_reload_conf') order by proname, pronargs;
select oid::regtype, typacl from pg_type where typacl is not null order by oid;
select lanname, lanacl from pg_language where lanacl is not null order by 1;
