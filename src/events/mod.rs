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
pub mod epoch;
pub mod event;
pub mod expected;
pub mod filter;
pub mod fold;
pub mod group;
pub mod info;
pub mod place;
pub mod projection;
pub mod published;
pub mod relay;
pub mod seal;
pub mod snapshot;
pub mod tail;
pub mod tree;
pub mod upcast;
pub mod wire;

pub use aggregate::Aggregate;
pub use chain::{Digest, Link};
pub use content::Content;
pub use epoch::Epoch;
pub use event::Event;
pub use expected::Expected;
pub use fold::State;
pub use place::Position;
pub use upcast::{Unfit, Upcasters};
