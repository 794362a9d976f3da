SELECT count(*), count(a), count(DISTINCT a), sum(a), avg(b), min(c), max(c) FROM t2

SELECT sum(a) FILTER (WHERE b > 1) FROM t2

SELECT array_agg(a ORDER BY b DESC, c) FROM t2

SELECT string_agg(c, ', ' ORDER BY c) FROM t2

SELECT string_agg(DISTINCT c, ', ' ORDER BY c) FROM t2

SELECT array_agg(DISTINCT a ORDER BY a DESC NULLS LAST) FILTER (WHERE a > 0) FROM t2

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM t

SELECT mode() WITHIN GROUP (ORDER BY a) FROM t2

SELECT rank(1) WITHIN GROUP (ORDER BY a DESC) FROM t2

SELECT bool_and(o), every(o), jsonb_agg(a), json_object_agg(c, a) FROM t

SELECT a, row_number() OVER () FROM t2

SELECT a, rank() OVER (PARTITION BY b ORDER BY a DESC) FROM t2

SELECT a, sum(b) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t2

SELECT a, sum(b) OVER (ORDER BY a RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) FROM t2

SELECT a, sum(b) OVER (ORDER BY a GROUPS 2 PRECEDING) FROM t2

SELECT a, sum(b) OVER w, count(*) OVER w FROM t2 WINDOW w AS (PARTITION BY c ORDER BY a)

SELECT a, sum(b) OVER (w ORDER BY a) FROM t2 WINDOW w AS (PARTITION BY c)

SELECT sum(b) OVER (w2 ROWS UNBOUNDED PRECEDING) FROM t2 WINDOW w AS (PARTITION BY c), w2 AS (w ORDER BY a)

SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b) FROM t2

SELECT lag(a, 1, 0) OVER (ORDER BY a), first_value(a) OVER (ORDER BY a), ntile(4) OVER (ORDER BY a) FROM t2

SELECT a, sum(sum(b)) OVER (ORDER BY a) FROM t2 GROUP BY a

SELECT lower(c), upper(c) AS u, length(c), coalesce(c, 'x'), nullif(c, ''), greatest(a, b, 1), least(a, 2) FROM t2

SELECT substring(c FROM 2 FOR 3), substring(c, 2), substring(c FROM 'x'), substring(c FOR 2), position('a' IN c), overlay(c PLACING 'x' FROM 2 FOR 1), overlay(c PLACING 'x' FROM 2) FROM t2

SELECT trim(c), trim(LEADING 'x' FROM c), trim(BOTH 'x' FROM c), btrim(c), ltrim(c, 'x') FROM t2

SELECT trim(TRAILING FROM c) FROM t2

SELECT extract(year FROM d), extract(epoch FROM ts), extract('month' FROM tz), date_part('day', ts) FROM t

SELECT ts AT TIME ZONE 'UTC', tz AT TIME ZONE 'Europe/Rome', timezone('UTC', ts) FROM t

SELECT tz AT LOCAL FROM t

SELECT date_trunc('month', ts), d + 1, d - d, ts - ts, d + interval '1 day', tz + '1 hour', age(tz, tz), d + tm FROM t

SELECT (d, d) OVERLAPS (d, d) FROM t

SELECT c LIKE 'a%', c NOT LIKE 'a%', c ILIKE 'a%', c NOT ILIKE 'b', c LIKE 'a!%' ESCAPE '!', c ~ 'x', c !~* 'y' FROM t2

SELECT c SIMILAR TO 'a' FROM t2

SELECT c || 'x', c || a, 'a' || 'b', a || c, arr || 1, arr || arr FROM t

SELECT a::text, a::bigint, c::integer, b::numeric(5,2), c::varchar(3), c::char(2), v::text, p::text, n::integer, f::real, sm::integer, o::integer, CAST(a AS double precision) FROM t

SELECT 'x'::text, '1'::integer, '2020-01-01'::date, date '2020-01-01', timestamp '2020-01-01 10:00', '1'::numeric(5,2), 'abc'::varchar(2), 'a'::char, 'a'::char(3), '{1,2}'::int[], 'x'::name, 't'::boolean, '1.5'::float8, '(1,2)'::point

SELECT 1::bigint, 1.0::numeric(3,1), 2::smallint, 1::real, 1.5::double precision, -1::bigint, (-1)::bigint, - 1, -1.5, +1, 1e10, 1e-5, 0.1, 123456789012345678901234567890, NULL::integer, true::text

SELECT a = 1, a <> 1, a != 1, a < 1, a <= 1, a > 1, a >= 1, a % 2, a ^ 2, a & 1, a | 1, a # 1, ~ a, a << 1, @ a, |/ f, a + b * 2 - 3 / 4, (a + b) * 2, - (a + b), - a FROM t

SELECT a IN (1, 2), a NOT IN (1, 2), a IN (1, b), c IN ('a', 'b'), a IN (1), v IN ('a', 'b'), d IN ('2020-01-01'), n IN (1, 2.5) FROM t

SELECT a = ANY (ARRAY[1, 2]), a <> ALL ('{1,2}'), a = ANY (arr) FROM t

SELECT c LIKE ANY (ARRAY['a%', 'b']) FROM t

SELECT a BETWEEN 1 AND 2, a NOT BETWEEN 1 AND 2, d BETWEEN '2020-01-01' AND '2021-01-01' FROM t

SELECT a IS NULL, a IS NOT NULL, o IS TRUE, o IS NOT TRUE, o IS FALSE, o IS NOT FALSE, o IS UNKNOWN, o IS NOT UNKNOWN, a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, a NOTNULL FROM t

