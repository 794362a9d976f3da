SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept AND e.pay > 500
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept AND d.city < 'a'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept AND e.name = 'Ada'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept AND e.id + d.id > 4
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e JOIN dept d ON d.id = e.dept AND (e.flag OR e.rate > 1)
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept AND e.pay > 500
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept AND d.city < 'a'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept AND e.name = 'Ada'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept AND e.id + d.id > 4
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept AND (e.flag OR e.rate > 1)
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept AND e.pay > 500
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept AND d.city < 'a'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept AND e.name = 'Ada'
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept AND e.id + d.id > 4
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e RIGHT JOIN dept d ON d.id = e.dept AND (e.flag OR e.rate > 1)
;
SELECT e.id, e.name, d.name AS dname, d.city FROM emp e FULL JOIN dept d ON d.id = e.dept
;
SELECT e.id, coalesce(d.city, 'nowhere') AS c FROM emp e LEFT JOIN dept d ON d.id = e.dept
;
SELECT e.id, x.c FROM emp e LEFT JOIN (SELECT id, coalesce(city, 'none') AS c FROM dept WHERE name <> 'again') x ON x.id = e.dept
;
SELECT e.id, d.id AS did FROM emp e LEFT JOIN dept d ON d.id = e.dept WHERE d.id IS NULL OR e.pay < 900
;
SELECT e.id, coalesce(d.city, 'nowhere') AS c FROM emp e RIGHT JOIN dept d ON d.id = e.dept
;
SELECT e.id, x.c FROM emp e RIGHT JOIN (SELECT id, coalesce(city, 'none') AS c FROM dept WHERE name <> 'again') x ON x.id = e.dept
;
SELECT e.id, d.id AS did FROM emp e RIGHT JOIN dept d ON d.id = e.dept WHERE d.id IS NULL OR e.pay < 900
;
SELECT e.id, coalesce(d.city, 'nowhere') AS c FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id, x.c FROM emp e JOIN (SELECT id, coalesce(city, 'none') AS c FROM dept WHERE name <> 'again') x ON x.id = e.dept
;
SELECT e.id, d.id AS did FROM emp e JOIN dept d ON d.id = e.dept WHERE d.id IS NULL OR e.pay < 900
;
SELECT e.id, d.id AS did, s.id AS sid FROM emp e JOIN dept d ON d.id = e.dept JOIN sale s ON s.emp = e.id
;
SELECT e.id, b.name AS boss, c.name AS top FROM emp e LEFT JOIN emp b ON b.id = e.boss LEFT JOIN emp c ON c.id = b.boss
;
SELECT e.id, b.name AS boss FROM emp e JOIN emp b ON b.id = e.boss WHERE b.pay > e.pay
;
SELECT e.id, s.id AS sid FROM emp e LEFT JOIN sale s ON s.emp = e.id AND s.qty = 2 AND e.flag
;
SELECT e.id, s.qty FROM emp e LEFT JOIN (SELECT emp, qty FROM sale WHERE amount > 20) s ON s.emp = e.id WHERE s.qty IS NULL
;
SELECT e.id, d.id AS did FROM (SELECT * FROM emp WHERE flag) e FULL JOIN (SELECT * FROM dept WHERE city = 'Rome') d ON d.id = e.dept
;
SELECT e.id, d.id AS did, b.id AS bid FROM emp e LEFT JOIN (dept d JOIN emp b ON b.dept = d.id) ON d.id = e.dept
;
SELECT count(*) AS n FROM emp a, emp b WHERE a.id < b.id
;
SELECT e.id, m.x FROM emp e LEFT JOIN empty m ON m.id = e.id
;
SELECT e.id FROM emp e JOIN empty m ON m.id = e.id
;
SELECT e.id, m.n FROM empty m RIGHT JOIN emp e ON e.id = m.id WHERE e.pay = 800.50
;
SELECT count(*) AS n, sum(n) AS s, max(x) AS m FROM empty
;
SELECT x, count(*) AS n FROM empty GROUP BY x
;
SELECT e.id, e.name FROM emp e WHERE e.id IN (SELECT emp FROM sale)
;
SELECT e.id, e.name FROM emp e WHERE e.id NOT IN (SELECT emp FROM sale WHERE emp IS NOT NULL)
;
SELECT e.id, e.name FROM emp e WHERE e.id NOT IN (SELECT emp FROM sale)
;
SELECT e.id, e.name FROM emp e WHERE EXISTS (SELECT 1 FROM sale s WHERE s.emp = e.id AND s.qty > 4)
;
SELECT e.id, e.name FROM emp e WHERE NOT EXISTS (SELECT 1 FROM sale s WHERE s.emp = e.id AND s.amount > 30)
;
SELECT e.id, e.name FROM emp e WHERE e.dept IN (SELECT id FROM dept WHERE city = 'Rome')
;
SELECT e.id, e.name FROM emp e WHERE e.dept IN (SELECT id FROM empty)
;
SELECT e.id, e.name FROM emp e WHERE e.dept NOT IN (SELECT id FROM empty)
;
SELECT e.id, e.name FROM emp e WHERE e.name IN (SELECT city FROM dept)
;
SELECT e.id, e.name FROM emp e WHERE e.id IN (SELECT boss FROM emp) AND NOT e.flag
;
SELECT e.id, e.name FROM emp e WHERE e.pay > (SELECT avg(pay) FROM emp)
;
SELECT e.id, e.name FROM emp e WHERE e.pay = (SELECT max(pay) FROM emp x WHERE x.dept = e.dept)
;
SELECT e.id, e.name FROM emp e WHERE e.dept IN (SELECT id FROM dept) OR e.pay IS NULL
;
SELECT e.id, e.name FROM emp e WHERE EXISTS (SELECT 1 FROM dept d JOIN emp b ON b.dept = d.id WHERE d.id = e.dept AND b.id <> e.id)
;
SELECT count(*) AS v FROM emp
;
SELECT dept, count(*) AS v FROM emp GROUP BY dept
;
SELECT count(pay) AS v FROM emp
;
SELECT dept, count(pay) AS v FROM emp GROUP BY dept
;
SELECT count(DISTINCT pay) AS v FROM emp
;
SELECT dept, count(DISTINCT pay) AS v FROM emp GROUP BY dept
;
SELECT sum(id) AS v FROM emp
;
SELECT dept, sum(id) AS v FROM emp GROUP BY dept
;
SELECT sum(pay) AS v FROM emp
;
SELECT dept, sum(pay) AS v FROM emp GROUP BY dept
;
SELECT avg(pay) AS v FROM emp
;
SELECT dept, avg(pay) AS v FROM emp GROUP BY dept
;
SELECT min(name) AS v FROM emp
;
SELECT dept, min(name) AS v FROM emp GROUP BY dept
;
SELECT max(name) AS v FROM emp
;
SELECT dept, max(name) AS v FROM emp GROUP BY dept
;
SELECT min(hired) AS v FROM emp
;
SELECT dept, min(hired) AS v FROM emp GROUP BY dept
;
SELECT max(rate) AS v FROM emp
;
SELECT dept, max(rate) AS v FROM emp GROUP BY dept
;
SELECT avg(id) AS v FROM emp
;
SELECT dept, avg(id) AS v FROM emp GROUP BY dept
;
SELECT bool_and(flag) AS v FROM emp
;
SELECT dept, bool_and(flag) AS v FROM emp GROUP BY dept
;
SELECT bool_or(flag) AS v FROM emp
;
SELECT dept, bool_or(flag) AS v FROM emp GROUP BY dept
;
SELECT sum(rate) AS v FROM emp
;
SELECT dept, sum(rate) AS v FROM emp GROUP BY dept
;
SELECT count(*) FILTER (WHERE pay > 500) AS v FROM emp
;
SELECT dept, count(*) FILTER (WHERE pay > 500) AS v FROM emp GROUP BY dept
;
SELECT sum(pay) FILTER (WHERE flag) AS v FROM emp
;
SELECT dept, sum(pay) FILTER (WHERE flag) AS v FROM emp GROUP BY dept
;
SELECT count(DISTINCT name) AS v FROM emp
;
SELECT dept, count(DISTINCT name) AS v FROM emp GROUP BY dept
;
SELECT sum(DISTINCT pay) AS v FROM emp
;
SELECT dept, sum(DISTINCT pay) AS v FROM emp GROUP BY dept
;
SELECT min(pay) AS v FROM emp
;
SELECT dept, min(pay) AS v FROM emp GROUP BY dept
;
SELECT max(code) AS v FROM emp
;
SELECT dept, max(code) AS v FROM emp GROUP BY dept
;
SELECT stddev_samp(rate) AS v FROM emp
;
SELECT dept, stddev_samp(rate) AS v FROM emp GROUP BY dept
;
SELECT avg(rate) AS v FROM emp
;
SELECT dept, avg(rate) AS v FROM emp GROUP BY dept
;
SELECT code, count(*) AS n FROM emp GROUP BY code
;
SELECT rate, count(*) AS n FROM emp GROUP BY rate
;
SELECT name, count(*) AS n FROM emp GROUP BY name
;
SELECT pay * 2 AS p, count(*) AS n FROM emp GROUP BY pay * 2
;
SELECT dept, flag, sum(id) AS s FROM emp GROUP BY dept, flag
;
SELECT dept, sum(pay) AS s FROM emp GROUP BY dept HAVING sum(pay) > 900
;
SELECT dept, count(*) AS n FROM emp GROUP BY dept HAVING count(*) > 1
;
SELECT d.city, sum(e.pay) AS s, count(*) AS n FROM emp e JOIN dept d ON d.id = e.dept GROUP BY d.city
;
SELECT d.city, avg(s.amount) AS a FROM emp e JOIN dept d ON d.id = e.dept JOIN sale s ON s.emp = e.id GROUP BY d.city
;
SELECT s.emp, sum(s.amount) AS a, max(s.at) AS m FROM sale s GROUP BY s.emp
;
SELECT emp, sum(qty * amount) AS v FROM sale GROUP BY emp
;
SELECT sum(amount) / count(*) AS v FROM sale WHERE amount < 1000
;
SELECT qty, count(*) AS n, min(amount) AS m FROM sale GROUP BY qty
;
SELECT string_agg(name, ',' ORDER BY name, id) AS v FROM emp
;
SELECT dept, array_agg(id ORDER BY id DESC) AS v FROM emp GROUP BY dept
;
SELECT dept, string_agg(name, ',' ORDER BY pay, id) AS v FROM emp GROUP BY dept
;
SELECT 1 AS x FROM (SELECT count(*) FROM emp) q
;
SELECT dept, grouping(dept) AS g, count(*) AS n FROM emp GROUP BY ROLLUP (dept)
;
SELECT x.dept, max(x.n) AS m FROM (SELECT dept, flag, count(*) AS n FROM emp GROUP BY dept, flag) x GROUP BY x.dept
;
SELECT extract(year FROM hired) AS y, count(*) AS n FROM emp GROUP BY 1
;
SELECT sum(CASE WHEN flag THEN pay ELSE 0 END) AS v FROM emp
;
SELECT sum(CASE WHEN d.city = 'Rome' THEN 1 ELSE 0 END) AS v FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.dept, 100.0 * sum(CASE WHEN e.flag THEN e.pay ELSE 0 END) / sum(e.pay) AS v FROM emp e GROUP BY e.dept
;
SELECT avg(7 / id) AS v FROM emp
;
SELECT sum(id / 2) AS v, sum(id % 3) AS w FROM emp
;
SELECT id, name, pay FROM emp ORDER BY id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY id DESC LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY name, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY name DESC, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY name NULLS FIRST, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY pay DESC NULLS LAST, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY pay, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY hired DESC, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY rate, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY code, id LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY dept NULLS FIRST, id DESC LIMIT 4
;
SELECT id, name, pay FROM emp ORDER BY flag, id LIMIT 4
;
SELECT id FROM emp ORDER BY id LIMIT 3 OFFSET 2
;
SELECT id FROM emp ORDER BY id OFFSET 6
;
SELECT count(*) AS n FROM (SELECT id FROM emp LIMIT 5) x
;
SELECT count(*) AS n FROM (SELECT e.id FROM emp e JOIN sale s ON s.emp = e.id LIMIT 7 OFFSET 3) x
;
SELECT e.id, s.id AS sid FROM emp e JOIN sale s ON s.emp = e.id ORDER BY s.amount DESC, s.id LIMIT 5
;
SELECT dept, sum(pay) AS s FROM emp GROUP BY dept ORDER BY s DESC NULLS LAST, dept LIMIT 2
;
SELECT max(x.id) AS m FROM (SELECT id FROM emp ORDER BY id LIMIT 3) x
;
SELECT d.name FROM dept d JOIN (SELECT dept FROM emp ORDER BY pay DESC NULLS LAST, id LIMIT 3) x ON x.dept = d.id
;
SELECT id, 1 AS k FROM emp ORDER BY k, id LIMIT 2
;
SELECT DISTINCT dept FROM emp
;
SELECT DISTINCT name, pay FROM emp
;
SELECT DISTINCT d.city FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT DISTINCT code FROM emp
;
SELECT DISTINCT dept FROM emp ORDER BY dept LIMIT 2
;
SELECT count(*) AS n FROM (SELECT DISTINCT dept, flag FROM emp) x
;
SELECT DISTINCT ON (dept) dept, id FROM emp ORDER BY dept, id
;
SELECT x.a, x.a AS b FROM (SELECT DISTINCT dept AS a, flag AS f FROM emp) x
;
SELECT id FROM emp UNION ALL SELECT id FROM dept
;
SELECT dept FROM emp UNION ALL SELECT id FROM dept
;
SELECT name FROM emp UNION ALL SELECT city FROM dept
;
SELECT id FROM emp UNION SELECT id FROM dept
;
SELECT dept FROM emp UNION SELECT id FROM dept
;
SELECT name FROM emp UNION SELECT city FROM dept
;
SELECT id FROM emp INTERSECT SELECT id FROM dept
;
SELECT dept FROM emp INTERSECT SELECT id FROM dept
;
SELECT name FROM emp INTERSECT SELECT city FROM dept
;
SELECT id FROM emp EXCEPT SELECT id FROM dept
;
SELECT dept FROM emp EXCEPT SELECT id FROM dept
;
SELECT name FROM emp EXCEPT SELECT city FROM dept
;
SELECT id FROM emp INTERSECT ALL SELECT id FROM dept
;
SELECT dept FROM emp INTERSECT ALL SELECT id FROM dept
;
SELECT name FROM emp INTERSECT ALL SELECT city FROM dept
;
SELECT id FROM emp EXCEPT ALL SELECT id FROM dept
;
SELECT dept FROM emp EXCEPT ALL SELECT id FROM dept
;
SELECT name FROM emp EXCEPT ALL SELECT city FROM dept
;
SELECT id FROM emp WHERE flag UNION ALL SELECT emp FROM sale WHERE qty = 1 UNION ALL SELECT id FROM dept
;
SELECT count(*) AS n, sum(x.i) AS s FROM (SELECT id AS i FROM emp UNION ALL SELECT emp FROM sale) x
;
SELECT id, pay FROM emp UNION ALL SELECT id, n FROM empty
;
(SELECT id FROM emp ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM dept ORDER BY id LIMIT 2)
;
SELECT e.id, r.zone FROM emp e JOIN dept d ON d.id = e.dept JOIN region r ON r.city = d.city
;
SELECT r.zone, sum(e.pay) AS s FROM emp e JOIN dept d ON d.id = e.dept LEFT JOIN region r ON r.city = d.city GROUP BY r.zone
;
SELECT e.id, r.zone FROM region r JOIN dept d ON d.city = r.city JOIN emp e ON e.dept = d.id JOIN sale s ON s.emp = e.id WHERE s.qty = 1
;
SELECT r.zone, o.n FROM region r JOIN one o ON o.n = r.zone
;
SELECT e.id FROM emp e, region r, dept d, one o WHERE e.dept = d.id AND r.city = d.city AND o.n = r.zone
;
SELECT e.id, (SELECT count(*) FROM region r) AS n FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT lower(e.name) AS l, d.id AS did FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id, row_number() OVER (ORDER BY e.id) AS n FROM emp e JOIN dept d ON d.id = e.dept AND d.name <> 'again'
;
SELECT e.id FROM emp e JOIN dept d ON e.name = d.city
;
SELECT e.id FROM emp e JOIN dept d ON d.name = e.name OR d.id = e.dept
;
SELECT e.id, d.id AS did FROM emp e JOIN dept d ON e.dept IS NOT DISTINCT FROM d.id
;
SELECT e.id FROM emp e JOIN sale s ON s.id = e.id WHERE s.at > '2020-01-02' AND e.hired < '2011-01-01'
;
SELECT e.id, e.hired + 7 AS h FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT s.id, s.at::date AS d FROM sale s JOIN emp e ON e.id = s.emp WHERE s.at::date = '2020-01-03'
;
SELECT e.id, abs(e.pay - 500) AS a, round(e.pay, 1) AS r FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id, e.pay / 3 AS a, e.id / 3 AS b, -e.id AS c FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id, e.name || d.name AS n, length(e.name) AS l FROM emp e JOIN dept d ON d.id = e.dept
;
SELECT e.id FROM emp e JOIN dept d ON d.id = e.dept WHERE e.name LIKE '%d%' AND d.city IN ('Rome', 'oslo')
;
SELECT e.id FROM emp e JOIN dept d ON d.id = e.dept WHERE e.pay BETWEEN 1 AND 900.5 AND NOT (d.city = 'Rome' AND e.flag)
;
SELECT e.id, e.flag IS NOT TRUE AS t FROM emp e JOIN dept d ON d.id = e.dept WHERE (e.flag IS TRUE) = (d.id = 1)
;
SELECT d.id, d.city FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.dept = d.id AND e.pay > 500)
;
SELECT d.id, d.city FROM dept d WHERE NOT EXISTS (SELECT e.id / 0 FROM emp e WHERE e.dept = d.id AND e.pay > 500)
;
SELECT d.id FROM dept d WHERE NOT EXISTS (SELECT DISTINCT e.id FROM emp e WHERE e.dept = d.id ORDER BY e.id LIMIT 3)
;
SELECT d.id FROM dept d WHERE EXISTS (SELECT FROM emp e WHERE e.dept = d.id LIMIT 0)
;
SELECT d.id FROM dept d WHERE EXISTS (SELECT FROM emp e WHERE d.id > 2)
;
SELECT d.id FROM dept d WHERE NOT EXISTS (SELECT FROM empty e WHERE e.id = d.id) AND EXISTS (SELECT FROM one)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM emp o WHERE o.code = e.code AND o.id <> e.id)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM emp o WHERE o.rate = e.rate AND o.id <> e.id)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM emp o WHERE o.pay = e.pay AND o.id <> e.id)
  AND NOT EXISTS (SELECT FROM emp o WHERE o.pay = e.pay AND o.id <> e.id AND o.hired > e.hired)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM emp o WHERE o.pay > e.pay AND o.name < e.name)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d JOIN region r ON r.city = d.city AND r.zone < e.id WHERE d.id = e.dept)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d, region r WHERE r.city = d.city AND d.id = e.dept AND r.zone + e.id > 2)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d LEFT JOIN region r ON r.city = d.city WHERE d.id = e.dept AND r.zone IS NULL)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM (SELECT id + 1 AS next, city FROM dept) d WHERE d.next = e.dept AND d.city IS NOT NULL)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM (SELECT id + e.id AS both FROM dept) d WHERE d.both = 3)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d WHERE d.id = e.dept AND EXISTS (SELECT FROM sale s WHERE s.emp = d.id))
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d WHERE d.id = e.dept AND EXISTS (SELECT FROM sale s WHERE s.emp = e.id AND s.qty = d.id))
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT count(*) FROM dept d WHERE d.id = e.dept)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT d.id FROM dept d WHERE d.id = e.dept GROUP BY d.id HAVING count(*) > 1)
;
SELECT e.id FROM emp e WHERE EXISTS (SELECT FROM dept d WHERE d.id = e.dept) OR e.id = 5
;
SELECT e.id, EXISTS (SELECT FROM dept d WHERE d.id = e.dept) FROM emp e
;
SELECT e.id FROM emp e WHERE e.dept IN (SELECT d.id FROM dept d WHERE d.city > e.name)
;
SELECT e.id FROM emp e WHERE e.dept IN (SELECT DISTINCT d.id FROM dept d WHERE d.city IS NOT NULL AND d.id < e.id)
;
SELECT e.id FROM emp e WHERE e.dept NOT IN (SELECT d.id FROM dept d WHERE d.id <> e.id)
;
SELECT e.id FROM emp e WHERE e.pay IN (SELECT s.amount FROM sale s WHERE s.emp <> e.id)
;
SELECT e.id, e.pay FROM emp e WHERE e.pay > (SELECT avg(o.pay) FROM emp o WHERE o.dept = e.dept)
;
SELECT e.id, e.pay FROM emp e WHERE e.pay >= (SELECT 0.5 * sum(o.pay) FROM emp o WHERE o.dept = e.dept AND o.flag IS NOT NULL)
;
SELECT e.id FROM emp e WHERE 0 = (SELECT count(*) FROM sale s WHERE s.emp = e.id AND s.qty > 5)
;
SELECT e.id FROM emp e WHERE (SELECT count(s.qty) + 1 FROM sale s WHERE s.emp = e.id) > 3
;
SELECT e.id FROM emp e WHERE (SELECT coalesce(max(s.qty), -1) FROM sale s WHERE s.emp = e.id AND s.qty > 5) < 0
;
SELECT e.id FROM emp e WHERE (SELECT max(s.qty) FROM sale s WHERE s.emp = e.id HAVING count(*) > 5) > 1
;
SELECT e.id, (SELECT count(*) FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT e.id, (SELECT sum(s.amount) FROM sale s WHERE s.emp = e.id AND s.amount < 1000), (SELECT min(d.city) FROM dept d WHERE d.id = e.dept) FROM emp e
;
SELECT e.id, (SELECT array_agg(s.qty ORDER BY s.id) FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT e.id, (SELECT string_agg(d.name, ',' ORDER BY d.name COLLATE "C") FROM dept d WHERE d.id = e.dept) FROM emp e
;
SELECT e.id, (SELECT count(*) FROM emp o WHERE o.code = e.code), (SELECT count(*) FROM emp o WHERE o.rate = e.rate) FROM emp e
;
SELECT e.id, (SELECT count(*) FROM sale s WHERE s.amount = e.pay) FROM emp e
;
SELECT e.id, (SELECT count(*) FROM sale s WHERE s.emp = e.id AND e.flag) FROM emp e
;
SELECT e.id, (SELECT count(*) FROM sale s WHERE e.flag) FROM emp e
;
SELECT e.id, (SELECT max(s.qty) + e.id FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT e.id, (SELECT max(s.qty + e.id) FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT e.id, (SELECT d.name FROM dept d WHERE d.id = e.dept AND d.city = 'Rome') FROM emp e
;
SELECT e.id, (SELECT d.name FROM dept d WHERE d.id = e.dept) FROM emp e
;
SELECT e.dept, sum((SELECT count(*) FROM sale s WHERE s.emp = e.id)) FROM emp e GROUP BY e.dept
;
SELECT e.dept, count(*) FROM emp e GROUP BY e.dept HAVING count(*) > (SELECT count(*) FROM dept d WHERE d.id = e.dept)
;
SELECT e.dept, (SELECT count(*) FROM dept d WHERE d.id = e.dept) FROM emp e GROUP BY e.dept
;
SELECT e.id, CASE WHEN e.dept IS NULL THEN -1 ELSE (SELECT count(*) FROM dept d WHERE d.id = e.dept) END FROM emp e
;
SELECT e.id, d.name FROM emp e LEFT JOIN dept d ON d.id = e.dept AND EXISTS (SELECT FROM region r WHERE r.city = d.city)
;
SELECT e.id, d.name FROM emp e LEFT JOIN dept d ON d.id = e.dept AND (SELECT count(*) FROM region r WHERE r.city = d.city) > 1
;
SELECT e.id FROM emp e JOIN dept d ON d.id = e.dept WHERE EXISTS (SELECT FROM region r WHERE r.city = d.city AND r.zone < e.id)
;
SELECT e.id FROM emp e WHERE e.boss IS NOT NULL AND (SELECT b.name FROM emp b WHERE b.id = e.boss) < e.name
;
SELECT e.id FROM emp e WHERE e.pay > ALL (SELECT o.pay FROM emp o WHERE o.id < e.id AND o.pay IS NOT NULL)
;
SELECT e.id FROM emp e WHERE e.pay >= ALL (SELECT o.pay FROM emp o)
;
SELECT e.id FROM emp e WHERE e.pay < ANY (SELECT o.pay FROM emp o)
;
SELECT e.id, e.pay <= ALL (SELECT s.amount FROM sale s WHERE s.qty = e.id), e.pay = ALL (SELECT o.pay FROM emp o WHERE o.dept = e.dept) FROM emp e
;
SELECT e.id, e.id <> ANY (SELECT s.qty FROM sale s WHERE s.emp = e.id), e.id > ANY (SELECT s.qty FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT e.id, e.name > ALL (SELECT d.name FROM dept d), e.code < ANY (SELECT o.code FROM emp o), e.hired >= ALL (SELECT s.at FROM sale s WHERE s.emp = e.id) FROM emp e
;
SELECT id, id > ANY (ARRAY[boss, dept]), id < ALL (string_to_array(boss::text || ',' || dept::text, ',')::int[]) FROM emp
;
SELECT sum(pay), avg(pay), min(pay), max(pay), count(pay), count(DISTINCT pay), sum(DISTINCT pay) FROM emp
;
SELECT sum(pay), avg(pay), min(pay), max(pay) FROM emp WHERE pay < 0
;
SELECT dept, sum(pay), avg(pay), min(pay), max(pay), count(DISTINCT pay), sum(DISTINCT pay) FROM emp GROUP BY dept
;
SELECT pay, sum(pay * 2), count(*) FROM emp GROUP BY pay
;
SELECT pay * 2 AS p, sum(pay * 2 + 1) AS s, max(pay * 2) - 1 AS m FROM emp GROUP BY pay * 2
;
SELECT pay * 2 + 0.500 AS p, count(*) FROM emp GROUP BY pay * 2 HAVING pay * 2 > 100
;
SELECT sum(pay * (1 - 0.05) * (1 + 0.1)) AS s, sum(-pay) AS n, avg(pay * pay) AS a FROM emp
;
SELECT sum(pay * pay * pay) AS s, sum(pay * pay * pay * pay) AS q, avg(pay * pay * pay * pay) AS a FROM emp
;
SELECT dept, sum(id), avg(id), sum(id::bigint), avg(id::bigint), sum(id::smallint), avg(id::smallint) FROM emp GROUP BY dept
;
SELECT dept, sum(rate), avg(rate), min(rate), max(rate), variance(rate), stddev(rate), var_pop(rate), stddev_pop(rate) FROM emp GROUP BY dept
;
SELECT sum(rate), avg(rate), min(rate), max(rate), bool_and(flag), bool_or(flag), every(id > 0) FROM emp
;
SELECT dept, bool_and(flag), bool_or(flag) FROM emp GROUP BY dept
;
SELECT code, count(*), sum(pay) FROM emp GROUP BY code
;
SELECT rate, count(*), sum(pay) FROM emp GROUP BY rate
;
SELECT dept, sum(pay) FILTER (WHERE flag), avg(pay) FILTER (WHERE NOT flag), count(*) FILTER (WHERE pay > 100) FROM emp GROUP BY dept
;
SELECT dept, sum(pay) AS s FROM emp GROUP BY dept HAVING sum(pay) > 800
;
SELECT dept, sum(pay) AS s FROM emp GROUP BY dept HAVING sum(pay) > 800.499999 AND avg(pay) <> 3
;
SELECT x.p, x.p + 1 AS q, x.p = 1601.00 AS e FROM (SELECT pay * 2 AS p FROM emp) x
;
SELECT sum(x.p) AS s, max(x.p) AS m FROM (SELECT pay * 2 AS p, dept FROM emp) x
;
SELECT DISTINCT x.p FROM (SELECT pay * 2 AS p, dept FROM emp) x
;
SELECT x.p FROM (SELECT pay * 2 AS p, id FROM emp) x ORDER BY x.p DESC, x.id LIMIT 3
;
SELECT x.p, y.p AS q FROM (SELECT id, pay * 2 AS p FROM emp) x JOIN (SELECT id, pay + pay AS p FROM emp) y ON x.p = y.p AND x.id = y.id
;
SELECT x.p, s.amount FROM (SELECT id, pay * 2 AS p FROM emp) x JOIN sale s ON s.amount < x.p / 1000 AND s.emp = x.id
;
SELECT pay * 2 AS p FROM emp UNION SELECT pay + pay FROM emp
;
SELECT pay * 2 AS p FROM emp UNION ALL SELECT amount FROM sale WHERE id < 3
;
WITH w AS (SELECT id, pay * 1.10 AS p FROM emp) SELECT a.p, b.p AS q FROM w a JOIN w b ON a.p < b.p AND a.id < b.id
;
SELECT id, (SELECT sum(o.pay) FROM emp o WHERE o.dept = e.dept) AS s, (SELECT max(o.pay * 2) FROM emp o) AS m FROM emp e
;
SELECT id FROM emp e WHERE e.pay > (SELECT 0.5 * avg(o.pay) FROM emp o WHERE o.dept = e.dept)
;
SELECT id FROM emp e WHERE e.pay * 2 IN (SELECT o.pay + o.pay FROM emp o WHERE o.id < 4)
;
SELECT id FROM emp e WHERE e.pay + 0.0 IN (800.5, 99.990, 1)
;
SELECT id, CASE WHEN flag THEN pay * 2 ELSE 0 END AS c, coalesce(pay * 2, 0) AS d, nullif(pay * 2, 1601) AS n FROM emp
;
SELECT sum(CASE WHEN flag THEN pay * 2 ELSE 0 END) AS c, sum(coalesce(pay, 0)) AS d FROM emp
;
SELECT id, pay / 3 AS d, pay * 2 / 3 AS e, round(pay * 1.05, 1) AS r, (pay * 2)::int AS i, (pay * 2)::text AS t, (pay * 2)::float8 AS f FROM emp
;
SELECT id, (pay * 2)::numeric(12,1) AS n, (id * 2)::numeric(12,3) AS m, pay % 7 AS r, abs(-pay) AS a FROM emp
;
SELECT id, sum(pay) OVER (ORDER BY id) AS s, avg(pay) OVER (PARTITION BY dept) AS a, sum(id) OVER (ORDER BY id ROWS 1 PRECEDING) AS r FROM emp
;
SELECT id, rank() OVER (ORDER BY pay * 2 DESC) AS r, sum(pay * 2) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM emp
;
SELECT id, pay > 800.5 AS a, pay > 800.4999 AS b, 800.5 <= pay AS c, pay = id AS d, pay <> pay * 1.000 AS e FROM emp
;
SELECT e.id, s.id AS sid FROM emp e JOIN sale s ON e.pay > s.qty * 400 AND s.id < 9
;
SELECT dept, pay, count(*), sum(pay) FROM emp GROUP BY GROUPING SETS ((dept), (pay), ())
;
SELECT count(DISTINCT code), count(DISTINCT rate), count(DISTINCT name), count(DISTINCT pay * 0), count(DISTINCT hired) FROM emp
;
SELECT dept, count(DISTINCT code), count(DISTINCT rate) FILTER (WHERE rate > 0), count(*) FROM emp GROUP BY dept
;
SELECT e.id, e.id * 1.5 AS a, e.id - 0.25 AS b, 2 * e.pay - e.id AS c, -(e.pay) AS d FROM emp e
;
SELECT sum(qty * 1.5), avg(qty - 0.25), sum(qty::numeric), min(qty * 0.1), max(2.50 * qty) FROM sale
;
SELECT emp, sum(qty * 1.5) AS s, avg(amount) AS a, sum(amount) AS t FROM sale GROUP BY emp
;
SELECT array_agg(x.p ORDER BY x.id) AS a, string_agg(x.p::text, ',' ORDER BY x.id) AS t FROM (SELECT id, pay * 2 AS p FROM emp) x
;
SELECT ARRAY(SELECT pay * 2 FROM emp WHERE id < 4 ORDER BY id) AS a, ARRAY(SELECT pay * 2 FROM emp WHERE id < 4 ORDER BY pay DESC, id) AS b
;
SELECT e.id, x.p FROM emp e CROSS JOIN LATERAL (SELECT e.pay * 2 AS p) x WHERE x.p > 100
;
SELECT x.p FROM (SELECT pay * 2 AS p FROM emp UNION ALL SELECT NULL) x WHERE x.p IS NULL OR x.p > 1600
;
SELECT DISTINCT ON (x.p) x.p, x.id FROM (SELECT pay * 2 AS p, id FROM emp) x ORDER BY x.p, x.id
