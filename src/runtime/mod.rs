//! The life of the process: signals, the clock.

pub mod clock;
pub mod fault;
pub mod process;
pub mod signals;

pub use clock::{Clock, SystemClock};
pub use fault::Fault;
pub use signals::Shutdown;
