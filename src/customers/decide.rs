//! What a command comes to: events, nothing, or a refusal.

use super::{Command, Customer, CustomerEvent, Status};
use crate::events::seal::Sealed;
use crate::events::tree::{Fields, Tree};

/// Bytes of a field, at most.
const LIMIT: usize = 1000;

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was made before.
    #[error("the customer was created at {0}")]
    Exists(String),
    /// It was never made.
    #[error("there is no such customer")]
    Missing,
    /// It left.
    #[error("the customer is closed")]
    Closed,
    /// Who it was is forgotten.
    #[error("the customer was erased")]
    Erased,
    /// The tier is none of those that are configured.
    #[error("{given} is no tier: {}", known.join(", "))]
    Tier {
        /// What was given.
        given: String,
        /// Those that are known.
        known: Vec<String>,
    },
    /// A field cannot be what was given.
    #[error("{field} {why}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// The events of a command on a customer as it is; none: it is so already.
///
/// # Errors
/// The first rule that speaks against it.
pub fn decide(
    customer: Option<&Customer>,
    command: &Command,
    tiers: &[String],
) -> Result<Vec<CustomerEvent>, Refusal> {
    if let Command::Create(fields) = command {
        if let Some(customer) = customer {
            return Err(Refusal::Exists(customer.created_at.to_string()));
        }
        return Ok(vec![CustomerEvent::Created(checked(fields.clone(), tiers)?)]);
    }
    let customer = customer.ok_or(Refusal::Missing)?;
    match (customer.status, command) {
        (Status::Open, _) => {}
        (_, Command::Close { .. }) => return Ok(Vec::new()),
        (Status::Closed, _) => return Err(Refusal::Closed),
        (Status::Erased, _) => return Err(Refusal::Erased),
    }
    Ok(match command {
        Command::Create(_) => Vec::new(),
        Command::Update(changes) => {
            let mut changes = checked(changes.clone(), tiers)?;
            changes.retain(|name, value| match customer.fields.get(name) {
                Some(there) => there != value,
                None => !value.is_null(),
            });
            if changes.is_empty() { Vec::new() } else { vec![CustomerEvent::Updated(changes)] }
        }
        Command::ChangeTier { tier, reason } => {
            let tier = named(tier, tiers)?;
            let previous = customer.tier();
            if previous.as_ref() == Some(&tier) {
                Vec::new()
            } else {
                vec![CustomerEvent::TierChanged { tier, previous, reason: reason.clone() }]
            }
        }
        Command::Close { reason } => vec![CustomerEvent::Closed { reason: reason.clone() }],
    })
}

/// A tier as the configuration spells it.
fn named(given: &str, tiers: &[String]) -> Result<String, Refusal> {
    let found = tiers.iter().find(|tier| tier.eq_ignore_ascii_case(given));
    found.cloned().ok_or_else(|| Refusal::Tier { given: given.to_owned(), known: tiers.to_vec() })
}

/// Fields that may be stored; the tier in its configured spelling.
fn checked(mut fields: Fields, tiers: &[String]) -> Result<Fields, Refusal> {
    for (name, value) in &mut fields {
        let wrong = |why| Refusal::Field { field: name.clone(), why };
        if value.is_null() {
            match name.as_str() {
                "name" | "tier" => return Err(wrong("is what each customer has")),
                _ => continue,
            }
        }
        if Sealed::read(value).is_some() {
            return Err(wrong("looks like a sealed field"));
        }
        let Some(text) = value.as_text() else { continue };
        if text.trim().is_empty() {
            return Err(wrong("is empty"));
        }
        if text.len() > LIMIT {
            return Err(wrong("has more than 1000 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("has control characters"));
        }
        match name.as_str() {
            "tier" => *value = Tree::text(&named(&text, tiers)?),
            "email" if !email(&text) => return Err(wrong("is no address: NAME@DOMAIN")),
            "phone" if !phone(&text) => return Err(wrong("is no number: digits, and + ( ) - . /")),
            _ => {}
        }
    }
    Ok(fields)
}

/// Whether a text may be an address; whether it is one, only a mail can tell.
fn email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let dots = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    !name.is_empty()
        && dots
        && text.len() <= 254
        && !text.contains(char::is_whitespace)
        && !domain.contains(['@', '<', '>', ',', ';'])
        && !name.contains(['<', '>', ',', ';', '@'])
}

fn phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let others = text.chars().all(|c| c.is_ascii_digit() || " +()-./".contains(c));
    others && (3..=20).contains(&digits)
}
