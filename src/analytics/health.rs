//! How services are, by their gauges.

/// The state of a service, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Every gauge that is known is below its first limit.
    Healthy,
    /// One is at or above its first limit, none at its second.
    Warning,
    /// One is at or above its second limit.
    Critical,
    /// It reported before and does not any more.
    Silent,
    /// No gauge that is judged is known.
    Unknown,
}

impl Health {
    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Silent => "SILENT",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What is judged of a service; what it did not report is unknown, not zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// The service.
    pub service: String,
    /// How many reports there were in the range.
    pub reports: u64,
    /// Mean percent of the processor.
    pub cpu: Option<f64>,
    /// Mean percent of the memory.
    pub memory: Option<f64>,
    /// Mean requests a second.
    pub requests: Option<f64>,
    /// Mean percent of failed requests.
    pub errors: Option<f64>,
    /// The 95th percentile of the reported p99 latencies, in milliseconds: one spike in an hour of
    /// reports does not make it, half a quarter of an hour does.
    pub latency: Option<f64>,
}

/// The longest range over which percentiles are taken from the rows; beyond it means and maxima come
/// from the hourly aggregate.
pub const PERCENTILES: std::time::Duration = std::time::Duration::from_secs(31 * 24 * 60 * 60);

/// The limits: at or above the first it is a warning, at or above the second critical.
const LIMITS: [(f64, f64); 4] = [(70.0, 85.0), (70.0, 85.0), (1.0, 5.0), (500.0, 1000.0)];

/// Judges a service.
#[must_use]
pub fn judge(gauges: &Gauges) -> Health {
    if gauges.reports == 0 {
        return Health::Silent;
    }
    let known = [gauges.cpu, gauges.memory, gauges.errors, gauges.latency];
    let each = known.iter().zip(LIMITS).filter_map(|(value, (warning, critical))| {
        let value = (*value)?;
        Some(if value >= critical {
            Health::Critical
        } else if value >= warning {
            Health::Warning
        } else {
            Health::Healthy
        })
    });
    each.max().unwrap_or(Health::Unknown)
}

/// The worst of all; a service that is silent is as bad as one that is critical.
#[must_use]
pub fn overall(all: impl IntoIterator<Item = Health>) -> Health {
    let mut worst = Health::Unknown;
    for health in all {
        worst = match (worst, health) {
            (Health::Unknown, other) | (other, Health::Unknown) => other,
            (a, b) => a.max(b),
        };
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cpu: f64, memory: f64, errors: f64, latency: f64) -> Health {
        let [cpu, memory, errors, latency] = [cpu, memory, errors, latency].map(Some);
        judge(&Gauges { reports: 1, cpu, memory, errors, latency, ..Gauges::default() })
    }

    #[test]
    fn the_worst_gauge_decides_and_limits_belong_to_the_worse_side() {
        assert_eq!(of(69.9, 69.9, 0.99, 499.0), Health::Healthy);
        assert_eq!(of(70.0, 0.0, 0.0, 0.0), Health::Warning);
        assert_eq!(of(0.0, 84.9, 4.9, 999.0), Health::Warning);
        assert_eq!(of(0.0, 0.0, 5.0, 0.0), Health::Critical);
        assert_eq!(of(0.0, 0.0, 0.0, 1000.0), Health::Critical);
    }

    #[test]
    fn what_is_not_reported_is_not_healthy() {
        let some = Gauges { reports: 3, requests: Some(5.0), ..Gauges::default() };
        assert_eq!(judge(&some), Health::Unknown);
        assert_eq!(judge(&Gauges::default()), Health::Silent);
        assert_eq!(judge(&Gauges { cpu: Some(90.0), ..some }), Health::Critical);
    }

    #[test]
    fn overall_is_the_worst_that_is_known() {
        use Health::{Critical, Healthy, Silent, Unknown, Warning};
        assert_eq!(overall([]), Unknown);
        assert_eq!(overall([Healthy, Unknown]), Healthy);
        assert_eq!(overall([Healthy, Silent, Warning]), Silent);
        assert_eq!(overall([Critical, Warning]), Critical);
    }
}
