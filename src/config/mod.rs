//! Settings: what may be set, in which layers, and where each value came from.

pub mod layers;
pub mod secret;
pub mod settings;

pub use layers::{Resolved, Sources};
pub use secret::Secret;
pub use settings::Settings;
