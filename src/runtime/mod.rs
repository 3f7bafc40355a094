//! The life of the process: signals, the clock.

pub mod clock;
pub mod fault;
pub mod signals;

pub use clock::{Clock, SystemClock};
pub use fault::Fault;
pub use signals::Shutdown;
