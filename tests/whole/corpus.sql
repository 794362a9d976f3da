-- Queries whose answer must be the same shipped, straight at the remote, and computed here. One
-- after another, each ended by a line with a semicolon alone.
SELECT id, id + 1 FROM films ORDER BY id
;
SELECT id, id * 2 - 3 FROM films ORDER BY id
;
SELECT id, id % 7 FROM films ORDER BY id
;
SELECT id, -id FROM films ORDER BY id
;
SELECT id, @ -id FROM films ORDER BY id
;
SELECT id, id / 3 FROM films ORDER BY id
;
SELECT id, id ^ 2 FROM films ORDER BY id
;
SELECT id, id & 5 FROM films ORDER BY id
;
SELECT id, id | 8 FROM films ORDER BY id
;
SELECT id, id # 3 FROM films ORDER BY id
;
SELECT id, ~ id FROM films ORDER BY id
;
SELECT id, id << 2 FROM films ORDER BY id
;
SELECT id, id >> 1 FROM films ORDER BY id
;
SELECT id, abs(-id) FROM films ORDER BY id
;
SELECT id, mod(id, 4) FROM films ORDER BY id
;
SELECT id, gcd(id, 12) FROM films ORDER BY id
;
SELECT id, lcm(id, 4) FROM films ORDER BY id
;
SELECT id, sign(id - 50) FROM films ORDER BY id
;
SELECT id, rating + 1 FROM films ORDER BY id
;
SELECT id, rating * rating FROM films ORDER BY id
;
SELECT id, rating / 3 FROM films ORDER BY id
;
SELECT id, round(rating, 1) FROM films ORDER BY id
;
SELECT id, trunc(rating) FROM films ORDER BY id
;
SELECT id, ceil(rating) FROM films ORDER BY id
;
SELECT id, floor(rating) FROM films ORDER BY id
;
SELECT id, rating::int FROM films ORDER BY id
;
SELECT id, rating::text FROM films ORDER BY id
;
SELECT id, sqrt(rating) FROM films ORDER BY id
;
SELECT id, ln(rating) FROM films ORDER BY id
;
SELECT id, exp(rating / 100) FROM films ORDER BY id
;
SELECT id, power(rating, 2) FROM films ORDER BY id
;
SELECT id, scale(rating) FROM films ORDER BY id
;
SELECT id, trim_scale(rating) FROM films ORDER BY id
;
SELECT id, div(rating, 2) FROM films ORDER BY id
;
SELECT id, width_bucket(rating, 0, 110, 10) FROM films ORDER BY id
;
SELECT id, price::float8 FROM films ORDER BY id
;
SELECT id, price * 3 FROM films ORDER BY id
;
SELECT id, price - rating FROM films ORDER BY id
;
SELECT id, rating % 3 FROM films ORDER BY id
;
SELECT id, numeric '1.5' * id FROM films ORDER BY id
;
SELECT id, (rating * 1e20)::numeric(30,5) FROM films ORDER BY id
;
SELECT id, f8 * 2 FROM films ORDER BY id
;
SELECT id, f8 / 3 FROM films ORDER BY id
;
SELECT id, f8::numeric FROM films ORDER BY id
;
SELECT id, f8::real FROM films ORDER BY id
;
SELECT id, round(f8) FROM films ORDER BY id
;
SELECT id, sin(f8) FROM films ORDER BY id
;
SELECT id, atan2(f8, 2) FROM films ORDER BY id
;
SELECT id, cbrt(f8) FROM films ORDER BY id
;
SELECT id, degrees(f8) FROM films ORDER BY id
;
SELECT id, f8::int FROM films ORDER BY id
;
SELECT id, f8 > 1.5 FROM films ORDER BY id
;
SELECT id, greatest(f8, rating, id) FROM films ORDER BY id
;
SELECT id, least(id, 50) FROM films ORDER BY id
;
SELECT id, length(title) FROM films ORDER BY id
;
SELECT id, char_length(title) FROM films ORDER BY id
;
SELECT id, octet_length(title) FROM films ORDER BY id
;
SELECT id, upper(title) FROM films ORDER BY id
;
SELECT id, lower(title) FROM films ORDER BY id
;
SELECT id, initcap(title) FROM films ORDER BY id
;
SELECT id, reverse(title) FROM films ORDER BY id
;
SELECT id, left(title, 4) FROM films ORDER BY id
;
SELECT id, right(title, 3) FROM films ORDER BY id
;
SELECT id, substr(title, 2, 3) FROM films ORDER BY id
;
SELECT id, substring(title from 3) FROM films ORDER BY id
;
SELECT id, substring(title from 2 for 4) FROM films ORDER BY id
;
SELECT id, substring(title from '[0-9]+') FROM films ORDER BY id
;
SELECT id, position('m' in title) FROM films ORDER BY id
;
SELECT id, strpos(title, 'l') FROM films ORDER BY id
;
SELECT id, replace(title, 'f', 'F') FROM films ORDER BY id
;
SELECT id, translate(title, 'film', 'FILM') FROM films ORDER BY id
;
SELECT id, repeat(kind, 2) FROM films ORDER BY id
;
SELECT id, lpad(title, 12, '*') FROM films ORDER BY id
;
SELECT id, rpad(title, 12) FROM films ORDER BY id
;
SELECT id, trim(both 'f' from title) FROM films ORDER BY id
;
SELECT id, ltrim(title, 'fi') FROM films ORDER BY id
;
SELECT id, btrim(title) FROM films ORDER BY id
;
SELECT id, split_part(title, ' ', 2) FROM films ORDER BY id
;
SELECT id, title || '!' FROM films ORDER BY id
;
SELECT id, title || id FROM films ORDER BY id
;
SELECT id, concat(title, id, null) FROM films ORDER BY id
;
SELECT id, concat_ws('-', title, id, kind) FROM films ORDER BY id
;
SELECT id, format('%s is %L', title, id) FROM films ORDER BY id
;
SELECT id, md5(title) FROM films ORDER BY id
;
SELECT id, ascii(title) FROM films ORDER BY id
;
SELECT id, chr(64 + id % 26) FROM films ORDER BY id
;
SELECT id, to_hex(id) FROM films ORDER BY id
;
SELECT id, quote_literal(title) FROM films ORDER BY id
;
SELECT id, title like 'film 1%' FROM films ORDER BY id
;
SELECT id, title not like '%2' FROM films ORDER BY id
;
SELECT id, title ilike 'FILM 3%' FROM films ORDER BY id
;
SELECT id, title ~ '[13]$' FROM films ORDER BY id
;
SELECT id, title ~* 'FILM [2]' FROM films ORDER BY id
;
SELECT id, title !~ '5' FROM films ORDER BY id
;
SELECT id, title similar to 'film (1 FROM films ORDER BY id
;
SELECT id, 2)%' FROM films ORDER BY id
;
SELECT id, regexp_replace(title, '[0-9]', 'x', 'g') FROM films ORDER BY id
;
SELECT id, regexp_match(title, '([a-z]+) ([0-9]+)') FROM films ORDER BY id
;
SELECT id, regexp_split_to_array(title, ' ') FROM films ORDER BY id
;
SELECT id, regexp_count(title, '1') FROM films ORDER BY id
;
SELECT id, regexp_like(title, '1$') FROM films ORDER BY id
;
SELECT id, starts_with(title, 'film 1') FROM films ORDER BY id
;
SELECT id, string_to_array(title, ' ') FROM films ORDER BY id
;
SELECT id, encode(b, 'base64') FROM films ORDER BY id
;
SELECT id, overlay(title placing 'XX' from 2 for 2) FROM films ORDER BY id
;
SELECT id, title < 'film 5' FROM films ORDER BY id
;
SELECT id, title >= kind FROM films ORDER BY id
;
SELECT id, title between 'film 2' and 'film 3' FROM films ORDER BY id
;
SELECT id, title collate "C" < 'film 4' FROM films ORDER BY id
;
SELECT id, title = 'film 7' or title in ('film 8', 'film 9') FROM films ORDER BY id
;
SELECT id, md5(b) FROM films ORDER BY id
;
SELECT id, sha256(b) FROM films ORDER BY id
;
SELECT id, length(b) FROM films ORDER BY id
;
SELECT id, b || '\x00'::bytea FROM films ORDER BY id
;
SELECT id, get_byte(b, 0) FROM films ORDER BY id
;
SELECT id, encode(b, 'hex') FROM films ORDER BY id
;
SELECT id, encode(b, 'escape') FROM films ORDER BY id
;
SELECT id, code FROM films ORDER BY id
;
SELECT id, code || 'x' FROM films ORDER BY id
;
SELECT id, length(code) FROM films ORDER BY id
;
SELECT id, code = 'c1' FROM films ORDER BY id
;
SELECT id, code::text FROM films ORDER BY id
;
SELECT id, kind || code FROM films ORDER BY id
;
SELECT id, kind::varchar(1) FROM films ORDER BY id
;
SELECT id, title::char(3) FROM films ORDER BY id
;
SELECT id, kind = 'k1' FROM films ORDER BY id
;
SELECT id, ok FROM films ORDER BY id
;
SELECT id, not ok FROM films ORDER BY id
;
SELECT id, ok and id > 5 FROM films ORDER BY id
;
SELECT id, ok or id < 3 FROM films ORDER BY id
;
SELECT id, ok is true FROM films ORDER BY id
;
SELECT id, ok is not false FROM films ORDER BY id
;
SELECT id, ok is unknown FROM films ORDER BY id
;
SELECT id, ok::int FROM films ORDER BY id
;
SELECT id, ok::text FROM films ORDER BY id
;
SELECT id, ok = (id > 10) FROM films ORDER BY id
;
SELECT id, coalesce(null, ok) FROM films ORDER BY id
;
SELECT id, released FROM films ORDER BY id
;
SELECT id, released + 7 FROM films ORDER BY id
;
SELECT id, released - date '2000-01-01' FROM films ORDER BY id
;
SELECT id, released + interval '1 month' FROM films ORDER BY id
;
SELECT id, extract(year from released) FROM films ORDER BY id
;
SELECT id, extract(dow from released) FROM films ORDER BY id
;
SELECT id, date_part('doy', released) FROM films ORDER BY id
;
SELECT id, date_trunc('month', released) FROM films ORDER BY id
;
SELECT id, released::timestamp FROM films ORDER BY id
;
SELECT id, to_char(released, 'YYYY-MM-DD Day') FROM films ORDER BY id
;
SELECT id, to_char(released, 'IYYY-IW') FROM films ORDER BY id
;
SELECT id, released > '2000-02-01' FROM films ORDER BY id
;
SELECT id, age(released, date '1999-06-15') FROM films ORDER BY id
;
SELECT id, make_date(2000, 1 + id % 12, 1) FROM films ORDER BY id
;
SELECT id, released between '2000-01-05' and '2000-01-20' FROM films ORDER BY id
;
SELECT id, (released, released + 5) overlaps (date '2000-01-10', date '2000-01-12') FROM films ORDER BY id
;
SELECT id, isfinite(released) FROM films ORDER BY id
;
SELECT id, released::text FROM films ORDER BY id
;
SELECT id, seen FROM films ORDER BY id
;
SELECT id, seen + runtime FROM films ORDER BY id
;
SELECT id, seen at time zone 'Europe/Berlin' FROM films ORDER BY id
;
SELECT id, extract(epoch from seen) FROM films ORDER BY id
;
SELECT id, extract(hour from seen) FROM films ORDER BY id
;
SELECT id, date_trunc('day', seen) FROM films ORDER BY id
;
SELECT id, date_trunc('hour', seen, 'Asia/Tokyo') FROM films ORDER BY id
;
SELECT id, seen::date FROM films ORDER BY id
;
SELECT id, seen::time FROM films ORDER BY id
;
SELECT id, seen::timestamp FROM films ORDER BY id
;
SELECT id, to_char(seen, 'HH24:MI:SS TZ') FROM films ORDER BY id
;
SELECT id, to_char(seen, 'Mon DD') FROM films ORDER BY id
;
SELECT id, seen - timestamptz '2020-01-01 00:00+00' FROM films ORDER BY id
;
SELECT id, seen > '2020-01-02 00:00+00' FROM films ORDER BY id
;
SELECT id, seen::text FROM films ORDER BY id
;
SELECT id, to_timestamp(id) FROM films ORDER BY id
;
SELECT id, timestamptz '2020-06-01 12:00+02' FROM films ORDER BY id
;
SELECT id, date_bin('15 minutes', seen, timestamptz '2020-01-01 00:00+00') FROM films ORDER BY id
;
SELECT id, make_timestamptz(2020, 1, 1, 0, id % 60, 0, 'UTC') FROM films ORDER BY id
;
SELECT id, runtime FROM films ORDER BY id
;
SELECT id, runtime * 2 FROM films ORDER BY id
;
SELECT id, runtime + interval '1 day' FROM films ORDER BY id
;
SELECT id, extract(minute from runtime) FROM films ORDER BY id
;
SELECT id, justify_hours(runtime * 30) FROM films ORDER BY id
;
SELECT id, to_char(runtime, 'HH24:MI') FROM films ORDER BY id
;
SELECT id, runtime > interval '30 minutes' FROM films ORDER BY id
;
SELECT id, runtime::text FROM films ORDER BY id
;
SELECT id, make_interval(mins => id) FROM films ORDER BY id
;
SELECT id, interval '1 year 2 mons' - runtime FROM films ORDER BY id
;
SELECT id, runtime / 3 FROM films ORDER BY id
;
SELECT id, - runtime FROM films ORDER BY id
;
SELECT id, tags FROM films ORDER BY id
;
SELECT id, tags[1] FROM films ORDER BY id
;
SELECT id, tags[1:1] FROM films ORDER BY id
;
SELECT id, array_length(tags, 1) FROM films ORDER BY id
;
SELECT id, cardinality(tags) FROM films ORDER BY id
;
SELECT id, array_to_string(tags, ',') FROM films ORDER BY id
;
SELECT id, tags || 'z'::text FROM films ORDER BY id
;
SELECT id, 'a'::text || tags FROM films ORDER BY id
;
SELECT id, tags && array['t1'] FROM films ORDER BY id
;
SELECT id, tags @> array['t2'] FROM films ORDER BY id
;
SELECT id, tags <@ array['t0','t1','t2','u0','u1'] FROM films ORDER BY id
;
SELECT id, array_position(tags, 'u1') FROM films ORDER BY id
;
SELECT id, array_append(tags, 'q') FROM films ORDER BY id
;
SELECT id, array_remove(tags, 't1') FROM films ORDER BY id
;
SELECT id, array_replace(tags, 't1', 'T') FROM films ORDER BY id
;
SELECT id, 't1' = any (tags) FROM films ORDER BY id
;
SELECT id, 't9' <> all (tags) FROM films ORDER BY id
;
SELECT id, array_cat(tags, tags) FROM films ORDER BY id
;
SELECT id, array[id, id + 1] FROM films ORDER BY id
;
SELECT id, array[[id, 1], [2, 3]] FROM films ORDER BY id
;
SELECT id, array_dims(array[[id]]) FROM films ORDER BY id
;
SELECT id, array_fill(id, array[2]) FROM films ORDER BY id
;
SELECT id, (array[id, 5, 7])[2] FROM films ORDER BY id
;
SELECT id, unnest(tags) FROM films ORDER BY id
;
SELECT id, tags = array['t1','u1'] FROM films ORDER BY id
;
SELECT id, tags < array['t2'] FROM films ORDER BY id
;
SELECT id, array_ndims(tags) FROM films ORDER BY id
;
SELECT id, doc FROM films ORDER BY id
;
SELECT id, doc -> 'a' FROM films ORDER BY id
;
SELECT id, doc ->> 's' FROM films ORDER BY id
;
SELECT id, doc #> '{b,0}' FROM films ORDER BY id
;
SELECT id, doc #>> '{b,1}' FROM films ORDER BY id
;
SELECT id, doc -> 'b' -> 0 FROM films ORDER BY id
;
SELECT id, (doc ->> 'a')::int * 2 FROM films ORDER BY id
;
SELECT id, doc ? 'a' FROM films ORDER BY id
;
SELECT id, doc ?| array['q','s'] FROM films ORDER BY id
;
SELECT id, doc ?& array['a','b'] FROM films ORDER BY id
;
SELECT id, doc @> '{"s": "x1"}' FROM films ORDER BY id
;
SELECT id, doc || '{"z": 1}' FROM films ORDER BY id
;
SELECT id, doc - 'a' FROM films ORDER BY id
;
SELECT id, doc #- '{b,0}' FROM films ORDER BY id
;
SELECT id, jsonb_typeof(doc -> 'b') FROM films ORDER BY id
;
SELECT id, jsonb_array_length(doc -> 'b') FROM films ORDER BY id
;
SELECT id, jsonb_set(doc, '{a}', '5') FROM films ORDER BY id
;
SELECT id, jsonb_insert(doc, '{b,0}', '9') FROM films ORDER BY id
;
SELECT id, jsonb_pretty(doc) FROM films ORDER BY id
;
SELECT id, jsonb_strip_nulls(doc) FROM films ORDER BY id
;
SELECT id, doc @? '$.b[*] ? (@ > 50)' FROM films ORDER BY id
;
SELECT id, doc @@ '$.a > 10' FROM films ORDER BY id
;
SELECT id, jsonb_path_query_first(doc, '$.b[1]') FROM films ORDER BY id
;
SELECT id, jsonb_path_query_array(doc, '$.b[*] * 2') FROM films ORDER BY id
;
SELECT id, jsonb_path_exists(doc, '$.c') FROM films ORDER BY id
;
SELECT id, jsonb_build_object('k', id, 't', title) FROM films ORDER BY id
;
SELECT id, jsonb_build_array(id, title, null) FROM films ORDER BY id
;
SELECT id, to_jsonb(title) FROM films ORDER BY id
;
SELECT id, to_jsonb(tags) FROM films ORDER BY id
;
SELECT id, to_json(released) FROM films ORDER BY id
;
SELECT id, jsonb_object(array['a', title]) FROM films ORDER BY id
;
SELECT id, doc::text FROM films ORDER BY id
;
SELECT id, doc = '{"a": 1}' FROM films ORDER BY id
;
SELECT id, doc::json -> 'a' FROM films ORDER BY id
;
SELECT id, jsonb_extract_path_text(doc, 'b', '0') FROM films ORDER BY id
;
SELECT id, doc['a'] FROM films ORDER BY id
;
SELECT id, case when id < 5 then 'low' when id < 10 then 'mid' else 'high' end FROM films ORDER BY id
;
SELECT id, case id when 1 then 'one' when 2 then 'two' end FROM films ORDER BY id
;
SELECT id, coalesce(nullif(id, 3), 0) FROM films ORDER BY id
;
SELECT id, nullif(title, 'film 2') FROM films ORDER BY id
;
SELECT id, id is null FROM films ORDER BY id
;
SELECT id, id is not null FROM films ORDER BY id
;
SELECT id, id is distinct from 4 FROM films ORDER BY id
;
SELECT id, id is not distinct from 4 FROM films ORDER BY id
;
SELECT id, (id, year) < (10, 1980) FROM films ORDER BY id
;
SELECT id, (id, title) = (4, 'film 4') FROM films ORDER BY id
;
SELECT id, id in (1, 2, 3) FROM films ORDER BY id
;
SELECT id, id not in (4, 5) FROM films ORDER BY id
;
SELECT id, id between 3 and 6 FROM films ORDER BY id
;
SELECT id, id between symmetric 6 and 3 FROM films ORDER BY id
;
SELECT id, num_nulls(id, null, title) FROM films ORDER BY id
;
SELECT id, num_nonnulls(id, null, title) FROM films ORDER BY id
;
SELECT id, int4range(id, id + 5) FROM films ORDER BY id
;
SELECT id, int4range(id, id + 5) @> 7 FROM films ORDER BY id
;
SELECT id, int4range(1, 5) && int4range(id, id + 1) FROM films ORDER BY id
;
SELECT id, int4range(id, 20) * int4range(5, 10) FROM films ORDER BY id
;
SELECT id, lower(int4range(id, id + 2)) FROM films ORDER BY id
;
SELECT id, upper_inc(int4range(id, id + 2, '[]')) FROM films ORDER BY id
;
SELECT id, daterange(released, released + 3) FROM films ORDER BY id
;
SELECT id, numrange(price, price + 1, '[]') FROM films ORDER BY id
;
SELECT id, tstzrange(seen, seen + runtime) FROM films ORDER BY id
;
SELECT id, isempty(int4range(id, id)) FROM films ORDER BY id
;
SELECT id, int4multirange(int4range(id, id + 1)) FROM films ORDER BY id
;
SELECT id, range_merge(int4range(1, 2), int4range(id, id + 1)) FROM films ORDER BY id
;
SELECT id, int8range(id, null) FROM films ORDER BY id
;
SELECT id, point(id, 1) FROM films ORDER BY id
;
SELECT id, point(id, 0) <-> point(0, 0) FROM films ORDER BY id
;
SELECT id, box(point(0, 0), point(id, 2)) FROM films ORDER BY id
;
SELECT id, circle(point(0, 0), id) FROM films ORDER BY id
;
SELECT id, area(circle(point(0, 0), 1)) FROM films ORDER BY id
;
SELECT id, inet '10.0.0.1' + id FROM films ORDER BY id
;
SELECT id, host(inet '10.0.0.0/24' + id) FROM films ORDER BY id
;
SELECT id, network(cidr '10.1.0.0/16') FROM films ORDER BY id
;
SELECT id, masklen(inet '10.0.0.1/8') FROM films ORDER BY id
;
SELECT id, macaddr '08:00:2b:01:02:03' FROM films ORDER BY id
;
SELECT id, uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' FROM films ORDER BY id
;
SELECT id, B'101' & B'110' FROM films ORDER BY id
;
SELECT id, id::bit(8) FROM films ORDER BY id
;
SELECT id, bit_length(title) FROM films ORDER BY id
;
SELECT id, B'1' || id::bit(4) FROM films ORDER BY id
;
SELECT id, money '3.50' * id FROM films ORDER BY id
;
SELECT id, (id * 1.25)::money FROM films ORDER BY id
;
SELECT id, '(1,2)'::point FROM films ORDER BY id
;
SELECT id, '0/16'::pg_lsn FROM films ORDER BY id
;
SELECT id, to_tsvector('english', 'the ' || title || ' ran') FROM films ORDER BY id
;
SELECT id, to_tsvector('simple', title) @@ to_tsquery('simple', 'film') FROM films ORDER BY id
;
SELECT id, plainto_tsquery('english', title) FROM films ORDER BY id
;
SELECT id, ts_rank(to_tsvector('simple', title), to_tsquery('simple', 'film')) FROM films ORDER BY id
;
SELECT id, websearch_to_tsquery('english', title || ' -dog') FROM films ORDER BY id
;
SELECT id, strip(to_tsvector('simple', title)) FROM films ORDER BY id
;
SELECT id, to_tsvector('english', title) || to_tsvector('english', 'x') FROM films ORDER BY id
;
SELECT id, numnode(plainto_tsquery('english', title)) FROM films ORDER BY id
;
SELECT id, ts_headline('english', title, to_tsquery('english', 'film')) FROM films ORDER BY id
;
SELECT id, to_char(id, '000') FROM films ORDER BY id
;
SELECT id, to_char(rating, '999D99') FROM films ORDER BY id
;
SELECT id, to_char(f8, '0.000EEEE') FROM films ORDER BY id
;
SELECT id, to_char(id, 'RN') FROM films ORDER BY id
;
SELECT id, to_number('1' || id, '9999') FROM films ORDER BY id
;
SELECT id, to_date('2001-' || 1 + id % 12 || '-01', 'YYYY-MM-DD') FROM films ORDER BY id
;
SELECT id, to_timestamp('05 Dec 2000', 'DD Mon YYYY') FROM films ORDER BY id
;
SELECT id, cast(id as numeric(10, 2)) FROM films ORDER BY id
;
SELECT id, cast('12' as int) + id FROM films ORDER BY id
;
SELECT id, id::text::int FROM films ORDER BY id
;
SELECT id, '{1,2,3}'::int[] FROM films ORDER BY id
;
SELECT id, array_to_json(tags) FROM films ORDER BY id
;
SELECT id, "Odd ""Name" FROM films ORDER BY id
;
SELECT id, U&'d\0061t\+000061' || id FROM films ORDER BY id
;
SELECT id, E'tab\there' || id FROM films ORDER BY id
;
SELECT id, $$dollar 'quoted' films$$ || id FROM films ORDER BY id
;
SELECT id, 'films' || id FROM films ORDER BY id
;
SELECT id, e'\u00e9' || id FROM films ORDER BY id
;
SELECT /* films */ id -- films
FROM films ORDER BY 1
;
SELECT count(*) FROM films
;
SELECT count(*), count(DISTINCT kind), sum(id), avg(rating), min(released), max(seen), sum(price), stddev(f8), variance(id), bool_and(ok), bool_or(ok), every(id > 0) FROM films
;
SELECT kind, count(*) FROM films GROUP BY kind ORDER BY kind
;
SELECT kind, code, count(*) FROM films GROUP BY 1, 2 ORDER BY 1, 2
;
SELECT year / 10 * 10 AS decade, avg(rating)::numeric(10,3) FROM films GROUP BY decade HAVING count(*) > 3 ORDER BY decade
;
SELECT kind, sum(id) FILTER (WHERE ok) FROM films GROUP BY kind ORDER BY 1
;
SELECT string_agg(title, ',' ORDER BY id DESC) FROM films WHERE id < 6
;
SELECT array_agg(id ORDER BY id) FROM films WHERE year = 1957
;
SELECT jsonb_agg(doc -> 'a' ORDER BY id) FROM films WHERE id < 5
;
SELECT jsonb_object_agg(title, id) FROM films WHERE id < 4
;
SELECT json_object_agg(title, id ORDER BY id) FROM films WHERE id < 4
;
SELECT corr(id, f8), covar_pop(id, rating::float8), regr_slope(id, f8) FROM films
;
SELECT min(title), max(title) FROM films
;
SELECT bit_and(id), bit_or(id), bit_xor(id) FROM films
;
SELECT DISTINCT kind FROM films ORDER BY kind
;
SELECT DISTINCT code, ok FROM films ORDER BY 1, 2
;
SELECT DISTINCT ON (kind) kind, id, title FROM films ORDER BY kind, id DESC
;
SELECT title FROM films ORDER BY title LIMIT 5
;
SELECT title FROM films ORDER BY title DESC NULLS LAST OFFSET 10 LIMIT 5
;
SELECT id FROM films ORDER BY year, id FETCH FIRST 4 ROWS ONLY
;
SELECT id FROM films ORDER BY doc ->> 's', id LIMIT 8
;
SELECT f.title, p.name FROM films f JOIN people p ON p.film = f.id ORDER BY p.id
;
SELECT f.title, p.name FROM films f LEFT JOIN people p ON p.film = f.id ORDER BY f.id, p.id
;
SELECT f.title, p.name FROM films f RIGHT JOIN people p ON p.film = f.id AND f.year > 1980 ORDER BY p.id
;
SELECT f.id, p.id FROM films f FULL JOIN people p ON p.id = f.id + 80 ORDER BY 1, 2
;
SELECT count(*) FROM films CROSS JOIN people
;
SELECT count(*) FROM films, people WHERE films.id = people.film
;
SELECT id, title, name FROM films JOIN people USING (id) ORDER BY id
;
SELECT count(*) FROM films NATURAL JOIN people
;
SELECT b.name, w.name FROM people w LEFT JOIN people b ON b.id = w.boss ORDER BY w.id
;
SELECT j.title FROM (films f JOIN people p ON p.film = f.id) AS j(a, title) ORDER BY 1
;
SELECT name FROM people WHERE film IN (SELECT id FROM films WHERE year > 2000) ORDER BY id
;
SELECT name FROM people WHERE film NOT IN (SELECT id FROM films WHERE ok) ORDER BY id
;
SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM films f WHERE f.id = p.film AND f.ok) ORDER BY id
;
SELECT name FROM people p WHERE NOT EXISTS (SELECT FROM films f WHERE f.id = p.film AND f.ok) ORDER BY id
;
SELECT name, (SELECT title FROM films f WHERE f.id = p.film) FROM people p ORDER BY id
;
SELECT name, (SELECT count(*) FROM people q WHERE q.boss = p.id) FROM people p ORDER BY id
;
SELECT id FROM films WHERE rating > ALL (SELECT film FROM people WHERE id < 5) ORDER BY id
;
SELECT id FROM films WHERE id = ANY (SELECT film FROM people) ORDER BY id
;
SELECT ARRAY(SELECT id FROM films WHERE id < 5 ORDER BY id DESC)
;
SELECT s.id FROM (SELECT id, year FROM films WHERE ok) s WHERE s.year > 2000 ORDER BY 1
;
SELECT * FROM (SELECT id, title FROM films) AS s(a, b) WHERE a < 4 ORDER BY a
;
SELECT f.id, l.n FROM films f, LATERAL (SELECT count(*) AS n FROM people p WHERE p.film = f.id) l ORDER BY 1
;
SELECT p.name, l.title FROM people p LEFT JOIN LATERAL (SELECT title FROM films f WHERE f.year > 1950 + p.id ORDER BY f.id LIMIT 1) l ON true ORDER BY p.id
;
SELECT f.id, t FROM films f, unnest(f.tags) t WHERE id < 4 ORDER BY 1, 2
;
SELECT f.id, t, n FROM films f, unnest(f.tags) WITH ORDINALITY u(t, n) WHERE id < 4 ORDER BY 1, 3
;
SELECT f.id, e.value FROM films f, jsonb_array_elements(f.doc -> 'b') e WHERE id < 4 ORDER BY 1, 2
;
SELECT f.id, e.key, e.value FROM films f, jsonb_each(f.doc) e WHERE id < 3 ORDER BY 1, 2
;
SELECT f.id, g FROM films f, generate_series(1, f.id) g WHERE f.id < 4 ORDER BY 1, 2
;
SELECT g, count(f.id) FROM generate_series(1950, 2020, 10) g LEFT JOIN films f ON f.year >= g AND f.year < g + 10 GROUP BY g ORDER BY g
;
WITH good AS (SELECT * FROM films WHERE rating > 50) SELECT count(*) FROM good
;
WITH a AS (SELECT id FROM films WHERE ok), b AS (SELECT id FROM a WHERE id > 50) SELECT sum(id) FROM b
;
WITH films AS (SELECT id FROM films WHERE id < 5) SELECT * FROM films ORDER BY 1
;
WITH a AS MATERIALIZED (SELECT id FROM films) SELECT count(*) FROM a x JOIN a y USING (id)
;
SELECT id FROM films WHERE id < 3 UNION SELECT id FROM people WHERE id < 5 ORDER BY 1
;
SELECT id FROM films WHERE id < 3 UNION ALL SELECT id FROM people WHERE id < 5 ORDER BY 1
;
SELECT id FROM films INTERSECT SELECT film FROM people ORDER BY 1
;
SELECT id FROM films EXCEPT SELECT film FROM people ORDER BY 1
;
(SELECT id FROM films ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM people ORDER BY id DESC LIMIT 2) ORDER BY 1
;
SELECT 'films' AS what, count(*) FROM films UNION ALL SELECT 'people', count(*) FROM people ORDER BY 1
;
SELECT id, row_number() OVER (ORDER BY year, id) FROM films ORDER BY id
;
SELECT id, rank() OVER (PARTITION BY kind ORDER BY year) FROM films ORDER BY id
;
SELECT id, dense_rank() OVER w, ntile(4) OVER w, percent_rank() OVER w, cume_dist() OVER w FROM films WINDOW w AS (ORDER BY year, id) ORDER BY id
;
SELECT id, lag(id) OVER (ORDER BY id), lead(id, 2, 0) OVER (ORDER BY id) FROM films ORDER BY id
;
SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM films ORDER BY id
;
SELECT id, avg(year) OVER (PARTITION BY ok ORDER BY id ROWS UNBOUNDED PRECEDING) FROM films ORDER BY id
;
SELECT id, first_value(id) OVER w, last_value(id) OVER w, nth_value(id, 2) OVER w FROM films WINDOW w AS (PARTITION BY kind ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY id
;
SELECT id, count(*) OVER (ORDER BY year RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING) FROM films ORDER BY id
;
SELECT kind, sum(sum(id)) OVER (ORDER BY kind) FROM films GROUP BY kind ORDER BY kind
;
SELECT title AS "Select", id "from" FROM films WHERE id = 1
;
SELECT "films"."title" FROM "films" WHERE "films".id = 2
;
SELECT public_films.title FROM films public_films WHERE id = 2
;
SELECT films.* FROM films WHERE id = 3
;
SELECT * FROM films WHERE id = 4
;
SELECT p.*, f.title FROM people p, films f WHERE f.id = p.film AND p.id < 4 ORDER BY p.id
;
SELECT 'SELECT * FROM films' FROM films WHERE id = 1
;
SELECT $a$ FROM films $a$, E'films\'films', 'it''s films' FROM films WHERE id = 1
;
SELECT /* FROM people */ id FROM films -- FROM people
WHERE id = 5
;
SELECT id/*films*/FROM/**/films/*x*/WHERE id=6
;
SELECT id,title FROM films AS "people" WHERE "people".id=7
;
SELECT "people".id FROM films "people", people "films" WHERE "films".id = "people".id AND "films".id = 8
;
SELECT U&"t\0069tle" FROM films WHERE id = 9
;
SELECT title AS "título 日本" FROM films WHERE id = 10
;
SELECT id FROM public.films WHERE id = 11
;
SELECT films.id FROM public.films WHERE films.id = 12
;
SELECT count(*) FROM films WHERE title = 'film 1' OR (kind, code) IN (('k1', 'c1'), ('k2', 'c2'))
;
SELECT id FROM films WHERE tags @> '{t1}' AND doc @> '{"s":"x1"}' ORDER BY id
;
SELECT id FROM films WHERE released BETWEEN '2000-01-05' AND DATE '2000-01-09' ORDER BY id
;
SELECT id FROM films WHERE seen < '2020-01-01 05:00+00' ORDER BY seen DESC
;
SELECT title FROM films WHERE title LIKE 'film 1_' ESCAPE '!' ORDER BY id
;
SELECT now() > seen, current_date > released FROM films WHERE id = 1
;
SELECT count(*) FROM films WHERE seen < now() AND released < current_date
;
SELECT id FROM films WHERE id < 5 AND CASE WHEN id = 2 THEN false ELSE true END ORDER BY id
;
SELECT recent.title FROM recent ORDER BY id
;
SELECT r.id, p.name FROM recent r JOIN people p ON p.film = r.id ORDER BY r.id, p.id
;
SELECT count(*) FROM recent r1 JOIN recent r2 USING (id)
;
SELECT n, c FROM kinds ORDER BY n
;
SELECT k.n FROM kinds k(n, c) WHERE c > 20 ORDER BY 1
;
SELECT x.a, x.b FROM kinds AS x(a, b) JOIN recent ON x.b > recent.id - 80 ORDER BY 1, 2 LIMIT 7
;
SELECT id FROM films WHERE false
;
SELECT 1 FROM films LIMIT 1
;
SELECT NULL, id FROM films WHERE id = 1
;
SELECT id FROM films LIMIT 0
;
SELECT sum(x) FROM (SELECT id AS x FROM films UNION ALL SELECT -id FROM people) q
;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY rating::float8) FROM films
;
SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY id) FROM films
;
SELECT mode() WITHIN GROUP (ORDER BY year) FROM films
;
SELECT kind, code, count(*) FROM films GROUP BY ROLLUP (kind, code) ORDER BY 1, 2
;
SELECT kind, code, count(*), grouping(kind, code) FROM films GROUP BY CUBE (kind, code) ORDER BY 1, 2, 3
;
SELECT kind, ok, sum(id) FROM films GROUP BY GROUPING SETS ((kind), (ok), ()) ORDER BY 1, 2
;
WITH RECURSIVE up AS (SELECT id, boss, 1 AS depth FROM people WHERE id = 40 UNION ALL SELECT p.id, p.boss, depth + 1 FROM people p JOIN up ON p.id = up.boss) SELECT * FROM up ORDER BY depth
;
WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n + 1 FROM t, (SELECT count(*) AS c FROM films) f WHERE n < 5 AND c > 0) SELECT n FROM t ORDER BY n
;
SELECT id, sum(id) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM films ORDER BY id
;
TABLE people ORDER BY id
;
SELECT id, plainto_tsquery('english', CASE WHEN id % 2 = 0 THEN 'the' ELSE title END) FROM films ORDER BY id
;
