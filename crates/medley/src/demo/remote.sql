CREATE ROLE ann LOGIN PASSWORD :'ann';
CREATE ROLE ben LOGIN PASSWORD :'ben';
CREATE ROLE guest LOGIN PASSWORD :'guest';

CREATE SERVER archive FOREIGN DATA WRAPPER sqlite_fdw
    OPTIONS (database :'database');
CREATE FOREIGN TABLE films (id integer, title text, year integer) SERVER archive;
CREATE FOREIGN TABLE shelves (owner text, film integer) SERVER archive;

-- Each account sees the films on its own shelf.
CREATE VIEW shelf AS
    SELECT current_user AS account, title, year
    FROM films JOIN shelves ON film = id
    WHERE owner = current_user;
GRANT SELECT ON shelf TO ann, ben, guest;
