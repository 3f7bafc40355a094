//! Which life of a server a shard is in: a server that starts again, or another one in its place,
//! may have lost events.

use std::fmt;
use std::str::FromStr;

/// The epoch of a shard: `COUNTER-RUN`. It is counted up by whoever meets a server with another run
/// id than the one that is noted; the id tells epochs apart that were counted twice, after a backup
/// was restored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// How many lives were met.
    pub counter: u64,
    /// The server's run id.
    pub run: String,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.counter, self.run)
    }
}

impl FromStr for Epoch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected an epoch: COUNTER-RUN";
        let (counter, run) = text.split_once('-').ok_or(wrong)?;
        Ok(Self { counter: counter.parse().map_err(|_| wrong)?, run: run.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_reads_back() {
        let epoch = Epoch { counter: 3, run: "9d13".to_owned() };
        assert_eq!(epoch.to_string().parse::<Epoch>().unwrap(), epoch);
        assert!("3".parse::<Epoch>().is_err() && "x-9d13".parse::<Epoch>().is_err());
    }
}
