//! The row of a customer in the table `customer.info`, as the customer's events give it: tier and
//! region, no personal fields.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Content;
use crate::domain::EventTime;
use crate::domain::customer::CustomerInfo;

/// The type of aggregate that has rows.
pub const KIND: &str = "customer";

/// What a customer's events say of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    tier: Option<String>,
    region: Option<String>,
    /// Since when it is so; `None`: there is no such customer.
    since: Option<EventTime>,
}

/// What becomes of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It is this one now, as JSON.
    Row(Vec<u8>),
    /// There is none any more.
    Deleted,
}

/// The fields of an event's data that matter. Whatever else is there is not looked at.
#[derive(Debug, Default, Deserialize)]
struct Fields<'a> {
    #[serde(default, borrow, deserialize_with = "said")]
    tier: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "said")]
    region: Option<&'a RawValue>,
}

/// A field that is there, also if it is null.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// A field's text. `None`: nothing is said; `Some(None)`: it is taken away.
fn text(raw: Option<&RawValue>) -> Option<Option<String>> {
    serde_json::from_str::<Option<String>>(raw?.get()).ok()
}

impl Info {
    /// What a row of the table says.
    #[must_use]
    pub fn of_row(row: &CustomerInfo<'_>) -> Self {
        Self {
            tier: Some(row.tier.clone().into_owned()),
            region: row.region.clone().map(std::borrow::Cow::into_owned),
            since: Some(row.time),
        }
    }

    /// Takes the customer's next event, which was recorded at `recorded`.
    pub fn take(&mut self, id: &str, content: &Content<'_>, recorded: EventTime) -> Change {
        let time = content.time().unwrap_or(recorded);
        let before = (self.since.is_some(), self.tier.clone(), self.region.clone());
        match content.event_type.as_ref() {
            "CustomerCreated" => {
                *self = Self { since: Some(time), ..Self::default() };
                self.read(content);
            }
            "CustomerUpdated" | "CustomerTierChanged" => self.read(content),
            "CustomerClosed" | "CustomerErased" => {
                let known = self.since.is_some();
                *self = Self::default();
                return if known { Change::Deleted } else { Change::None };
            }
            _ => return Change::None,
        }
        let now = (true, self.tier.clone(), self.region.clone());
        let Some(tier) = self.tier.as_deref().filter(|_| now != before) else {
            return Change::None;
        };
        self.since = Some(time);
        let row = serde_json::json!({
            "customerId": id,
            "tier": tier,
            "region": self.region,
            "updatedAt": time.to_string(),
        });
        Change::Row(row.to_string().into_bytes())
    }

    fn read(&mut self, content: &Content<'_>) {
        let fields: Fields<'_> = serde_json::from_str(content.data.get()).unwrap_or_default();
        // A customer always has a tier; one that is taken away stays.
        if let Some(Some(tier)) = text(fields.tier) {
            self.tier = Some(tier).filter(|t| !t.is_empty());
        }
        if let Some(region) = text(fields.region) {
            self.region = region.filter(|r| !r.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customer::CustomerChange;

    fn rows(events: &[(&str, &str)]) -> Vec<Option<String>> {
        let mut info = Info::default();
        let mut rows = Vec::new();
        for ((event_type, data), n) in events.iter().zip(0..) {
            let envelope = format!(r#"{{"id":"{n}","type":"{event_type}","data":{data}}}"#);
            let content = Content::from_envelope(envelope.as_bytes()).unwrap();
            match info.take("c-1", &content, EventTime::from_millis(1_795_550_400_000 + n)) {
                Change::None => {}
                Change::Deleted => rows.push(None),
                Change::Row(row) => {
                    // What the topologies read.
                    let change = CustomerChange::from_record(Some(&row), None).unwrap();
                    let CustomerChange::Row(read) = change else { panic!("{change:?}") };
                    assert_eq!(Info::of_row(&read), info);
                    assert_eq!(read.time.millis() - 1_795_550_400_000, n);
                    let region = read.region.as_deref().unwrap_or("-");
                    rows.push(Some(format!("{} {} {region}", read.customer_id, read.tier)));
                }
            }
        }
        rows
    }

    #[test]
    fn a_row_follows_tier_and_region_and_nothing_else() {
        let told = rows(&[
            ("CustomerCreated", r#"{"tier":"GOLD","region":"EU","name":"Ada","email":"a@b"}"#),
            ("CustomerUpdated", r#"{"email":"ada@b"}"#),
            ("CustomerNoted", r#"{"tier":"X"}"#),
            ("CustomerTierChanged", r#"{"tier":"PLATINUM"}"#),
            ("CustomerTierChanged", r#"{"tier":"PLATINUM"}"#),
            ("CustomerUpdated", r#"{"region":null}"#),
            ("CustomerClosed", "{}"),
            ("CustomerErased", "{}"),
            ("CustomerCreated", r#"{"tier":"GOLD"}"#),
        ]);
        let row = |text: &str| Some(text.to_owned());
        let wanted = [
            row("c-1 GOLD EU"),
            row("c-1 PLATINUM EU"),
            row("c-1 PLATINUM -"),
            None,
            row("c-1 GOLD -"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn without_a_tier_there_is_no_row() {
        let told = rows(&[
            ("CustomerCreated", r#"{"region":"EU","tier":7}"#),
            ("CustomerTierChanged", r#"{"tier":"SILVER"}"#),
        ]);
        assert_eq!(told, [Some("c-1 SILVER EU".to_owned())]);
    }
}
