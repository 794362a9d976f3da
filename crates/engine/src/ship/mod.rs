//! What the remote is given: the columns, filters and limit that it computes as we would.
//!
//! Nothing is sent that is not known: an expression is shipped only if each of its parts is on a
//! list, for this dialect and these types. What is not shipped is computed here.
mod deparse;
mod expr;
mod key_constant;
mod keys;
mod literal;
mod qual;
mod subplan;
pub(crate) mod whole;

pub(crate) use deparse::{RemoteTable, Select, condition, select};
pub(crate) use keys::{KeyColumn, key_conditions};
pub(crate) use literal::quoted;
pub(crate) use qual::qual;
pub(crate) use subplan::{Place, RemoteQuery, Shipped, TableRead, cost, questions, ship};
