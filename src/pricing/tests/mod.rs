//! Prices against brute force, by properties, and by example.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the tests' own small numbers"
)]

mod examples;
mod expectation;
mod given;
mod placed;
mod properties;
mod stability;
mod written;
