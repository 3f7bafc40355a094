//! The life of the process: signals, the clock.

pub mod clock;
pub mod signals;

pub use clock::{Clock, SystemClock};
pub use signals::Shutdown;
