SELECT oid, typdelim, typsubscript::oid, typinput::oid, typoutput::oid, typreceive::oid,
       typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid, typcollation, typelem
FROM pg_type
WHERE oid < 10000 AND typtype <> 'c'
ORDER BY oid
