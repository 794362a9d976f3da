SELECT * FROM t2, t3

SELECT t2.a, t3.f FROM t2 JOIN t3 ON t2.a = t3.a

SELECT t2.a, t3.f FROM t2 INNER JOIN t3 ON (t2.a = t3.a)

SELECT * FROM t2 JOIN t3 USING (a)

SELECT * FROM t2 LEFT JOIN t3 USING (a)

SELECT a, t2.a AS l, t3.a AS r FROM t2 RIGHT JOIN t3 USING (a)

SELECT a FROM t2 FULL JOIN t3 USING (a)

SELECT * FROM t2 FULL JOIN t3 USING (a)

SELECT * FROM t2 NATURAL JOIN t3

SELECT * FROM t2 NATURAL LEFT JOIN t3

SELECT x.a, y.g FROM t2 x CROSS JOIN t3 y

SELECT * FROM t2 x JOIN t3 y ON x.a = y.a AND x.b = y.f

SELECT x.a FROM t2 x LEFT JOIN t3 y ON x.a = y.a LEFT JOIN films z ON z.id = y.f

SELECT x.a FROM t2 x LEFT JOIN (t3 y JOIN films z ON z.id = y.f) ON x.a = y.a

SELECT x.a FROM (t2 x JOIN t3 y ON x.a = y.a), films z

SELECT x.a, y.a AS ya FROM t2 x, t2 y WHERE x.a = y.b

SELECT * FROM t2 JOIN t2 AS other ON t2.a = other.b

SELECT j.a, j.e FROM (t2 JOIN t3 USING (a)) j

SELECT j.x, j.y FROM (t2 JOIN t3 ON t2.a = t3.a) AS j (x, y)

SELECT * FROM (t2 JOIN t3 ON t2.a = t3.a) AS j (x, y, z)

SELECT * FROM t2 JOIN t3 USING (a) AS k

SELECT k.a, t2.b FROM t2 JOIN t3 USING (a) AS k

SELECT * FROM t2 x JOIN t3 y USING (a) JOIN films z ON z.id = a

SELECT * FROM t2 x JOIN t2 y USING (a, b)

SELECT x.c, y.c AS yc FROM t2 x JOIN t2 y USING (a)

SELECT * FROM t2 AS x (k) JOIN t3 AS y (k) USING (k)

SELECT * FROM films JOIN studios ON films.studio = studios.id

SELECT * FROM films f JOIN studios s ON f.studio = s.id WHERE s.active

SELECT films.title, studios.name FROM films, studios WHERE films.studio = studios.id AND studios.active

SELECT * FROM t2 CROSS JOIN t3 CROSS JOIN studios

SELECT * FROM t2, t3, studios WHERE t2.a = t3.a

SELECT t2.a FROM t2 JOIN t3 ON true

SELECT * FROM t2 x LEFT JOIN LATERAL (SELECT y.g FROM t3 y WHERE y.a = x.a) z ON true

SELECT * FROM t2 x, LATERAL (SELECT y.g FROM t3 y WHERE y.a = x.a LIMIT 1) z

SELECT * FROM t2 x, generate_series(1, x.a) AS g

SELECT * FROM t2 x CROSS JOIN LATERAL generate_series(1, x.a) AS g (i)

SELECT * FROM generate_series(1, 3)

SELECT * FROM generate_series(1, 3) g

SELECT g FROM generate_series(1, 3) g

SELECT i FROM generate_series(1, 3) AS g (i)

SELECT * FROM generate_series(1, 3) WITH ORDINALITY

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS u (x, y)

SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r (p, q)

SELECT * FROM jsonb_each('{"a": 1}'::jsonb)

SELECT * FROM json_to_record('{"a": 1}') AS r (a integer, b text)

SELECT * FROM now() n

SELECT * FROM (SELECT a FROM t2) z

SELECT z.x FROM (SELECT a AS x, b FROM t2 WHERE b > 1) z WHERE z.b < 5

SELECT * FROM (SELECT a, b FROM t2) AS z (p, q)

SELECT * FROM (SELECT 1 AS a)

SELECT * FROM (SELECT a FROM t2) x JOIN (SELECT a, g FROM t3) y USING (a)

SELECT * FROM (SELECT * FROM (SELECT a FROM t2) i) o

SELECT * FROM s.films JOIN public.films USING (id)

SELECT films.title, films_1.x FROM films JOIN s.films AS films_1 USING (id)

SELECT * FROM t2 LEFT JOIN t3 ON t2.a = t3.a RIGHT JOIN studios ON studios.id = t2.b FULL JOIN films ON films.id = t3.f

SELECT x.a AS "Upper", y.g FROM t2 x NATURAL FULL JOIN t3 y

SELECT * FROM (t2 JOIN t3 USING (a)) JOIN (films JOIN studios ON films.studio = studios.id) ON t2.b = films.id
