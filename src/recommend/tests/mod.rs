//! The room's tests: against a naive recomputation, properties, and what is written.

mod given;
mod index;
mod naive;
mod properties;
mod reach;
mod state;
mod texts;
mod trending;
