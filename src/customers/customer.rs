//! The state of a customer.

use crate::domain::EventTime;
use crate::events::fold::{Rules, Told};
use crate::events::seal::Sealed;
use crate::events::tree::{Fields, Tree};
use crate::events::{Aggregate, Unfit};

use super::{CustomerEvent, PERSONAL};

/// How the events of a customer make its state.
pub const RULES: Rules = Rules { schema: 1, apply };

const ID: &str = "customerId";
const STATUS: &str = "status";
const CREATED_AT: &str = "createdAt";
const UPDATED_AT: &str = "updatedAt";

/// What a state says beside the customer's own fields.
const OWN: [&str; 4] = [ID, STATUS, CREATED_AT, UPDATED_AT];

/// Whether a customer is one still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Open,
    /// It left.
    Closed,
    /// Who it was is forgotten.
    Erased,
}

impl Status {
    const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Erased];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::Erased => "ERASED",
        }
    }
}

/// A customer. Its fields are what its events gave, those nobody here knows of too, so that nothing
/// is lost; a personal one may be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who.
    pub id: String,
    /// Whether it is one still.
    pub status: Status,
    /// When its first event happened.
    pub created_at: EventTime,
    /// When its latest event happened.
    pub updated_at: EventTime,
    /// Name, tier, region and the rest.
    pub fields: Fields,
}

impl Customer {
    /// The customer after an event. What is stored has happened: no rule of [`super::decide`] is
    /// asked here.
    #[must_use]
    pub fn evolve(before: Option<Self>, id: &str, event: &CustomerEvent, time: EventTime) -> Self {
        let mut customer = before.unwrap_or_else(|| Self {
            id: id.to_owned(),
            status: Status::Open,
            created_at: time,
            updated_at: time,
            fields: Fields::new(),
        });
        match event {
            CustomerEvent::Created(changes) | CustomerEvent::Updated(changes) => {
                let mut changes = changes.clone();
                changes.retain(|name, _| !OWN.contains(&name.as_str()));
                let mut fields = Tree::Object(std::mem::take(&mut customer.fields));
                fields.merge(&Tree::Object(changes));
                customer.fields = fields.into_fields();
            }
            CustomerEvent::TierChanged { tier, .. } => {
                customer.fields.insert("tier".to_owned(), Tree::text(tier));
            }
            CustomerEvent::Closed { .. } => customer.status = Status::Closed,
            CustomerEvent::Erased(named) => {
                customer.status = Status::Erased;
                customer.fields.retain(|name, value| {
                    let personal = named.contains_key(name) || PERSONAL.contains(&name.as_str());
                    !personal && Sealed::read(value).is_none()
                });
            }
        }
        customer.updated_at = customer.updated_at.max(time);
        customer
    }

    /// The content of a field that is a text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<String> {
        self.fields.get(field).and_then(Tree::as_text)
    }

    /// The tier.
    #[must_use]
    pub fn tier(&self) -> Option<String> {
        self.text("tier")
    }

    /// Reads a state; `None` where nothing has happened yet.
    #[must_use]
    pub fn from_state(aggregate: &Aggregate, state: &Tree) -> Option<Self> {
        let Tree::Object(fields) = state else { return None };
        let text = |name: &str| fields.get(name).and_then(Tree::as_text);
        let time = |name: &str| text(name).and_then(|t| EventTime::from_event_text(&t).ok());
        Some(Self {
            id: aggregate.id().to_owned(),
            status: {
                let word = text(STATUS)?;
                Status::ALL.into_iter().find(|status| status.as_str() == word)?
            },
            created_at: time(CREATED_AT)?,
            updated_at: time(UPDATED_AT)?,
            fields: fields
                .iter()
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }

    /// Its state as JSON.
    #[must_use]
    pub fn to_state(&self) -> Tree {
        let mut fields = self.fields.clone();
        for (name, value) in [
            (ID, self.id.as_str()),
            (STATUS, self.status.as_str()),
            (CREATED_AT, &self.created_at.to_string()),
            (UPDATED_AT, &self.updated_at.to_string()),
        ] {
            fields.insert(name.to_owned(), Tree::text(value));
        }
        Tree::Object(fields)
    }
}

fn apply(state: &mut Tree, told: &Told<'_>) -> Result<(), Unfit> {
    let event = CustomerEvent::read(told.content)?;
    let before = Customer::from_state(told.aggregate, state);
    *state = Customer::evolve(before, told.aggregate.id(), &event, told.time).to_state();
    Ok(())
}
