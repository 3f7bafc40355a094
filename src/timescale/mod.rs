//! TimescaleDB as code: what is declared, what the server has, and the plan between the two.
//!
//! Pure: values in, values out. `backends::postgres` reads the inventory and carries plans out.
//! Start with [`spec`], then [`plan`].

pub mod access;
pub mod adopt;
mod aggregates;
pub mod check;
pub mod editions;
pub mod interval;
pub mod inventory;
#[cfg(test)]
mod model;
pub mod plan;
pub mod policies;
pub mod rollups;
pub mod server;
pub mod spec;
pub mod sql;
pub mod status;
