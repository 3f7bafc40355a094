//! TimescaleDB as code: what is declared, what the server has, and the plan between the two.
//!
//! Pure: values in, values out. `backends::postgres` reads the inventory and carries plans out.
//! Start with [`inventory`].

pub mod inventory;
