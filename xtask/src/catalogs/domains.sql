-- The rows of pg_type of information_schema's domains and of the arrays of them.
-- 13001 is the oid that Medley gives that schema.
SELECT t.oid, typname, 13001, typowner, typlen, typbyval, typtype, typcategory,
       typispreferred, typisdefined, typdelim, typrelid, typsubscript::oid, typelem, typarray,
       typinput::oid, typoutput::oid, typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid,
       typanalyze::oid, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims,
       typcollation, typdefaultbin, typdefault, typacl
FROM pg_type t
WHERE typtype = 'd' OR typelem IN (SELECT oid FROM pg_type WHERE typtype = 'd')
ORDER BY t.oid
