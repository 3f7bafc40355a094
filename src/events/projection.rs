//! The projection of customers: their events folded into one row each.
//!
//! It takes what it knows of an event's data and leaves the rest alone, so that a new field or type stops
//! nobody; a row's revision says which event it was made of last.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::content::BadContent;
use super::seal::Sealed;
use super::tree::Tree;
use super::{Event, Link, Position};
use crate::domain::EventTime;

/// The type of aggregate that is projected.
pub const CATEGORY: &str = "customer";

/// One customer as the events tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who.
    pub id: String,
    /// The name, if it is told in the clear; never a sealed one.
    pub name: Option<String>,
    /// The tier.
    pub tier: Option<String>,
    /// Where the customer is.
    pub region: Option<String>,
    /// `ACTIVE`, `CLOSED` or `ERASED`.
    pub status: Status,
    /// The last event that was folded in.
    pub revision: u64,
    /// Where that is.
    pub position: Position,
    /// When it was recorded.
    pub updated_at: EventTime,
}

/// Which copy of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// The one that is read.
    Live,
    /// The one that is built beside it.
    Next,
}

impl Build {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Next => "next",
        }
    }
}

/// How far a build has come: position and link by shard.
pub type Positions = BTreeMap<u16, (u64, Link)>;

/// A row as JSON.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    tier: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    status: Cow<'a, str>,
    revision: u64,
    position: Cow<'a, str>,
    updated_at: Cow<'a, str>,
}

impl Customer {
    /// The row as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let row = Row {
            id: self.id.as_str().into(),
            name: self.name.as_deref().map(Cow::Borrowed),
            tier: self.tier.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            status: self.status.as_str().into(),
            revision: self.revision,
            position: self.position.to_string().into(),
            updated_at: self.updated_at.to_string().into(),
        };
        serde_json::to_string(&row).unwrap_or_default()
    }

    /// Reads a row of [`Self::to_json`].
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BadContent> {
        let wrong = |e: &dyn std::fmt::Display| BadContent::Json(e.to_string());
        let row: Row<'_> = serde_json::from_slice(bytes).map_err(|e| wrong(&e))?;
        Ok(Self {
            id: row.id.into_owned(),
            name: row.name.map(Cow::into_owned),
            tier: row.tier.map(Cow::into_owned),
            region: row.region.map(Cow::into_owned),
            status: Status::from_word(&row.status),
            revision: row.revision,
            position: row.position.parse().map_err(|e: &str| wrong(&e))?,
            updated_at: EventTime::from_event_text(&row.updated_at).map_err(|e| wrong(&e))?,
        })
    }
}

/// Whether a customer is one still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Active,
    /// No longer.
    Closed,
    /// No longer, and nobody knows who it was.
    Erased,
}

impl Status {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Closed => "CLOSED",
            Self::Erased => "ERASED",
        }
    }

    /// The status of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "CLOSED" => Self::Closed,
            "ERASED" => Self::Erased,
            _ => Self::Active,
        }
    }
}

/// Folds an event into what there was before; `None` if it is of no customer. An event that is in
/// there already changes nothing.
///
/// # Errors
/// If its content cannot be read.
pub fn fold(before: Option<Customer>, event: &Event) -> Result<Option<Customer>, BadContent> {
    if event.aggregate.kind() != CATEGORY {
        return Ok(before);
    }
    if before.as_ref().is_some_and(|customer| customer.revision >= event.revision) {
        return Ok(before);
    }
    let content = event.content()?;
    let data: Map<String, Value> = serde_json::from_str(content.data.get())
        .map_err(|e| BadContent::Json(format!("data: {e}")))?;
    let mut customer = before.unwrap_or_else(|| Customer {
        id: event.aggregate.id().to_owned(),
        name: None,
        tier: None,
        region: None,
        status: Status::Active,
        revision: 0,
        position: event.position,
        updated_at: event.recorded_at,
    });
    match content.event_type.as_ref() {
        "CustomerCreated" | "CustomerUpdated" => {
            told(&data, &["name"], &mut customer.name);
            customer.name = customer.name.filter(|name| Sealed::read(&Tree::text(name)).is_none());
            told(&data, &["tier"], &mut customer.tier);
            told(&data, &["region"], &mut customer.region);
        }
        "CustomerTierChanged" => told(&data, &["newTier", "tier", "to"], &mut customer.tier),
        "CustomerClosed" => customer.status = Status::Closed,
        "CustomerErased" => {
            customer.status = Status::Erased;
            customer.name = None;
        }
        _ => {}
    }
    customer.revision = event.revision;
    customer.position = event.position;
    customer.updated_at = event.recorded_at;
    Ok(Some(customer))
}

/// Takes the first of some fields that is a text, or null, which takes it away.
fn told(data: &Map<String, Value>, names: &[&str], field: &mut Option<String>) {
    match names.iter().find_map(|name| data.get(*name)) {
        Some(Value::String(text)) => *field = Some(text.clone()),
        Some(Value::Null) => *field = None,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64, kind: &str, data: &str) -> Event {
        Event {
            position: Position { shard: 0, n: revision + 1 },
            aggregate: "customer/c-1".parse().unwrap(),
            revision,
            recorded_at: EventTime::from_millis(1_795_550_400_000),
            link: Link::START,
            envelope: format!(r#"{{"id":"e{revision}","type":"{kind}","data":{data}}}"#)
                .into_bytes(),
        }
    }

    #[test]
    fn a_life_is_folded_and_what_comes_twice_changes_nothing() {
        let life = [
            event(0, "CustomerCreated", r#"{"name":"Ann","tier":"SILVER","region":"EU","x":1}"#),
            event(1, "CustomerTierChanged", r#"{"oldTier":"SILVER","newTier":"GOLD"}"#),
            event(2, "CustomerUpdated", r#"{"region":null,"name":"Ann B"}"#),
            event(3, "SomethingNew", r#"{"tier":"NONE"}"#),
            event(4, "CustomerClosed", "{}"),
        ];
        let once = life.iter().try_fold(None, fold).unwrap().unwrap();
        assert_eq!(once.tier.as_deref(), Some("GOLD"));
        assert_eq!((once.name.as_deref(), once.region.as_deref()), (Some("Ann B"), None));
        assert_eq!((once.status, once.revision), (Status::Closed, 4));
        let again = life[1..].iter().try_fold(Some(once.clone()), fold).unwrap().unwrap();
        assert_eq!(again, once);
        assert_eq!(Customer::from_json(once.to_json().as_bytes()), Ok(once.clone()));
        let sealed = format!(r#"{{"name":"sealed:1:{}"}}"#, "A".repeat(66));
        let hidden = fold(Some(once.clone()), &event(5, "CustomerUpdated", &sealed)).unwrap();
        assert_eq!(hidden.unwrap().name, None);
        let erased = fold(Some(once), &event(5, "CustomerErased", "{}")).unwrap().unwrap();
        assert_eq!((erased.status, erased.name), (Status::Erased, None));
        let mut other = event(0, "CustomerCreated", "{}");
        other.aggregate = "order/o".parse().unwrap();
        assert_eq!(fold(None, &other).unwrap(), None);
    }
}
