\d
\d+
\d films
\d+ films
\d titles
\d+ titles
\d secure
\d+ secure
\d archive.*
\d+ archive.*
\d "Mixed Case"."Big Table"
\d+ "Mixed Case"."Big Table"
\d bare
\d+ bare
\d+ dropped
\d missing
\d missing.*
\d film?
\d "Films"
\d medley.public.films
\d other.public.films
\d a.b.c.d
\d pg_catalog.pg_foreign_server
\d+ pg_user_mappings
\d pg_namespace
\d information_schema.foreign_tables
\dS pg_foreign*
\dE
\dE+
\dE *.*
\dE archive.*
\dES pg_c*
\dv
\dv+
\dv *.old
\dt
\dt+
\dt pg_catalog.pg_a*
\dm
\di
\ds
\dtvE
\dtvmisE+ public.*
\dew
\dew+
\dew+ e*
\dew *fdw
\des
\des+
\des "Old Server"
\des+ c*|t*
\deu
\deu+
\deu cinema
\deu+ * alice
\deu cinema alice
\det
\det+
\det *.*
\det+ archive.*
\det "Mixed Case".*
\det nothing
\dp
\dp films
\dp archive.*
\dp arch*.*i*
\z
\z titles
\dpS pg_user_mapping
\ddp
\ddp *alice*
\ddp+
\dn
\dn+
\dn arch*
\dnS
\dn+ public
\du
\du+
\du alice
\du+ *boss*
\dg
\dg+ "The Boss"
\duS pg_read*
\drg
\drg alice
\drgS pg_read*
\drds
\drds alice
\drds * medley
\dd
\dd positive
\ddS films
\df
\df postgres_fdw*
\df+ postgres_fdw_handler
\df pg_options_to_table
\df+ pg_options_to_table
\dfS has_server*
\dfS+ has_foreign_data_wrapper_privilege
\df pg_has_role text
\dfa sum
\dfaS string_agg
\dfw
\dfwS *rank
\dfn nothing
\dft
\dfpS
\daS count
\da
\dT
\dT+
\dT int*
\dT+ text
\dT pg_catalog.fdw_handler
\dTS+ reg*
\dT films
\do
\doS ||
\doS = int4 int4
\doS+ !~
\dC
\dC text
\dC+ int4
\dc
\dO
\dOS "C"
\dconfig search_path
\dconfig server_version_num
\dconfig+ work_mem
\dx
\dx postgres_fdw
\dX
\dy
\dRp
\dRp+
\dRs
\dP
\dF
\dFd
\dFp
\dFt
\dl
\dD
\dDS
\db
\db+
\db pg_d*
\dL
\dLS internal
\dA
\dAc
\dAf
\dAo
\dAp
\l medley
\l+ nothing
\sv titles
\sv+ titles
\sv archive.old
\sv secure
\sv films
\sv missing
\sf postgres_fdw_handler
\sf missing
\sf+ pg_options_to_table
\encoding
\conninfo
\dt films titles
\d+ films titles
\d bare dropped
\dE f* d*
SELECT * FROM pg_options_to_table(ARRAY['a=b']) \gdesc
SELECT srvname, srvacl FROM pg_foreign_server ORDER BY 1 \gdesc
SELECT count(*) FROM pg_user_mappings \gx
SET ROLE alice;
\d films
\d
\deu+ ci*
\dn+
\dp
\des+
\du alice
\ddp
\d archive.films
\df postgres_fdw_handler
\sv titles
RESET ROLE;
