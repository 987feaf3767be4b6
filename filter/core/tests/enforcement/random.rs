//! Random choices -> a schema, a policy for it, and a request that mostly fits it.
//!
//! Everything here is a table that says what is meant: `naive` reads it, and so does a person whom a
//! failure is shown to. Only `index`, `Policy::built` and `Expr::built` make of it what the filter has.

pub(crate) mod callers;
pub(crate) mod case;
pub(crate) mod choices;
pub(crate) mod conditions;
pub(crate) mod expr;
pub(crate) mod policy;
pub(crate) mod print;
pub(crate) mod request;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod schemas;
pub(crate) mod value;
pub(crate) mod values;
