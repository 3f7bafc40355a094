//! What a writer expects of an aggregate before its events are stored.

use std::fmt;
use std::str::FromStr;

/// The expectation under which events are appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    #[default]
    Any,
    /// That the aggregate has no event.
    NoStream,
    /// That it has one at least.
    Exists,
    /// That this is the revision of its last event.
    Exact(u64),
}

impl Expected {
    /// Whether it holds for an aggregate of so many events.
    #[must_use]
    pub fn holds(self, events: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => events == 0,
            Self::Exists => events > 0,
            Self::Exact(revision) => events.checked_sub(1) == Some(revision),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::NoStream => f.write_str("no-stream"),
            Self::Exists => f.write_str("exists"),
            Self::Exact(revision) => write!(f, "{revision}"),
        }
    }
}

impl FromStr for Expected {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "no-stream" => Ok(Self::NoStream),
            "exists" => Ok(Self::Exists),
            number => number
                .parse()
                .map(Self::Exact)
                .map_err(|_| "expected any, no-stream, exists or the revision of the last event"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_back_and_holds_where_it_should() {
        for (text, holding) in [
            ("any", [true, true, true]),
            ("no-stream", [true, false, false]),
            ("exists", [false, true, true]),
            ("0", [false, true, false]),
            ("1", [false, false, true]),
        ] {
            let expected: Expected = text.parse().unwrap();
            assert_eq!(expected.to_string(), text);
            assert_eq!([0, 1, 2].map(|events| expected.holds(events)), holding, "{text}");
        }
        assert!("-1".parse::<Expected>().is_err());
        assert!("Any".parse::<Expected>().is_err());
    }
}