SELECT NOT o, o AND NOT o, (o OR a = 1) AND b = 2, NOT (o OR a = 1), o = true, (a = 1) = o, o AND (a > 1 AND b > 2), o OR (a > 1 OR b > 2) FROM t

SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END, CASE a WHEN 1 THEN 'one' WHEN 2 THEN 'two' END, CASE WHEN a > 1 AND b > 2 THEN 1 WHEN c IS NULL THEN 2 END AS k FROM t

SELECT CASE c WHEN 'a' THEN CASE WHEN b = 1 THEN 1 ELSE 2 END ELSE 3 END FROM t2

SELECT (a, b)::text FROM t2

SELECT ROW(a, b) IS NULL FROM t2

SELECT (a, b) = (1, 2), ROW(a, b) <> ROW(1, 2), (a, c) IN ((1, 'a'), (2, 'b')) FROM t2

SELECT (a, b) < (1, 2) FROM t2

SELECT ARRAY[1, 2], ARRAY['a', 'b'], ARRAY[]::integer[], ARRAY[a, b], ARRAY[1, 2.5], arr[1], arr[a + 1], (ARRAY[1, 2])[1], array_length(arr, 1) FROM t

SELECT j -> 'a', j ->> 'a', j #> '{a,b}', j @> '{"a": 1}', j ? 'x', js -> 0 FROM t

SELECT j['a'], j['a']['b'] FROM t

SELECT c COLLATE "C", c COLLATE "C" < 'x', lower(c COLLATE "POSIX") FROM t2 ORDER BY c COLLATE "C"

SELECT c COLLATE "C" || 'x', (c || 'x') COLLATE "C" FROM t2

SELECT concat(a, c), concat_ws(',', c, a), format('%s-%s', a, c) FROM t2

SELECT concat(VARIADIC ARRAY[a, b]) FROM t2

SELECT generate_series(1, a), unnest(ARRAY[1, 2]) AS u FROM t2

SELECT to_char(ts, 'YYYY'), to_date(c, 'YYYY'), round(n, 2), round(f), abs(a), mod(a, b), ceil(f), power(f, 2), sqrt(n), a / 2.0, n * a, f * n FROM t

SELECT a + big, sm + a, a + n, r + f, a::bigint + big, big = a, n = a, f > a, sm = 1, big = 1, n = 1, n > 1.5, f = 1.5, f > 1 FROM t

SELECT v = 'x', v || 'y', lower(v), p = 'x', nm = 'x', v LIKE 'a%', length(v), v < c, p = v, nm = c, nm::text = c, oi = 1, 'x' = v FROM t

SELECT u = '123e4567-e89b-12d3-a456-426614174000', x << '10.0.0.0/8', by = '\x01', '\x01'::bytea, E'a\nb', E'a\\b', 'it''s', U&'\0041' FROM t

SELECT B'101', X'1F'

SELECT d > '2020-01-01', ts > '2020-01-01', tz > '2020-01-01 00:00:00+00', tm > '10:00', i > '1 day', tz > now() - interval '7 days', ts > d, '2020-01-01' < d FROM t

SELECT x.a FROM t x WHERE x.c = 'a'::text AND x.v = 'b'::text AND x.v::text = 'c'

SELECT pg_catalog.lower(c), pg_catalog.now(), a OPERATOR(pg_catalog.+) b FROM t2

SELECT "left"(c, 1), "right"(c, 2), "char"(a), "substring"(c, 1, 2), pg_typeof(a) FROM t2

SELECT xmlelement(name foo) FROM t2

SELECT 'pg_class'::regclass, 'integer'::regtype, 'lower(text)'::regprocedure

SELECT normalize(c, NFC) FROM t2

SELECT c IS NORMALIZED, c IS NFD NORMALIZED FROM t2

SELECT cast(a AS text) || 'x', a::text::varchar(5), (a + 1)::text, (- a)::text, - a::bigint, (CASE WHEN o THEN 1 ELSE 2 END)::text, (SELECT 1)::text, lower(c)::varchar FROM t

SELECT make_interval(days => 10)

SELECT make_interval(1, 2) FROM t2

SELECT coalesce(a, 0) + 1, coalesce(n, 0), coalesce(v, 'x'), coalesce(big, a), nullif(a, 0), nullif(n, 0), greatest(a, n), coalesce(d, '2020-01-01'), coalesce(NULL, a) FROM t

SELECT count(*) OVER (), min(a) OVER (PARTITION BY b, c) AS m FROM t2 ORDER BY a

SELECT a FROM t2 WHERE c = 'x' AND (a = 1 OR b = 2) AND NOT (a = 3 AND b = 4) AND a IS NOT NULL

SELECT a FROM t WHERE (a + 1) * 2 > b AND a - (b - 1) = 3 AND (a - b) - 1 = 3 AND a * (b * 2) > 1 AND -(-a) = 1 AND (a > 1) IS TRUE AND (NOT o) IS NULL AND a + b IS NULL AND (a = b) = (b = 1) AND a::text || c LIKE 'x' AND (c || 'a') || 'b' = c || ('a' || 'b')

SELECT txid_current(), random()

SELECT system_user

SELECT current_setting('x'), has_table_privilege('t2', 'select')

SELECT interval '1' day

SELECT a BETWEEN SYMMETRIC 2 AND 1 FROM t

SELECT ARRAY[[1, 2], [3, 4]] FROM t

SELECT arr[1:2], arr[:2] FROM t

SELECT 'x' COLLATE "C" AS x, (c::varchar) COLLATE "C" AS y FROM t2
