SELECT 1

SELECT 1 AS one, 'x' AS two, NULL AS three, true AS four, 1.5 AS five, -1 AS six, 10000000000 AS seven

SELECT a FROM t

SELECT * FROM t2

SELECT t2.* FROM t2

SELECT a AS x, b, c AS "C d" FROM t2

SELECT a x, b y FROM t2 AS z

SELECT z.a, z.b FROM t2 AS z

SELECT z.* FROM t2 AS z (p, q)

SELECT p, q, c FROM t2 z (p, q)

SELECT public.t2.a FROM t2

SELECT * FROM s.hidden

SELECT * FROM s.films

SELECT * FROM films

SELECT f.id, g.id AS id2 FROM films f, s.films g

SELECT films.id FROM public.films, s.hidden

SELECT "Select", lower, "a""b", "user", "Camel" FROM "Quoted Table"

SELECT q."Select" FROM "Quoted Table" q

SELECT * FROM "Odd S"."order"

SELECT relname, relnamespace FROM pg_class

SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_namespace n WHERE c.relnamespace = n.oid

SELECT DISTINCT a, b FROM t2

SELECT DISTINCT ON (a) a, b FROM t2 ORDER BY a, b DESC

SELECT DISTINCT ON (a, b + 1) a, b, c FROM t2

SELECT ALL a FROM t2

SELECT a FROM t2 WHERE b > 1

SELECT a FROM t2 WHERE b > 1 AND c = 'x' OR NOT a = 3

SELECT a FROM t2 ORDER BY a

SELECT a FROM t2 ORDER BY a DESC, b NULLS FIRST, c DESC NULLS LAST

SELECT a FROM t2 ORDER BY 1

SELECT a AS k FROM t2 ORDER BY k

SELECT a + 1 AS k FROM t2 ORDER BY a + 1

SELECT a FROM t2 ORDER BY b + 1, lower(c)

SELECT a FROM t2 ORDER BY a USING >

SELECT a FROM t2 LIMIT 3

SELECT a FROM t2 LIMIT 3 OFFSET 2

SELECT a FROM t2 OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY

SELECT a FROM t2 ORDER BY a FETCH FIRST 3 ROWS WITH TIES

SELECT a FROM t2 ORDER BY a FETCH FIRST (1 + 2) ROWS WITH TIES

SELECT a FROM t2 LIMIT NULL

SELECT a FROM t2 LIMIT (SELECT 1)

SELECT a, count(*) FROM t2 GROUP BY a

SELECT a + 1 AS x, count(*) AS n FROM t2 GROUP BY a + 1

SELECT a AS x, sum(b) FROM t2 GROUP BY x HAVING sum(b) > 3

SELECT a, c, sum(b) FROM t2 GROUP BY 1, 2

SELECT c FROM t2 GROUP BY c, a

SELECT a, b, count(*) FROM t2 GROUP BY ROLLUP (a, b)

SELECT a, b, count(*) FROM t2 GROUP BY CUBE (a, (b, c))

SELECT a, b, grouping(a, b), count(*) FROM t2 GROUP BY GROUPING SETS ((a, b), (a), ())

SELECT a, count(*) FROM t2 GROUP BY DISTINCT ROLLUP (a, b), a

SELECT count(*) FROM t2 HAVING count(*) > 1

SELECT count(*) FROM t2 GROUP BY ()

VALUES (1, 'a'), (2, 'b')

VALUES (1)

VALUES (1, 2), (3, 4) ORDER BY 1 LIMIT 1

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (x, y)

SELECT v.column1 FROM (VALUES (1), (2)) v

SELECT a FROM ONLY t2

SELECT t2 FROM t2

SELECT z FROM t2 z

SELECT row_to_json(z) FROM t2 z

SELECT count(z.*) FROM t2 z

SELECT (z).a FROM t2 z

SELECT FROM t2

SELECT t2.ctid FROM t2

SELECT 1 WHERE true

SELECT 1 AS "1", 2 AS " ", 3 AS select

SELECT 1 AS "?column?", 2 AS x

SELECT now(), current_date, current_user, session_user, localtimestamp, current_timestamp(3), current_time, localtime(2), current_catalog, current_schema, user, current_role

SELECT a FROM t2 FOR UPDATE

TABLE t2
