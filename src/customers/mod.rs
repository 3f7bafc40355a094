//! The customer as an aggregate of the event store: what may be done with one, what happened to it,
//! and the state that this makes.
//!
//! Pure: a state and a command in, events or a refusal out ([`decide`]); a state and an event in, a
//! state out ([`Customer::evolve`]). Commands load, decide and append.

pub mod command;
pub mod customer;
pub mod decide;
pub mod event;

#[cfg(test)]
mod tests;

pub use command::Command;
pub use customer::{Customer, RULES, Status};
pub use decide::{Refusal, decide};
pub use event::{CustomerEvent, KNOWN};

/// The type of aggregate.
pub const CATEGORY: &str = "customer";

/// Fields that tell who a customer is: they leave the store sealed or not at all.
pub const PERSONAL: [&str; 4] = ["name", "email", "phone", "address"];
