//! Where recorded records come from: a file, a topic, or a topology's own topics.

use std::path::PathBuf;

/// Where records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The topology's own topics.
    Kafka,
    /// A topic.
    Topic(String),
    /// A file; `-` is standard input.
    File(PathBuf),
}

impl Place {
    /// Whether a topic is read.
    #[must_use]
    pub const fn is_kafka(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    /// Whether it is standard input.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        matches!(self, Self::File(path) if path.as_os_str() == "-")
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kafka => f.write_str("kafka"),
            Self::Topic(name) => write!(f, "topic:{name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Reads a place as a command line gives it.
///
/// # Errors
/// A text that names nothing.
pub fn place(text: &str) -> Result<Place, String> {
    match text.strip_prefix("topic:") {
        Some("") => Err("names no topic; write topic:NAME".to_owned()),
        Some(name) => Ok(Place::Topic(name.to_owned())),
        None if text == "kafka" => Ok(Place::Kafka),
        None if text.is_empty() => Err("names no file".to_owned()),
        None => Ok(Place::File(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_never_two_things() {
        assert_eq!(place("kafka"), Ok(Place::Kafka));
        assert_eq!(place("topic:a.b"), Ok(Place::Topic("a.b".to_owned())));
        assert_eq!(place("./kafka"), Ok(Place::File("./kafka".into())));
        assert_eq!(place("./topic:a"), Ok(Place::File("./topic:a".into())));
        assert_eq!(place("bss.payment.events"), Ok(Place::File("bss.payment.events".into())));
        assert!(place("-").unwrap().is_standard());
        assert!(place("topic:").is_err() && place("").is_err());
        for text in ["kafka", "topic:a.b", "-", "x"] {
            assert_eq!(place(text).unwrap().to_string(), text);
        }
    }
}
