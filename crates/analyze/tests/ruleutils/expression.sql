DEFAULT integer: 1

DEFAULT integer: -1

DEFAULT integer: 1 + 1

DEFAULT integer: (1 + 2) * 3

DEFAULT integer: '7'

DEFAULT integer: 1.5

DEFAULT bigint: 1

DEFAULT bigint: 10000000000

DEFAULT smallint: 1

DEFAULT smallint: -1

DEFAULT numeric: 1

DEFAULT numeric: 1.5

DEFAULT numeric(5,2): 1.5

DEFAULT numeric(5,2): 1

DEFAULT numeric(5,2): '1.5'

DEFAULT real: 1.5

DEFAULT double precision: 1.5

DEFAULT double precision: 1

DEFAULT double precision: -1.5

DEFAULT text: 'x'

DEFAULT text: 1

DEFAULT text: 'it''s'

DEFAULT text: E'back\\slash'

DEFAULT text: 'a' || 'b'

DEFAULT text: NULL

DEFAULT text: lower('X')

DEFAULT text: current_user

DEFAULT text: now()

DEFAULT character varying: 'x'

DEFAULT character varying(10): 'x'

DEFAULT character varying(10): 1

DEFAULT character varying(10): 'a' || 'b'

DEFAULT character varying(10): 'x'::text

DEFAULT character varying(10): 'x'::varchar(5)

DEFAULT character(3): 'x'

DEFAULT character(3): 'x'::text

DEFAULT "char": 'x'

DEFAULT name: 'x'

DEFAULT boolean: true

DEFAULT boolean: 'f'

DEFAULT boolean: 1 = 1

DEFAULT boolean: NOT true

DEFAULT date: '2020-01-01'

DEFAULT date: current_date

DEFAULT date: now()

DEFAULT date: date '2020-01-01' + 1

DEFAULT timestamp: '2020-01-01 10:00'

DEFAULT timestamp: now()

DEFAULT timestamp with time zone: now()

DEFAULT timestamp with time zone: current_timestamp

DEFAULT timestamp(3) with time zone: now()

DEFAULT timestamp(3): current_timestamp(3)

DEFAULT timestamp: now() AT TIME ZONE 'utc'

DEFAULT time: '10:00'

DEFAULT interval: '1 day'

DEFAULT interval: interval '1' day

DEFAULT interval day to second: '1 day'

DEFAULT integer[]: '{}'

DEFAULT integer[]: ARRAY[1, 2]

DEFAULT integer[]: ARRAY[]::integer[]

DEFAULT text[]: ARRAY['a', 'b']

DEFAULT text[]: '{a,b}'

DEFAULT character varying[]: ARRAY['a']

DEFAULT jsonb: '{}'

DEFAULT jsonb: '{"a": 1}'::jsonb

DEFAULT jsonb: jsonb_build_object('a', 1)

DEFAULT json: '[]'

DEFAULT uuid: gen_random_uuid()

DEFAULT uuid: '123e4567-e89b-12d3-a456-426614174000'

DEFAULT bytea: '\x01'

DEFAULT inet: '127.0.0.1'

DEFAULT oid: 1

DEFAULT regclass: 'pg_class'

DEFAULT integer: CASE WHEN true THEN 1 ELSE 2 END

DEFAULT integer: coalesce(NULL, 1)

DEFAULT integer: length('abc')

DEFAULT integer: extract(year FROM now())

DEFAULT text: to_char(now(), 'YYYY')

DEFAULT text: ('a')

DEFAULT text: 'a'::text COLLATE "C"

DEFAULT text: session_user

DEFAULT numeric: round(1.234, 2)

DEFAULT numeric: random()

DEFAULT integer: random() * 10

DEFAULT bit(3): B'101'

DEFAULT point: '(1,2)'

DEFAULT text: substring('abc' FROM 2 FOR 1)

DEFAULT text: (ARRAY['a','b'])[1]

CHECK: a > 0

CHECK: a > 0 AND b > 0

CHECK: (a > 0)

CHECK: ((a > 0 OR b > 0) AND c = 'x')

CHECK: NOT o

CHECK: o

CHECK: a IS NOT NULL

CHECK: c <> ''

CHECK: v <> ''

CHECK: v = 'a' OR v = 'b'

CHECK: v IN ('a', 'b')

CHECK: c IN ('a', 'b')

CHECK: a IN (1, 2, 3)

CHECK: a BETWEEN 1 AND 10

CHECK: p = 'abc'

CHECK: length(c) > 3

CHECK: lower(v) = v

CHECK: char_length(v) < 5

CHECK: d > '2020-01-01'

CHECK: d > date '2020-01-01' - 10

CHECK: ts < now()

CHECK: n > 0

CHECK: n >= 0 AND n <= 100.5

CHECK: n2 > 0

CHECK: f > 0

CHECK: r > 1.5

CHECK: sm > 0

CHECK: big > 0

CHECK: c ~ '^a'

CHECK: c LIKE 'a%'

CHECK: c NOT LIKE 'a%'

CHECK: c SIMILAR TO 'a'

CHECK: arr[1] > 0

CHECK: array_length(arr, 1) < 5

CHECK: a = ANY (arr)

CHECK: a = ANY (ARRAY[1, 2])

CHECK: j ? 'a'

CHECK: (j ->> 'a') IS NOT NULL

CHECK: j ->> 'a' = 'b'

CHECK: CASE WHEN a > 0 THEN b > 0 ELSE true END

CHECK: coalesce(a, b) > 0

CHECK: (a, b) <> (1, 2)

CHECK: a IS DISTINCT FROM b

CHECK: t.a > t.b

CHECK: extract(year FROM d) > 2000

CHECK: a::text = c

CHECK: a + b * 2 > 3

CHECK: (a + b) * 2 > 3

CHECK: a % 2 = 0

CHECK: - a < 0

CHECK: c COLLATE "C" > 'a'

CHECK: true

CHECK: NULL

CHECK: 'x' = c

CHECK: u IS NOT NULL

CHECK: tz > '2020-01-01 00:00:00+00'

CHECK: i > '1 day'

CHECK: x << '10.0.0.0/8'

CHECK: a > 1 AND b > 1 AND c > 'x'

CHECK: a > 1 OR b > 1 AND c > 'x'

CHECK: NOT (a > 1 AND b > 1)

CHECK: NOT a > 1

CHECK: substring(c FROM 1 FOR 1) = 'x'

CHECK: position('x' IN c) = 0

CHECK: trim(c) <> ''

GENERATED integer: a + 1

GENERATED integer: a * b

GENERATED text: c || 'x'

GENERATED text: lower(c) || upper(c)

GENERATED text: a

GENERATED numeric: a / 2.0

GENERATED numeric(10,2): n * 1.2

GENERATED boolean: a > b

GENERATED double precision: f * a

GENERATED text: coalesce(c, 'none')

GENERATED integer: CASE WHEN a > 0 THEN a ELSE - a END

GENERATED character varying(5): c

GENERATED text: v

GENERATED bigint: a

GENERATED integer: big
