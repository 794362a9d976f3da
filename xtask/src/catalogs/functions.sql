SELECT oid, procost, prorows, prosupport::oid, proleakproof, proparallel, prolang, proallargtypes,
       proargmodes, proargnames, pg_get_function_arguments(oid),
       (SELECT array_agg(grantee) FROM aclexplode(proacl)), probin
FROM pg_proc
WHERE oid < 10000
ORDER BY oid
