//! The event store's own rules: what an event is, what its writer may expect, how events hang
//! together in a chain, and what a reader may conclude from them.
//!
//! Pure: events in, values out. `backends::redis::events` keeps the events, commands compose.

pub mod aggregate;
pub mod archive;
pub mod chain;
pub mod check;
pub mod content;
pub mod draft;
pub mod event;
pub mod expected;
pub mod filter;
pub mod group;
pub mod place;
pub mod projection;
pub mod wire;

pub use aggregate::Aggregate;
pub use chain::{Digest, Link};
pub use content::Content;
pub use event::Event;
pub use expected::Expected;
pub use place::Position;
