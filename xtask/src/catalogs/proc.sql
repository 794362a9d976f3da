SELECT oid, proname, prokind, provolatile,
       CASE WHEN proisstrict THEN 's' ELSE '-' END,
       CASE WHEN proretset THEN 'r' ELSE '-' END,
       provariadic, pronargdefaults, prorettype, proargtypes,
       -- All functions in SQL may have the same text: their names are what kernels go by.
       CASE prolang WHEN 14 THEN proname || '.sql' ELSE prosrc END
FROM pg_proc
WHERE oid < 10000
ORDER BY oid
