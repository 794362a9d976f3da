-- Objects of file_fdw.
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE public.lines (line text) SERVER files OPTIONS (filename '/nowhere/lines.txt', format 'csv', header 'true');
