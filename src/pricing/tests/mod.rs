//! Prices against brute force, by properties, and by example.

mod examples;
mod expectation;
mod given;
mod placed;
mod properties;
mod stability;
mod written;
