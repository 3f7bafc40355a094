//! Which events somebody wants.

use std::convert::Infallible;
use std::str::FromStr;

use super::content::BadContent;
use super::{Content, Event};

/// A type, or with `*` at its end all types that begin with what stands before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl FromStr for Pattern {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Pattern {
    /// Whether a text is meant.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.strip_suffix('*').map_or(self.0 == text, |start| text.starts_with(start))
    }
}

/// A choice of events; what is empty or `None` does not choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Types of event; one is enough.
    pub types: Vec<Pattern>,
    /// Types of aggregate; one is enough.
    pub categories: Vec<String>,
    /// The conversation.
    pub correlation: Option<String>,
    /// The cause.
    pub causation: Option<String>,
    /// The actor.
    pub actor: Option<String>,
    /// The first instant of recording, in ms.
    pub since: Option<i64>,
    /// The instant of recording behind the last one, in ms.
    pub until: Option<i64>,
}

impl Filter {
    /// Whether it takes every event.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an event is wanted.
    ///
    /// # Errors
    /// If the answer needs its content and that is damaged.
    pub fn takes(&self, event: &Event) -> Result<bool, BadContent> {
        if !self.takes_place(event) {
            return Ok(false);
        }
        Ok(!self.reads_content() || self.takes_content(&event.content()?))
    }

    /// Whether an event is wanted as far as that can be said without its content.
    #[must_use]
    pub fn takes_place(&self, event: &Event) -> bool {
        let recorded = event.recorded_at.millis();
        self.since.is_none_or(|since| recorded >= since)
            && self.until.is_none_or(|until| recorded < until)
            && (self.categories.is_empty()
                || self.categories.iter().any(|c| c == event.aggregate.kind()))
    }

    fn reads_content(&self) -> bool {
        !self.types.is_empty()
            || self.correlation.is_some()
            || self.causation.is_some()
            || self.actor.is_some()
    }

    fn takes_content(&self, content: &Content<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        (self.types.is_empty() || self.types.iter().any(|t| t.matches(&content.event_type)))
            && is(&self.correlation, content.correlation_id.as_deref())
            && is(&self.causation, content.causation_id.as_deref())
            && is(&self.actor, content.actor.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::events::{Link, Position};

    #[test]
    fn each_condition_must_hold() {
        let event = Event {
            position: Position { shard: 0, n: 1 },
            aggregate: "order/1".parse().unwrap(),
            revision: 0,
            recorded_at: EventTime::from_millis(1000),
            link: Link::START,
            envelope:
                br#"{"id":"e","type":"OrderPlaced","correlationId":"c","actor":"x","data":{}}"#
                    .to_vec(),
        };
        let takes = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.takes(&event).unwrap()
        };
        assert!(takes(&|_| ()));
        assert!(takes(&|f| f.types = vec!["Order*".parse().unwrap(), "No".parse().unwrap()]));
        assert!(!takes(&|f| f.types = vec!["Order".parse().unwrap()]));
        assert!(takes(&|f| f.categories = vec!["order".into()]));
        assert!(!takes(&|f| f.categories = vec!["customer".into()]));
        assert!(takes(&|f| f.correlation = Some("c".into())));
        assert!(!takes(&|f| f.causation = Some("c".into())));
        assert!(takes(&|f| (f.since, f.until) = (Some(1000), Some(1001))));
        assert!(!takes(&|f| f.until = Some(1000)));
        assert!(!takes(&|f| f.since = Some(1001)));
        assert!(!takes(&|f| f.actor = Some("y".into())));
    }
}
