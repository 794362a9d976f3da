CREATE ROLE alice LOGIN PASSWORD :'alice';
CREATE ROLE bob LOGIN PASSWORD :'bob';
CREATE ROLE carol LOGIN PASSWORD :'carol';
CREATE ROLE dave LOGIN PASSWORD :'dave';

CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host :'host', port :'port', dbname 'medley');
CREATE FOREIGN TABLE films (account text, title text, year integer)
    SERVER cinema OPTIONS (table_name 'shelf');
GRANT SELECT ON films TO PUBLIC;

-- Alice and Bob have accounts of their own there; everybody else is a guest.
GRANT USAGE ON FOREIGN SERVER cinema TO alice, bob;
CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'guest', password :'guest');
