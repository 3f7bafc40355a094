//! What happens to customers.

use crate::events::content::BadContent;
use crate::events::tree::{Fields, Tree};
use crate::events::upcast::Known;
use crate::events::{Content, Unfit};

use super::CATEGORY;

/// What happened to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerEvent {
    /// There is a new one, with these fields.
    Created(Fields),
    /// Some fields changed; null: it is gone.
    Updated(Fields),
    /// The tier changed.
    TierChanged {
        /// The new one.
        tier: String,
        /// The one before, if there was one.
        previous: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// The customer left.
    Closed {
        /// Why.
        reason: Option<String>,
    },
    /// Who it was is forgotten: the key of its personal fields is gone. Each of them is named, with null.
    Erased(Fields),
}

const CREATED: &str = "CustomerCreated";
const UPDATED: &str = "CustomerUpdated";
const TIER_CHANGED: &str = "CustomerTierChanged";
const CLOSED: &str = "CustomerClosed";
const ERASED: &str = "CustomerErased";

/// The types of event and their versions. Version 1 of the first three is what earlier systems
/// wrote: the customer's id within the data, null for what was not given, tiers in any case.
pub const KNOWN: &[Known] = &[
    Known {
        category: CATEGORY,
        event_type: CREATED,
        steps: &["remove customerId; drop-nulls; upper tier"],
    },
    Known { category: CATEGORY, event_type: UPDATED, steps: &["remove customerId; drop-nulls"] },
    Known {
        category: CATEGORY,
        event_type: TIER_CHANGED,
        steps: &[
            "remove customerId; drop-nulls; rename oldTier=previousTier; rename newTier=tier; \
             upper previousTier; upper tier",
        ],
    },
    Known { category: CATEGORY, event_type: CLOSED, steps: &[] },
    Known { category: CATEGORY, event_type: ERASED, steps: &[] },
];

impl CustomerEvent {
    /// Reads an event in today's form.
    ///
    /// # Errors
    /// [`Unfit::Type`] for a type that is none of a customer; [`Unfit::Content`] for data that
    /// cannot be read.
    pub fn read(content: &Content<'_>) -> Result<Self, Unfit> {
        let mut data = Tree::read(content.data.get())?.into_fields();
        let mut text = |name: &str| data.remove(name).and_then(|value| value.as_text());
        Ok(match content.event_type.as_ref() {
            CREATED => Self::Created(data),
            UPDATED => Self::Updated(data),
            TIER_CHANGED => Self::TierChanged {
                tier: text("tier")
                    .ok_or_else(|| BadContent::Json(format!("{TIER_CHANGED} has no tier")))?,
                previous: text("previousTier"),
                reason: text("reason"),
            },
            CLOSED => Self::Closed { reason: text("reason") },
            ERASED => Self::Erased(data),
            other => {
                return Err(Unfit::Type {
                    event_type: other.to_owned(),
                    category: CATEGORY.to_owned(),
                });
            }
        })
    }

    /// Its type.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Created(_) => CREATED,
            Self::Updated(_) => UPDATED,
            Self::TierChanged { .. } => TIER_CHANGED,
            Self::Closed { .. } => CLOSED,
            Self::Erased(_) => ERASED,
        }
    }

    /// The version of its data.
    #[must_use]
    pub fn version(&self) -> u32 {
        let steps = KNOWN.iter().find(|k| k.event_type == self.event_type());
        1 + steps.map_or(0, |k| u32::try_from(k.steps.len()).unwrap_or(0))
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> Tree {
        let texts = |pairs: &[(&str, Option<&String>)]| {
            let given = pairs.iter().filter_map(|(name, text)| Some((*name, (*text)?)));
            given.map(|(name, text)| (name.to_owned(), Tree::text(text))).collect()
        };
        Tree::Object(match self {
            Self::Created(fields) | Self::Updated(fields) | Self::Erased(fields) => fields.clone(),
            Self::TierChanged { tier, previous, reason } => texts(&[
                ("tier", Some(tier)),
                ("previousTier", previous.as_ref()),
                ("reason", reason.as_ref()),
            ]),
            Self::Closed { reason } => texts(&[("reason", reason.as_ref())]),
        })
    }
}
