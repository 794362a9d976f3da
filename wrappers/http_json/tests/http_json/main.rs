//! `http_json_fdw`, as the engine uses it, over a service that the tests are.
mod manual;
mod options;
mod rows;
