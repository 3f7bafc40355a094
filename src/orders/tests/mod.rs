//! The room's tests: single cases, and what holds for every sequence.

mod cases;
mod due;
pub(super) mod given;
mod naive;
mod properties;
mod shop;
mod texts;
