//! What customers did: sums over windows and sessions, and the events that tell them.
//!
//! Pure. A window (tumbling) holds what a customer did in five minutes; a session holds what came
//! without a pause longer than the gap. An event that names its session counts to that session
//! only, so that two devices of one customer do not become one. Scores are sums of a weight per
//! type of activity, in thousandths, so that their sum does not depend on any order.

mod rules;
mod session;
mod sums;
mod written;

pub use rules::{ActivityRules, WeightFault};
pub use session::SessionKey;
pub use sums::ActivitySums;
pub use written::{
    WindowResult, Written, withdraw_session, write_metric, write_session, write_window,
};
