SELECT films.id, films.title, films.year, films.rating, films.studio, films.released, films.tags, studios.id AS studio_id, studios.name, studios.city, studios.budget, studios.active FROM films JOIN studios ON films.studio = studios.id

SELECT a, b, c, CASE WHEN a > 1 THEN 'one' WHEN b > 1 THEN 'two' ELSE 'three' END AS kind, e FROM t2

SELECT a, (SELECT max(f) FROM t3 WHERE t3.a = t2.a) AS m, b FROM t2 WHERE a IN (SELECT a FROM t3 WHERE g IN (SELECT name FROM studios))

SELECT z.a, z.n FROM (SELECT a, count(*) AS n FROM t2 WHERE b > 0 GROUP BY a HAVING count(*) > 1 ORDER BY a LIMIT 10) z WHERE z.n < 100 ORDER BY z.n

WITH one AS (SELECT a, b FROM t2 WHERE a > 0), two AS (SELECT one.a, t3.g FROM one JOIN t3 ON one.a = t3.a) SELECT two.a, two.g FROM two WHERE two.g <> '' UNION ALL SELECT a, c FROM t2 ORDER BY 1, 2 LIMIT 5

SELECT * FROM (SELECT a FROM t2 UNION SELECT a FROM t3 UNION ALL (SELECT id FROM films INTERSECT SELECT id FROM studios)) u

SELECT x.a, count(*) FILTER (WHERE y.f > 0) AS n, string_agg(y.g, ',' ORDER BY y.g) AS gs FROM t2 x LEFT JOIN t3 y USING (a) GROUP BY x.a, x.b ORDER BY n DESC NULLS LAST, x.a

SELECT a, sum(b) OVER (PARTITION BY c ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running, rank() OVER w FROM t2 WHERE e > 0 WINDOW w AS (ORDER BY b DESC) ORDER BY a

SELECT 1 FROM t2 WHERE NOT EXISTS (SELECT 1 FROM t3 WHERE NOT EXISTS (SELECT 1 FROM films WHERE films.id = t3.f AND films.id = t2.a))

SELECT x.a FROM t2 x LEFT JOIN (SELECT a, max(f) AS f FROM t3 GROUP BY a) y ON y.a = x.a LEFT JOIN LATERAL (SELECT title FROM films WHERE films.id = y.f ORDER BY year DESC LIMIT 1) z ON true
