//! Settings: what may be set, in which layers, and where each value came from.
//!
//! Start with [`layers::resolve`]. `default.toml` holds every key; [`check`] refuses what cannot
//! be; [`credentials`] fetches secrets. Nothing here prints, and nothing shows a secret.

pub mod check;
pub mod credentials;
pub mod file;
pub mod layers;
pub mod secret;
pub mod section;
pub mod settings;
pub mod value;

pub use layers::{Resolved, Selected, Sources};
pub use secret::Secret;
pub use settings::Settings;

/// A server the settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL with TimescaleDB.
    Timescale,
    /// Kafka.
    Kafka,
    /// Redis.
    Redis,
}

impl Backend {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Timescale, Self::Kafka, Self::Redis];

    /// Its section of the configuration.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::Timescale => "timescale",
            Self::Kafka => "kafka",
            Self::Redis => "redis",
        }
    }
}
